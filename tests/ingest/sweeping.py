"""Uploads that ended long ago, their folders, and housekeeping that is asked to remove what it may."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from world import World

from ingest import housekeeping, orphans

LONG_AGO = 1_600_000_000
NEW = "up-00000000-0000-0000-0000-{:012d}"


def sweep(world: World) -> int:
    with world.service() as (ctx, db):
        return housekeeping.all_now(ctx, db)


def would(world: World) -> list[str]:
    """What a dry run says."""
    said: list[str] = []
    with world.service() as (ctx, db):
        housekeeping.all_now(ctx, db, said.append)
    return said


def ended(world: World, number: int, days: float, error: int | None = None, **more: Any) -> Path:
    """An upload that ended so many days ago, and its folder."""
    upload_id = NEW.format(number)
    world.rows(
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, error_code, "
        "finished_at) VALUES (%(id)s, %(user)s, 'speech', 'new', 'm', 'h', '{}', %(state)s, %(error)s, "
        "now() - %(days)s * interval '1 day')",
        id=upload_id, user=world.user, state="failed" if error else "done", error=error, days=days,
    )  # fmt: skip
    return folder(world, number)


@contextmanager
def kept_for_ever(path: Path) -> Iterator[None]:
    """A file that nobody can remove."""
    if subprocess.run(["chattr", "+i", str(path)], capture_output=True).returncode:
        pytest.skip("no file can be made immutable here: that takes root, and a file system that knows it")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(path)], check=True)


def folder(world: World, number: int, name: str | None = None) -> Path:
    path = world.mounts["uploads"] / (name or NEW.format(number))
    (path / "work").mkdir(parents=True)
    (path / "package.zip").write_bytes(b"PK")
    return path


def old(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has touched anything for long: the clock of the walk is put forward, for no file can be given a ctime."""
    real = orphans.time.time
    monkeypatch.setattr(orphans.time, "time", lambda: real() + 3 * orphans.DAY_S)


def seen_long_ago(world: World, days: int = 30) -> None:
    world.rows("UPDATE orphans SET first_seen = first_seen - %(days)s * interval '1 day'", days=days)


def stray(world: World, row: dict[str, Any], name: str = "0123456789abcdef.mp4", below: str = "") -> Path:
    path = world.mounts["media"] / below / row["hash"][0] / row["hash"] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"stray")
    return path


def many(world: World, row: dict[str, Any], number: int, named: bool = True) -> list[Path]:
    """Files of an object, with a row each or none."""
    paths = [stray(world, row, f"{n:016x}.mp4") for n in range(100, 100 + number)]
    for path in paths if named else ():
        world.rows("INSERT INTO files (object_id, type_code, format, path) VALUES (%(id)s, 0, 'mp4', %(path)s)",
                   id=row["id"], path=str(path.relative_to(world.mounts["media"])))  # fmt: skip
    return paths


def told(
    world: World, upload_id: str, channel: str, days: float, mark: str = "sent_at", event: str = "finished"
) -> None:
    """A mail or callback of so many days ago, and what has become of it."""
    world.rows(
        "INSERT INTO notifications (id, upload_id, channel, event, target, receiver, body, created_at) "
        "VALUES (%(id)s, %(u)s, %(channel)s, %(event)s, 'x', 'x', '{}', now() - %(days)s * interval '1 day')",
        id=f"nt-{channel}-{days}-{mark}", u=upload_id, channel=channel, event=event, days=days,
    )  # fmt: skip
    if mark != "due_at":
        world.rows(f"UPDATE notifications SET {mark} = created_at + interval '1 s' WHERE id = %(id)s",
                   id=f"nt-{channel}-{days}-{mark}")  # fmt: skip


def news(world: World) -> list[str]:
    return [row["id"] for row in world.rows("SELECT id FROM notifications ORDER BY id")]
