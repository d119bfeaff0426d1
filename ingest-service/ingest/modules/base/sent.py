"""What an upload of media or of documents has sent, opened in the upload's folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingest.modules.base.archive import Archive, Caps


@contextmanager
def sent(request: dict[str, Any], upload: Path) -> Iterator[Archive | None]:
    """The open package of a request, None where none was sent; the folders `files`, empty, and `work` are there.

    `request`: see the job `ingest.jobs.package`. Raises PackageError for a package that cannot be opened.
    """
    for name in ("files", "work"):
        (upload / name).mkdir(parents=True, exist_ok=True)
    shutil.rmtree(upload / "files")  # of an earlier run that was killed
    (upload / "files").mkdir()
    if not request["package"]:
        yield None
        return
    limits = request["limits"]
    caps = Caps(limits["max_package"], limits["max_package_files"], limits["max_package_ratio"])
    with Archive(upload / Path(request["package"]).name, caps) as archive:
        yield archive
