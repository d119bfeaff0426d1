"""What belongs to no upload, under kill -9 at each point: housekeeping, systems, news, requests as they arrive."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import falcon.testing
import pytest
from callback_receiver import Receiver
from faults import Tally, killed_at_each, undisturbed
from mail_server import mail_server
from notifying import mailing, news, over_at_once, settled, world_with
from operations import lecture
from packages import PACKAGE, request
from world import World

from api.app import create_app
from ingest import housekeeping, notify_send, orphans, registry
from ingest.broom import MARKER

ENDED, STRAY, FRESH = (f"up-00000000-0000-0000-0000-{number:012d}" for number in (1, 2, 3))


@pytest.fixture
def world(tmp_path: Path, clean_db: dict[str, Any]) -> Iterator[World]:
    made = World(tmp_path / "world", clean_db, general={"rm_backup_days": 1}, media_urls={"use_urls": "no"})
    made.usual_systems()
    yield made
    made.end_jobs()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has touched anything for long: no file can be given a ctime."""
    real = orphans.time.time
    monkeypatch.setattr(orphans.time, "time", lambda: real() + 3 * orphans.DAY_S)


def tell(name: str, tally: Tally, least: int) -> None:
    print(f"{name}: {tally.kills.total()} kills at {len(tally.places)} places: {dict(tally.kills)}")
    assert tally.kills.total() >= least


# Housekeeping


def upload_folder(world: World, name: str) -> None:
    work = world.mounts["uploads"] / name / "work"
    work.mkdir(parents=True, exist_ok=True)
    (work / "en.dfxp").write_text("text")


def something_to_remove(world: World, own: dict[str, Any]) -> None:
    """An upload that ended long ago, a package without one, a stray file and an old backup; and what stays."""
    for mount in ("uploads", "media"):
        (world.mounts[mount] / MARKER).unlink(missing_ok=True)
    for name in (ENDED, STRAY, FRESH):
        upload_folder(world, name)
    world.rows("DELETE FROM uploads")
    for name, days in ((ENDED, 30), (FRESH, 0)):
        world.rows(
            "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, finished_at) "
            "VALUES (%(id)s, %(user)s, 'speech', 'new', 'm', 'h', '{}', 'done', now() - %(days)s * interval '1 day')",
            id=name, user=world.user, days=days,
        )  # fmt: skip
    place = f"{own['hash'][0]}/{own['hash']}"
    backup = f"backup/{place}/bbbbbbbbbbbbbbbb.mp3"
    stray = f"{place}/.0123456789abcdef.mp4.part"
    for path in (backup, stray):
        (world.mounts["media"] / path).parent.mkdir(parents=True, exist_ok=True)
        (world.mounts["media"] / path).write_bytes(b"old")
    world.rows("DELETE FROM files WHERE replaced_at IS NOT NULL")
    world.rows(
        "INSERT INTO files (object_id, type_code, format, path, replaced_at) "
        "VALUES (%(id)s, 0, 'mp3', %(path)s, now() - interval '9 days')", id=own["id"], path=backup,
    )  # fmt: skip
    world.rows("TRUNCATE orphans")
    for mount, path in (("uploads", STRAY), ("media", stray)):
        world.rows(
            "INSERT INTO orphans (mount, path, first_seen) VALUES (%(mount)s, %(path)s, now() - interval '30 days')",
            mount=mount, path=path,
        )  # fmt: skip


def only_what_stays(world: World) -> None:
    assert sorted(path.name for path in world.mounts["uploads"].iterdir()) == [MARKER, FRESH]
    left = sorted(path.name for path in world.mounts["media"].rglob("*") if path.is_file())
    assert left == [MARKER, "aaaaaaaaaaaaaaaa.mp3", "cccccccccccccccc.mp3"]
    assert world.rows("SELECT id FROM uploads WHERE tidied_at IS NOT NULL") == [{"id": ENDED}]
    assert world.rows("SELECT path FROM files WHERE replaced_at IS NOT NULL") == []
    assert world.rows("SELECT path FROM orphans") == []


def test_housekeeping_killed_at_any_point_removes_what_it_should_and_nothing_else(world: World, later: None) -> None:
    own = lecture(world)
    for table, old, new in (("files", "media", "a" * 16), ("audiotracks", "es", "c" * 16)):
        [row] = world.rows(f"UPDATE {table} SET path = replace(path, '{old}.mp3', '{new}.mp3') RETURNING path")
        (world.mounts["media"] / row["path"].replace(new, old)).rename(world.mounts["media"] / row["path"])
    tally = killed_at_each(
        world,
        lambda: something_to_remove(world, own),
        housekeeping.all_now,
        lambda: only_what_stays(world),
        stride=4,
    )
    tell("housekeeping", tally, 12)


# Systems


def test_looking_at_the_systems_may_be_killed_at_any_point(world: World) -> None:
    def register(ctx: Any, db: Any) -> None:
        with db.cursor() as cur:
            registry.register(ctx, cur)
        db.commit()

    def offered() -> None:
        rows = world.rows("SELECT folder FROM systems WHERE available ORDER BY folder")
        assert [row["folder"] for row in rows] == ["hear", "say", "turn", "turn"]

    tally = killed_at_each(world, lambda: world.rows("DELETE FROM systems"), register, offered)
    tell("systems", tally, 5)


# News


def test_news_is_sent_at_least_once_with_one_id_wherever_the_sender_is_killed(
    tmp_path: Path, clean_db: dict[str, Any]
) -> None:
    with mail_server() as mails:
        world = world_with(
            tmp_path / "world", clean_db, mailing=mailing(mails.port), callbacks={"allow_private": "yes"}
        )
        receiver = Receiver()
        world.finish(over_at_once(world, callback={"url": receiver.url}))
        settled()

        def queue() -> None:
            world.rows("UPDATE notifications SET sent_at = NULL, gave_up_at = NULL, attempts = 0, due_at = now()")
            mails.mails.clear(), receiver.got.clear()

        def send(ctx: Any, db: Any) -> None:
            with db.cursor() as cur:  # what was claimed by a killed sender is due again later: let that time pass
                cur.execute("UPDATE notifications SET due_at = now() WHERE sent_at IS NULL")
            db.commit()
            for channel in ("mail", "callback"):
                notify_send.send_due(ctx.config, db, channel)

        def arrived() -> None:
            for channel, ids in (
                ("mail", [mail["Message-ID"].partition("@")[0].strip("<") for mail in mails.mails]),
                ("callback", [headers["TLP-Delivery"] for _, headers, _ in receiver.got]),
            ):
                rows = news(world, channel)
                assert rows and all(row["sent_at"] for row in rows)
                assert set(ids) == {row["id"] for row in rows} and len(ids) <= len(rows) + 1

        tally = killed_at_each(world, queue, send, arrived, stride=4)
        receiver.shutdown()
        receiver.server_close()
    tell("mails and callbacks", tally, 8)


# A request


def test_a_request_killed_at_any_point_is_an_upload_with_its_whole_package_or_leaves_nothing(
    world: World, later: None
) -> None:
    def arrange() -> None:
        shutil.rmtree(world.mounts["uploads"])
        world.mounts["uploads"].mkdir()
        world.rows("DELETE FROM uploads")
        world.rows("TRUNCATE orphans")

    def receive(ctx: Any, db: Any) -> None:
        answer = falcon.testing.TestClient(create_app(world.config)).simulate_post(
            "/api/speech/ingest/new", **request()
        )
        assert answer.status_code == 200 and answer.json["rcode"] == 0, answer.text

    def whole() -> None:
        """The client, which heard nothing, has sent it again: one upload, or two of which the second will say so."""
        rows = world.rows("SELECT id, package FROM uploads")
        assert 1 <= len(rows) <= 2
        for row in rows:
            assert (world.mounts["uploads"] / row["package"]).read_bytes() == PACKAGE
        undisturbed(world, housekeeping.all_now)
        world.rows("UPDATE orphans SET first_seen = first_seen - interval '9 days'")
        undisturbed(world, housekeeping.all_now)
        left = {path.name for path in world.mounts["uploads"].iterdir()} - {MARKER}
        assert left == {row["id"] for row in rows}

    tally = killed_at_each(world, arrange, receive, whole, stride=3)
    tell("a request with a package", tally, 4)
