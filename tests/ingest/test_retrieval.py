"""Uploads whose recogniser is told the terms of slides, documents, earlier lectures and the web; none fails of it."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Handler, Server, serving, slowly, whole
from operations import Person, lecture, update
from tiny_media import Media, ffmpeg
from world import World

from ingest.modules.tl.text_retrieval import web
from ingest.tick import tick

SLIDES = b"The root\nplasmodesmata\nCasparian strip\n"
SECTION = "text_retrieval_module"
FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")


@pytest.fixture
def make(tmp_path: Path, clean_db: dict[str, Any]) -> Any:
    """An Ingest Service with settings for the retrieval; its recogniser keeps the terms that it is told."""
    worlds: list[World] = []

    def made(**settings: object) -> World:
        formats = {"required_video_formats": ",", "generate_pcm_stream": "no"}
        sections = {"file_formats": formats, SECTION: settings, "downloads": {"allow_private": "yes"}}
        world = World(tmp_path / "world", clean_db, **sections)
        world.usual_systems()
        worlds.append(world)
        return world

    yield made
    worlds[0].end_jobs()


def attached(world: World, media: Path, name: str = "slides.txt", data: bytes = SLIDES, **keys: Any) -> str:
    code = 1 if name.startswith("slides") else 2
    files = {"media.mp3": media, name: data}
    return world.upload("m1", files, attachments=[{"filename": name, "type_code": code}], **keys)


def told(world: World, upload_id: str) -> list[str]:
    """The terms that the recogniser was called with, without their places."""
    rows = world.rows("SELECT command FROM jobs WHERE upload_id = %(id)s AND kind = 'asr'", id=upload_id)
    (command,) = [row["command"] for row in rows]
    if "--terms" not in command:
        return []
    return [line.split("\t")[0] for line in Path(command[command.index("--terms") + 1]).read_text().splitlines()]


def steps(world: World, upload_id: str) -> list[str]:
    return [row["step"] for row in world.rows("SELECT step FROM jobs WHERE upload_id = %(id)s", id=upload_id)]


def test_the_recogniser_is_told_the_terms_of_the_slides(make: Any, recordings: Media) -> None:
    world = make()
    upload = attached(world, recordings["mp3"])
    (row,) = world.finish(upload)
    assert row["state"] == "done" and row["info"] == "New media successfully processed."
    assert {"plasmodesmata", "Casparian strip"} <= set(told(world, upload))


def test_lma_false_means_that_nothing_is_read(make: Any, recordings: Media) -> None:
    world = make()
    upload = attached(world, recordings["mp3"], requested_langs={"en": {"sub": {"lma": False}}})
    world.finish(upload)
    assert told(world, upload) == [] and "retrieving" not in steps(world, upload)


def test_an_installation_may_turn_it_off(make: Any, recordings: Media) -> None:
    world = make(enabled="no")
    upload = attached(world, recordings["mp3"])
    world.finish(upload)
    assert "retrieving" not in steps(world, upload)


def test_where_there_is_nothing_to_read_no_job_is_run(make: Any, recordings: Media) -> None:
    world = make()
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]})
    world.finish(upload)
    assert "retrieving" not in steps(world, upload) and told(world, upload) == []


def test_a_damaged_document_is_noted_and_the_others_are_used(make: Any, recordings: Media) -> None:
    world = make()
    files = {"media.mp3": recordings["mp3"], "slides.txt": SLIDES, "paper.pdf": b"%PDF-1.4\nbroken"}
    items = [{"filename": "slides.txt", "type_code": 1}, {"filename": "paper.pdf", "type_code": 2}]
    upload = world.upload("m1", files, attachments=items)
    (row,) = world.finish(upload)
    assert row["state"] == "done"
    assert "The text of 'paper.pdf' was not used for the transcription: " in row["info"]
    assert "plasmodesmata" in told(world, upload)


def test_a_job_that_breaks_down_is_noted_and_the_media_is_transcribed(make: Any, recordings: Media) -> None:
    world = make()
    upload = attached(world, recordings["mp3"])
    with world.service() as (ctx, db):
        while "retrieving" not in steps(world, upload):
            tick(ctx, db)
        # As when the machine ends it: the request is gone before the program reads it, or the program with it.
        world.rows("UPDATE jobs SET state = 'failed', reason = 'killed', scheduler_id = NULL WHERE step = 'retrieving'")
    world.rows("UPDATE uploads SET due_at = now()")
    (row,) = world.finish(upload)
    assert row["state"] == "done" and "made without the texts about the lecture" in row["info"]


@pytest.mark.skipif(not shutil.which("tesseract"), reason="tesseract is not installed")
@pytest.mark.skipif(not FONT.exists(), reason="the font DejaVu, which draws the slide, is missing")
def test_a_media_that_shows_its_slides_is_read_itself(make: Any, tmp_path: Path) -> None:
    media = tmp_path / "media.mp4"
    slide = f"color=white:s=640x360:d=4:r=5,drawtext=fontfile={FONT}:text='Plasmodesmata':fontsize=40:x=40:y=80"
    ffmpeg("-f", "lavfi", "-i", slide, "-f", "lavfi", "-i", "sine=d=4", "-pix_fmt", "yuv420p", str(media))
    world = make()
    item = {"filename": "media.mp4", "fileformat": "mp4", "md5": hashlib.md5(media.read_bytes()).hexdigest()}
    shown = world.upload("m1", {"media.mp4": media}, media={**item, "slides": True})
    spoken = world.upload("m2", {"media.mp4": media}, media=item)
    world.finish(shown, spoken)
    assert told(world, shown) == ["Plasmodesmata"] and told(world, spoken) == []


def test_earlier_lectures_of_a_speaker_help_and_those_of_others_do_not(make: Any, recordings: Media) -> None:
    world = make()
    lecture(world)
    Person(world).edit("en", (0, 0, 400, "Suberin and tylosis."), (1, 500, 900, "Suberin, tylosis.")).end(False)
    same = {"speakers": [{"speaker_id": "s1", "speaker_name": "Ada"}]}
    mine = world.upload("m2", {"media.mp3": recordings["mp3"]}, metadata=same)
    other = {"speakers": [{"speaker_id": "s2", "speaker_name": "Bob"}]}
    theirs = world.upload("m3", {"media.mp3": recordings["mp3"]}, metadata=other)
    world.finish(mine, theirs)
    assert {"tylosis"} <= {term.lower() for term in told(world, mine)}
    assert told(world, theirs) == []


def test_a_new_transcription_reads_the_slides_that_the_media_has(make: Any, recordings: Media) -> None:
    world = make()
    upload = attached(world, recordings["mp3"])
    world.finish(upload)
    again = update(world, "m1", **{"re-generate": ["tx"]})
    (row,) = world.finish(again)
    assert row["state"] == "done", row["info"]
    assert "plasmodesmata" in told(world, again)


def searching(server: Server, results: list[dict[str, str]]) -> str:
    """A search service that knows these results; its address as the configuration has it."""

    def answer(handler: Handler) -> None:
        whole(handler, json.dumps({"results": results}).encode(), "application/json")

    server.answers["/search?q=Water%20%26%20plants&lang=en"] = answer
    return f'"{server.url("/search")}?q={{query}}&lang={{lang}}"'


TITLE = {"title": "Water & plants"}


def test_the_web_is_searched_by_title_where_nothing_is_attached(make: Any, recordings: Media) -> None:
    with serving() as server:
        page = b"<html><p>Plasmodesmata and plasmodesmata.</p><script>tracheids tracheids</script></html>"
        server.answers["/page"] = lambda handler: whole(handler, page, "text/html; charset=utf-8")
        found = [{"title": "A", "url": server.url("/page")}, {"title": "B", "content": "suberin, suberin"}]
        world = make(search_url=searching(server, found))
        upload = world.upload("m1", {"media.mp3": recordings["mp3"]}, metadata=TITLE)
        (row,) = world.finish(upload)
    assert row["info"] == "New media successfully processed."
    assert {"plasmodesmata", "suberin"} <= {term.lower() for term in told(world, upload)}
    assert "tracheids" not in told(world, upload)


def test_the_web_is_not_searched_where_slides_are_attached(make: Any, recordings: Media) -> None:
    with serving() as server:
        world = make(search_url=searching(server, []))
        world.finish(attached(world, recordings["mp3"], metadata=TITLE))
        assert server.asked == []


@pytest.mark.parametrize("answer", [lambda h: whole(h, b"no JSON", "text/html"), lambda h: h.head(404)])
def test_a_search_that_fails_is_noted_without_its_address(make: Any, recordings: Media, answer: Any) -> None:
    with serving() as server:
        where = searching(server, [])
        server.answers = dict.fromkeys(server.answers, answer)
        world = make(search_url=where)
        (row,) = world.finish(world.upload("m1", {"media.mp3": recordings["mp3"]}, metadata=TITLE))
    assert row["state"] == "done"
    assert row["info"].endswith("The search of the web failed.") and "127.0.0.1" not in row["info"]


def test_a_search_that_takes_too_long_is_stopped() -> None:
    notes: list[str] = []
    with serving() as server:
        server.answers["/search"] = slowly
        assert web.pages(web.Search(server.url("/search"), 5, 0.5, True), "x", "en", notes) == []
    assert notes == ["the search of the web took longer than 0.5 s and was stopped"]


def test_what_a_search_finds_is_not_fetched_from_inside_the_network() -> None:
    with serving() as server:
        results = json.dumps({"results": [{"url": server.url("/secret")}, {"text": "open"}, "nonsense", {"url": 7}]})
        server.answers["/search"] = lambda handler: whole(handler, results.encode(), "application/json")
        found = web.pages(web.Search(server.url("/search"), 5, 5, False), "x", "en", [])
        assert [page.text for page in found] == ["open"]
        assert [path for path, _ in server.asked] == ["/search"]


PROGRAM = """
import json, sys
asked = json.load(open(sys.argv[sys.argv.index("--request") + 1]))
assert asked["title"] == "Water & plants" and asked["language"] == "en"
open(sys.argv[sys.argv.index("--output") + 1], "w").write("suberin\\fsuberin")
"""


@pytest.mark.parametrize(
    ("source", "info"),
    [
        (PROGRAM, "New media successfully processed."),
        ("raise SystemExit('no network')", "module of this installation found nothing: no network."),
    ],
)
def test_a_program_of_the_operators_own_gives_texts(
    make: Any, recordings: Media, tmp_path: Path, source: str, info: str
) -> None:
    program = tmp_path / "module.py"
    program.write_text(source)
    world = make(module_path=program)
    upload = world.upload("m1", {"media.mp3": recordings["mp3"]}, metadata=TITLE)
    (row,) = world.finish(upload)
    assert row["info"].endswith(info)
    assert told(world, upload) == (["suberin"] if source == PROGRAM else [])
