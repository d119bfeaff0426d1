"""Small tables that hardly change, kept for a minute: mount points, languages, file formats."""

from __future__ import annotations

import time
from dataclasses import dataclass

from api.database import Database
from tlp.config import Config
from tlp.db import mounts
from tlp.db.rows import Cursor, Row
from tlp.manifest import Known
from tlp.storage import Storage

_KEEP = 60.0


@dataclass(frozen=True)
class Tables:
    """What was read together."""

    storage: Storage  # mount points of this machine
    formats: dict[str, Row]
    known: Known  # what manifests may name

    def content_type(self, code: str) -> str:
        """MIME type of a file format; that of bytes when the code is unknown."""
        row = self.formats.get(code)
        return str(row["mime_type"]) if row else "application/octet-stream"


class Reference:
    """Reads the tables at first use and again when they are a minute old. Threads may ask at the same time."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database, self._allowed = database, config.file_formats
        self._kept: tuple[float, Tables] | None = None

    def tables(self, cur: Cursor | None = None) -> Tables:
        """The tables; `cur` is the cursor of the caller's transaction where there is one."""
        kept = self._kept
        if kept and time.monotonic() - kept[0] < _KEEP:
            return kept[1]
        if cur is None:
            with self._database.transaction() as own:
                return self._read(own)
        return self._read(cur)

    def _read(self, cur: Cursor) -> Tables:
        formats = mounts.file_formats(cur)
        tables = Tables(mounts.storage(cur), formats, Known(mounts.languages(cur), formats, self._allowed))
        self._kept = (time.monotonic(), tables)
        return tables
