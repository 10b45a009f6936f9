-- A stopped batch: nothing of it starts until its user lets it go on.
ALTER TABLE batch ADD COLUMN description text;
ALTER TABLE batch ADD COLUMN stopped text;
ALTER TABLE batch ADD COLUMN stopped_by text;
ALTER TABLE batch ADD COLUMN stopped_reason text;
