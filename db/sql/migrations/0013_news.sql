-- Mail and callbacks that were sent are removed after some days; that a callback has arrived stays known.
ALTER TABLE uploads ADD COLUMN told_at timestamptz;
COMMENT ON COLUMN uploads.told_at IS 'When its callback had arrived, noted when housekeeping removed the row of it in notifications; NULL: see there.';
CREATE INDEX notifications_sent ON notifications (sent_at) WHERE sent_at IS NOT NULL;
INSERT INTO housekeeping (task) VALUES ('news');
