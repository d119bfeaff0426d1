-- Edit sessions, revisions and documents (manual, Appendix E and F): see schema.sql for what each table is.

ALTER TABLE objects ADD COLUMN characters bigint CHECK (characters >= 0);

CREATE TABLE sessions (
    id                     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object_id              bigint NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
    author_id              text NOT NULL,
    author_name            text,
    author_conf            integer NOT NULL CHECK (author_conf BETWEEN 0 AND 100),
    author_type            text NOT NULL DEFAULT 'human' CHECK (author_type IN ('human', 'computer')),
    upload_id              text REFERENCES uploads (id) ON DELETE SET NULL,
    started_at             timestamptz NOT NULL DEFAULT now(),
    last_update            timestamptz NOT NULL DEFAULT now(),
    last_alive             timestamptz NOT NULL DEFAULT now(),
    ended_at               timestamptz,
    ended_by_id            text,
    ended_by_name          text,
    ended_by_type          text CHECK (ended_by_type IN ('human', 'computer')),
    requires_revision      boolean NOT NULL DEFAULT false,
    revised_at             timestamptz,
    revised_by_id          text,
    revised_by_name        text,
    revised_via            text CHECK (revised_via IN ('mark_revised', 'accept', 'reject')),
    revised_in_session_id  bigint REFERENCES sessions (id) ON DELETE SET NULL,
    CHECK ((revised_at IS NULL) = (revised_via IS NULL)),
    CHECK (revised_at IS NULL OR ended_at IS NOT NULL)
);
COMMENT ON TABLE sessions IS 'Edit sessions of people, and of the Ingest Service while it regenerates (manual, /start_session).';
COMMENT ON COLUMN sessions.author_type IS 'computer: opened by the Ingest Service for upload_id.';
COMMENT ON COLUMN sessions.last_update IS 'Last /mod, or /session_status that told of the author''s activity.';
COMMENT ON COLUMN sessions.last_alive IS 'Last sign of life; too old, and the Ingest Service ends the session.';
COMMENT ON COLUMN sessions.requires_revision IS 'Ended with edits by an author whose confidence does not suffice: they wait to be revised.';
CREATE UNIQUE INDEX sessions_one_open ON sessions (object_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_object ON sessions (object_id, id);
CREATE INDEX sessions_pending ON sessions (object_id) WHERE requires_revision AND revised_at IS NULL;

CREATE TABLE session_contents (
    session_id         bigint NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    content_id         bigint NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    base_version       integer NOT NULL,
    committed_version  integer,
    edit_stats         jsonb,
    PRIMARY KEY (session_id, content_id)
);
COMMENT ON TABLE session_contents IS 'The languages a session has edited.';
COMMENT ON COLUMN session_contents.base_version IS 'The version its author saw when the first edit of the language was saved.';
COMMENT ON COLUMN session_contents.committed_version IS 'The version that holds its edits; NULL until they are committed or accepted.';
COMMENT ON COLUMN session_contents.edit_stats IS 'edit_stats of /edit_history, kept when the session ended.';

CREATE TABLE session_edits (
    session_id  bigint NOT NULL,
    content_id  bigint NOT NULL,
    segment_id  bigint NOT NULL,
    begin_ms    bigint,
    end_ms      bigint,
    text        text,
    saved_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (session_id, content_id, segment_id),
    FOREIGN KEY (session_id, content_id) REFERENCES session_contents (session_id, content_id) ON DELETE CASCADE
);
COMMENT ON TABLE session_edits IS 'What a session says of a segment or sentence; the last save counts. text NULL: deleted.';

CREATE TABLE late_edits (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id   bigint NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    mods         jsonb NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE late_edits IS 'Modifications that arrived after their session had ended: kept, to be recovered by hand (rcode 6 and 7 of /mod).';
CREATE INDEX late_edits_session ON late_edits (session_id);

ALTER TABLE uploads ADD COLUMN session_id bigint REFERENCES sessions (id) ON DELETE SET NULL;
COMMENT ON COLUMN uploads.session_id IS 'The edit session whose end asked for this regeneration; NULL for uploads of clients.';

CREATE TABLE upload_documents (
    upload_id    text NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    position     integer NOT NULL,
    external_id  text NOT NULL,
    hash         text NOT NULL,
    object_id    bigint REFERENCES objects (id) ON DELETE SET NULL,
    PRIMARY KEY (upload_id, position)
);
COMMENT ON TABLE upload_documents IS 'The documents of a /text upload, which may be many; uploads.external_id and hash are those of the first.';
CREATE INDEX upload_documents_external ON upload_documents (external_id);

ALTER TABLE content_versions ADD COLUMN session_id bigint REFERENCES sessions (id) ON DELETE SET NULL;
ALTER TABLE content_versions DROP CONSTRAINT content_versions_status_check;
ALTER TABLE content_versions ADD CONSTRAINT content_versions_status_check CHECK (status BETWEEN 0 AND 3);
ALTER TABLE content_versions DROP CONSTRAINT content_versions_origin_check;
ALTER TABLE content_versions ADD CONSTRAINT content_versions_origin_check
    CHECK (origin IN ('asr', 'mt', 'client', 'edit', 'test', 'restore'));
COMMENT ON COLUMN content_versions.status IS 'sup_status of /langs. Media: 0 fully automatic, 1 partially human, 2 fully human; documents: 0 not translated, then 1 to 3.';
COMMENT ON COLUMN content_versions.session_id IS 'The edit session whose edits this version holds.';

ALTER TABLE files ADD COLUMN replaced_at timestamptz;
COMMENT ON COLUMN files.replaced_at IS 'A newer file took its place, or its object was deleted: a backup.';
COMMENT ON COLUMN contents.version IS 'The current version. Negative: the last one, and none is current since the media was recorded anew.';
