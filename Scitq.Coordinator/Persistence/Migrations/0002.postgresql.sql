-- The list of executions begins with the last ended. Rows come in this order, so the index only grows at its end.
CREATE INDEX attempt_finished ON attempt (finished);
