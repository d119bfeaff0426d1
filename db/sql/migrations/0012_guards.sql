-- What a tick asks of sessions, and what it costs to end one, no longer grows with those that are open.
-- A session of the service whose upload has ended without ending it has no upload any more: the next tick finds it so.
CREATE FUNCTION leave_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE sessions
       SET upload_id = NULL
     WHERE upload_id = NEW.id
       AND ended_at IS NULL
       AND author_type = 'computer';
    RETURN NULL;
END $$;
COMMENT ON FUNCTION leave_session() IS 'An upload that ended has left its session open.';
CREATE CONSTRAINT TRIGGER uploads_leave AFTER UPDATE OF finished_at ON uploads DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL) EXECUTE FUNCTION leave_session();

UPDATE sessions AS s
   SET upload_id = NULL
  FROM uploads AS u
 WHERE u.id = s.upload_id
   AND u.finished_at IS NOT NULL
   AND s.ended_at IS NULL
   AND s.author_type = 'computer';
CREATE INDEX sessions_guards ON sessions (upload_id) WHERE ended_at IS NULL AND author_type = 'computer';
CREATE INDEX sessions_people ON sessions (object_id) WHERE ended_at IS NULL AND author_type = 'human';

-- What a user's uploads have reserved of the quota of documents is asked for each of them.
CREATE INDEX uploads_reserved_documents ON uploads (user_id) WHERE finished_at IS NULL AND quota_documents > 0;
