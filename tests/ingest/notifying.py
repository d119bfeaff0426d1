"""A world whose uploads are told of, for the tests of mail and callbacks."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from operations import update
from world import World, wait_until

from ingest import notify_send
from tlp.db.connection import connect

CLIENT, ADMIN = "client@example.org", "admin@example.org"
EVENTS = ("started", "error", "finished")


def mailing(port: int, **more: Any) -> dict[str, Any]:
    """The section [mailing] for a mail server at that port: all mail is on."""
    on = {
        f"send_{who}_{event}_mail": "yes" for who in ("client", "admin") for event in ("started", "error", "finished")
    }
    to = {f"admin_address_{event}": ADMIN for event in ("started", "error", "finished")}
    place = {"enabled": "yes", "smtp_server": "127.0.0.1", "smtp_port": port, "from_address": "tlp@example.org"}
    return {**place, **on, **to, **more}


def world_with(folder: Path, db: dict[str, Any], **sections: dict[str, Any]) -> World:
    """A world without media conversion; its API user has the mail address CLIENT."""
    formats = {"required_video_formats": ",", "generate_pcm_stream": "no"}
    made = World(folder, db, file_formats=formats, **sections)
    made.usual_systems()
    made.rows("UPDATE users SET email = %(email)s", email=CLIENT)
    return made


def over_at_once(world: World, **keys: Any) -> str:
    """An upload that ends, as a failure, in its first tick and without a job: an update of what is not there."""
    return update(world, "nothing", **keys)


def settled() -> None:
    """Wait until nothing is being sent by this process."""
    wait_until(lambda: not any(thread.name in ("tlp mail", "tlp callback") for thread in threading.enumerate()))


def send(world: World, channel: str) -> None:
    """Send what is due of a channel, here and now."""
    with connect(world.config.storage) as db:
        notify_send.send_due(world.config, db, channel)


def due_now(world: World) -> None:
    """Let the time pass that a failed message waits."""
    world.rows("UPDATE notifications SET due_at = now() WHERE sent_at IS NULL AND gave_up_at IS NULL")


def news(world: World, channel: str) -> list[dict[str, Any]]:
    """The rows of a channel in their order, with the seconds until they are due."""
    return world.rows(
        "SELECT *, extract(epoch FROM due_at - now())::float8 AS due_in FROM notifications "
        "WHERE channel = %(channel)s ORDER BY created_at, target",
        channel=channel,
    )
