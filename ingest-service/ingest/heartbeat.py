"""The sign of life at the end of a tick: without it for some minutes, the Ingest Service does not work.

It also tells when time has not passed as it should, and puts right what that has done to what waits.
"""

from __future__ import annotations

import logging
import os
import socket

from psycopg2.extensions import connection

from tlp.db import clock, metrics
from tlp.db.rows import Cursor

log = logging.getLogger("ingest")
LONG_S = 600.0  # without a tick: none ran, as a resident service ticks each minute
SET_BACK_S = 5.0  # less is what clocks are corrected by


def beat(db: connection) -> None:
    """Note that a tick has come to its end, every few seconds, and add up what has happened meanwhile."""
    with db.cursor() as cur:
        since = metrics.beat(cur, socket.gethostname(), os.getpid())
        if since is not None and since < -SET_BACK_S:
            db.rollback()  # the row of this machine is not held while another one puts the times right
            clock.one_at_a_time(cur)
            since = metrics.beat(cur, socket.gethostname(), os.getpid())
        if since is not None:
            metrics.count(cur)
            if since < -SET_BACK_S:
                clock.follow_back(cur, -since)
                log.warning("the clock has been set back by %.0f s; what was due then is due now", -since)
    db.commit()


def time_was_lost(cur: Cursor) -> bool:
    """Whether no tick has ended for long: nothing was done then, or the clock was set. All uploads get it back."""
    lost = clock.since_last_tick(cur)
    if lost < LONG_S:
        return False
    count = clock.put_off_deadlines(cur, lost)
    log.warning("no tick has ended for %.0f s: the time limits of %d uploads are put off by that", lost, count)
    return True
