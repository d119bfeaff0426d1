"""The data in which the two sub-APIs, /speech and /text, differ. All code is written once and reads it from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tlp import manifest
from tlp.captions import ALL, CURRENT, EMPTY, FILTERED, ORIGINAL, UNFILTERED
from tlp.db.rows import Row


@dataclass(frozen=True)
class Family:
    """A sub-API: its path, the kind of its objects, and the names that its answers use."""

    path: str
    kind: str  # objects.kind and uploads.kind
    noun: str
    received: str  # info of an upload that nobody has looked at yet
    language_key: str  # the object's own language in /langs
    info_keys: tuple[str, ...]  # /metadata gives the same under each of these
    media_types: tuple[int, ...]  # type codes of files under `media` of /metadata
    attachment_types: tuple[int, ...]
    get_types: dict[int, str]  # content type of each `format` of /get
    data_policies: tuple[int, ...]
    filter_policies: tuple[int, ...]
    listed: Callable[[Row], dict[str, Any]]  # an item of /list
    new_manifest: Callable[[dict[str, Any], manifest.Known], dict[str, Any]]


def seconds(row: Row) -> int | None:
    """Length of a media in whole seconds, as the API gives it."""
    return None if row["duration_ms"] is None else round(row["duration_ms"] / 1000)


def _listed_media(row: Row) -> dict[str, Any]:
    return {
        "id": row["external_id"],
        "title": row["title"],
        "language": row["language"],
        "duration": seconds(row),
    }


SPEECH = Family(
    path="speech",
    kind="speech",
    noun="Media",
    received="Video ingested, not processed yet.",
    language_key="media_lang",
    info_keys=("mediainfo", "lectureinfo"),
    media_types=(0, 3, 6),
    attachment_types=(1, 2),
    get_types={
        0: "application/ttml+xml",
        1: "application/ttml+xml",
        2: "application/x-subrip; charset=utf-8",
        3: "text/vtt; charset=utf-8",
        4: "text/plain; charset=utf-8",
    },
    data_policies=(ALL, ORIGINAL, CURRENT),
    filter_policies=(EMPTY, UNFILTERED, FILTERED),
    listed=_listed_media,
    new_manifest=manifest.new_media,
)
