-- Housekeeping, retry, progress, and what administrators say of systems: see schema.sql for what each thing is.

ALTER TABLE uploads ADD COLUMN failed_in text;
ALTER TABLE uploads ADD COLUMN tidied_at timestamptz;
ALTER TABLE uploads ADD COLUMN progress smallint CHECK (progress BETWEEN 0 AND 100);
ALTER TABLE uploads ADD COLUMN ready_at timestamptz;
COMMENT ON COLUMN uploads.failed_in IS 'The state in which it failed: core.py retry goes on from there. NULL unless failed.';
COMMENT ON COLUMN uploads.tidied_at IS 'When housekeeping removed its folder under uploads.';
COMMENT ON COLUMN uploads.progress IS 'How much of the present state is done, percent; NULL: not known.';
COMMENT ON COLUMN uploads.ready_at IS 'When the present state is likely to be over; NULL: not known.';
CREATE INDEX uploads_untidy ON uploads (finished_at) WHERE tidied_at IS NULL AND error_code IS NULL;
CREATE INDEX uploads_untidy_failed ON uploads (finished_at) WHERE tidied_at IS NULL AND error_code IS NOT NULL;

ALTER TABLE jobs ADD COLUMN first_attempt integer NOT NULL DEFAULT 1;
ALTER TABLE jobs DROP CONSTRAINT jobs_state_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_state_check
    CHECK (state IN ('planned', 'submitted', 'done', 'failed', 'lost', 'cancelled', 'stale'));
COMMENT ON COLUMN jobs.first_attempt IS 'The attempt with which the present planning began; earlier ones were before a retry.';
COMMENT ON COLUMN jobs.state IS 'stale: of before a retry, which plans it anew if it still needs it.';

ALTER TABLE systems ADD COLUMN given_name text;
ALTER TABLE systems ADD COLUMN given_priority integer;
ALTER TABLE systems ADD COLUMN disabled boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN systems.given_name IS 'Name that an administrator gave it; NULL: that of its system.ini.';
COMMENT ON COLUMN systems.given_priority IS 'Priority that an administrator gave it; NULL: that of its system.ini.';
COMMENT ON COLUMN systems.disabled IS 'An administrator does not want it to be offered.';

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
    ('tidy', now()), ('backups', now()), ('uploads', now() + interval '1 hour'), ('media', now() + interval '1 hour');

CREATE TABLE orphans (
    mount       text NOT NULL,
    path        text NOT NULL,
    first_seen  timestamptz NOT NULL DEFAULT now(),
    last_seen   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (mount, path)
);
COMMENT ON TABLE orphans IS 'Files and folders below a mount point that no row names. Removed when they have been here for [general] rm_orphan_days.';

CREATE INDEX files_path ON files (path) WHERE path IS NOT NULL;
CREATE INDEX audiotracks_path ON audiotracks (path);
CREATE INDEX files_replaced ON files (replaced_at) WHERE replaced_at IS NOT NULL;
CREATE INDEX audiotracks_replaced ON audiotracks (replaced_at) WHERE replaced_at IS NOT NULL;
