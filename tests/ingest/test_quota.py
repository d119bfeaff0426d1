"""The quota of media (manual, 7.2): reserved while an upload is under way, taken when it is stored, else given back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from operations import cancel, delete, update
from tiny_media import Media
from world import World, tick_until

from ingest.steps.package import check_quota
from tlp.db import uploads
from tlp.errors import QuotaError

WORKS = 'cp "$here/en.dfxp" "$output"'


@pytest.fixture
def world(quick: World) -> World:
    return quick


def send(world: World, recordings: Media, external_id: str, **keys: Any) -> str:
    return world.upload(external_id, {"media.mp3": recordings["mp3"]}, **keys)


def left(world: World) -> tuple[int | None, int | None]:
    [row] = world.rows("SELECT quota_media, quota_media_ms FROM users")
    return row["quota_media"], row["quota_media_ms"]


def limit(world: World, media: int | None, milliseconds: int | None = None) -> None:
    world.rows("UPDATE users SET quota_media = %(media)s, quota_media_ms = %(ms)s", media=media, ms=milliseconds)


def until(world: World, upload: str, state: str) -> None:
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.status(upload)["state"] == state)


@pytest.mark.parametrize("quota", [(1, None), (None, 3000)])
def test_what_an_upload_under_way_needs_nobody_else_gets(
    world: World, recordings: Media, quota: tuple[int | None, int | None]
) -> None:
    limit(world, *quota)
    world.system("hear", "asr", f"until [ -e {world.folder}/go ]; do sleep 0.1; done; {WORKS}", "languages = en")
    first = send(world, recordings, "m1")
    until(world, first, "transcribing")
    second = send(world, recordings, "m2")
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.status(second)["finished_at"])
    assert world.status(second)["status_code"] == 101 and "quota" in world.status(second)["info"]
    assert left(world) == quota
    (world.folder / "go").touch()
    assert world.finish(first)[0]["status_code"] == 6
    assert left(world)[0] in (0, None) and (left(world)[1] or 0) < 1100


def test_an_upload_that_fails_gives_back_what_it_had_reserved(world: World, recordings: Media) -> None:
    limit(world, 1, 3000)
    world.system("hear", "asr", "echo broken >&2; exit 1", "languages = en")
    assert world.finish(send(world, recordings, "m1"))[0]["status_code"] == 102
    assert left(world) == (1, 3000)
    world.system("hear", "asr", WORKS, "languages = en")
    assert world.finish(send(world, recordings, "m2"))[0]["status_code"] == 6
    assert left(world)[0] == 0


def test_an_upload_that_is_cancelled_gives_back_what_it_had_reserved(world: World, recordings: Media) -> None:
    limit(world, 1, 3000)
    world.system("hear", "asr", "sleep 60", "languages = en")
    upload = send(world, recordings, "m1")
    until(world, upload, "transcribing")
    world.finish(cancel(world, upload))
    assert world.status(upload)["status_code"] == 90 and left(world) == (1, 3000)
    world.system("hear", "asr", WORKS, "languages = en")
    assert world.finish(send(world, recordings, "m2"))[0]["status_code"] == 6


def test_a_package_that_is_refused_takes_nothing(world: World) -> None:
    limit(world, 1, 3000)
    [row] = world.finish(world.upload("m1", {"media.mp3": b"no sound at all"}))
    assert row["status_code"] == 101 and left(world) == (1, 3000)


def test_deleting_a_media_gives_nothing_back(world: World, recordings: Media) -> None:
    limit(world, 2)
    world.finish(send(world, recordings, "m1"))
    world.finish(delete(world, "m1", "hard"))
    assert left(world) == (1, None)


def test_test_mode_takes_none_needs_none_and_runs_no_engine_new_or_update(world: World) -> None:
    limit(world, 0, 0)
    wishes = {"es": {"sub": {}, "tts": {}}}
    assert world.finish(world.upload("m1", test_mode=True, requested_langs=wishes))[0]["status_code"] == 6
    rerecorded = update(world, "m1", {"media.mp3": b"is not looked at"}, test_mode=True, requested_langs=wishes)
    assert world.finish(rerecorded)[0]["status_code"] == 20
    assert left(world) == (0, 0) and world.counted() == []


def test_retranscriptions_and_new_languages_of_a_media_take_none(world: World, recordings: Media) -> None:
    limit(world, 1)
    world.finish(send(world, recordings, "m1"))
    assert left(world) == (0, None)
    again = update(world, "m1", force=True, requested_langs={"es": {"sub": {}}}, **{"re-generate": ["tx", "tl"]})
    assert world.finish(again)[0]["status_code"] == 20
    assert left(world) == (0, None)


def test_two_services_that_ask_at_once_are_answered_one_after_the_other(world: World) -> None:
    limit(world, 1)
    rows = [world.status(world.upload(f"m{n}", test_mode=True)) for n in range(2)]
    refused, begun = [], threading.Barrier(2)

    def ask(row: dict[str, Any]) -> None:
        with world.cursor() as cur:
            begun.wait(60)
            try:
                check_quota(cur, row, 1000)
                uploads.set_plan(cur, row, {}, 1000)
            except QuotaError as error:
                refused.append(str(error))

    for _ in range(10):
        world.rows("UPDATE uploads SET quota_ms = 0")
        refused.clear()
        threads = [threading.Thread(target=ask, args=(row,)) for row in rows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(refused) == 1 and "used up" in refused[0]
