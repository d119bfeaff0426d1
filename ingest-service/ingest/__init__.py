"""The Ingest Service: carries uploads through the states of their operation (manual, section 7)."""
