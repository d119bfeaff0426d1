-- The TLP database (manual, section 3). A fresh database gets this file and static_data.sql;
-- an older one is brought here by db/migrations.
-- Times of the world are timestamptz, media times integer milliseconds. Nothing a client sent is ever overwritten.

CREATE TABLE schema_version (
    version     integer PRIMARY KEY,
    applied_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE schema_version IS 'The migrations this database has had; db/migrate.py reads and writes it.';
INSERT INTO schema_version (version) VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11), (12), (13), (14), (15);

CREATE TABLE machines (
    id        integer PRIMARY KEY,
    hostname  text NOT NULL UNIQUE,
    ip        inet NOT NULL
);
COMMENT ON TABLE machines IS 'Machines that hold mount points; 0 is the TLP server itself.';

CREATE TABLE mount_points (
    name        text NOT NULL,
    machine_id  integer NOT NULL REFERENCES machines (id),
    path        text NOT NULL CHECK (path LIKE '/%'),
    PRIMARY KEY (name, machine_id)
);
COMMENT ON TABLE mount_points IS 'Where files are: media, transcriptions, uploads, systems. Files are stored as paths relative to one.';

CREATE TABLE languages (
    code  text PRIMARY KEY CHECK (code ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$'),
    name  text NOT NULL
);
COMMENT ON TABLE languages IS 'ISO 639 codes with their local name, lang_name of /langs.';

CREATE TABLE file_formats (
    code       text PRIMARY KEY,
    mime_type  text NOT NULL,
    demuxers   text[] NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE file_formats IS 'File formats that the configuration may allow. A name outside this table is never used.';
COMMENT ON COLUMN file_formats.demuxers IS 'ffmpeg demuxer names that a file of this format may turn out to be; empty for formats ffmpeg does not read.';

CREATE TABLE users (
    id               integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username         text NOT NULL UNIQUE,
    secret_key       text NOT NULL CHECK (length(secret_key) >= 16),
    email            text,
    is_admin         boolean NOT NULL DEFAULT false,
    enabled          boolean NOT NULL DEFAULT true,
    quota_media      integer CHECK (quota_media >= 0),
    quota_media_ms   bigint CHECK (quota_media_ms >= 0),
    quota_documents  integer CHECK (quota_documents >= 0),
    quota_words      bigint CHECK (quota_words >= 0),
    priority         integer NOT NULL DEFAULT 0 CHECK (priority BETWEEN -10 AND 10),
    created_at       timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE users IS 'API clients (manual, 4.3). The secret key is kept as it is: request keys are made from it.';
COMMENT ON COLUMN users.quota_media IS 'Media still allowed (manual, 7.2); NULL is no limit.';
COMMENT ON COLUMN users.quota_media_ms IS 'Media time still allowed, milliseconds; NULL is no limit.';
COMMENT ON COLUMN users.quota_documents IS 'Documents still allowed (manual, 7.2); NULL is no limit.';
COMMENT ON COLUMN users.quota_words IS 'Words of documents still allowed; NULL is no limit.';
COMMENT ON COLUMN users.priority IS 'Each point doubles the share of the processors that its jobs get while others want them too.';

CREATE TABLE shares (
    user_id  integer PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    used     double precision NOT NULL,
    used_at  timestamptz NOT NULL
);
COMMENT ON TABLE shares IS 'What the jobs of a user have used lately: processor seconds, half of them forgotten each hour.';
COMMENT ON COLUMN shares.used_at IS 'When `used` was right.';

CREATE TABLE objects (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      integer NOT NULL REFERENCES users (id),
    kind         text NOT NULL CHECK (kind IN ('speech', 'text')),
    external_id  text NOT NULL,
    hash         text NOT NULL UNIQUE,
    language     text NOT NULL REFERENCES languages (code),
    title        text NOT NULL,
    topic        text,
    keywords     text,
    date         text,
    format       text REFERENCES file_formats (code),
    duration_ms  bigint CHECK (duration_ms >= 0),
    words        bigint CHECK (words >= 0),
    sentences    bigint CHECK (sentences >= 0),
    locked       boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    deleted_at   timestamptz,
    characters   bigint CHECK (characters >= 0),
    rebuilt_format  text REFERENCES file_formats (code)
);
COMMENT ON TABLE objects IS 'Media (speech) and documents (text) of API clients.';
COMMENT ON COLUMN objects.external_id IS 'The id the client gave it; shown as it is, never used as a path.';
COMMENT ON COLUMN objects.hash IS 'Our own name for it: the folder of its files, and the hash that /ingest returns.';
COMMENT ON COLUMN objects.deleted_at IS 'Set by a soft delete; the row and its backups stay.';
COMMENT ON COLUMN objects.rebuilt_format IS 'Documents: the format of the files that are rebuilt from it; NULL when none can be.';
CREATE UNIQUE INDEX objects_external_id ON objects (user_id, kind, external_id) WHERE deleted_at IS NULL;

CREATE TABLE speakers (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     integer NOT NULL REFERENCES users (id),
    speaker_id  text NOT NULL,
    name        text,
    gender      text CHECK (gender IN ('M', 'F')),
    email       text,
    UNIQUE (user_id, speaker_id)
);
COMMENT ON TABLE speakers IS 'Speakers as each client knows them; speaker_id is the client''s.';

CREATE TABLE object_speakers (
    object_id   bigint NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
    speaker_id  bigint NOT NULL REFERENCES speakers (id),
    position    integer NOT NULL,
    PRIMARY KEY (object_id, speaker_id)
);
COMMENT ON TABLE object_speakers IS 'Who speaks in a media, in the order of the manifest.';
CREATE INDEX object_speakers_speaker ON object_speakers (speaker_id);

CREATE TABLE systems (
    id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('asr', 'mt', 'tts')),
    folder        text NOT NULL,
    source_lang   text NOT NULL REFERENCES languages (code),
    target_lang   text REFERENCES languages (code),
    voice         text,
    voice_gender  text CHECK (voice_gender IN ('f', 'm')),
    name          text NOT NULL,
    description   text NOT NULL DEFAULT '',
    priority      integer NOT NULL DEFAULT 10,
    available     boolean NOT NULL DEFAULT true,
    reason        text,
    checked_at    timestamptz NOT NULL DEFAULT now(),
    given_name      text,
    given_priority  integer,
    disabled        boolean NOT NULL DEFAULT false,
    CHECK ((kind = 'mt') = (target_lang IS NOT NULL)),
    CHECK ((kind = 'tts') = (voice IS NOT NULL))
);
COMMENT ON TABLE systems IS 'ASR, MT and TTS systems; the id is the sid of the API. A row is never removed, so a sid keeps its meaning.';
COMMENT ON COLUMN systems.folder IS 'Folder under the systems mount point.';
COMMENT ON COLUMN systems.available IS 'False: this machine lacks what the system needs, or its folder is gone; reason says what. Not offered by /systems.';
COMMENT ON COLUMN systems.given_name IS 'Name that an administrator gave it; NULL: that of its system.ini.';
COMMENT ON COLUMN systems.given_priority IS 'Priority that an administrator gave it; NULL: that of its system.ini.';
COMMENT ON COLUMN systems.disabled IS 'An administrator does not want it to be offered.';
CREATE UNIQUE INDEX systems_offer ON systems (folder, kind, source_lang, coalesce(target_lang, ''), coalesce(voice, ''));

CREATE TABLE uploads (
    id            text PRIMARY KEY,
    user_id       integer NOT NULL REFERENCES users (id),
    kind          text NOT NULL CHECK (kind IN ('speech', 'text')),
    operation     text NOT NULL CHECK (operation IN ('new', 'update', 'delete', 'cancel')),
    external_id   text NOT NULL,
    hash          text NOT NULL,
    object_id     bigint REFERENCES objects (id) ON DELETE SET NULL,
    manifest      jsonb NOT NULL,
    package       text,
    test_mode     boolean NOT NULL DEFAULT false,
    state         text NOT NULL DEFAULT 'received',
    status_code   integer NOT NULL DEFAULT 0,
    info          text NOT NULL DEFAULT '',
    error_code    integer,
    plan          jsonb,
    quota_ms      bigint NOT NULL DEFAULT 0,
    quota_documents  integer NOT NULL DEFAULT 0,
    quota_words   bigint NOT NULL DEFAULT 0,
    attempts      integer NOT NULL DEFAULT 0,
    uploaded_on   timestamptz NOT NULL DEFAULT now(),
    last_update   timestamptz NOT NULL DEFAULT now(),
    state_since   timestamptz NOT NULL DEFAULT now(),
    due_at        timestamptz NOT NULL DEFAULT now(),
    deadline      timestamptz NOT NULL DEFAULT 'infinity',
    finished_at   timestamptz,
    failed_in     text,
    tidied_at     timestamptz,
    progress      smallint CHECK (progress BETWEEN 0 AND 100),
    ready_at      timestamptz,
    told_at       timestamptz
);
COMMENT ON TABLE uploads IS 'Every /ingest request and how far it is (manual, 7.1). The Ingest Service moves the rows; nobody else does.';
COMMENT ON COLUMN uploads.package IS 'Package file relative to the uploads mount point; NULL when there was none.';
COMMENT ON COLUMN uploads.state IS 'The row of the operation''s table in ingest/machines.py.';
COMMENT ON COLUMN uploads.plan IS 'What this upload will do and what is known of its files, decided when the package has been processed.';
COMMENT ON COLUMN uploads.quota_ms IS 'Media time this unfinished upload has reserved of its user''s quota.';
COMMENT ON COLUMN uploads.quota_documents IS 'Documents this unfinished upload has reserved of its user''s quota.';
COMMENT ON COLUMN uploads.quota_words IS 'Words this unfinished upload has reserved of its user''s quota.';
COMMENT ON COLUMN uploads.attempts IS 'Unexpected failures of the present state so far.';
COMMENT ON COLUMN uploads.due_at IS 'When the next tick must look at it; infinity while jobs run.';
COMMENT ON COLUMN uploads.deadline IS 'When the present state has lasted too long.';
COMMENT ON COLUMN uploads.failed_in IS 'The state in which it failed: core.py retry goes on from there. NULL unless failed.';
COMMENT ON COLUMN uploads.tidied_at IS 'When housekeeping removed its folder under uploads.';
COMMENT ON COLUMN uploads.progress IS 'How much of the present state is done, percent; NULL: not known.';
COMMENT ON COLUMN uploads.ready_at IS 'When the present state is likely to be over; NULL: not known.';
COMMENT ON COLUMN uploads.told_at IS 'When its callback had arrived, noted when housekeeping removed the row of it in notifications; NULL: see there.';
CREATE INDEX uploads_due ON uploads (least(due_at, deadline)) WHERE finished_at IS NULL;
CREATE INDEX uploads_untidy ON uploads (finished_at) WHERE tidied_at IS NULL AND error_code IS NULL;
CREATE INDEX uploads_untidy_failed ON uploads (finished_at) WHERE tidied_at IS NULL AND error_code IS NOT NULL;
CREATE INDEX uploads_reserved ON uploads (user_id) WHERE finished_at IS NULL AND quota_ms > 0;
CREATE INDEX uploads_reserved_documents ON uploads (user_id) WHERE finished_at IS NULL AND quota_documents > 0;
CREATE INDEX uploads_user ON uploads (user_id, uploaded_on);
CREATE INDEX uploads_object ON uploads (user_id, kind, external_id);
CREATE INDEX uploads_object_id ON uploads (object_id) WHERE object_id IS NOT NULL;

CREATE TABLE jobs (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload_id     text NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    step          text NOT NULL,
    name          text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('package', 'media', 'document', 'asr', 'mt', 'tts')),
    system_id     integer REFERENCES systems (id),
    command       jsonb NOT NULL,
    environment   jsonb NOT NULL DEFAULT '{}',
    depends_on    text[] NOT NULL DEFAULT '{}',
    cpus          integer NOT NULL DEFAULT 1 CHECK (cpus > 0),
    gpus          integer NOT NULL DEFAULT 0 CHECK (gpus >= 0),
    memory_mb     integer NOT NULL DEFAULT 500,
    time_limit_s  integer NOT NULL DEFAULT 86400,
    state         text NOT NULL DEFAULT 'planned'
                  CHECK (state IN ('planned', 'submitted', 'done', 'failed', 'lost', 'cancelled', 'stale')),
    attempt       integer NOT NULL DEFAULT 1,
    first_attempt integer NOT NULL DEFAULT 1,
    scheduler_id  text,
    exit_code     integer,
    reason        text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    submitted_at  timestamptz,
    ended_at      timestamptz,
    user_id       integer NOT NULL,
    turn_at       timestamptz NOT NULL,
    early         boolean NOT NULL,
    no_room_since timestamptz,
    part_of       text,
    part          text,
    displaced     integer[] NOT NULL DEFAULT '{}',
    UNIQUE (upload_id, step, name)
);
COMMENT ON TABLE jobs IS 'Programs run by the scheduler for a step. A planned row is the intent; submitting looks first, so a job runs once.';
COMMENT ON COLUMN jobs.command IS 'Argument list; never a shell line.';
COMMENT ON COLUMN jobs.gpus IS 'Processors for graphics that it asks a cluster for.';
COMMENT ON COLUMN jobs.depends_on IS 'Names of jobs of the same upload and step that must be done first.';
COMMENT ON COLUMN jobs.first_attempt IS 'The attempt with which the present planning began; earlier ones were before a retry.';
COMMENT ON COLUMN jobs.state IS 'stale: of before a retry, which plans it anew if it still needs it.';
COMMENT ON COLUMN jobs.reason IS 'Why it failed, in words: the last line it wrote to its log.';
COMMENT ON COLUMN jobs.user_id IS 'That of its upload, here for the index.';
COMMENT ON COLUMN jobs.turn_at IS 'Its place among the jobs of its user: when its upload came, and as much later as its media lasts.';
COMMENT ON COLUMN jobs.early IS 'It is of a later state than the one that its upload is in.';
COMMENT ON COLUMN jobs.no_room_since IS 'Since when it has been the next one and too large for what was free.';
COMMENT ON COLUMN jobs.part_of IS 'The name of the job that joins what this one and its like make of the parts of a whole.';
COMMENT ON COLUMN jobs.part IS 'Which part of the whole it does, in words.';
COMMENT ON COLUMN jobs.displaced IS 'The attempts whose machine was given to others: no fault of theirs, so they do not count as tries.';
CREATE INDEX jobs_live ON jobs (state, id) WHERE state IN ('planned', 'submitted');
CREATE INDEX jobs_upload ON jobs (upload_id, step);
CREATE INDEX jobs_turn ON jobs (user_id, early, kind, turn_at, id) WHERE state = 'planned';

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

CREATE TABLE contents (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object_id  bigint NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
    language   text NOT NULL REFERENCES languages (code),
    version    integer NOT NULL DEFAULT 0,
    UNIQUE (object_id, language)
);
COMMENT ON TABLE contents IS 'Subtitles of a media, or the translation of a document, in a language. version is the current one.';
COMMENT ON COLUMN contents.version IS 'The current version. Negative: the last one, and none is current since the media was recorded anew.';

CREATE TABLE content_versions (
    content_id   bigint NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    version      integer NOT NULL CHECK (version > 0),
    body         text NOT NULL,
    status       integer NOT NULL CHECK (status BETWEEN 0 AND 3),
    sup_ratio    double precision NOT NULL DEFAULT 0,
    origin       text NOT NULL CHECK (origin IN ('asr', 'mt', 'client', 'edit', 'test', 'restore')),
    system_id    integer REFERENCES systems (id),
    upload_id    text REFERENCES uploads (id) ON DELETE SET NULL,
    based_on_content  bigint,
    based_on_version  integer,
    author_id    text,
    author_name  text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (content_id, version)
);
COMMENT ON TABLE content_versions IS 'Every version of a content, none ever changed: DFXP 1.1 with current and original side for media, DTLX for documents.';
COMMENT ON COLUMN content_versions.status IS 'sup_status of /langs. Media: 0 fully automatic, 1 partially human, 2 fully human; documents: 0 not translated, then 1 to 3.';
COMMENT ON COLUMN content_versions.based_on_version IS 'For a translation: the version of the source content it was made from.';

CREATE TABLE files (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object_id   bigint NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
    type_code   integer NOT NULL CHECK (type_code IN (0, 1, 2, 3, 4, 6, 7, 8)),
    format      text NOT NULL REFERENCES file_formats (code),
    path        text,
    url         text,
    size        bigint,
    md5         text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    replaced_at timestamptz,
    language    text REFERENCES languages (code),
    content_version  integer,
    CHECK ((path IS NULL) <> (url IS NULL))
);
COMMENT ON TABLE files IS 'Media, documents and attachments: 0 media or document, 1 slides, 2 document, 3 thumbnail, 4 subtitles as sent, 6 PCM stream (manual, Appendix E); 7 what a document was converted to, 8 a document rebuilt in a language.';
COMMENT ON COLUMN files.path IS 'Relative to the media mount point.';
COMMENT ON COLUMN files.url IS 'Where the client keeps it, when it is not stored here (local_repository = no).';
COMMENT ON COLUMN files.replaced_at IS 'A newer file took its place, or its object was deleted: a backup.';
COMMENT ON COLUMN files.language IS 'Rebuilt documents: the language that they are in.';
COMMENT ON COLUMN files.content_version IS 'Rebuilt documents: the version of the text in that language that they hold.';
CREATE INDEX files_object ON files (object_id);
CREATE INDEX files_path ON files (path) WHERE path IS NOT NULL;
CREATE INDEX files_replaced ON files (replaced_at) WHERE replaced_at IS NOT NULL;

CREATE TABLE audiotracks (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    object_id     bigint NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
    language      text NOT NULL REFERENCES languages (code),
    voice_type    text NOT NULL CHECK (voice_type IN ('tts', 'rec')),
    voice_gender  text CHECK (voice_gender IN ('f', 'm')),
    format        text NOT NULL REFERENCES file_formats (code),
    path          text NOT NULL,
    size          bigint,
    sub_type      integer CHECK (sub_type BETWEEN 0 AND 2),
    description   text,
    system_id     integer REFERENCES systems (id),
    content_version  integer,
    upload_id     text REFERENCES uploads (id) ON DELETE SET NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    replaced_at   timestamptz,
    places        jsonb
);
COMMENT ON TABLE audiotracks IS 'Voices: synthesised (tts) or sent by the client (rec). replaced_at: a newer one took its place.';
COMMENT ON COLUMN audiotracks.places IS 'Where each line is in a synthesised track: a list of [segment id, begin, end], in ms; NULL where its system does not tell.';
COMMENT ON COLUMN audiotracks.sub_type IS 'Supervision status of the subtitles it was made from (manual, /metadata).';
CREATE INDEX audiotracks_path ON audiotracks (path);
CREATE INDEX audiotracks_replaced ON audiotracks (replaced_at) WHERE replaced_at IS NOT NULL;
CREATE INDEX audiotracks_object ON audiotracks (object_id, language) WHERE replaced_at IS NULL;
CREATE INDEX audiotracks_object_id ON audiotracks (object_id);

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
CREATE INDEX sessions_guards ON sessions (upload_id) WHERE ended_at IS NULL AND author_type = 'computer';
CREATE INDEX sessions_people ON sessions (object_id) WHERE ended_at IS NULL AND author_type = 'human';
CREATE INDEX sessions_revised_in ON sessions (revised_in_session_id) WHERE revised_in_session_id IS NOT NULL;

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
CREATE INDEX session_contents_content ON session_contents (content_id);

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

-- Sessions belong to objects, and what they cause refers back to them.
ALTER TABLE uploads ADD COLUMN session_id bigint REFERENCES sessions (id) ON DELETE SET NULL;
COMMENT ON COLUMN uploads.session_id IS 'The edit session whose end asked for this regeneration; NULL for uploads of clients.';
CREATE INDEX uploads_session ON uploads (session_id) WHERE session_id IS NOT NULL;

ALTER TABLE content_versions ADD COLUMN session_id bigint REFERENCES sessions (id) ON DELETE SET NULL;
COMMENT ON COLUMN content_versions.session_id IS 'The edit session whose edits this version holds.';
CREATE INDEX content_versions_session ON content_versions (session_id) WHERE session_id IS NOT NULL;

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
CREATE INDEX upload_documents_object ON upload_documents (object_id) WHERE object_id IS NOT NULL;

CREATE TABLE housekeeping (
    task      text PRIMARY KEY,
    due_at    timestamptz NOT NULL DEFAULT now(),
    position  text NOT NULL DEFAULT '',
    begun_at  timestamptz,
    known     bigint NOT NULL DEFAULT 0,
    unknown   bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE housekeeping IS 'The tasks of ingest/housekeeping.py and how far each is: a tick does a little of what is due.';
COMMENT ON COLUMN housekeeping.position IS 'The last name that the present walk over a mount point has looked at; empty: it begins.';
COMMENT ON COLUMN housekeeping.begun_at IS 'When the present walk began; NULL: there is none.';
COMMENT ON COLUMN housekeeping.unknown IS 'Entries of the present walk that no row names; known: those that one does.';
INSERT INTO housekeeping (task, due_at) VALUES
    ('tidy', now()), ('backups', now()), ('news', now()), ('uploads', now() + interval '1 hour'), ('media', now() + interval '1 hour');

CREATE TABLE orphans (
    mount       text NOT NULL,
    path        text NOT NULL,
    first_seen  timestamptz NOT NULL DEFAULT now(),
    last_seen   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (mount, path)
);
COMMENT ON TABLE orphans IS 'Files and folders below a mount point that no row names. Removed when they have been here for [general] rm_orphan_days.';

-- Mail and callbacks.
CREATE TABLE notifications (
    id          text PRIMARY KEY,
    upload_id   text NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    channel     text NOT NULL CHECK (channel IN ('mail', 'callback')),
    event       text NOT NULL CHECK (event IN ('started', 'error', 'finished', 'cancelled')),
    target      text NOT NULL,
    receiver    text NOT NULL,
    body        text NOT NULL,
    attempts    integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at      timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz,
    last_error  text,
    gave_up_at  timestamptz,
    CHECK (sent_at IS NULL OR gave_up_at IS NULL)
);
COMMENT ON TABLE notifications IS 'What is told of uploads by mail and callbacks: written with the move that it tells of, sent afterwards (docs/notifications.md).';
COMMENT ON COLUMN notifications.id IS 'Of the Message-ID of a mail, delivery of a callback: the same in every attempt.';
COMMENT ON COLUMN notifications.target IS 'A mail address, or a URL.';
COMMENT ON COLUMN notifications.receiver IS 'The host of the URL, empty for the mail server: what does not answer is left alone for a while with all that is for it.';
COMMENT ON COLUMN notifications.body IS 'JSON: of a callback what is sent, byte for byte; of a mail what its template may say.';
COMMENT ON COLUMN notifications.due_at IS 'When it is tried (again); while it is being sent, when a sender that was killed is replaced.';
CREATE INDEX notifications_due ON notifications (channel, due_at) WHERE sent_at IS NULL AND gave_up_at IS NULL;
CREATE INDEX notifications_upload ON notifications (upload_id);
CREATE INDEX notifications_sent ON notifications (sent_at) WHERE sent_at IS NOT NULL;

-- The resident Ingest Service listens; cron needs none of this.
CREATE FUNCTION notify_upload() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tlp_ingest', NEW.id);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION notify_upload() IS 'Wakes core.py --watch when an upload arrives.';
CREATE TRIGGER uploads_notify AFTER INSERT ON uploads FOR EACH ROW EXECUTE FUNCTION notify_upload();

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
