"""Memory of the services while ws-client.py uploads a package of 1 GiB and while the package is processed.

Of each group of processes: the largest of many samples of what all have for themselves and, once, the files that the
largest maps (libraries); and the largest single process as the kernel remembers it (VmHWM), all of its pages counted.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from bench import instance, recording
from bench.table import Row
from installer import postgres, services

SIZE, QUICK_SIZE = 1 << 30, 32 << 20
GOAL_MIB = 100.0
PAUSE_S = 0.05
Groups = Callable[[], dict[str, list[int]]]
WEB, CORE, JOBS = "the Web Service", "the Ingest Service", "jobs of the Ingest Service"


def measure(quick: bool) -> list[Row]:
    """The services before, while and after the upload; the jobs; a note on the database."""
    size = QUICK_SIZE if quick else SIZE
    with tempfile.TemporaryDirectory(prefix="tlp-bench-memory-") as name, instance.running() as tlp:
        media = _large(Path(name), size)
        with Watcher(lambda: groups(tlp)) as watcher:
            begin = time.monotonic()
            upload = tlp.upload("large", media, "-T")
            took = time.monotonic() - begin
            while_uploaded = dict(watcher.largest)
            tlp.finish(upload)
        database = together(postgres.server_processes(tlp.cluster))
    return _rows(size, took, while_uploaded, watcher, database)


class Watcher:
    """Samples groups of processes in a thread of its own."""

    def __init__(self, groups: Groups) -> None:
        self._groups, self._over = groups, threading.Event()
        self.largest: dict[str, float] = defaultdict(float)  # MiB: of the sum
        self.single: dict[str, float] = defaultdict(float)  # MiB: of one process
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._over.wait(PAUSE_S):
            for name, pids in self._groups().items():
                self.largest[name] = max(self.largest[name], together(pids))
                self.single[name] = max(self.single[name], _most(pids, "VmHWM") / 1024)


def _large(folder: Path, size: int) -> Path:
    """A valid MP4 of that size: a short one, and behind it a box of the type that players pass over."""
    media = recording.video(recording.silence(folder / "silence.wav", 5), folder / "media.mp4")
    with media.open("ab") as file:
        rest = size - file.tell()
        file.write(rest.to_bytes(4, "big") + b"free")
        block = os.urandom(1 << 20)
        for length in (min(len(block), rest - 8 - n) for n in range(0, rest - 8, len(block))):
            file.write(block[:length])
    return media


def groups(tlp: instance.Instance) -> dict[str, list[int]]:
    """The living processes: gunicorn with its workers; the Core with what it starts; its jobs, which are nobody's."""
    children = _children()
    place = tlp.home
    sessions = {
        int(words[0]) for path in place.mounts["uploads"].glob("*/jobs/*/pid") if (words := _read(path).split())
    }
    web, core = (services.web(place, 0).running(), services.ingest(place).running())
    return {
        WEB: _family(web, children),
        CORE: _family(core, children),
        JOBS: [p for s in sessions for p in _family(s, children)],
    }


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        if fields:
            found[int(fields[1])].append(pid)
    return found


def _family(pid: int | None, children: dict[int, list[int]]) -> list[int]:
    return [] if pid is None else [pid, *(p for child in children[pid] for p in _family(child, children))]


def together(pids: Iterable[int]) -> float:
    """MiB of processes that share their libraries and shared memory; who else on the machine does plays no part."""
    there = list(pids)
    # What a worker has from gunicorn's master since the fork is one memory: the proportional size counts it once.
    own = sum(_kib(pid, "Pss_Anon", "smaps_rollup") or _kib(pid, "RssAnon") for pid in there)
    return (own + _most(there, "RssFile") + _most(there, "RssShmem")) / 1024


def _most(pids: Iterable[int], key: str) -> int:
    return max((_kib(pid, key) for pid in pids), default=0)


def _kib(pid: int, key: str, file: str = "status") -> int:
    """A line `Key: N kB` of /proc/PID/FILE; 0 when the process is gone, or another user's where only they may read."""
    found = re.search(rf"^{key}:\s+(\d+) kB", _read(Path(f"/proc/{pid}/{file}")), re.M)
    return int(found[1]) if found else 0


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _rows(size: int, took: float, while_uploaded: dict[str, float], watcher: Watcher, database: float) -> list[Row]:
    package = f"{size >> 20} MiB"
    goal = f"< {GOAL_MIB:g} MiB"

    def limited(what: str, mib: float) -> Row:
        return Row(what, mib, "MiB", GOAL_MIB, "limit", goal, mib < GOAL_MIB)

    rows = [Row(f"package of {package} uploaded by ws-client.py", size / 2**20 / took, "MiB/s")]
    for name in (WEB, CORE):
        rows.append(limited(f"{name}, all its processes, while uploaded", while_uploaded[name]))
        rows.append(limited(f"{name}, all its processes, until the end", watcher.largest[name]))
        rows.append(limited(f"{name}, its largest process (VmHWM)", watcher.single[name]))
    rows.append(Row(f"{JOBS}: processing the package, all together", watcher.largest[JOBS], "MiB"))
    rows.append(Row("PostgreSQL, with its shared memory", database, "MiB"))
    return rows
