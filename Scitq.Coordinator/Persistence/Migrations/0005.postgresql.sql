-- For how long the service has been able to hear its workers; silence is measured by this clock.
CREATE TABLE hearing (
    id integer PRIMARY KEY,
    seconds double precision NOT NULL,
    gap double precision NOT NULL,
    at timestamptz NOT NULL,
    turn bigint NOT NULL
);
INSERT INTO hearing (id, seconds, gap, at, turn) VALUES (1, 0, 0, clock_timestamp(), 0);

-- On that clock: when a worker was last heard, since when it hears us, when its agent was registered.
ALTER TABLE worker ADD COLUMN heard double precision NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN hears double precision NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN entered double precision NOT NULL DEFAULT 0;

-- On that clock: when the lease was granted; and to which start of the agent.
ALTER TABLE task ADD COLUMN granted double precision;
ALTER TABLE task ADD COLUMN holder_epoch uuid;
