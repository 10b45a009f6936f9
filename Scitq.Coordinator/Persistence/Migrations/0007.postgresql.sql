-- The words of a command with a blank between, for filters.
CREATE FUNCTION scitq_command(spec jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(word, ' ' ORDER BY place) FROM jsonb_array_elements_text(spec -> 'argv') WITH ORDINALITY AS words(word, place)
$$;
