-- Engines on the nodes of a cluster may ask for processors for graphics.
ALTER TABLE jobs ADD COLUMN gpus integer NOT NULL DEFAULT 0 CHECK (gpus >= 0);
COMMENT ON COLUMN jobs.gpus IS 'Processors for graphics that it asks a cluster for.';
