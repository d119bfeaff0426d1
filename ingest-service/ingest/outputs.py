"""What the job of an engine makes: written into the folder of the attempt, taken into the upload's when it is done.

An attempt that was given up may still run, on a machine that the network was cut off from. It can write what it
likes then: only the files of the attempt whose end is noted come to where the steps look. It decides nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

HERE = "{out}"  # stands in a planned command for the folder of what it makes
NAME = "out"  # of that folder, in the one of the attempt; `job.sh` makes it


def path(name: str) -> str:
    """A file that a job makes, as its planned command has it."""
    return f"{HERE}/{name}"


def placed(command: Sequence[str], folder: Path) -> list[str]:
    """The planned command for the attempt with this folder."""
    out = str(folder / NAME)
    return [out + word.removeprefix(HERE) if word.startswith(f"{HERE}/") else word for word in command]


def take(folder: Path, work: Path) -> None:
    """Move what an attempt made into the work folder of its upload.

    Called within the transaction that notes the end: after a crash between the two the rest is moved. Raises OSError.
    """
    out = folder / NAME
    for file in [path for path in out.rglob("*") if not path.is_dir()] if out.is_dir() else []:
        place = work / file.relative_to(out)
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            file.replace(place)
