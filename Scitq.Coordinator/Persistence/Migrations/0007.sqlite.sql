-- SQLite is given scitq_command, which PostgreSQL has from here on, by each connection.

-- Whether the end of the required task is enough, and whether the task is cancelled when that one can't be waited for any more.
ALTER TABLE requirement ADD COLUMN after_any INTEGER NOT NULL DEFAULT 0;
ALTER TABLE requirement ADD COLUMN cancels INTEGER NOT NULL DEFAULT 0;

-- They are few among many, and looked at every minute.
CREATE INDEX task_waiting ON task (id) WHERE state = 'waiting';

-- The specification that the next attempt takes, and whether the current one is stopped for it.
ALTER TABLE task ADD COLUMN next_spec TEXT;
ALTER TABLE task ADD COLUMN restart_requested INTEGER NOT NULL DEFAULT 0;
