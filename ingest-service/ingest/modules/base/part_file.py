"""The file of a download on its way: what is safely on disk, and of which version of the file it is a part.

Beside it stands a note (`NAME.part.json`), so that a job that is run again after a kill goes on where that was.
Knows no network.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from types import TracebackType

from tlp.systems import write_aside

CHECKPOINT = 16 << 20  # bytes after which what was written is flushed and noted; a kill loses at most as many
BLOCK = 1 << 20


class PartFile:
    """A file that grows. `size`: bytes so far; `total`: bytes it will have, None when nobody says.

    `validator`: a strong ETag or a date by which the server can tell that its file is still the same; "" when it has
    none, and then nothing is noted. Raises OSError.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._note, self._source = path.with_name(f"{path.name}.part.json"), source
        self._file = path.open("r+b" if path.exists() else "w+b")
        self.size, self.total, self.validator = 0, None, ""  # type: int, int | None, str
        self._digest, self._noted = hashlib.md5(usedforsecurity=False), 0
        self._go_on()

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    @property
    def md5(self) -> str:
        """Of what there is so far."""
        return self._digest.hexdigest()

    def begin(self, total: int | None = None, validator: str = "") -> None:
        """Forget what there is; another version of the file comes."""
        self._note.unlink(missing_ok=True)
        self._file.seek(0)
        self._file.truncate()
        self.size, self.total, self.validator, self._noted = 0, total, validator, 0
        self._digest = hashlib.md5(usedforsecurity=False)

    def write(self, data: bytes) -> None:
        """Append."""
        self._file.write(data)
        self._digest.update(data)
        self.size += len(data)
        if self.validator and self.size - self._noted >= CHECKPOINT:
            self._checkpoint()

    def finish(self) -> None:
        """All of it is there."""
        self._file.flush()
        self._note.unlink(missing_ok=True)

    def _checkpoint(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())  # the note must never say more than a power failure leaves
        note = {"source": self._source, "size": self.size, "total": self.total, "validator": self.validator}
        write_aside(self._note, json.dumps(note).encode())
        self._noted = self.size

    def _go_on(self) -> None:
        """Take up what an earlier run has noted, where the note is of the same source and fits the file."""
        size = 0
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(self._note.read_bytes())
            if note["source"] == self._source and self._file.seek(0, os.SEEK_END) >= note["size"]:
                size, self.total, self.validator = int(note["size"]), note["total"], str(note["validator"])
        if self.total is not None:
            size = min(size, self.total - 1)  # a server has nothing to say to a range that begins at the end
        self._file.seek(0)
        while self.size < size and (data := self._file.read(min(BLOCK, size - self.size))):
            self._digest.update(data)
            self.size += len(data)
        self._file.truncate(self.size)
        self._file.seek(self.size)
        self._noted = self.size
