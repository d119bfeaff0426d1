"""The Web Service: the HTTP API of the platform (manual, Appendices D to G)."""
