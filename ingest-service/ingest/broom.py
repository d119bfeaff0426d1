"""How files are removed below the mount points: only where they are this database's, each with a line in the log."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ingest.context import Context
from tlp.db import housekeeping
from tlp.db.rows import Cursor
from tlp.errors import StorageError

log = logging.getLogger("ingest.housekeeping")
MARKER = ".tlp-database"  # of a mount point: whose files these are
UPLOAD = re.compile(r"up-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)  # the folder of one
BATCH = 200  # rows that are looked at in one go


@dataclass(frozen=True)
class Broom:
    """How a task removes, and until when it may work (seconds of time.monotonic)."""

    ctx: Context
    cur: Cursor
    until: float = math.inf
    dry: Callable[[str], None] | None = None  # says what would go; then nothing is removed
    stuck: dict[str, StorageError] = field(default_factory=dict)  # what cannot be removed; all else goes nevertheless

    @property
    def tired(self) -> bool:
        return time.monotonic() > self.until

    def remove(self, mount: str, relative: str, why: str) -> None:
        """Delete a file or folder below a mount point. Raises StorageError."""
        if self.dry:
            if self.ctx.storage.path(mount, relative).exists():
                self.dry(f"would remove {mount}/{relative}: {why}")
        elif self.ctx.storage.remove(mount, relative):
            log.info("removed %s/%s: %s", mount, relative, why)

    def warn(self, words: str) -> None:
        """What keeps something from being removed."""
        self.dry(words) if self.dry else log.warning("%s", words)


def folder(ctx: Context, mount: str) -> Path:
    """The real folder of a mount point. Raises StorageError where nothing may be removed below it."""
    path = ctx.storage.mount(mount)
    real = path.resolve()
    if not path.is_absolute() or real == Path(real.anchor):
        raise StorageError(f"the mount point '{mount}' is {str(path)!r}: nothing is removed there")
    if not real.is_dir():
        raise StorageError(f"the folder of the mount point '{mount}' is not there")
    return real


def check_owner(broom: Broom, mount: str) -> None:
    """Raise StorageError where the mount point belongs to another database, be it a copy of this one."""
    marker = folder(broom.ctx, mount) / MARKER
    try:
        owner = marker.read_text(encoding="utf-8").split("\n", 1)[0]
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise StorageError(f"{mount}/{MARKER} cannot be read, so nothing is removed there: {error}") from error
    # Empty: the machine lost power before what was written came to the disk.
    if owner and owner != housekeeping.identity(broom.cur):
        raise StorageError(
            f"'{mount}' belongs to another database ({owner}), so nothing is removed there. If this one is the right "
            f"one, as after it was restored, delete the file {MARKER} in it, then look: core.py housekeeping --dry-run"
        )
