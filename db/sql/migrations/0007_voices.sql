-- Where each line is in a synthesised track: what has changed can be said anew without the rest.
ALTER TABLE audiotracks ADD COLUMN places jsonb;
COMMENT ON COLUMN audiotracks.places IS 'Where each line is in a synthesised track: a list of [segment id, begin, end], in ms; NULL where its system does not tell.';
