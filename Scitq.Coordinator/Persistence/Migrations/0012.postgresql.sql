-- For how many days the ended tasks of a batch, and what they printed, are kept.
ALTER TABLE batch ADD COLUMN keep_tasks double precision;
ALTER TABLE batch ADD COLUMN keep_logs double precision;
