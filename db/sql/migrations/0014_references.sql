-- What is deleted for good is looked for in all that may refer to it: with 100,000 uploads that took seconds in one tick.
CREATE INDEX audiotracks_object_id ON audiotracks (object_id);
CREATE INDEX sessions_revised_in ON sessions (revised_in_session_id) WHERE revised_in_session_id IS NOT NULL;
CREATE INDEX session_contents_content ON session_contents (content_id);
CREATE INDEX uploads_object_id ON uploads (object_id) WHERE object_id IS NOT NULL;
CREATE INDEX uploads_session ON uploads (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX content_versions_session ON content_versions (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX upload_documents_object ON upload_documents (object_id) WHERE object_id IS NOT NULL;
