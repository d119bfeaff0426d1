"""What becomes of the edits of a session when it ends, and when others accept them: new versions of the text.

It works in the caller's transaction, on a session that the caller has locked (`tlp.db.sessions.lock`), so either all
of it happens or nothing. The Web Service and the Ingest Service end sessions alike.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from tlp.config import Sessions
from tlp.db import contents, edits, late_edits, regeneration, revisions, sessions, versions
from tlp.db.connection import savepoint
from tlp.db.rows import Cursor, Row
from tlp.edits import Edits
from tlp.errors import FormatError, TlpError
from tlp.texts import TEXTS, Text, TextKind

log = logging.getLogger(__name__)

FULL_CONFIDENCE = 100  # of authors, who may edit what is locked, and revise (manual, /lock and /accept)
HUMAN, COMPUTER = "human", "computer"


@dataclass(frozen=True)
class Author:
    """Who acts, and how sure the client is of them, 0..100."""

    id: str
    name: str | None
    conf: int
    type: str = HUMAN

    def row(self) -> Row:
        return {"id": self.id, "name": self.name, "conf": self.conf, "type": self.type}


class EditConflict(TlpError):
    """The edits touch what others have changed since; the message names the segments."""


Conflicts = dict[str, list[int]]  # ids of segments or sentences by language


def in_words(conflicts: Conflicts) -> str:
    """Conflicts as people read them: 'en' 3, 7; 'es' 1."""
    return "; ".join(f"'{language}' {', '.join(map(str, ids))}" for language, ids in conflicts.items())


@dataclass(frozen=True)
class Part:
    """What a session says in one language, with the version it saw and the one that is current (locked)."""

    content_id: int
    base_version: int
    current: Row
    edits: Edits[Any]


def may_commit(session: Row, rules: Sessions) -> bool:
    """Whether the edits of a session need nobody's revision: an author of enough confidence, who may edit now."""
    conf: int = session["author_conf"]
    return conf >= rules.commit_confidence and (not session["locked"] or conf >= FULL_CONFIDENCE)


def end(cur: Cursor, session: Row, by: Author, rules: Sessions, regenerate: bool = True) -> Conflicts:
    """End an open, locked session (manual, /end_session).

    The edits of an author who may commit go into the text, and what depends on it is asked for again with
    `regenerate`; those of others wait for revision. So do edits that would overwrite what people have changed since,
    which are returned, and edits that cannot be applied: a session always ends.
    """
    kind = TEXTS[session["kind"]]
    parts = list(_parts(cur, session, kind))
    waits, found = bool(parts) and not may_commit(session, rules), Conflicts()
    try:
        with savepoint(cur):
            _keep_stats(cur, session, parts)
            if not waits:
                parts, found = _settled(cur, parts, kind)
                _commit(cur, session, parts, regenerate)
    except FormatError:
        log.exception("the edits of session %s cannot be applied: they wait for revision", session["id"])
        waits, found = True, Conflicts()
    if found:
        log.info("of session %s wait for revision, as others have changed the same: %s", session["id"], in_words(found))
    sessions.close(cur, session["id"], by.row(), requires_revision=waits or bool(found))
    return found


def accept(cur: Cursor, session: Row, by: Author) -> None:
    """Put the edits of an ended, locked session into the text, as its author's (manual, /accept).

    Raises EditConflict when others have changed the same segments since, FormatError when a text cannot be read;
    the caller undoes the rest.
    """
    kind = TEXTS[session["kind"]]
    parts = list(_parts(cur, session, kind))
    found = {part.current["language"]: ids for part in parts if (ids := _conflict(cur, part, kind))}
    if found:
        raise EditConflict(f"others have changed the same since: {in_words(found)}")
    _commit(cur, session, parts, regenerate=True)
    revisions.mark(cur, session["id"], by.row(), "accept")


def recover(cur: Cursor, late_id: int) -> int | None:
    """Turn what arrived after the end of a session into an ended session that waits for revision; returns its id.

    Its author and confidence are those of the session it was meant for. None: there is nothing kept under that id.
    """
    late = late_edits.take(cur, late_id)
    if late is None:
        return None
    kind = TEXTS[late["kind"]]
    session_id = late_edits.new_session(cur, late["session_id"])
    known = late["contents"]
    for language, mods in late["mods"].items():
        if language in known:
            edits.add_language(cur, session_id, known[language], versions.at(cur, known[language], late["session_id"]))
            edits.save(cur, session_id, {known[language]: kind.unpack(mods)})
    session = sessions.lock(cur, session_id)
    if session:
        _keep_stats(cur, session, list(_parts(cur, session, kind)))
    return session_id


def _parts(cur: Cursor, session: Row, kind: TextKind) -> Iterator[Part]:
    rows = edits.languages(cur, session["id"])
    if rows:
        versions.lock_texts(cur, session["object_id"])
    for row in rows:
        current = versions.lock_current(cur, row["content_id"])
        said = kind.edits(edits.saved(cur, session["id"], row["content_id"]))
        yield Part(row["content_id"], row["base_version"], current, said)


def _base(cur: Cursor, part: Part, kind: TextKind) -> Text:
    if part.base_version == part.current["version"]:
        return kind.read(part.current["body"])
    return kind.read(versions.body(cur, part.content_id, part.base_version))


def _keep_stats(cur: Cursor, session: Row, parts: list[Part]) -> None:
    kind = TEXTS[session["kind"]]
    for part in parts:
        stats = kind.statistics(_base(cur, part, kind), part.edits, session["duration_ms"])
        edits.set_stats(cur, session["id"], part.content_id, stats)


def _commit(cur: Cursor, session: Row, parts: list[Part], regenerate: bool) -> None:
    """A new version of each language, by the session's author, who is still the one who wrote it."""
    kind, changed = TEXTS[session["kind"]], []
    for part in parts:
        before = kind.read(part.current["body"])
        after = kind.apply(before, part.edits, session["author_id"], session["author_conf"], _now())
        version = part.current["version"]
        if after != before:
            version = _add_version(cur, session, part.current, kind.values(after))
        edits.set_committed(cur, session["id"], part.content_id, version)
        if kind.changed(before, after):
            changed.append(part.current["language"])
    if changed and regenerate:
        regeneration.request(cur, session["object_id"], session["id"], changed)


def _add_version(cur: Cursor, session: Row, current: Row, values: Row) -> int:
    """Corrected or not, a translation stays one of the version it was made from."""
    made_from = {key: current[key] for key in ("based_on_content", "based_on_version")}
    author = {key: session[key] for key in ("author_id", "author_name")}
    what = {**values, **made_from, **author, "origin": "edit", "session_id": session["id"]}
    added = contents.add_version(cur, session["object_id"], current["language"], what)
    return int(added["version"])


def _conflict(cur: Cursor, part: Part, kind: TextKind) -> list[int]:
    """What others have changed of a part."""
    if part.base_version == part.current["version"]:
        return []
    return kind.conflicts(_base(cur, part, kind), kind.read(part.current["body"]), part.edits)


def _settled(cur: Cursor, parts: list[Part], kind: TextKind) -> tuple[list[Part], Conflicts]:
    """The parts with the edits that overwrite nothing of people, and what the others would, by language."""
    kept, found = [], Conflicts()
    for part in parts:
        if part.base_version != part.current["version"]:
            base, current = _base(cur, part, kind), kind.read(part.current["body"])
            edits, ids = kind.settled(base, current, part.edits)
            part = replace(part, edits=edits)
            found |= {part.current["language"]: ids} if ids else {}
        if part.edits:
            kept.append(part)
    return kept, found


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
