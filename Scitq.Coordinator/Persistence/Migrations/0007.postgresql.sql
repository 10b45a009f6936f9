-- The words of a command with a blank between, for filters.
CREATE FUNCTION scitq_command(spec jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(word, ' ' ORDER BY place) FROM jsonb_array_elements_text(spec -> 'argv') WITH ORDINALITY AS words(word, place)
$$;

-- Whether the end of the required task is enough, and whether the task is cancelled when that one can't be waited for any more.
ALTER TABLE requirement ADD COLUMN after_any boolean NOT NULL DEFAULT false;
ALTER TABLE requirement ADD COLUMN cancels boolean NOT NULL DEFAULT false;

-- They are few among many, and looked at every minute.
CREATE INDEX task_waiting ON task (id) WHERE state = 'waiting';

-- The specification that the next attempt takes, and whether the current one is stopped for it.
ALTER TABLE task ADD COLUMN next_spec jsonb;
ALTER TABLE task ADD COLUMN restart_requested boolean NOT NULL DEFAULT false;
