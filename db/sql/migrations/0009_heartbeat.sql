-- What is measured (docs/operations.md, "Metrics"): signs of life of Ingest Services, and counters that never go back.
CREATE TABLE heartbeats (
    host       text PRIMARY KEY,
    pid        integer NOT NULL,
    ticked_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE heartbeats IS 'The last tick that an Ingest Service has finished, a row a machine; a few seconds late. Gone after a day of silence.';

CREATE TABLE happenings (
    metric   text NOT NULL,
    labels   text[] NOT NULL,
    seconds  double precision NOT NULL
);
COMMENT ON TABLE happenings IS 'What has happened and is not in counters yet: rows are only added, so that nobody waits; the tick moves them.';

CREATE TABLE counters (
    metric   text NOT NULL,
    labels   text[] NOT NULL,
    bucket   integer NOT NULL,
    count    bigint NOT NULL,
    seconds  double precision NOT NULL,
    PRIMARY KEY (metric, labels, bucket)
);
COMMENT ON TABLE counters IS 'How often something has happened and how long it took in all, by its labels, and by BOUNDS of tlp/db/metrics.py.';
COMMENT ON COLUMN counters.bucket IS 'How many of the bounds its duration has reached.';

CREATE FUNCTION note_upload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.finished_at IS NULL THEN
        INSERT INTO happenings (metric, labels, seconds)
        VALUES ('state', ARRAY[NEW.kind, NEW.operation, OLD.state],
                greatest(0, extract(epoch FROM NEW.state_since - OLD.state_since)));
    END IF;
    IF NEW.finished_at IS NOT NULL THEN
        INSERT INTO happenings (metric, labels, seconds)
        VALUES ('upload', ARRAY[NEW.kind, NEW.operation, NEW.state],
                greatest(0, extract(epoch FROM NEW.finished_at - NEW.uploaded_on)));
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION note_upload() IS 'Measures the states and ends of uploads.';
CREATE TRIGGER uploads_note AFTER UPDATE OF state ON uploads
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION note_upload();

CREATE FUNCTION note_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO happenings (metric, labels, seconds)
    VALUES ('job',
            ARRAY[NEW.kind, coalesce((SELECT folder FROM systems WHERE id = NEW.system_id), ''),
                  CASE NEW.state WHEN 'planned' THEN 'lost' ELSE NEW.state END],
            greatest(0, coalesce(extract(epoch FROM clock_timestamp() - OLD.submitted_at), 0)));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION note_job() IS 'Measures how jobs end. One that was submitted and is planned again was lost.';
CREATE TRIGGER jobs_note AFTER UPDATE OF state ON jobs
    FOR EACH ROW WHEN (OLD.state = 'submitted' AND NEW.state IN ('done', 'failed', 'lost', 'cancelled', 'planned')
                       OR OLD.state = 'planned' AND NEW.state = 'cancelled')
    EXECUTE FUNCTION note_job();

CREATE FUNCTION note_notification() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO happenings (metric, labels, seconds)
    VALUES ('notification', ARRAY[NEW.channel, CASE WHEN NEW.sent_at IS NULL THEN 'given_up' ELSE 'sent' END],
            greatest(0, extract(epoch FROM clock_timestamp() - NEW.created_at)));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION note_notification() IS 'Measures what becomes of mail and callbacks.';
CREATE TRIGGER notifications_note AFTER UPDATE OF sent_at, gave_up_at ON notifications
    FOR EACH ROW WHEN (OLD.sent_at IS NULL AND NEW.sent_at IS NOT NULL
                       OR OLD.gave_up_at IS NULL AND NEW.gave_up_at IS NOT NULL)
    EXECUTE FUNCTION note_notification();

CREATE INDEX uploads_failed ON uploads (finished_at) WHERE state = 'failed';
