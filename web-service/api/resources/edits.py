"""What people change in an edit session, and what they changed before (manual, /mod and /edit_history)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from api.call import Call
from api.params import Param
from api.resources.sessions import locked, owns
from api.resources.uploads import stamp
from tlp import edits as pure
from tlp.db import edits, late_edits, sessions, versions
from tlp.db.rows import Row
from tlp.edits import Edits
from tlp.errors import FormatError, ParameterError, ReturnCode
from tlp.sessions import FULL_CONFIDENCE, Author
from tlp.strict_json import json_from_base64, json_from_text
from tlp.texts import TEXTS

log = logging.getLogger(__name__)

MODS = (
    Param("mods", "json", about="modifications by language: a JSON object, JSON text, or base64 of JSON text"),
    Param("mod", "json", about="another name of mods"),
)
Said = dict[str, Edits[Any]]  # what is wanted, by language

_SAVED = {"rcode": 0, "rcode_description": "Changes successfully saved."}


def mod(call: Call) -> dict[str, Any]:
    """Save modifications in one's open session. The same sent again changes nothing more."""
    author, mods = call.author, _mods(call)
    good, wrong = _parsed(call, mods)
    quickly = TEXTS[call.family.kind].ids is None and good and not wrong  # nothing to look up in the text
    if quickly and edits.save_own(call.cur, _who(call, author), good):
        return _SAVED
    with call.services.database.transaction():  # the session stays locked to the end
        return _carefully(call, author, good, wrong)


def _carefully(call: Call, author: Author, good: Said, wrong: list[dict[str, Any]]) -> dict[str, Any]:
    """Save what can be saved, or find out why nothing can."""
    session = _permitted(call, author)
    if not good and not wrong:
        raise ReturnCode(4, "'mods' parameter is an empty dictionary.")
    for language in [language for language in good if language not in session["contents"]]:
        del good[language]
        wrong.append(_detail(language, pure.NO_LANGUAGE, _no_language(call, language)))
    if session["ended_at"]:  # kept whatever ids it names: the text may be another one by now
        return _kept_late(call, session, good, wrong)
    for language in list(good):
        try:
            _check_ids(call, session, language, good[language])
        except ReturnCode as error:
            del good[language]
            wrong.append(_detail(language, error.rcode, str(error)))
    return _saved(call, session, good, wrong)


def _check_ids(call: Call, session: Row, language: str, said: Edits[Any]) -> None:
    """Raises ReturnCode 5 for ids that a text does not have and cannot get, 9 for a text that cannot be read."""
    kind = TEXTS[call.family.kind]
    key = versions.key(call.cur, session["object_id"], language) if kind.ids else None
    if kind.ids is None or key is None:
        return
    try:
        known = call.services.ids.get(key, lambda: _ids(call, session, language, key[1]))
    except FormatError as error:
        log.error("version %s of '%s' of object %s cannot be read: %s", key[1], language, session["object_id"], error)
        raise ReturnCode(pure.STATUS_FAILED, "The status could not be updated: the stored text is damaged.") from None
    if missing := sorted({edit.id for edit in said.items} - known):
        ids = ", ".join(map(str, missing))
        raise ReturnCode(pure.WRONG_TYPE, f"'sI' must be the id of a sentence of this text; it has no {ids}")


def _ids(call: Call, session: Row, language: str, version: int) -> frozenset[int]:
    kind, row = TEXTS[call.family.kind], versions.find(call.cur, session["object_id"], language, version)
    return kind.ids(kind.read(row["body"])) if kind.ids and row else frozenset()


def _permitted(call: Call, author: Author) -> Row:
    """The session that the call names, locked. Raises ReturnCode 1 to 3."""
    session = locked(call)
    shut = session["locked"] and author.conf < FULL_CONFIDENCE and not session["ended_at"]
    if shut or not owns(author, session):
        reason = f"the {call.family.text_noun} have been locked" if shut else "it is not this author's"
        raise ReturnCode(3, f"Not allowed to send modifications under session ID {session['id']}: {reason}.")
    return session


def _saved(call: Call, session: Row, good: Said, wrong: list[dict[str, Any]]) -> dict[str, Any]:
    """Save what can be saved, and tell of the rest."""
    if not good:
        raise ReturnCode(5, "Format errors were found in all modifications. Please see 'details' key.", details=wrong)
    edits.save(call.cur, session["id"], {session["contents"][lang]: said for lang, said in good.items()})
    if not wrong:
        return _SAVED
    words = f"Modifications for some {call.family.mods_noun} were successfully saved, but other failed."
    details = [*wrong, *_done(good, "Changes successfully saved.")]
    return {"rcode": 8, "rcode_description": f"{words} Please see 'details' key.", "details": details}


def edit_history(call: Call) -> dict[str, Any]:
    """List the ended sessions of people over an object, the last first."""
    found = call.object()
    if found is None:
        raise ReturnCode(1, f"{call.family.noun} ID [{call['id']}] does not exist")
    rows = sessions.history(call.cur, found["id"])
    return {
        "rcode": 0,
        "rcode_description": "Edit history available.",
        "edit_history": [_told(row) for row in rows],
    }


def _mods(call: Call) -> dict[str, Any]:
    name = "mods" if call["mods"] is not None else "mod"
    value, limits = call[name], call.services.config.limits.json
    if value is None:
        raise ParameterError("parameter 'mods' is missing", "mods")
    if isinstance(value, str):
        read = json_from_text if value.lstrip()[:1] in ("{", "[", '"') else json_from_base64
        value = read(value, name, limits)
    if not isinstance(value, dict):
        raise ParameterError(f"'{name}' must be a JSON dictionary of languages", name)
    return value


def _parsed(call: Call, mods: dict[str, Any]) -> tuple[Said, list[dict[str, Any]]]:
    """The modifications by language, and what is wrong with those that are not among them, as `details`."""
    parse, good, wrong = TEXTS[call.family.kind].parse, {}, []
    for language, value in mods.items():
        try:
            good[language] = parse(value)
        except ReturnCode as error:
            wrong.append(_detail(language, error.rcode, str(error)))
    return good, wrong


def _who(call: Call, author: Author) -> Row:
    """Whose session over which object it must be."""
    return {
        "session_id": call["session_id"],
        "author_id": author.id,
        "author_conf": author.conf,
        "user_id": call.user["id"],
        "kind": call.family.kind,
        "external_id": call["id"],
        "hash": call["hash"],
    }


def _detail(language: str, rcode: int, words: str) -> dict[str, Any]:
    return {"language": language, "rcode": rcode, "rcode_description": words}


def _no_language(call: Call, language: str) -> str:
    return f"The given {call.family.noun.lower()} ID does not have '{language}' {call.family.text_noun}."


def _kept_late(call: Call, session: Row, good: Said, wrong: list[dict[str, Any]]) -> dict[str, Any]:
    """Keep what came after the end of its session; an administrator can recover it (docs/api.md)."""
    if good:
        late_edits.keep(call.cur, session["id"], {lang: pure.packed(said) for lang, said in good.items()})
    closed, ask = f"Session ID [ {session['id']} ] is closed", "Please contact system administrator."
    if not wrong:
        return {"rcode": 7, "rcode_description": f"{closed}, changes have been backuped. {ask}"}
    words = f"{closed}, and format errors were found: changes without errors have been backuped. {ask}"
    return {"rcode": 6, "rcode_description": words, "details": [*wrong, *_done(good, "Changes backuped.")]}


def _done(good: Said, words: str) -> Iterator[dict[str, Any]]:
    return (_detail(language, 0, words) for language in good)


def _told(row: Row) -> dict[str, Any]:
    return {
        "session_id": row["id"],
        "author_id": row["author_id"],
        "author_conf": row["author_conf"],
        "author_name": row["author_name"],
        "timestamp": stamp(row["ended_at"]),
        "requires_revision": row["requires_revision"],
        "revised": row["revised_at"] is not None if row["requires_revision"] else None,
        "revised_at": stamp(row["revised_at"]) if row["revised_at"] else None,
        "revised_by_id": row["revised_by_id"],
        "revised_by_name": row["revised_by_name"],
        "revised_via": row["revised_via"],
        "revised_in_session_id": row["revised_in_session_id"],
        "edit_stats": row["edit_stats"],
    }
