#!/usr/bin/env python3
"""Recovers modifications that arrived after the end of their edit session (rcode 6 and 7 of /mod).

    python db/late_edits.py -C config.ini              list what is kept
    python db/late_edits.py -C config.ini --recover ID [ID ...]

What is recovered becomes an ended session of the same author that waits for revision: /revisions lists it, /get shows
it with its session_id, /accept and /reject decide.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.extensions import connection

from tlp import config, sessions
from tlp.db import late_edits
from tlp.db.connection import connect
from tlp.errors import TlpError


def described(db: connection) -> list[str]:
    """What is kept, a line each: its id, when it came, whose it is, and how much of each language."""
    with db, db.cursor() as cur:
        return [_line(row) for row in late_edits.all_kept(cur)]


def _line(row: dict[str, Any]) -> str:
    much = ", ".join(f"{lang}: {len(m['txt'])} edited, {len(m['del'])} deleted" for lang, m in row["mods"].items())
    when, whose = row["received_at"].isoformat(sep=" ", timespec="seconds"), f"author {row['author_id']!r}"
    what = f"{row['kind']} {row['external_id']!r} of user {row['username']!r}"
    return f"{row['id']}  {when}  {whose}, session {row['session_id']}, {what}  ({much})"


def recover(db: connection, late_id: int) -> str:
    """Recover one, in a transaction of its own; says what has become of it."""
    with db, db.cursor() as cur:
        session_id = sessions.recover(cur, late_id)
    if session_id is None:
        return f"{late_id}: nothing is kept under this number"
    return f"{late_id}: now waits for revision as session {session_id}"


def main() -> int:
    parser = argparse.ArgumentParser(description="List or recover modifications that came after their session's end.")
    parser.add_argument("-C", "--config-file", help="configuration. Default: TLP_CONFIG")
    parser.add_argument("--recover", type=int, nargs="+", metavar="ID", help="numbers, as listed")
    chosen = parser.parse_args()
    try:
        with closing(connect(config.load(chosen.config_file).storage)) as db:
            for late_id in chosen.recover or ():
                print(recover(db, late_id))
            if not chosen.recover:
                print("\n".join(described(db)) or "Nothing is kept.")
    except (TlpError, psycopg2.Error) as error:
        print(f"late_edits.py: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
