"""Which formats are taken for which type of file: the table file_formats and `[file_formats]` say, not the client."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.modules.base.probe import Probe, probe
from tlp.errors import MediaError, PackageError

_LISTS = {  # by type code of a file (manual, Appendix E, Allowed attachments)
    0: ("allowed_video_formats", "allowed_audio_formats"),
    1: ("allowed_slides_text_formats", "allowed_slides_video_formats"),
    2: ("allowed_docs_formats",),
    3: ("allowed_thumbnail_formats",),
    4: ("allowed_caption_formats",),
    5: ("allowed_audio_formats",),
}
_CODE = re.compile(r"[a-z0-9]{1,10}")


@dataclass(frozen=True)
class Formats:
    """`table`: code → {mime_type, demuxers}; `allowed`: the lists of `[file_formats]` by their keys."""

    table: dict[str, dict[str, Any]]
    allowed: dict[str, Any]

    def codes(self, type_code: int) -> list[str]:
        """The formats that are taken for a type of file, in the order of the configuration."""
        named = [code for key in _LISTS.get(type_code, ()) for code in self.allowed.get(key, [])]
        return [code for code in named if code in self.table and _CODE.fullmatch(code)]

    def allowed_code(self, claimed: object, type_code: int, name: str) -> str:
        """Our own name of the format that a client claims. Raises PackageError for one that is not taken."""
        codes = self.codes(type_code)
        wanted = str(claimed).lower().lstrip(".")
        for code in codes:
            if code == wanted:
                return code
        raise PackageError(f"'{name}': the format '{claimed}' is not taken for this type of file: {', '.join(codes)}")

    def entry(self, code: str) -> dict[str, Any]:
        """The row of a format that is allowed."""
        return self.table[code]

    def probed(self, path: Path, name: str, code: str) -> Probe:
        """Look into a media file that claims to be `code`. Raises PackageError in words."""
        return probed(path, name, code, self.table[code])


def probed(path: Path, name: str, code: str, entry: dict[str, Any]) -> Probe:
    """The same for a row of the table at hand."""
    try:
        found = probe(path)
    except MediaError as error:
        raise PackageError(f"'{name}' is no {code} file: {error}") from error
    if found.demuxer not in entry["demuxers"]:
        raise PackageError(f"'{name}' is no {code} file: its real format is '{found.demuxer}'")
    return found
