-- Mail and callbacks: what is told of uploads, and whether it has arrived.

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
