"""The sign of life at the end of a tick: without it for some minutes, the Ingest Service does not work."""

from __future__ import annotations

import os
import socket

from psycopg2.extensions import connection

from tlp.db import metrics


def beat(db: connection) -> None:
    """Note that a tick has come to its end, every few seconds, and add up what has happened meanwhile."""
    with db.cursor() as cur:
        if metrics.beat(cur, socket.gethostname(), os.getpid()):
            metrics.count(cur)
    db.commit()
