-- How busy the worker's machine is, as its last heartbeat told.
ALTER TABLE worker ADD COLUMN stats text;

-- What its user wants of it: to end what it has and leave; to give back even what runs; to be forgotten once it has left.
ALTER TABLE worker ADD COLUMN draining integer NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN evicting integer NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN deleting integer NOT NULL DEFAULT 0;

-- Why it was given.
ALTER TABLE worker_order ADD COLUMN reason text;

-- How busy it was, by the minute (since 1970); rows of a worker that is gone go with their age.
CREATE TABLE worker_minute (
    worker_id integer NOT NULL,
    minute integer NOT NULL,
    samples integer NOT NULL,
    cpu real NOT NULL,
    io_wait real NOT NULL,
    memory real NOT NULL,
    load real NOT NULL,
    disk real,
    disk_read real NOT NULL,
    disk_written real NOT NULL,
    received real NOT NULL,
    sent real NOT NULL,
    gpu real,
    gpu_memory real,
    PRIMARY KEY (worker_id, minute)
) WITHOUT ROWID;
CREATE INDEX worker_minute_minute ON worker_minute (minute);
