-- For how many days the ended tasks of a batch, and what they printed, are kept.
ALTER TABLE batch ADD COLUMN keep_tasks real;
ALTER TABLE batch ADD COLUMN keep_logs real;
