-- Whether what the task's user has cancelled is to end at once.
ALTER TABLE task ADD COLUMN kill_requested integer NOT NULL DEFAULT 0;

-- The attempt that an order concerns, and the signal that is to be sent to it.
ALTER TABLE worker_order ADD COLUMN task_id text;
ALTER TABLE worker_order ADD COLUMN attempt integer;
ALTER TABLE worker_order ADD COLUMN lease text;
ALTER TABLE worker_order ADD COLUMN signal integer;
