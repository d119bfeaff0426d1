-- Documents: what is rebuilt from them, the quota that their uploads reserve, the programs that read and rebuild them.

ALTER TABLE objects ADD COLUMN rebuilt_format text REFERENCES file_formats (code);
COMMENT ON COLUMN objects.rebuilt_format IS 'Documents: the format of the files that are rebuilt from it; NULL when none can be.';

ALTER TABLE uploads ADD COLUMN quota_documents integer NOT NULL DEFAULT 0;
ALTER TABLE uploads ADD COLUMN quota_words bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN uploads.quota_documents IS 'Documents this unfinished upload has reserved of its user''s quota.';
COMMENT ON COLUMN uploads.quota_words IS 'Words this unfinished upload has reserved of its user''s quota.';
COMMENT ON COLUMN users.quota_documents IS 'Documents still allowed (manual, 7.2); NULL is no limit.';
COMMENT ON COLUMN users.quota_words IS 'Words of documents still allowed; NULL is no limit.';

ALTER TABLE files ADD COLUMN language text REFERENCES languages (code);
ALTER TABLE files ADD COLUMN content_version integer;
ALTER TABLE files DROP CONSTRAINT files_type_code_check;
ALTER TABLE files ADD CONSTRAINT files_type_code_check CHECK (type_code IN (0, 1, 2, 3, 4, 6, 7, 8));
COMMENT ON TABLE files IS 'Media, documents and attachments: 0 media or document, 1 slides, 2 document, 3 thumbnail, 4 subtitles as sent, 6 PCM stream (manual, Appendix E); 7 what a document was converted to, 8 a document rebuilt in a language.';
COMMENT ON COLUMN files.language IS 'Rebuilt documents: the language that they are in.';
COMMENT ON COLUMN files.content_version IS 'Rebuilt documents: the version of the text in that language that they hold.';

ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('package', 'media', 'document', 'asr', 'mt', 'tts'));
