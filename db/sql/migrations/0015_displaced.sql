-- A job that was preempted could be lost once by a fault of its own machine and had no further try: they are told apart.
ALTER TABLE jobs ADD COLUMN displaced integer[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN jobs.displaced IS 'The attempts whose machine was given to others: no fault of theirs, so they do not count as tries.';
