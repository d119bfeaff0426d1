"""Stories for test_faults_kill: what is asked for, what is right at its end. They kill nothing themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from operations import Person, cancel, current, delete, documents, files, rebuilt, runs, update
from tiny_media import Media
from world import World, dfxp, tick_until, wait_until

from ingest import retry
from ingest.scheduler.process import recorded

STORY = "She told me something. You know nothing.\n\nA second paragraph.\n"
NEWER = "You know nothing. She told me a lot.\n"
CHAIN = {"es": {}, "ca": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}
MUSIC = (1, 500, 900, "We talk about music.")


@dataclass
class Story:
    """An operation: what is asked for, what is right at the end, and the status codes with which uploads end."""

    ask: Callable[[World, Media], object]
    check: Callable[[World], object]
    codes: set[int]
    stride: int


# Media


def ask_for_a_lecture(world: World, recordings: Media) -> None:
    world.rows("UPDATE users SET quota_media = 3")
    given: dict[str, bytes | Path] = {
        "media.mp3": recordings["mp3"], "slides.txt": b"music", "ca.dfxp": dfxp("ca"), "ca.mp3": recordings["mp3"]
    }  # fmt: skip
    attachments = [
        {"filename": "slides.txt", "type_code": 1},
        {"filename": "ca.dfxp", "type_code": 4, "language": "ca"},
        {"filename": "ca.mp3", "type_code": 5, "language": "ca"},
    ]
    wanted = {"es": {"sub": {}, "tts": {}}, "ca": {"sub": {}}}
    world.upload("m2", given, attachments=attachments, requested_langs=wanted)


def made_a_lecture(world: World) -> None:
    assert sorted(runs(world)) == ["hear en", "say es", "turn en es"]
    assert {lang: (t["version"], t["origin"]) for lang, t in current(world, "m2").items()} == {
        "en": (1, "asr"), "es": (1, "mt"), "ca": (1, "client")
    }  # fmt: skip
    assert sorted(files(world)) == ["0", "0", "1", "4", "ca", "es", "es"]
    assert world.rows("SELECT quota_media FROM users") == [{"quota_media": 2}]


def ask_for_a_rerecording(world: World, recordings: Media) -> None:
    update(world, "m1", {"media.wav": recordings["wav"]}, requested_langs={"es": {"sub": {}}})


def rerecorded(world: World) -> None:
    assert sorted(runs(world)) == ["hear en", "turn en es"]
    assert sorted(files(world)) == ["0", "0!", "es!"]
    assert {lang: text["version"] for lang, text in current(world).items()} == {"en": 2, "es": 2}
    assert world.rows("SELECT version FROM contents WHERE language = 'ca'") == [{"version": -1}]


def ask_for_everything_anew(world: World, recordings: Media) -> None:
    update(world, "m1", force=True, **{"re-generate": ["tx", "tl", "tts"]})


def everything_anew(world: World) -> None:
    assert sorted(runs(world)) == ["hear en", "say es", "turn en es", "turn es ca"]
    assert sorted(files(world)) == ["0", "es", "es!"]
    assert {text["version"] for text in current(world).values()} == {2}


def ask_for_attachments(world: World, recordings: Media) -> None:
    given: dict[str, bytes | Path] = {"s.txt": b"music", "es.mp3": recordings["mp3"], "en.dfxp": dfxp("en", ["One."])}
    attachments = [
        {"filename": "s.txt", "type_code": 1},
        {"filename": "es.mp3", "type_code": 5, "language": "es"},
        {"filename": "en.dfxp", "type_code": 4, "language": "en"},
    ]
    update(world, "m1", given, attachments=attachments)


def attached(world: World) -> None:
    assert runs(world) == []
    assert sorted(files(world)) == ["0", "1", "4", "es", "es!"]
    assert current(world)["en"]["texts"] == {0: "One."}


def ask_for_regeneration(world: World, recordings: Media) -> None:
    Person(world).edit("en", MUSIC).end()


def ask_by_falling_silent(world: World, recordings: Media) -> None:
    """The author says nothing for five hours: the tick ends the session, which then is as though they had."""
    Person(world).edit("en", MUSIC)
    world.rows("UPDATE sessions SET last_alive = now() - interval '5 hours'")
    update(world, "m1")  # something to do, which the session keeps waiting


def regenerated(world: World) -> None:
    texts = current(world)
    assert {lang: text["version"] for lang, text in texts.items()} == {"en": 2, "es": 2, "ca": 2}
    assert texts["ca"]["texts"][1] == "ca:es:We talk about music."
    assert sorted(files(world)) == ["0", "es", "es!"]
    assert sorted(runs(world)) == ["say es", "turn en es", "turn es ca"]
    assert len(world.rows("SELECT id FROM uploads WHERE manifest ? 'edited'")) == 2


def deleted_softly(world: World) -> None:
    assert files(world) == ["0!", "es!"]
    assert world.rows("SELECT count(*) AS n FROM objects WHERE deleted_at IS NOT NULL") == [{"n": 1}]


def deleted_hard(world: World) -> None:
    assert [p for p in world.mounts["media"].rglob("*") if p.is_file()] == []
    assert world.rows("SELECT id FROM objects") == []


def ask_to_cancel(world: World, recordings: Media) -> None:
    world.rows("UPDATE users SET quota_media = 3")
    world.system("hear", "asr", "sleep 300", "languages = en")
    upload = world.upload("m2", {"media.mp3": recordings["mp3"]})
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.counted())
    wait_until(lambda: list(world.mounts["uploads"].glob("*/jobs/transcribing.en.1/pid")))
    cancel(world, upload)


def cancelled(world: World) -> None:
    [folder] = world.mounts["uploads"].glob("*/jobs/transcribing.*.1")
    process = recorded(folder)
    assert process is not None
    wait_until(lambda: not process.alive)
    assert [r["state"] for r in world.rows("SELECT state FROM jobs WHERE step = 'transcribing'")] == ["cancelled"]
    assert [r["external_id"] for r in world.rows("SELECT external_id FROM objects")] == ["m1"]
    assert world.rows("SELECT quota_media FROM users") == [{"quota_media": 3}]
    assert len(world.counted()) == 1


def ask_to_try_again(world: World, recordings: Media) -> None:
    world.system("turn", "mt", "echo no >&2; exit 1", "pairs = en-es, es-ca")
    upload = world.upload("m2", {"media.mp3": recordings["mp3"]}, requested_langs={"es": {"sub": {}}})
    assert world.finish(upload)[0]["status_code"] == 103
    world.system("turn", "mt", 'cp "$input" "$output"', "pairs = en-es, es-ca")
    with world.service() as (ctx, db), db.cursor() as cur:
        retry.again(ctx, cur, upload)
        db.commit()


def tried_again(world: World) -> None:
    assert sorted(runs(world)) == ["hear en", "turn en es", "turn en es"]
    assert {lang: text["version"] for lang, text in current(world, "m2").items()} == {"en": 1, "es": 1}


# Documents


def new_documents(world: World, _: Media | None = None) -> None:
    documents(world, {"d1": STORY, "d2": STORY}, requested_langs=CHAIN)


def made_documents(world: World) -> None:
    assert sorted(files(world)) == ["0", "0", "8 ca", "8 ca", "8 es", "8 es"]
    assert {lang: text["version"] for lang, text in current(world, "d2").items()} == {"en": 1, "es": 1, "ca": 1}
    assert runs(world) == ["turn en es", "turn es ca"]
    assert world.rows("SELECT quota_documents, quota_words FROM users") == [{"quota_documents": 8, "quota_words": 980}]


def finished(world: World) -> None:
    new_documents(world)
    world.finish()
    world.runs.unlink()


def newer_documents(world: World, _: Media) -> None:
    """What people wrote stays in a new file, and what was made from it follows in an upload of its own."""
    finished(world)
    Person(world, "d1", kind="text").write("es", {2: "No sabes nada."}).end(regenerate=False)
    documents(world, {"d1": NEWER}, "update")


def updated_documents(world: World) -> None:
    assert rebuilt(world, "es") == "No sabes nada. es:She told me a lot.\n"
    assert rebuilt(world, "ca") == "ca:No sabes nada. ca:es:She told me a lot.\n"
    assert {lang: text["version"] for lang, text in current(world, "d1").items()} == {"en": 2, "es": 4, "ca": 3}
    # The Catalan of the new file is put aside as soon as what people wrote is in it.
    wanted = ["0", "0", "0!", "8 ca", "8 ca", "8 ca!", "8 ca!", "8 es", "8 es", "8 es!"]
    assert sorted(files(world)) == wanted
    assert len(world.counted()) == 3


def corrected_document(world: World, _: Media) -> None:
    finished(world)
    Person(world, "d1", kind="text").write("en", {2: "You know a lot."}).end()


def regenerated_document(world: World) -> None:
    assert runs(world) == ["turn en es", "turn es ca"]
    assert rebuilt(world, "ca").startswith("ca:es:She told me something. ca:es:You know a lot.")
    assert {lang: text["version"] for lang, text in current(world, "d1").items()} == {"en": 2, "es": 2, "ca": 2}


def documents_to_delete(mode: str) -> Callable[[World, Media], None]:
    def ask(world: World, _: Media) -> None:
        finished(world)
        delete(world, "d1", mode, kind="text")

    return ask


def deleted_document(world: World) -> None:
    assert sorted(name for name in files(world) if not name.endswith("!")) == ["0", "8 ca", "8 es"]
    assert world.rows("SELECT external_id FROM objects WHERE deleted_at IS NULL") == [{"external_id": "d2"}]


def documents_to_cancel(world: World, _: Media) -> None:
    world.system("turn", "mt", "sleep 300", "pairs = en-es, es-ca")
    upload = documents(world, {"d1": STORY}, requested_langs=CHAIN)
    with world.service() as (ctx, db):
        tick_until(ctx, db, lambda: world.counted())
    wait_until(lambda: list(world.mounts["uploads"].glob("*/jobs/translating.*.1/pid")))
    cancel(world, upload, kind="text")


def cancelled_documents(world: World) -> None:
    [folder] = [pid.parent for pid in world.mounts["uploads"].glob("*/jobs/translating.*/pid")]
    process = recorded(folder)
    assert process is not None
    wait_until(lambda: not process.alive)
    assert world.rows("SELECT id FROM objects") == []
    assert world.rows("SELECT quota_documents, quota_words FROM users") == [
        {"quota_documents": 10, "quota_words": 1000}
    ]


SPEECH = {
    "new": Story(ask_for_a_lecture, made_a_lecture, {6}, 6),
    "re-recording": Story(ask_for_a_rerecording, rerecorded, {20}, 7),
    "made anew": Story(ask_for_everything_anew, everything_anew, {20}, 7),
    "attachments": Story(ask_for_attachments, attached, {20}, 5),
    "regeneration": Story(ask_for_regeneration, regenerated, {20}, 7),
    "silent session": Story(ask_by_falling_silent, regenerated, {20}, 9),
    "soft delete": Story(lambda world, _: delete(world, "m1"), deleted_softly, {30}, 3),
    "hard delete": Story(lambda world, _: delete(world, "m1", "hard"), deleted_hard, {30}, 3),
    "cancel": Story(ask_to_cancel, cancelled, {40, 90}, 2),
    "retry": Story(ask_to_try_again, tried_again, {6}, 7),
}
TEXT = {
    "new": Story(new_documents, made_documents, {3}, 6),
    "update": Story(newer_documents, updated_documents, {3, 20}, 9),
    "regeneration": Story(corrected_document, regenerated_document, {3, 20}, 9),
    "soft delete": Story(documents_to_delete("soft"), deleted_document, {3, 30}, 3),
    "hard delete": Story(documents_to_delete("hard"), deleted_document, {3, 30}, 3),
    "cancel": Story(documents_to_cancel, cancelled_documents, {40, 90}, 2),
}
