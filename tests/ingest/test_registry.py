"""Which systems are offered: folders in, rows out, each with its reason; an id keeps its meaning for ever."""

from __future__ import annotations

import logging
import shutil
from typing import Any

import pytest
from world import World

from ingest import registry


@pytest.fixture
def world(quick: World) -> World:
    return quick


def known(world: World) -> dict[str, dict[str, Any]]:
    """Register, then the rows by what they are for."""
    with world.service():
        rows = world.rows("SELECT * FROM systems ORDER BY id")
    return {" ".join(filter(None, (r["folder"], r["source_lang"], r["target_lang"]))): r for r in rows}


def test_a_folder_becomes_a_row_for_each_language_pair_or_voice(world: World) -> None:
    world.system("voices", "tts", "", "languages = es, ca", _sections="[voices]\nes.f = dora\nes.m = alex\n")
    rows = known(world)
    assert set(rows) == {"hear en", "turn en es", "turn es ca", "say es", "voices es", "voices ca"}
    names = {r["name"] for r in world.rows("SELECT name FROM systems WHERE folder = 'voices'")}
    assert names == {"Voices, Español (f)", "Voices, Español (m)", "Voices, Català"}
    assert rows["turn en es"]["name"] == "Turn, English → Español"
    assert all(r["available"] and r["reason"] is None for r in rows.values())


def test_an_id_stays_whatever_happens_to_the_folder(world: World) -> None:
    before = known(world)
    shutil.move(world.mounts["systems"] / "turn", world.folder / "aside")
    gone = known(world)
    assert gone["turn en es"]["id"] == before["turn en es"]["id"]
    assert not gone["turn en es"]["available"]
    assert gone["turn en es"]["reason"] == "its folder turn is gone, or no longer offers this"
    shutil.move(world.folder / "aside", world.mounts["systems"] / "turn")
    world.system("new", "asr", "", "languages = ca")
    back = known(world)
    assert back["turn en es"]["id"] == before["turn en es"]["id"] and back["turn en es"]["available"]
    assert back["new ca"]["id"] == max(r["id"] for r in before.values()) + 1


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ("[requires]\nprograms = no-such-program\n", "program 'no-such-program' is not on PATH"),
        ("[requires]\nmodules = no_such_module\n", "Python module 'no_such_module' is not installed"),
        ("[requires]\nmodules = no_such.module\n", "Python module 'no_such.module' is not installed"),
        ("[requires]\nfiles = /no/such/file\n", "file /no/such/file does not exist"),
        ("[requires]\nmodels = whisper-base\n", "model 'whisper-base'"),
    ],
)
def test_what_this_machine_lacks_is_the_reason_why_a_system_is_not_offered(
    world: World, caplog: pytest.LogCaptureFixture, section: str, reason: str
) -> None:
    config = world.config_file.read_text()
    world.config_file.write_text(config + f"[systems]\nmodels = {world.folder}/no-models\n")
    object.__setattr__(world.config.systems, "models", f"{world.folder}/no-models")
    world.system("lacks", "asr", "", "languages = ca", _sections=section)
    row = known(world)["lacks ca"]
    assert not row["available"]
    assert reason in row["reason"]
    assert any(reason in r.getMessage() and "is not offered" in r.getMessage() for r in caplog.records)


def test_a_system_disabled_in_the_configuration_is_not_offered(world: World) -> None:
    world.config.systems.disabled.append("hear")
    row = known(world)["hear en"]
    assert (row["available"], row["reason"]) == (False, "disabled in the configuration ([systems] disabled)")


def test_a_folder_that_breaks_takes_its_own_systems_away_with_the_reason_and_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    known(world)
    (world.mounts["systems"] / "hear" / "system.ini").write_text("[system]\nkind = magic\n")
    rows = known(world)
    assert not rows["hear en"]["available"] and "kind = magic" in rows["hear en"]["reason"]
    assert rows["say es"]["available"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("languages = es\n[voices]\nes.female = dora\n", "es.female"),
        ("languages = es\npriority = 99999999999\n", "priority"),
        ("languages = es\n[requires]\nmodules = .relative\n", "'.relative' is not installed"),
        ("languages = es\nrequires = ffmpeg\n[voices]\nes = dora\n", "[voices] es"),
    ],
)
def test_whatever_is_wrong_with_a_folder_the_others_are_offered_and_the_service_goes_on(
    world: World, caplog: pytest.LogCaptureFixture, lines: str, said: str
) -> None:
    (folder := world.mounts["systems"] / "odd").mkdir()
    (folder / "system.ini").write_text(f"[system]\nkind = tts\nname = Odd\n{lines}")
    rows = known(world)
    assert rows["say es"]["available"] and not rows.get("odd es", {}).get("available")
    assert any("odd" in r.getMessage() and said in r.getMessage() for r in caplog.records)


def test_a_language_that_the_table_does_not_have_is_left_out(world: World) -> None:
    world.system("odd", "asr", "", "languages = en, xx")
    assert "odd en" in known(world) and "odd xx" not in known(world)


def test_looking_again_changes_nothing_and_says_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    before = known(world)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        after = known(world)
    assert [r.getMessage() for r in caplog.records] == []
    assert {k: {**r, "checked_at": 0} for k, r in after.items()} == {
        k: {**r, "checked_at": 0} for k, r in before.items()
    }


def test_a_refresh_looks_at_the_folders_only_now_and_then(world: World) -> None:
    with world.service() as (ctx, db), db.cursor() as cur:
        world.system("new", "asr", "", "languages = ca")
        registry.refresh(ctx, cur)
        db.commit()
        assert not world.rows("SELECT id FROM systems WHERE folder = 'new'")
        cur.execute("UPDATE systems SET checked_at = now() - interval '1 hour'")
        registry.refresh(ctx, cur)
        db.commit()
    assert world.rows("SELECT id FROM systems WHERE folder = 'new'")
