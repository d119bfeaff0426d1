"""Whose turn it is: earlier uploads of the same objects, people who edit them."""

from __future__ import annotations

from typing import Any

from ingest.context import Context
from ingest.upkeep import service_author
from ingest.waiting import Wait
from tlp.db import guards, objects, turns
from tlp.db.rows import Cursor

Upload = dict[str, Any]
LOOK_AGAIN_S = 30.0  # whoever ends an upload wakes the next one; this is for what nobody tells


def wait_for_turn(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Pass when no other upload of the same object comes first. Raises Wait."""
    first = turns.before(cur, upload)
    if first:
        raise Wait(f"Waiting: the upload {first} of the same object comes first.", LOOK_AGAIN_S)


def guard(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Open a session of our own over each object, where the configuration says so ([sessions] enabled).

    It is closed with the upload, whatever its end. Raises Wait while somebody else edits.
    """
    if not ctx.config.sessions.enabled:
        return
    author = service_author(ctx.config.sessions).row()
    for name in turns.names(cur, upload["id"]):
        found = objects.find(cur, upload["user_id"], upload["kind"], name)
        if found is None:
            continue  # said by the step that needs the object
        other = guards.open(cur, found["id"], author, upload["id"])
        if other:
            raise Wait(f"Waiting: {other['author_name'] or other['author_id']} is editing it.", LOOK_AGAIN_S)
