-- Higher first within a batch, and of equal ones the lower number. The token of the message that brought a task, if that was not its own.
ALTER TABLE task ADD COLUMN priority integer NOT NULL DEFAULT 0;
ALTER TABLE task ADD COLUMN token text;
CREATE INDEX task_turn ON task (batch, priority DESC, number) WHERE state = 'pending' AND due IS NULL;
CREATE INDEX task_token ON task (token) WHERE token IS NOT NULL AND state IN ('accepted', 'running', 'suspended', 'uploading');

-- What tasks without a priority of their own get, and whether the batch has ever had a task of another priority than 0.
ALTER TABLE batch ADD COLUMN priority integer NOT NULL DEFAULT 0;
ALTER TABLE batch ADD COLUMN ordered integer NOT NULL DEFAULT 0;
