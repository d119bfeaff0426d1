-- One recording or text over many jobs.
ALTER TABLE jobs ADD COLUMN part_of text, ADD COLUMN part text;
COMMENT ON COLUMN jobs.part_of IS 'The name of the job that joins what this one and its like make of the parts of a whole.';
COMMENT ON COLUMN jobs.part IS 'Which part of the whole it does, in words.';
