"""The database's schema and what makes or migrates it; the SQL of the services is in tlp.db."""
