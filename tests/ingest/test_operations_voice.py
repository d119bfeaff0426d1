"""A real voice follows corrected subtitles: the job says the changed line only, the rest of the track stays."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from operations import Person, current
from tiny_media import Media
from world import World

from tlp.captions import CURRENT, UNFILTERED, Captions, Segment
from tlp.formats import FORMATS
from tlp.voice import mp3

ESPEAK = Path(__file__).resolve().parents[2] / "ingest-service" / "systems" / "espeak"
LINES, STEP, SECONDS = 12, 3000, 44  # the media goes on after the last line

pytestmark = [
    pytest.mark.engines,
    pytest.mark.skipif(not shutil.which("espeak-ng"), reason="espeak-ng is not installed"),
]


@pytest.fixture
def world(quick: World, tmp_path: Path) -> World:
    """A service with a lecture: English as an engine hears it, Spanish, and a Spanish voice of eSpeak."""
    systems = quick.mounts["systems"]
    shutil.rmtree(systems / "say")
    shutil.copytree(ESPEAK, systems / "espeak", ignore=shutil.ignore_patterns("__pycache__"))
    said = [Segment(n, n * STEP, n * STEP + 2500, [f"La clase tiene {n} partes."]) for n in range(1, LINES + 1)]
    captions = Captions("en", said, end=SECONDS * 1000)
    (systems / "hear" / "en.dfxp").write_bytes(FORMATS["dfxp"].write(captions, CURRENT, UNFILTERED))
    media = Media(tmp_path, SECONDS)["mp3"]
    upload = quick.upload("m1", {"media.mp3": media}, requested_langs={"es": {"sub": {}, "tts": {}}})
    [row] = quick.finish(upload)
    assert row["status_code"] == 6, row["info"]
    return quick


def voice(world: World) -> tuple[dict[int, list[int]], mp3.Frames]:
    """Where each line is in the present track, and its frames."""
    [row] = world.rows("SELECT path, places FROM audiotracks WHERE replaced_at IS NULL")
    assert row["places"], "the places of the lines were not stored"
    track = mp3.read((world.mounts["media"] / row["path"]).read_bytes())
    return {line: [begin, end] for line, begin, end in row["places"]}, track


def changed_ms(old: mp3.Frames, new: mp3.Frames) -> tuple[float, float]:
    """From where to where two tracks of one length differ."""
    assert old.count == new.count
    found = [k for k in range(old.count) if old.cut(k, k + 1) != new.cut(k, k + 1)]
    return 1000 * found[0] * old.seconds, 1000 * (found[-1] + 1) * old.seconds


def commands(world: World) -> list[list[str]]:
    rows: list[dict[str, Any]] = world.rows("SELECT command FROM jobs WHERE kind = 'tts' ORDER BY id")
    return [row["command"] for row in rows]


def test_a_corrected_source_and_a_corrected_translation_each_have_only_their_line_said_anew(world: World) -> None:
    places, track = voice(world)
    assert places.keys() == set(range(1, LINES + 1))
    for language, line, text in (("en", 5, "No, son cuatro."), ("es", 9, "Es todo.")):
        Person(world).edit(language, (line, line * STEP, line * STEP + 2500, text)).end()
        world.finish()
        assert current(world)["es"]["texts"][line] == text
        now, anew = voice(world)
        assert {k: v for k, v in now.items() if k != line} == {k: v for k, v in places.items() if k != line}
        assert now[line] != places[line] and abs(now[line][0] - line * STEP) < 100
        begin, end = changed_ms(track, anew)
        assert places[line - 1][1] - 100 <= begin < end <= places[line + 1][0] + 100
        places, track = now, anew
    first, *followed = commands(world)
    assert "ingest.jobs.revoice" not in first
    assert [command[1:3] for command in followed] == [["-m", "ingest.jobs.revoice"]] * 2
