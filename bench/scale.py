"""Thousands of uploads through all states on a simulated cluster of 1,000 processors; all but the programs is real.

The database, the ticks, the steps and the files are real; a job takes a simulated time and its result is a tiny file
(see `scale_programs`). All uploads wait when it begins. What is measured is what the Ingest Service does, not the
engines. `full` does it with 100,000 and says on the way how far it is.
"""

from __future__ import annotations

import contextlib
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.handover import percentile
from bench.scale_programs import JOBS, Programs, gap_s
from bench.scale_site import database, send, site, wait_and_end
from bench.simulation import Simulated
from bench.table import Row
from ingest import registry
from ingest.context import Context
from ingest.prepare import prepare
from ingest.tick import tick
from installer.report import InstallError
from tlp.db.connection import connect

UPLOADS, SLOTS = 2_000, 1_000
FULL = 100_000
AMONG = 200  # uploads whose moves are measured, once alone, once as many among all the others
OTHERS = 100_000  # that have ended, and as many that wait for a processor
STEP_S = 30.0  # simulated seconds that pass between two ticks at least: a busy service sees many ends at once
MOVES = 9  # of a new media, see docs/states.md
TICK_GOAL_S = 2.0  # three slices of half a second, and housekeeping
GROWTH_GOAL = 1.5
FAIR_GOAL = 1.2
# Hours after its turn at which the last of short and of long media has ended: two hours of media count as two hours
# later, its programs take nearly one.
LATE_GOALS = {False: 1.0, True: 3.5}
TIDY_DAYS = 0.0005  # as fast as all else goes here, the folders of what has ended go soon, too
SAY_S = 30.0


@dataclass
class Result:
    """What came of it. Times of ticks in seconds."""

    uploads: int
    jobs: int = 0
    seconds: float = 0.0
    ticks: list[float] = field(default_factory=list)
    moves: int = 0
    done: int = 0
    waits: list[float] = field(default_factory=list)  # by user: mean simulated time at which its jobs began
    late: dict[bool, float] = field(default_factory=dict)  # by `is_long`: simulated hours after its turn, at most
    processor: float = 0.0  # seconds of the service and of the server for its connection
    grown_mb: float = 0.0  # memory of the service: at its end beside a tenth of the way

    @property
    def unfairness(self) -> float:
        """The longest mean wait of a user over the shortest."""
        return max(self.waits) / min(self.waits)

    def slowest(self, percent: int) -> float:
        return percentile(sorted(self.ticks), percent)

    @property
    def cost(self) -> float:
        """Processor seconds for a move of an upload or the start of a job, which come with all that is done."""
        return self.processor / (self.moves + self.jobs)


Say = Callable[[Result, Simulated], None]


def measure(quick: bool) -> list[Row]:
    """The table's rows. Raises InstallError when an upload did not end as it should."""
    shrink = 10 if quick else 1
    whole = _simulated(UPLOADS // shrink)
    alone, among = (_simulated(AMONG // shrink, others // shrink) for others in (0, OTHERS))
    growth = among.cost / alone.cost
    return [
        *_rows(whole),
        Row("  100 000 uploads at this pace", FULL / whole.uploads * whole.seconds / 3600, "h"),
        Row(f"processor time of a move or start among {2 * OTHERS // shrink} other uploads", 1000 * among.cost, "ms",
            1000 * alone.cost, "no others", f"< {GROWTH_GOAL} times", growth < GROWTH_GOAL),
    ]  # fmt: skip


def full(count: int) -> list[Row]:
    """So many uploads at once, with a line on stderr now and then."""
    found = _simulated(count, say=_Teller())
    return [*_rows(found), Row("  memory: growth from a tenth of them to the end", found.grown_mb, "MB")]


def _rows(found: Result) -> list[Row]:
    longest = max(found.ticks)
    return [
        Row(f"{found.uploads} uploads, {SLOTS} slots: moves of uploads", found.moves / found.seconds, "/s"),
        Row("  jobs started and ended", found.jobs / found.seconds, "/s"),
        Row("  processor time of a move, of service and database", 1000 * found.processor / found.moves, "ms"),
        Row("  a tick, median", found.slowest(50), "s"),
        Row("  a tick, 95th percentile", found.slowest(95), "s"),
        Row("  a tick, longest", longest, "s", TICK_GOAL_S, "limit", f"< {TICK_GOAL_S:g} s", longest < TICK_GOAL_S),
        Row("  longest mean wait of a user", found.unfairness, "times", 1.0, "the shortest",
            f"< {FAIR_GOAL}", found.unfairness < FAIR_GOAL),
        *(Row(f"  last {name} media after its turn, simulated", found.late[long], "h", LATE_GOALS[long], "limit",
              f"< {LATE_GOALS[long]:g} h", found.late[long] < LATE_GOALS[long])
          for name, long in (("short", False), ("long", True))),
    ]  # fmt: skip


def _simulated(count: int, others: int = 0, say: Say | None = None) -> Result:
    with database() as keywords, tempfile.TemporaryDirectory(prefix="tlp-bench-scale-") as folder:
        print(f"  {count} uploads, {others} that have ended, {others} that wait", file=sys.stderr, flush=True)
        return simulate(Path(folder) / "site", keywords, count, others=others, say=say)


def simulate(
    folder: Path, keywords: dict[str, Any], count: int, slots: int = SLOTS, others: int = 0, say: Say | None = None
) -> Result:
    """Tick until `count` uploads of many users have ended, then look whether each is as it should be.

    `others`: so many have ended before, and so many wait for a processor; then it ends after as many moves.
    """
    config = site(folder, keywords)
    config = replace(config, general=replace(config.general, rm_finished_up_days=TIDY_DAYS))  # type: ignore[arg-type]
    found = Result(count)
    with contextlib.closing(connect(config.storage)) as db:
        programs = Programs(send(db, config, count, others, gap_s(slots)), count)
        if others:
            wait_and_end(db, folder)
        scheduler = Simulated(slots, programs.seconds, programs.make, note=programs.note)
        ctx = replace(prepare(config, db), scheduler=scheduler)
        with db.cursor() as cur:
            registry.register(ctx, cur)
        db.commit()
        _run(ctx, db, scheduler, found, say)
        found.jobs = programs.started
        if not others:
            found.waits = programs.mean_waits()
            found.late = {long: programs.latest(long) / 3600 for long in (False, True)}
            _check(db, found, folder)
    return found


def _run(ctx: Context, db: Any, scheduler: Simulated, found: Result, say: Say | None) -> None:
    over, early_mb, before = False, 0.0, processor_s(db)
    while not over:
        began = time.perf_counter()
        more = tick(ctx, db)
        found.ticks.append(time.perf_counter() - began)
        found.seconds += found.ticks[-1]
        found.moves, found.done = _counted(db, "state"), _counted(db, "upload")
        early_mb = early_mb or (memory_mb() if found.moves > MOVES * found.uploads / 10 else 0.0)
        over = found.moves >= MOVES * found.uploads
        if say:
            say(found, scheduler)
        if not more:
            _pass(scheduler)
    found.grown_mb, found.processor = memory_mb() - early_mb, processor_s(db) - before


def _pass(scheduler: Simulated) -> None:
    """Nothing can be done now: time goes on until something has ended."""
    ends = scheduler.next_end()
    scheduler.now = max(scheduler.now + STEP_S, ends or 0.0)


def processor_s(db: Any) -> float:
    """Processor seconds of this process and of the server's for its connection: other work plays little part."""
    server = Path(f"/proc/{db.info.backend_pid}/schedstat").read_text().split()[0]
    return time.process_time() + int(server) / 1e9


def memory_mb() -> float:
    """The most that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _counted(db: Any, metric: str) -> int:
    """As the metrics of the platform count: moves (`state`) and ends (`upload`) of uploads."""
    with db.cursor() as cur:
        cur.execute(
            "SELECT (SELECT coalesce(sum(count), 0) FROM counters WHERE metric = %(metric)s)::integer"
            " + (SELECT count(*) FROM happenings WHERE metric = %(metric)s)::integer AS count",
            {"metric": metric},
        )
        count = int(cur.fetchone()["count"])
    db.commit()
    return count


class _Teller:
    """Says now and then how far it is."""

    def __init__(self) -> None:
        self._began = self._told = time.monotonic()
        self._before = 0

    def __call__(self, found: Result, scheduler: Simulated) -> None:
        now = time.monotonic()
        if now - self._told < SAY_S:
            return
        pace, all_moves = (found.moves - self._before) / (now - self._told), MOVES * found.uploads
        left = (all_moves - found.moves) / max(found.moves / (now - self._began), 1e-9) / 60
        ticks = "/".join(f"{found.slowest(percent):.2f}" for percent in (50, 95, 100))
        print(
            f"  {(now - self._began) / 60:5.1f} min: {found.done} of {found.uploads} done, {found.moves} moves, "
            f"{pace:.0f}/s; ticks {ticks} s; {memory_mb():.0f} MB; {scheduler.now / 3600:.1f} h simulated; "
            f"about {left:.0f} min left", file=sys.stderr, flush=True,
        )  # fmt: skip
        self._told, self._before = now, found.moves


def _check(db: Any, found: Result, folder: Path) -> None:
    """Raise InstallError unless all uploads ended well, each job ran once, and what was to be made is there once."""
    with db.cursor() as cur:
        cur.execute("SELECT info FROM uploads WHERE state <> 'done' LIMIT 1")
        if wrong := cur.fetchone():
            raise InstallError(f"not all uploads have ended as they should: {wrong['info']}", "")
        cur.execute(
            "SELECT (SELECT count(*) FROM objects) AS objects, (SELECT count(*) FROM content_versions) AS texts, "
            "(SELECT count(*) FROM audiotracks) AS voices, (SELECT count(*) FROM files) AS files, "
            "(SELECT count(*) FROM jobs WHERE state <> 'done' OR attempt > 1) AS wrong, "
            "(SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM uploads) AS uploads"
        )
        there = dict(cur.fetchone())
    n, placed = found.uploads, sum(1 for path in (folder / "media").rglob("*") if path.is_file())
    wanted = {
        "objects": n,
        "texts": 2 * n,
        "voices": n,
        "files": placed - n,
        "wrong": 0,
        "jobs": JOBS * n,
        "uploads": n,
    }
    if there != wanted or found.jobs != JOBS * n:
        raise InstallError(f"what is there is not what was to be made: {there}, wanted {wanted}", "")
