CREATE TABLE batch (
    name text PRIMARY KEY,
    created text NOT NULL
);

CREATE TABLE task (
    number integer PRIMARY KEY AUTOINCREMENT,
    id text NOT NULL UNIQUE,
    state text NOT NULL,
    batch text NOT NULL,
    name text,
    spec text NOT NULL,
    attempt integer NOT NULL,
    retries_left integer NOT NULL,
    losses integer NOT NULL,
    worker text,
    lease text,
    phase text,
    cancel_requested integer NOT NULL,
    due text,
    created text NOT NULL,
    queued text NOT NULL,
    accepted text,
    started text,
    run_ended text,
    finished text,
    exit_code integer,
    failure text,
    reason text,
    version integer NOT NULL
);
CREATE INDEX task_batch_state ON task (batch, state);
CREATE INDEX task_worker ON task (worker) WHERE state IN ('accepted', 'running', 'uploading');
CREATE INDEX task_due ON task (due) WHERE due IS NOT NULL;
CREATE INDEX task_name ON task (name) WHERE name IS NOT NULL;

CREATE TABLE attempt (
    task_id text NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    attempt integer NOT NULL,
    lease text,
    worker text,
    outcome text NOT NULL,
    failure text,
    reason text,
    exit_code integer,
    accepted text,
    started text,
    run_ended text,
    finished text NOT NULL,
    stdout_bytes integer NOT NULL,
    stderr_bytes integer NOT NULL,
    peak_memory bigint,
    cpu_seconds real,
    bytes_in integer NOT NULL,
    bytes_out integer NOT NULL,
    outputs text,
    warnings text,
    PRIMARY KEY (task_id, attempt)
);

CREATE TABLE task_event (
    id integer PRIMARY KEY AUTOINCREMENT,
    task_id text NOT NULL,
    attempt integer NOT NULL,
    at text NOT NULL,
    kind text NOT NULL,
    worker text,
    detail text
);
CREATE INDEX task_event_task ON task_event (task_id);

CREATE TABLE requirement (
    task_id text NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    required_id text NOT NULL,
    PRIMARY KEY (task_id, required_id)
);
CREATE INDEX requirement_required ON requirement (required_id);

CREATE TABLE worker (
    id integer PRIMARY KEY AUTOINCREMENT,
    name text NOT NULL UNIQUE,
    epoch text,
    sequence integer NOT NULL,
    batch text NOT NULL,
    concurrency integer NOT NULL,
    prefetch integer NOT NULL,
    paused integer NOT NULL,
    running integer NOT NULL,
    leases integer NOT NULL,
    hold text,
    hostname text NOT NULL,
    cpus integer NOT NULL,
    memory integer NOT NULL,
    version text NOT NULL,
    docker text,
    load real NOT NULL,
    memory_available integer NOT NULL,
    disk_free integer NOT NULL,
    registered text NOT NULL,
    last_seen text NOT NULL
);

