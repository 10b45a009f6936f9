-- Who asked for it: an account or the token with an address, or the bus.
ALTER TABLE task ADD COLUMN submitted_by text;
ALTER TABLE task_event ADD COLUMN by_whom text;
ALTER TABLE worker_order ADD COLUMN by_whom text;
