-- What the agent was started with, so that a user's change outlives a restart with the same options.
ALTER TABLE worker ADD COLUMN started_batch text;
ALTER TABLE worker ADD COLUMN started_concurrency integer;
ALTER TABLE worker ADD COLUMN started_prefetch integer;
ALTER TABLE worker ADD COLUMN revision integer NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN gpus text;
ALTER TABLE worker ADD COLUMN resources text;

CREATE TABLE worker_order (
    id integer PRIMARY KEY AUTOINCREMENT,
    worker_id integer NOT NULL REFERENCES worker (id) ON DELETE CASCADE,
    kind text NOT NULL,
    created text NOT NULL,
    done text,
    outcome text
);
CREATE INDEX worker_order_worker ON worker_order (worker_id, id);
CREATE INDEX worker_order_pending ON worker_order (worker_id) WHERE done IS NULL;

-- The attempt whose output the current one delivers, without running the command again.
ALTER TABLE task ADD COLUMN redelivers integer;
ALTER TABLE attempt ADD COLUMN redelivers integer;

-- What an attempt of a task that may be reused was made from.
ALTER TABLE attempt ADD COLUMN cache_key text;
ALTER TABLE attempt ADD COLUMN cache_parts text;
ALTER TABLE attempt ADD COLUMN cached_from integer;
ALTER TABLE attempt ADD COLUMN not_reused text;
CREATE INDEX attempt_cache_key ON attempt (cache_key, finished) WHERE cache_key IS NOT NULL;
CREATE INDEX attempt_cached ON attempt (finished) WHERE cache_key IS NOT NULL;
