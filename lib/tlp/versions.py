"""A former version of a text becomes the current one again, in the caller's transaction; none is lost."""

from __future__ import annotations

from tlp.db import contents, regeneration
from tlp.db import versions as table
from tlp.db.rows import Cursor, Row
from tlp.sessions import Author
from tlp.texts import TEXTS


def restore(cur: Cursor, found: Row, old: Row, by: Author, regenerate: bool) -> int:
    """Add a version of an object's text that is equal to `old` (a row of `db.versions.find`); returns its number.

    `found`: the object, id and kind. With `regenerate` what depends on the text is asked for again if it differs.
    """
    kind, current = TEXTS[found["kind"]], table.lock_current(cur, old["content_id"])
    kept = {key: old[key] for key in ("body", "status", "sup_ratio", "based_on_content", "based_on_version")}
    what = {**kept, "origin": "restore", "author_id": by.id, "author_name": by.name}
    added = contents.add_version(cur, found["id"], current["language"], what)
    if regenerate and kind.changed(kind.read(current["body"]), kind.read(old["body"])):
        regeneration.request(cur, found["id"], None, [current["language"]])
    return int(added["version"])
