"""What the clusters of the tests are made of: ports, commands, daemons, and the processes of jobs by what they know."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from installer import postgres


class Daemons(Protocol):
    """What is started for a test and ends with it. All three may be called at any time; `stop` also half started."""

    @staticmethod
    def lacking() -> str | None:
        """Why one cannot be started here; None when it can."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


D = TypeVar("D", bound=Daemons)


@contextlib.contextmanager
def started(daemons: D) -> Iterator[D]:
    """They run until the block ends; where they cannot, the test is skipped."""
    if reason := daemons.lacking():
        pytest.skip(reason)
    try:
        daemons.start()
        yield daemons
    finally:
        daemons.stop()


def free_ports(count: int) -> list[int]:
    """None of the range from which outgoing connections, and whoever asks for any port, have theirs."""
    found: set[int] = set()
    while len(found) < count:
        found.add(postgres.free_port())
    return [*found]


def lacking(*programs: str) -> str | None:
    """Why what needs these programs and root cannot be started here; None when it can."""
    missing = [program for program in programs if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")]
    if missing:
        return f"{', '.join(missing)} are not installed: ./install.sh tests does it"
    return None if os.geteuid() == 0 else "the daemons of a cluster need root"


def call(argv: Sequence[str | Path], **more: object) -> str:
    result = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=60, **more)
    assert result.returncode == 0, f"{argv}: {result.stdout}{result.stderr}"
    return result.stdout


def wait_for(true: object, what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} not within {seconds} s"
        time.sleep(0.1)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def end(pids: Sequence[int], polite: bool = True) -> None:
    for number, patience in ((signal.SIGTERM, 8.0), (signal.SIGKILL, 5.0))[0 if polite else 1 :]:
        for pid in filter(running, pids):
            os.kill(pid, number)
        with contextlib.suppress(AssertionError):
            wait_for(lambda: not any(map(running, pids)), "the daemons' end", patience)


def below(pid: int) -> list[int]:
    children = call(["ps", "-e", "-o", "pid=,ppid="]).split()
    parents = dict(zip(map(int, children[::2]), map(int, children[1::2]), strict=True))
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one and child not in found]
    return found[1:]


def knowing(variables: Mapping[str, str], *names: str) -> list[int]:
    """The processes whose environment has these variables with these values, and these names with any."""
    wanted = {f"{name}={value}".encode() for name, value in variables.items()}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            has = set((folder / "environ").read_bytes().split(b"\0"))
            known = {word.partition(b"=")[0] for word in has}
            if wanted <= has and known.issuperset(name.encode() for name in names) and running(int(folder.name)):
                found.append(int(folder.name))
    return found


def end_jobs(variables: Mapping[str, str], *names: str) -> None:
    """Kill what is left of the jobs of a cluster, where its daemons have not done it: they are no more, or were dead.

    The processes of a job are known by what the queue tells each of them. Fails where one cannot be ended.
    """

    def none_is_left() -> bool:
        left = knowing(variables, *names)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    wait_for(none_is_left, "the end of the jobs of a cluster that was stopped", 60)


@contextlib.contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables for a while: the programs of a cluster learn from them which one is meant."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
