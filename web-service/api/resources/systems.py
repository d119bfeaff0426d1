"""The systems that can be asked for (manual, Appendix E, /systems)."""

from __future__ import annotations

from typing import Any

from api.call import Call
from tlp.db import systems as table
from tlp.db.rows import Row


def systems(call: Call) -> dict[str, list[dict[str, Any]]]:
    """List the systems that can run now, by kind; the first of a language or pair is its default."""
    answer: dict[str, list[dict[str, Any]]] = {kind: [] for kind in call.family.system_kinds}
    for row in table.offered(call.cur):
        if row["kind"] in answer:
            answer[row["kind"]].append(_described(row))
    return answer


def _described(row: Row) -> dict[str, Any]:
    about = {"id": row["id"], "name": row["name"], "description": row["description"]}
    if row["kind"] == "mt":
        return {"source_lang": row["source_lang"], "target_lang": row["target_lang"], **about}
    if row["kind"] == "tts":
        return {"lang": row["source_lang"], **about, "voice_gender": row["voice_gender"]}
    return {"lang": row["source_lang"], **about}
