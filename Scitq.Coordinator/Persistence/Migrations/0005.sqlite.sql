-- For how long the service has been able to hear its workers; silence is measured by this clock.
CREATE TABLE hearing (
    id integer PRIMARY KEY,
    seconds real NOT NULL,
    gap real NOT NULL,
    at text NOT NULL,
    turn integer NOT NULL
);
INSERT INTO hearing (id, seconds, gap, at, turn) VALUES (1, 0, 0, strftime('%Y-%m-%d %H:%M:%f', 'now'), 0);

-- On that clock: when a worker was last heard, since when it hears us, when its agent was registered.
ALTER TABLE worker ADD COLUMN heard real NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN hears real NOT NULL DEFAULT 0;
ALTER TABLE worker ADD COLUMN entered real NOT NULL DEFAULT 0;

-- On that clock: when the lease was granted; and to which start of the agent.
ALTER TABLE task ADD COLUMN granted real;
ALTER TABLE task ADD COLUMN holder_epoch text;
