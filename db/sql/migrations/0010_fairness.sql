-- Whose turn it is when a processor becomes free (docs/operations.md, "Who goes first").
ALTER TABLE users ADD COLUMN priority integer NOT NULL DEFAULT 0 CHECK (priority BETWEEN -10 AND 10);
COMMENT ON COLUMN users.priority IS 'Each point doubles the share of the processors that its jobs get while others want them too.';

CREATE TABLE shares (
    user_id  integer PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    used     double precision NOT NULL,
    used_at  timestamptz NOT NULL
);
COMMENT ON TABLE shares IS 'What the jobs of a user have used lately: processor seconds, half of them forgotten each hour.';
COMMENT ON COLUMN shares.used_at IS 'When `used` was right.';

ALTER TABLE jobs ADD COLUMN user_id integer, ADD COLUMN turn_at timestamptz, ADD COLUMN early boolean,
    ADD COLUMN no_room_since timestamptz;
COMMENT ON COLUMN jobs.user_id IS 'That of its upload, here for the index.';
COMMENT ON COLUMN jobs.turn_at IS 'Its place among the jobs of its user: when its upload came, and as much later as its media lasts.';
COMMENT ON COLUMN jobs.early IS 'It is of a later state than the one that its upload is in.';
COMMENT ON COLUMN jobs.no_room_since IS 'Since when it has been the next one and too large for what was free.';

CREATE FUNCTION place_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT u.user_id, u.state <> NEW.step,
           u.uploaded_on + coalesce((u.plan -> 'media' ->> 'duration_ms')::float8, 0) * interval '1 millisecond'
      INTO NEW.user_id, NEW.early, NEW.turn_at
      FROM uploads AS u
     WHERE u.id = NEW.upload_id;
    NEW.no_room_since := NULL;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION place_job() IS 'Gives a job that is planned, also anew, its place in the queue.';
CREATE TRIGGER jobs_place BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION place_job();
CREATE TRIGGER jobs_place_again BEFORE UPDATE OF state ON jobs
    FOR EACH ROW WHEN (OLD.state = 'stale' AND NEW.state = 'planned') EXECUTE FUNCTION place_job();

CREATE FUNCTION expect_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE jobs SET early = false WHERE upload_id = NEW.id AND step = NEW.state AND early;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION expect_jobs() IS 'An upload now waits for the jobs of its new state.';
CREATE TRIGGER uploads_expect AFTER UPDATE OF state ON uploads
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION expect_jobs();

UPDATE jobs AS j
   SET user_id = u.user_id, turn_at = u.uploaded_on, early = u.state <> j.step
  FROM uploads AS u
 WHERE u.id = j.upload_id;
ALTER TABLE jobs ALTER COLUMN user_id SET NOT NULL, ALTER COLUMN turn_at SET NOT NULL, ALTER COLUMN early SET NOT NULL;
CREATE INDEX jobs_turn ON jobs (user_id, early, kind, turn_at, id) WHERE state = 'planned';
-- What a user's uploads have reserved of the quota is asked for each of them.
CREATE INDEX uploads_reserved ON uploads (user_id) WHERE finished_at IS NULL AND quota_ms > 0;
