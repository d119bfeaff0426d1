"""Kills a service at its points: before each statement, commit, change of a file, program and message.

A point is counted in a child of this process, which then dies as under kill -9; nothing is faked. It decides nothing
about what is right: the stories of the tests do.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Set
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, NoReturn

import psycopg2
from world import World

from ingest.prepare import prepare
from ingest.tick import tick
from tlp.db.connection import connect
from tlp.db.rows import Cursor

EXHAUSTIVE = bool(os.environ.get("TLP_EVERY_POINT"))  # every point of every story; else some of each
KINDS = ("statement", "commit", "file", "program", "message")
EVENTS = {
    **dict.fromkeys(("os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.mkdir", "os.truncate"), "file"),
    "shutil.copyfile": "file",
    **dict.fromkeys(("subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec", "os.system", "os.kill"), "program"),
    **dict.fromkeys(("socket.connect", "smtplib.send", "http.client.send"), "message"),
}
_OURS = tuple(f"{Path(__file__).resolve().parents[2]}/{part}/" for part in ("ingest-service", "lib"))
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_IDLE_S, _PATIENCE_S = 0.01, 2.0
Work = Callable[[Any, Any], object]  # with context and connection of a service


@dataclass
class Run:
    """What became of a child: whether it died, and the points that it came by, as `kind place number`."""

    died: bool
    points: list[str]


@dataclass
class Tally:
    """What was tried on an operation: kills by kind, and the places in our code where."""

    kills: Counter[str] = field(default_factory=Counter)
    places: set[str] = field(default_factory=set)

    def add(self, run: Run) -> None:
        if run.died:
            self.kills[run.points[-1].partition(" ")[0]] += 1
            self.places.add(run.points[-1])


class _Points:
    """Counts in a child, tells its parent, and dies at a point that is not among the `known` ones.

    That is the `left`-th of them, or the first of the kind `eager`; left None: it does not die.
    """

    def __init__(self, folder: Path, known: Set[str], left: int | None, eager: str) -> None:
        self._folder, self._known, self._left, self._eager = str(folder), known, left, eager
        self._passed: Counter[str] = Counter()
        self.counts = False
        self.tell = -1  # where its parent listens
        self.strike: Callable[[], object] = _die
        self.struck = False

    def pass_by(self, kind: str, first: Callable[[], object] | None = None) -> None:
        """Come to a point. `first`: what has been done already when it is the one to die at."""
        if not self.counts:
            return
        place = f"{kind} {_place()}"
        self._passed[place] += 1
        point = f"{place} {self._passed[place]}"
        os.write(self.tell, f"{point}\n".encode())
        if self._left is None or point in self._known:
            return
        self._left -= 1
        if self._left < 0 or kind == self._eager:
            self.counts, self.struck = False, True
            if first:
                first()
            self.strike()

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if flags & _WRITES and str(path).startswith(self._folder):
                self.pass_by("file")
                if flags & (os.O_TRUNC | os.O_CREAT):  # killed right after: the file is there, nothing is in it yet
                    self.pass_by("file", lambda: os.open(path, flags))
        elif event in EVENTS:
            self.pass_by(EVENTS[event])


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _place() -> str:
    """Where in our code this is: the innermost two functions."""
    frame: FrameType | None = sys._getframe(2)
    found: list[str] = []
    while frame is not None and len(found) < 2:
        name = frame.f_code.co_filename
        if name.startswith(_OURS):
            found.append(f"{name.partition('/ingest/')[2] or name.partition('/lib/')[2]}:{frame.f_lineno}")
        frame = frame.f_back
    return " < ".join(found)


def _count_in_database(points: _Points) -> None:
    """Every connection of this process counts its statements and commits from now on."""
    real = psycopg2.connect

    class Counting(Cursor):
        def execute(self, *arguments: Any) -> Any:
            points.pass_by("statement")
            return super().execute(*arguments)

    class Connection(psycopg2.extensions.connection):
        def commit(self) -> None:
            points.pass_by("commit")
            super().commit()

    psycopg2.connect = lambda **more: real(**{**more, "cursor_factory": Counting, "connection_factory": Connection})


def _live_and_die(world: World, work: Work, points: _Points) -> NoReturn:
    try:
        _count_in_database(points)
        sys.addaudithook(points.hear)
        with closing(connect(world.config.storage)) as db:
            ctx = prepare(world.config, db)
            points.counts = True
            work(ctx, db)
            points.counts = False
    except BaseException as error:
        if not (points.struck and isinstance(error, psycopg2.Error)):
            os.write(points.tell, f"error {error!r}\n".encode())
    finally:
        os._exit(points.struck)


def run(
    world: World,
    work: Work = tick,
    known: Set[str] = frozenset(),
    skip: int | None = None,
    eager: str = "",
    strike: Callable[[], object] = _die,
) -> Run:
    """Work in a child that is killed at a point that is not known, after `skip` of those; None: at none.

    `eager`: a kind of which it dies at the first that is not known. `strike`: what is done there instead of the kill;
    then the work may end with an error of the database, and with no other.
    """
    points = _Points(world.folder, known, skip, eager)
    points.strike = strike
    read, points.tell = os.pipe()
    if (child := os.fork()) == 0:
        _live_and_die(world, work, points)
    os.close(points.tell)
    with os.fdopen(read) as told:
        lines = told.read().splitlines()
    _, status = os.waitpid(child, 0)
    assert not lines or not lines[-1].startswith("error"), lines[-1]
    return Run(status != 0, lines)


_PROGRESS = """
    SELECT (SELECT count(*) FROM uploads WHERE finished_at IS NULL) AS unfinished,
        (SELECT string_agg(concat_ws(' ', id, state), ',' ORDER BY id) FROM uploads) AS uploads,
        (SELECT string_agg(concat_ws(' ', id, state, attempt), ',' ORDER BY id) FROM jobs) AS jobs,
        (SELECT string_agg(concat_ws(' ', id, ended_at), ',' ORDER BY id) FROM sessions) AS sessions
"""


def killed_everywhere(
    world: World, stride: int = 1, seconds: float = 240, strike: Callable[[], object] = _die
) -> Tally:
    """Tick in children that die at every `stride`-th point until all is done. `strike`: see `run`.

    With EXHAUSTIVE at every one, anew after each progress that the database shows.
    """
    tally, known = Tally(), defaultdict[str, set[str]](set)
    deadline = time.monotonic() + (40 * seconds if EXHAUSTIVE else seconds)
    with closing(connect(world.config.storage)) as looking, looking.cursor() as cur:
        looking.autocommit = True
        for now in _progress(cur):
            if not now.pop("unfinished"):
                return tally
            assert time.monotonic() < deadline, world.rows("SELECT id, state, info FROM uploads")
            points = known[str(now) if EXHAUSTIVE else ""]
            made = run(world, tick, points, 0 if EXHAUSTIVE else stride - 1, "program", strike)
            points.update(made.points)
            tally.add(made)
            if not made.died:
                _let_jobs_end(world)
    raise AssertionError


def _progress(cur: Any) -> Iterator[dict[str, Any]]:
    while True:
        cur.execute(_PROGRESS)
        yield cur.fetchone()


def _let_jobs_end(world: World) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and _running(world):
        time.sleep(_IDLE_S)


def _running(world: World) -> bool:
    return any(not (pid.parent / "exit_code").exists() for pid in world.mounts["uploads"].glob("*/jobs/*/pid"))


def killed_at_each(
    world: World, arrange: Callable[[], object], work: Work, check: Callable[[], object], stride: int = 1
) -> Tally:
    """For every `stride`-th point: arrange, kill there, do the work to its end, check. For work without jobs."""
    tally, known = Tally(), set[str]()
    while True:
        arrange()
        made = run(world, work, known, 0 if EXHAUSTIVE else stride - 1)
        known.update(made.points)
        tally.add(made)
        if made.died:
            undisturbed(world, work)
        check()
        if not made.died:
            return tally


def undisturbed(world: World, work: Work) -> None:
    """Work in a child that comes to its end."""
    assert not run(world, work).died


def killed_at_random(world: World, chance: Random, most: int = 80, seconds: float = 300) -> int:
    """Tick in children that die at random points until all is done. Returns the kills."""
    kills, deadline = 0, time.monotonic() + seconds
    while world.unfinished():
        assert time.monotonic() < deadline, world.rows("SELECT id, state, info FROM uploads")
        kills += run(world, tick, frozenset(), chance.randrange(most)).died
    return kills
