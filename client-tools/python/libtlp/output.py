"""Where answers go: stdout or a file. JSON is laid out for reading, other bodies pass through as they are."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from typing import BinaryIO, Iterator

from .client import Answer
from .errors import ClientError


def deliver(answer: Answer, path: str | None) -> None:
    """The answer to the file at `path`, else to stdout. A file appears complete or not at all."""
    if path is None:
        _copy(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with _file(path) as target:
        _copy(answer, target)


def _copy(answer: Answer, target: BinaryIO) -> None:
    if answer.is_json:
        target.write(json.dumps(answer.data, indent=4, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        return
    for block in answer.blocks():
        target.write(block)


@contextlib.contextmanager
def _file(path: str) -> Iterator[BinaryIO]:
    """A file to write to. What is no regular file (/dev/stdout, a pipe) is written in place, others are replaced."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "wb") as target:
                yield target
        else:
            with _replaced(path) as target:
                yield target
    except OSError as error:
        raise ClientError(f"cannot write {path}: {error.strerror}") from None


@contextlib.contextmanager
def _replaced(path: str) -> Iterator[BinaryIO]:
    folder, name = os.path.split(os.path.abspath(path))
    handle, aside = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
    try:
        with open(handle, "wb") as target:
            yield target
        os.chmod(aside, 0o666 & ~_umask())
        os.replace(aside, path)
    except BaseException:
        os.unlink(aside)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
