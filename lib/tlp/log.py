"""Logging for the services: one line an event, the time first, to stderr or where the service manager sends it."""

from __future__ import annotations

import logging
import sys


def start(level: str = "info") -> None:
    """Configure the root logger; calling it again changes the level only."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    logging.getLogger().setLevel(level.upper())
    # It tells of each file, and of each connection that fails in a trace; what matters of it is raised, and told by us.
    logging.getLogger("paramiko").setLevel(logging.DEBUG if level == "debug" else logging.CRITICAL)
    # The line has none of these, and they would be found out for each. The number of the process stays: without it
    # gunicorn's own lines cannot be written.
    logging.logThreads = logging.logMultiprocessing = False
    logging._srcfile = None
