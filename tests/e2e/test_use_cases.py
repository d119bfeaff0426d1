"""The manual's six use cases (2.2.1, 2.2.2), played through the API on a whole instance with its real engines."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import course_material
import jiwer
import pysrt
import pytest
import webvtt
from client_site import Author, Site

from bench import instance
from installer import sample
from libtlp import SPEECH, TEXT, Document, Package, Speaker, speech_manifest, text_manifest
from tlp.captions import Captions, Segment
from tlp.voice import mp3

pytestmark = pytest.mark.engines

LECTURER = Author("ada", "Ada Lovelace", 100)
STUDENT = Author("olly", "Olly", 40)
NOBODY = Author("trol", "A passer-by", 0)
LANGUAGES = ["ca", "en", "es"]


@pytest.fixture(scope="module")
def client_ini() -> Iterator[Path]:
    """The configuration of a client of an instance: PostgreSQL, gunicorn, `core.py --watch`, the systems there are."""
    with instance.running() as running:
        yield running.home.client


@pytest.fixture(scope="module")
def repository(client_ini: Path) -> Site:
    return Site(client_ini, SPEECH)


@pytest.fixture(scope="module")
def documents(client_ini: Path) -> Site:
    return Site(client_ini, TEXT)


@pytest.fixture(scope="module")
def lecture(repository: Site, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """Use case 1 of a repository: a recording is uploaded as "lecture"; the status codes that were seen."""
    recording, _ = sample.make(tmp_path_factory.mktemp("lecture"))
    package = Package()
    manifest = speech_manifest(
        package, "lecture", language="en", title="Two openings", keywords="novels", media=str(recording),
        speakers=[Speaker("s1", "Ada Lovelace", "F")],
        requested_langs={"en": {"sub": {}}, "es": {"sub": {}, "tts": _light_voice(repository)}, "ca": {"sub": {}}},
    )  # fmt: skip
    return repository.follow(repository.send(manifest, package))


@pytest.fixture(scope="module")
def course(repository: Site, documents: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[int], list[int]]:
    """Use case 1 of a MOOC: its video "unit-video" and three texts are uploaded; the status codes of both uploads."""
    folder, pack, texts = tmp_path_factory.mktemp("course"), Package(), Package()
    video = speech_manifest(
        pack, "unit-video", language="en", title="Unit 1", media=str(course_material.video(folder)),
        requested_langs={"en": {"sub": {}}, "es": {"sub": {}}},
    )  # fmt: skip
    unit = [
        Document("unit-text", "Unit 1", str(course_material.unit(folder))),
        Document("unit-page", "The weather", str(course_material.page(folder))),
        Document("unit-notes", "Notes", str(course_material.notes(folder))),
    ]
    manifest = text_manifest(texts, unit, language="en", requested_langs={"es": {}, "ca": {}})
    uploads = repository.send(video, pack), documents.send(manifest, texts)
    return repository.follow(uploads[0]), documents.follow(uploads[1])


def _light_voice(site: Site) -> dict[str, int]:
    """The Spanish voice of eSpeak, asked for by its id."""
    return {"sid": next(s["id"] for s in site.ask("systems")["tts"] if s["lang"] == "es" and "eSpeak" in s["name"])}


# For large media repositories (2.2.1)


def test_repository_1_a_recording_becomes_subtitles_and_a_voice(repository: Site, lecture: list[int]) -> None:
    assert lecture == sorted(lecture) and {2, 6} <= set(lecture), "those that last; others may pass between two looks"
    told = repository.ask("metadata", id="lecture")
    info = told["mediainfo"]
    assert (info["title"], info["language"], info["speakers"]) == ("Two openings", "en", [{"name": "Ada Lovelace"}])
    assert info["duration"] == pytest.approx(70, abs=2)
    assert [(file["type_code"], _begin_of(file["location"])) for file in told["media"][:2]] == [
        (0, b"ftyp"), (3, b"\xff\xd8\xff")
    ]  # fmt: skip
    said = repository.ask("langs", id="lecture")
    assert sorted(each["lang_code"] for each in said["langs"]) == LANGUAGES
    text = str(repository.show("get", id="lecture", lang="en", format=SPEECH.formats["text"]), "utf-8")
    assert jiwer.wer(_words(sample.REFERENCE.read_text(encoding="utf-8")), _words(text)) < 0.10


def test_repository_2_a_player_shows_subtitles_and_plays_the_voice(repository: Site, lecture: list[int]) -> None:
    assert {"id": "lecture", "title": "Two openings"}.items() <= repository.ask("list")[0].items()
    shown = {each["lang_code"]: each for each in repository.show("langs", id="lecture")["langs"]}
    times = {lang: [(s.begin, s.end) for s in repository.captions("lecture", lang).current] for lang in shown}
    assert times["es"] == times["ca"] == times["en"] and len(times["en"]) >= 12
    for lang in shown:
        forms = {name: repository.show("get", id="lecture", lang=lang, format=n) for name, n in SPEECH.formats.items()}
        srt, vtt = pysrt.from_string(forms["srt"].decode()), webvtt.from_string(forms["vtt"].decode())
        assert len(srt) == len(vtt.captions) == forms["ttml"].count(b"<p ") == len(times[lang])
        assert [cue.start.ordinal for cue in srt] == [begin for begin, _ in times[lang]]
    for lang, words in (("es", ("tiempo", "esperanza", "invierno")), ("ca", ("temps", "esperança", "hivern"))):
        text = repository.show("get", id="lecture", lang=lang, format=SPEECH.formats["text"]).decode().lower()
        assert all(word in text for word in words) and "*" not in text
    [voice] = shown["es"]["audiotracks"]
    track = mp3.read(repository.show("audiotrack", id="lecture", lang="es", aid=voice["aid"]))
    assert track.count * track.seconds == pytest.approx(70, abs=3)
    assert (shown["en"]["audiotracks"], shown["ca"]["audiotracks"]) == ([], [])


def test_repository_3_a_lecturers_correction_is_followed_by_its_translations_and_that_line_of_the_voice(
    repository: Site, lecture: list[int]
) -> None:
    before = {lang: _texts(repository, lang) for lang in LANGUAGES}
    voice = repository.voice("lecture", "es")
    segment = _segment(repository, "en", "season")
    with repository.editing("lecture", LECTURER) as session:
        session.save("en", _item(segment, "The book is in the white house."))
    repository.settled("lecture")
    for lang, text in (("en", "the white house"), ("es", "la casa blanca"), ("ca", "la casa blanca")):
        after = _texts(repository, lang)
        assert {id for id in after if after[id] != before[lang][id]} == {segment.id}
        assert text in after[segment.id]
        assert _author_type(repository.captions("lecture", lang), segment.id) == (
            "human" if lang == "en" else "automatic"
        )
    _only_changed(voice, repository.voice("lecture", "es"), segment)


def test_repository_3_what_a_student_corrects_waits_until_it_is_accepted_or_rejected(
    repository: Site, lecture: list[int]
) -> None:
    before, voice = _texts(repository, "es"), repository.voice("lecture", "es")
    good, bad = _segment(repository, "es", "directos"), _segment(repository, "es", "invierno")
    with repository.editing("lecture", STUDENT) as corrected:
        corrected.save("es", _item(good, "Todos íbamos al cielo."))
    with repository.editing("lecture", NOBODY) as spoiled:
        spoiled.save("es", _item(bad, "Bla."))
    assert {each["session_id"] for each in repository.ask("revisions")} == {corrected.number, spoiled.number}
    assert _texts(repository, "es") == before
    pending = repository.show("get", id="lecture", lang="es", format=4, session_id=corrected.number).decode()
    assert "Todos íbamos al cielo." in pending and "Bla." not in pending
    for interface, session in (("accept", corrected), ("reject", spoiled)):
        [answer] = repository.show(interface, id=str(session.number), **LECTURER.named)
        assert answer["rcode"] == 0, answer
    repository.settled("lecture")
    assert _texts(repository, "es") == {**before, good.id: "Todos íbamos al cielo."}
    _only_changed(voice, repository.voice("lecture", "es"), good)
    history = {row["session_id"]: row for row in repository.show("edit_history", id="lecture")["edit_history"]}
    assert [history[s.number]["revised_via"] for s in (corrected, spoiled)] == ["accept", "reject"]
    assert history[corrected.number]["edit_stats"]["es"]["edit_segs"] == 1
    assert repository.ask("revisions") == []


# For MOOC platforms (2.2.2)


def test_mooc_1_a_course_is_transcribed_and_its_texts_are_translated(
    repository: Site, documents: Site, course: tuple[list[int], list[int]]
) -> None:
    speech, text = course
    assert speech[-1] == 6 and text[-1] == 3
    subtitles = repository.show("get", id="unit-video", lang="es", format=4).decode()
    assert "la edad de" in subtitles and "época" in subtitles
    counted = {each["id"]: (each["format"], each["sentences"]) for each in documents.ask("list")}
    assert counted == {"unit-text": ("docx", 8), "unit-page": ("html", 6), "unit-notes": ("txt", 3)}
    for lang, heading, bold, cell in (
        ("es", "La casa y la ciudad", "grande", "La ciudad es vieja."),
        ("ca", "La casa i la ciutat", "gran", "La ciutat és vella."),
    ):
        word = documents.word_file("unit-text", lang)
        assert (word.paragraphs[0].text, word.paragraphs[0].style.name) == (heading, "Heading 1")
        assert word.paragraphs[2].style.name == "List Bullet"
        assert [run.text for run in word.paragraphs[1].runs if run.bold] == [bold]
        assert [c.text for c in word.tables[0].rows[0].cells] == [cell, "42"]
        assert word.tables[0].style.name == "Table Grid"
        assert "Valencia" in word.sections[0].header.paragraphs[0].text.replace("València", "Valencia")
    page = documents.show("get", id="unit-page", lang="es").decode()
    assert "La casa es <b>blanca</b>." in page and '<a href="https://example.org/u">la universidad</a>' in page
    assert "p { color: navy }" in page and '<html lang="es">' in page
    assert "El tren llega mañana. La ciudad es vieja." in documents.show("get", id="unit-notes", lang="es").decode()


def test_mooc_2_a_teacher_reviews_texts_and_subtitles_and_decides_on_what_learners_have_changed(
    repository: Site, documents: Site, course: tuple[list[int], list[int]]
) -> None:
    before = {lang: documents.sentences("unit-text", lang) for lang in LANGUAGES}
    ids = {text: id for id, text in before["en"].items()}
    book, lesson, header = (ids[t] for t in ("The book is on the table.", "The first lesson", "University of Valencia"))
    with documents.editing("unit-text", LECTURER) as session:
        session.save("en", {"sI": book, "t": "The table is white."})
        session.save("es", {"sI": lesson, "t": "Primera lección"})
    documents.settled("unit-text")
    with documents.editing("unit-text", STUDENT) as good:
        good.save("ca", {"sI": lesson, "t": "Lliçó primera"})
    with documents.editing("unit-text", NOBODY) as bad:
        bad.save("ca", {"sI": header, "t": "Res"})
    assert {each["session_id"] for each in documents.ask("revisions")} == {good.number, bad.number}
    assert documents.show("accept", id=str(good.number), **LECTURER.named)[0]["rcode"] == 0
    assert documents.show("reject", id=str(bad.number), **LECTURER.named)[0]["rcode"] == 0
    documents.settled("unit-text")
    changed = {
        "en": {book: "The table is white."},
        "es": {book: "La mesa es blanca.", lesson: "Primera lección"},
        "ca": {book: "La taula és blanca.", lesson: "Lliçó primera"},
    }
    for lang in LANGUAGES:
        assert documents.sentences("unit-text", lang) == {**before[lang], **changed[lang]}
        word = documents.word_file("unit-text", lang)  # the files were made anew, with their looks
        assert changed[lang][book] in word.paragraphs[1].text and word.paragraphs[0].style.name == "Heading 1"
        assert word.paragraphs[2].text == changed[lang].get(lesson, "The first lesson")

    [first, *_] = repository.captions("unit-video", "es").current
    with repository.editing("unit-video", LECTURER) as session:
        session.save("es", _item(first, "Era el mejor de los tiempos."))
    repository.settled("unit-video")
    assert "Era el mejor de los tiempos." in repository.show("get", id="unit-video", lang="es", format=2).decode()
    languages = {each["lang_code"]: each for each in repository.show("langs", id="unit-video")["langs"]}
    assert (languages["es"]["sup_status"], languages["en"]["sup_status"]) == (1, 0)


def test_mooc_3_all_is_imported_and_after_a_change_what_has_changed_is_there(
    repository: Site, documents: Site, course: tuple[list[int], list[int]]
) -> None:
    sites = {"speech": repository, "text": documents}
    before = _imported(sites)
    wanted = {("speech", "unit-video", lang) for lang in ("en", "es")}
    wanted |= {("text", f"unit-{name}", lang) for name in ("text", "page", "notes") for lang in LANGUAGES}
    assert wanted <= before.keys() and all(before.values())
    train = next(id for id, text in documents.sentences("unit-notes", "es").items() if "tren" in text)
    with documents.editing("unit-notes", LECTURER) as session:
        session.save("es", {"sI": train, "t": "El tren llegará mañana."})
    documents.settled("unit-notes")
    after = _imported(sites)
    assert {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} == {
        ("text", "unit-notes", "es")
    }
    imported = after["text", "unit-notes", "es"].decode()
    assert imported.split("\n\n")[1].strip() == "El tren llegará mañana. La ciudad es vieja."


def _imported(sites: dict[str, Site]) -> dict[tuple[str, str, str], bytes]:
    """Every text of every object, in the format in which students get it."""
    found = {}
    for name, site in sites.items():
        form = {"speech": SPEECH.formats["vtt"], "text": TEXT.formats["original"]}[name]
        for each in site.ask("list"):
            for lang in site.ask("langs", id=each["id"])["langs"]:
                key = name, each["id"], lang["lang_code"]
                found[key] = site.show("get", id=each["id"], lang=lang["lang_code"], format=form)
    return found


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def _begin_of(url: str) -> bytes:
    """What tells the format of a file behind a signed URL."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        data = answer.read(8)
    return data[4:] if data[4:] == b"ftyp" else data[:3]


def _texts(site: Site, lang: str) -> dict[int, str]:
    return {s.id: s.text for s in site.captions("lecture", lang).current}


def _segment(site: Site, lang: str, word: str) -> Segment:
    return next(s for s in site.captions("lecture", lang).current if word in s.text)


def _item(segment: Segment, text: str) -> dict[str, Any]:
    return {"sI": segment.id, "b": segment.begin / 1000, "e": segment.end / 1000, "t": text}


def _only_changed(old: mp3.Frames, new: mp3.Frames, segment: Segment) -> None:
    """The track is as long as it was, and another one only where the segment is said."""
    assert old.count == new.count
    changed = [k for k in range(old.count) if old.cut(k, k + 1) != new.cut(k, k + 1)]
    assert changed, "nothing was said anew"
    begin, end = changed[0] * old.seconds, (changed[-1] + 1) * old.seconds
    assert segment.begin / 1000 - 2 < begin and end < segment.end / 1000 + 2, (begin, end, segment)


def _author_type(captions: Captions, id: int) -> str:
    return str(captions.author_type(next(s for s in captions.current if s.id == id)))
