-- After so many tasks of it that failed for good with none that succeeded between, counted from a moment on, a batch is stopped.
ALTER TABLE batch ADD COLUMN max_fails integer;
ALTER TABLE batch ADD COLUMN fails_from timestamptz;
CREATE INDEX task_failed ON task (batch, finished) WHERE state = 'failed';

-- Why a worker was put aside, and from when on, by its own clock, what fails there counts.
ALTER TABLE worker ADD COLUMN aside text;
ALTER TABLE worker ADD COLUMN fails_from timestamptz;
CREATE INDEX attempt_unable ON attempt (worker, finished) WHERE failure IN ('start', 'image', 'download', 'disk');
