-- The earlier lectures of a speaker, for the terms that a recogniser should know.
CREATE INDEX object_speakers_speaker ON object_speakers (speaker_id);
