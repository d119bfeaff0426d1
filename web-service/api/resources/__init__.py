"""The interfaces of the API, one module a noun: each takes a Call and gives the answer. No SQL, no HTTP status."""
