-- Counts what the task's user wants: odd while it is to stand still.
ALTER TABLE task ADD COLUMN pause_turn integer NOT NULL DEFAULT 0;
-- Whether, while it is paused, the tasks it requires may not all have succeeded.
ALTER TABLE task ADD COLUMN resumes_waiting integer NOT NULL DEFAULT 0;

-- A command that stands still is in its worker's hands.
DROP INDEX task_worker;
CREATE INDEX task_worker ON task (worker) WHERE state IN ('accepted', 'running', 'suspended', 'uploading');

-- What the worker's agent knows how to do.
ALTER TABLE worker ADD COLUMN abilities text;
