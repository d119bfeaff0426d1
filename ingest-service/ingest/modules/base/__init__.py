"""Base Modules (manual, section 7): packages, downloads, media. Files in, files out; no database."""
