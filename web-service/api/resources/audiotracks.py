"""Audio tracks as files (manual, Appendix E, /audiotrack)."""

from __future__ import annotations

import logging

from api.answers import File
from api.call import Call
from api.params import Param
from tlp.db import audiotracks
from tlp.errors import ReturnCode

log = logging.getLogger(__name__)

AID = Param("aid", "int", required=True, about="audio track id, from /metadata or /langs")


def audiotrack(call: Call) -> File:
    """Send an audio track, whole or the byte range that was asked for."""
    found = call.object()
    if found is None:
        raise ReturnCode(1, f"{call.family.noun} ID [{call['id']}] does not exist")
    track = audiotracks.find(call.cur, found["id"], call["lang"], call["aid"])
    if track is None:
        raise ReturnCode(1, f"Audiotrack ID [{call['aid']}] does not exist in language [{call['lang']}]")
    tables = call.services.reference.tables(call.cur)
    path = tables.storage.path("media", track["path"])
    if not path.is_file():
        log.error("the file of audio track %s is gone: %s", track["id"], path)
        raise ReturnCode(1, f"Audiotrack ID [{call['aid']}] has lost its file")
    return File(path, tables.content_type(track["format"]), f"{call['id']}.{call['lang']}.{track['format']}")
