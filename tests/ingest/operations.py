"""Requests other than new media, as the Web Service records them, and people who edit; for a `World`."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

from world import SENTENCES, World, dfxp

from tlp import manifest_documents, manifest_media, sessions
from tlp.db import audiotracks, contents, edits, mounts, objects, systems, uploads
from tlp.db import sessions as table
from tlp.edits import Edits, SegmentEdit, SentenceEdit
from tlp.formats import FORMATS
from tlp.manifest import Known
from tlp.storage import object_folder
from tlp.texts import TEXTS

RECEIVED = "Video ingested, not processed yet."
# A translation as an engine makes it: automatic, and to be told from its source.
TURN = (
    """sed -e 's/aT="human"/aT="automatic"/g' -e "s#<tl:w>#<tl:w>$to:#" """
    r"""-e "s#>\([^<]\+\)</tl:s>#>$to:\1</tl:s>#" "$input" >"$output" """
)

# The same for documents.
TURN_DOCUMENT = 'sed -e "s#<tl:c\\([^>/]*\\)>#<tl:c\\1>$to:#" "$input" >"$output"'


def record(world: World, operation: str, external_id: str, manifest: dict[str, Any], **more: Any) -> str:
    """Insert an upload; returns its id."""
    upload_id = more.pop("id", None) or f"up-{uuid.uuid4()}"
    row = {"id": upload_id, "user_id": world.user, "kind": "speech", "operation": operation, "package": None,
           "external_id": external_id, "hash": _hash(external_id), "manifest": manifest,
           "test_mode": manifest.get("test_mode", False), "info": RECEIVED, **more}  # fmt: skip
    with world.cursor() as cur:
        uploads.create(cur, row)
    return upload_id


def _hash(external_id: str) -> str:
    return hashlib.sha1(external_id.encode()).hexdigest()[:21]


def update(world: World, external_id: str, files: dict[str, bytes | Path] | None = None, **keys: Any) -> str:
    """A request to update a media; `keys` as those of `World.upload`."""
    files = files or {}
    data = {name: each.read_bytes() if isinstance(each, Path) else each for name, each in files.items()}
    sums = {name: hashlib.md5(each).hexdigest() for name, each in data.items()}
    raw = {**keys, "metadata": {"external_id": external_id, **keys.get("metadata", {})}}
    media = next((name for name in files if name.startswith("media.")), None)
    if media:
        raw["media"] = {"filename": media, "fileformat": media.partition(".")[2], "md5": sums[media]}
    for item in raw.get("attachments", []):
        item.setdefault("md5", sums[item["filename"]])
        item.setdefault("fileformat", item["filename"].rpartition(".")[2])
    with world.cursor() as cur:
        known = Known(mounts.languages(cur).keys(), mounts.file_formats(cur).keys(), world.config.file_formats)
        manifest = manifest_media.update(raw, known)
    upload_id = f"up-{uuid.uuid4()}"
    if files:
        world._package(upload_id, files)
    package = f"{upload_id}/package.zip" if files else None
    return record(world, "update", external_id, manifest, id=upload_id, package=package)


def documents(
    world: World, sent: dict[str, str | bytes | None], operation: str = "new", form: str = "txt", **keys: Any
) -> str:
    """A request about documents: the content of each file by external id, None for no file. `keys`: of the manifest.

    `form`: the format of all; `id`: of each, where an id is a format.
    """
    named = {id: f"{id}.{id if form == 'id' else form}" for id in sent}
    files = {named[id]: data.encode() if isinstance(data, str) else data for id, data in sent.items() if data}
    items: list[dict[str, Any]] = []
    for id in sent:
        item = {"external_id": id, **({"title": f"Document {id}"} if operation == "new" else {}), **keys.pop(id, {})}
        if data := files.get(named[id]):
            form_of = named[id].rpartition(".")[2]
            item.update(filename=named[id], fileformat=form_of, md5=hashlib.md5(data).hexdigest())
        items.append(item)
    raw = {**({"language": "en"} if operation == "new" else {}), "documents": items, **keys}
    with world.cursor() as cur:
        known = Known(mounts.languages(cur).keys(), mounts.file_formats(cur).keys(), world.config.file_formats)
        manifest = getattr(manifest_documents, operation)(raw, known)
        rows = [{"external_id": id, "hash": _hash(f"document {id}")} for id in sent]
    upload_id = f"up-{uuid.uuid4()}"
    if files:
        world._package(upload_id, files)
    row = {"id": upload_id, "user_id": world.user, "kind": "text", "operation": operation, "manifest": manifest,
           "package": f"{upload_id}/package.zip" if files else None, "test_mode": manifest["test_mode"],
           "info": "Ingested, not processed yet.", **rows[0]}  # fmt: skip
    with world.cursor() as cur:
        uploads.create(cur, row, rows)
    return upload_id


def delete(world: World, external_id: str, mode: str = "soft", **more: Any) -> str:
    return record(world, "delete", external_id, {"mode": mode}, **more)


def cancel(world: World, upload_id: str, **more: Any) -> str:
    return record(world, "cancel", upload_id, {"upload": upload_id}, **more)


class Person:
    """Somebody with an open session over a media."""

    def __init__(self, world: World, external_id: str = "m1", conf: int = 100, kind: str = "speech") -> None:
        self.world, self.author = world, sessions.Author("ada", "Ada", conf)
        with world.cursor() as cur:
            found = objects.find(cur, world.user, kind, external_id)
            opened = table.start(cur, found["id"], self.author.row())
        assert opened is not None
        self.session_id, self.object_id = opened["id"], found["id"]

    def edit(self, language: str, *changes: tuple[int, int, int, str], gone: tuple[int, ...] = ()) -> Person:
        """Save segments: id, begin and end in ms, text."""
        return self._save(language, Edits(tuple(SegmentEdit(*change) for change in changes), gone))

    def write(self, language: str, sentences: dict[int, str]) -> Person:
        """Save sentences of a document by id."""
        return self._save(language, Edits(tuple(SentenceEdit(id, text) for id, text in sentences.items())))

    def _save(self, language: str, said: Edits[Any]) -> Person:
        with self.world.cursor() as cur:
            cur.execute("SELECT id FROM contents WHERE object_id = %s AND language = %s", (self.object_id, language))
            edits.save(cur, self.session_id, {cur.fetchone()["id"]: said})
        return self

    def end(self, regenerate: bool = True) -> None:
        with self.world.cursor() as cur:
            session = table.lock(cur, self.session_id)
            assert session is not None
            sessions.end(cur, session, self.author, self.world.config.sessions, regenerate)


def current(world: World, external_id: str = "m1") -> dict[str, dict[str, Any]]:
    """The current text of each language: version, origin, status, texts by segment id, human ids, times."""
    rows = world.rows(
        "SELECT c.language, v.version, v.origin, v.status, v.body, v.based_on_version, o.kind FROM contents AS c "
        "JOIN objects AS o ON o.id = c.object_id "
        "JOIN content_versions AS v ON v.content_id = c.id AND v.version = c.version WHERE o.external_id = %(id)s",
        id=external_id,
    )
    return {row["language"]: {**row, **_TEXTS[row["kind"]](row.pop("body"))} for row in rows}


def _sentences(body: str) -> dict[str, Any]:
    document = TEXTS["text"].read(body)
    return {
        "texts": {s.id: s.current.text for s in document.sentences if s.current},
        "human": [s.id for s in document.sentences if document.supervised(s)],
        "sources": {s.id: s.source_text for s in document.sentences},
    }


def _segments(body: str) -> dict[str, Any]:
    captions = FORMATS["dfxp"].read(body.encode())
    return {
        "texts": {s.id: s.text for s in captions.current},
        "human": [s.id for s in captions.current if captions.author_type(s) == "human"],
        "times": {s.id: (s.begin, s.end) for s in captions.current},
    }


_TEXTS = {"speech": _segments, "text": _sentences}


def runs(world: World, before: int = 0) -> list[str]:
    """What the systems were asked for since `before` lines of it were there, without the files."""
    lines = world.runs.read_text().splitlines()[before:] if world.runs.exists() else []
    return sorted(line.split(" /")[0] for line in lines)


def asked(world: World) -> int:
    return len(world.runs.read_text().splitlines()) if world.runs.exists() else 0


def lecture(world: World, media: Path | None = None, external_id: str = "m1") -> dict[str, Any]:
    """A media as a new upload would have left it: English, a translation of it, one of that, a voice; its row."""
    place = object_folder(_hash(external_id))
    world.system("turn", "mt", TURN, "pairs = en-es, es-ca")
    with world.service(), world.cursor() as cur:
        ids = {(r["folder"], r["source_lang"]): r["id"] for r in systems.all_rows(cur)}
        row = {"user_id": world.user, "kind": "speech", "external_id": external_id, "language": "en",
               "hash": place.partition("/")[2], "title": "A lecture", "format": "mp3", "duration_ms": 2000}  # fmt: skip
        row["id"] = objects.create(cur, row)
        speakers = [{"speaker_id": "s1", "name": "Ada", "gender": "F", "email": None}]
        objects.set_speakers(cur, row["id"], world.user, speakers)
        based: dict[str, Any] = {}
        for lang, origin, system in (
            ("en", "asr", ("hear", "en")),
            ("es", "mt", ("turn", "en")),
            ("ca", "mt", ("turn", "es")),
        ):
            body = dfxp(lang, [f"{lang} {text}" for text in SENTENCES]).decode()
            values = {"body": body, "status": 0, "sup_ratio": 0, "origin": origin, "system_id": ids[system], **based}
            key = contents.add_version(cur, row["id"], lang, values)
            based = {"based_on_content": key["content_id"], "based_on_version": key["version"]}
        _file(world, f"{place}/media.mp3", media.read_bytes() if media else b"ID3 a lecture")
        _file(world, f"{place}/es.mp3", b"ID3 an old voice")
        objects.add_file(
            cur, row["id"], {"type_code": 0, "format": "mp3", "path": f"{place}/media.mp3", "md5": "0" * 32}
        )
        voice = {"language": "es", "voice_type": "tts", "voice_gender": None, "format": "mp3",
                 "path": f"{place}/es.mp3", "size": 16, "sub_type": 0, "description": None,
                 "system_id": ids["say", "es"], "content_version": 1, "upload_id": None}  # fmt: skip
        audiotracks.add(cur, row["id"], voice)
    return row


def _file(world: World, relative: str, data: bytes) -> None:
    path = world.mounts["media"] / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def files(world: World) -> list[str]:
    """What is below `media`, as type code or voice language with `!` for a backup; every row must have its file."""
    rows = world.rows(
        "SELECT concat_ws(' ', type_code, language) AS what, path, replaced_at FROM files WHERE path IS NOT NULL "
        "UNION ALL SELECT language, path, replaced_at FROM audiotracks ORDER BY 1, 2"
    )
    assert world.orphans() == []
    for row in rows:
        assert row["path"].startswith("backup/") == bool(row["replaced_at"]), row
    return [row["what"] + ("!" if row["replaced_at"] else "") for row in rows]


def rebuilt(world: World, language: str, external_id: str = "d1") -> str:
    """The text of the file in a language."""
    [row] = world.rows(
        "SELECT f.path, f.content_version, v.version FROM files AS f JOIN objects AS o ON o.id = f.object_id "
        "JOIN contents AS v ON v.object_id = o.id AND v.language = f.language WHERE o.external_id = %(id)s "
        "AND f.type_code = 8 AND f.language = %(language)s AND f.replaced_at IS NULL",
        id=external_id, language=language,
    )  # fmt: skip
    assert row["content_version"] == row["version"]
    return (world.mounts["media"] / row["path"]).read_text()
