-- What receivers of webhooks are to be told, until they have taken it.
CREATE TABLE notice (
    id integer PRIMARY KEY AUTOINCREMENT,
    event_id text NOT NULL,
    hook text NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    created text NOT NULL,
    due text NOT NULL,
    tries integer NOT NULL,
    holder text,
    held_until text
);
CREATE UNIQUE INDEX notice_event ON notice (event_id, hook);
CREATE INDEX notice_due ON notice (hook, due);

-- Batches of which a task has ended, to be looked at whether it was the last one.
CREATE TABLE batch_look (
    id integer PRIMARY KEY AUTOINCREMENT,
    batch text NOT NULL
);
