"""Thousands of uploads through all states on a simulated cluster of 1,000 processors; all but the programs is real.

The database, the ticks, the steps and the files are real; a job takes a simulated time and its result is a tiny file
(see `simulation`). All uploads come at once. What is measured is what the Ingest Service does, not the engines.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg2

from bench.handover import percentile
from bench.simulation import Simulated
from bench.table import Row
from db import create
from ingest import registry
from ingest.context import Context
from ingest.prepare import prepare
from ingest.scheduler import JobSpec
from ingest.tick import tick
from installer import postgres, postgres_binaries
from installer.report import InstallError, Report
from tlp import config as configuration
from tlp import manifest_media
from tlp.captions import CURRENT, UNFILTERED, Captions, Segment, Word
from tlp.config import Config
from tlp.db import mounts, users
from tlp.db.connection import connect
from tlp.formats import FORMATS
from tlp.manifest import Known

UPLOADS, QUICK_UPLOADS, SLOTS, USERS = 10_000, 2_000, 1_000, 20
STEP_S = 30.0  # simulated seconds that pass between two ticks at least: a busy service sees many ends at once
TICK_GOAL_S = 2.0  # three slices of half a second, and housekeeping
GROWTH_GOAL = 1.5
FAIR_GOAL = 1.2
SHORT_S, LONG_S = 600, 7200  # of media; each tenth is long
SECONDS = {"package": 20.0, "media": 30.0, "mt": 60.0, "tts": 120.0}  # of jobs; recognition: a third of the media
OWNER, PASSWORD = "tluser", "for-benchmarks-only"
SYSTEMS = {
    "hear": ("asr", "languages = en"),
    "turn": ("mt", "pairs = en-es,"),
    "say": ("tts", "languages = es"),
}
WANTED = {"es": {"sub": {}, "tts": {}}}


@dataclass
class Result:
    """What came of it. Times of ticks in seconds, with the number of uploads that had ended before each."""

    uploads: int
    jobs: int = 0
    seconds: float = 0.0
    ticks: list[tuple[float, int]] = field(default_factory=list)
    moves: int = 0
    waits: dict[int, float] = field(default_factory=dict)  # by user: mean simulated time at which its jobs began

    @property
    def unfairness(self) -> float:
        """The longest mean wait of a user over the shortest."""
        return max(self.waits.values()) / min(self.waits.values())

    def slowest(self, percent: int, part: slice = slice(None)) -> float:
        return percentile(sorted(seconds for seconds, _ in self.ticks[part]), percent)

    @property
    def growth(self) -> float:
        """The mean tick of the last third of the uploads over that of the first, for as many moves."""
        return self._cost(2 / 3, 1) / self._cost(0, 1 / 3)

    def _cost(self, begin: float, end: float) -> float:
        """Seconds of ticks for each upload that ended."""
        mine = [(s, done) for s, done in self.ticks if begin * self.uploads <= done < end * self.uploads]
        return sum(s for s, _ in mine) / max(1, mine[-1][1] - mine[0][1])


def measure(quick: bool) -> list[Row]:
    """The table's rows. Raises InstallError when an upload did not end as it should."""
    count = QUICK_UPLOADS if quick else UPLOADS
    with _database() as keywords, tempfile.TemporaryDirectory(prefix="tlp-bench-scale-") as folder:
        found = simulate(Path(folder), keywords, count, say=lambda words: print(words, file=sys.stderr, flush=True))
    what = f"{count} uploads, {SLOTS} slots"
    longest = max(seconds for seconds, _ in found.ticks)
    return [
        Row(f"{what}: moves of uploads", found.moves / found.seconds, "/s"),
        Row("  jobs started and ended", found.jobs / found.seconds, "/s"),
        Row("  uploads", 3600 * count / found.seconds, "/h"),
        Row("  a tick, median", found.slowest(50), "s"),
        Row("  a tick, 95th percentile", found.slowest(95), "s"),
        Row("  a tick, longest", longest, "s", TICK_GOAL_S, "limit", f"< {TICK_GOAL_S:g} s", longest < TICK_GOAL_S),
        Row("  cost of the last third of them", found.growth, "times", 1.0, "the first third",
            f"< {GROWTH_GOAL}", found.growth < GROWTH_GOAL),
        Row("  longest mean wait of a user", found.unfairness, "times", 1.0, "the shortest",
            f"< {FAIR_GOAL}", found.unfairness < FAIR_GOAL),
    ]  # fmt: skip


def simulate(
    folder: Path, keywords: dict[str, Any], count: int, slots: int = SLOTS, say: Callable[[str], None] = lambda w: None
) -> Result:
    """Send `count` uploads of USERS users and tick until all have ended, then look whether each is as it should be."""
    config = _site(folder, keywords)
    found = Result(count)
    with contextlib.closing(connect(config.storage)) as db:
        _send(db, config, count)
        lengths = _lengths(db)
        scheduler = Simulated(slots, lambda spec: _seconds(spec, lengths), _Maker(lengths).make)
        ctx = replace(prepare(config, db), scheduler=scheduler)
        with db.cursor() as cur:
            registry.register(ctx, cur)
        db.commit()
        began = time.monotonic()
        _run(ctx, db, scheduler, found, say)
        found.seconds = time.monotonic() - began
        found.jobs = len(scheduler.started)
        found.waits = _waits(db, scheduler)
        _check(db, found, Path(folder))
    return found


def _run(ctx: Context, db: Any, scheduler: Simulated, found: Result, say: Callable[[str], None]) -> None:
    done, said = 0, 0
    while done < found.uploads:
        began = time.perf_counter()
        more = tick(ctx, db)
        found.ticks.append((time.perf_counter() - began, done))
        done = _ended(db)
        if not more:
            _pass(scheduler)
        if done - said >= 1000:
            said = done
            say(f"  {done} of {found.uploads} have ended after {len(found.ticks)} ticks")


def _pass(scheduler: Simulated) -> None:
    """Nothing can be done now: time goes on until something has ended."""
    ends = scheduler.next_end()
    scheduler.now = max(scheduler.now + STEP_S, ends or 0.0)


def _ended(db: Any) -> int:
    with db.cursor() as cur:
        cur.execute("SELECT count(*) AS n FROM uploads WHERE finished_at IS NOT NULL")
        count = int(cur.fetchone()["n"])
    db.commit()
    return count


def _waits(db: Any, scheduler: Simulated) -> dict[int, float]:
    with db.cursor() as cur:
        cur.execute("SELECT id, user_id FROM uploads")
        users_of = {row["id"]: row["user_id"] for row in cur.fetchall()}
    starts: dict[int, list[float]] = defaultdict(list)
    for at, spec in scheduler.started:
        starts[users_of[_upload(spec)]].append(at)
    return {user: sum(times) / len(times) for user, times in starts.items()}


def _check(db: Any, found: Result, folder: Path) -> None:
    """Raise InstallError unless each upload ended well and once, and each job ran once."""
    with db.cursor() as cur:
        cur.execute("SELECT state, info, count(*) AS n FROM uploads GROUP BY state, info")
        states = [dict(row) for row in cur.fetchall()]
        cur.execute(
            "SELECT (SELECT count(*) FROM objects) AS objects, (SELECT count(*) FROM content_versions) AS texts, "
            "(SELECT count(*) FROM audiotracks) AS voices, (SELECT count(*) FROM files) AS files, "
            "(SELECT count(*) FROM jobs WHERE state <> 'done' OR attempt > 1) AS jobs_wrong, "
            "(SELECT count(*) FROM jobs) AS jobs, (SELECT sum(array_length(steps, 1)) FROM "
            "(SELECT array_agg(DISTINCT step) AS steps FROM jobs GROUP BY upload_id) AS s) AS steps"
        )
        is_now = dict(cur.fetchone())
    placed = sum(1 for path in (folder / "media").rglob("*") if path.is_file())
    n = found.uploads
    wanted = {"objects": n, "texts": 2 * n, "voices": n, "files": placed - n, "jobs_wrong": 0, "jobs": found.jobs}
    if [row["state"] for row in states] != ["done"] or any(is_now[key] != value for key, value in wanted.items()):
        raise InstallError(f"not all ended as they should: {states[:5]}, {is_now}, wanted {wanted}", "")
    found.moves = 9 * n  # the states of a new media, see docs/states.md


# What there is before


@contextlib.contextmanager
def _database() -> Iterator[dict[str, Any]]:
    """A server of our own, as one is set up for real."""
    folder = Path(tempfile.mkdtemp(prefix="tlp-bench-pg-"))
    folder.chmod(0o755)
    cluster = postgres.start(postgres.create(folder, postgres_binaries.ensure(Report())))
    try:
        create.create(cluster.connection(), "scale", OWNER, PASSWORD)
        keywords = cluster.connection("scale", OWNER, PASSWORD)
        create.load(keywords)
        yield keywords
    finally:
        postgres.stop(cluster)
        shutil.rmtree(folder)


def _site(folder: Path, keywords: dict[str, Any]) -> Config:
    """Mount points, systems, configuration."""
    places = {name: folder / name for name in ("media", "transcriptions", "uploads", "systems")}
    for path in places.values():
        path.mkdir(parents=True)
    for name, (kind, offers) in SYSTEMS.items():
        (places["systems"] / name).mkdir()
        (places["systems"] / name / "system.ini").write_text(f"[system]\nkind = {kind}\nname = {name}\n{offers}\n")
        (places["systems"] / name / "run").touch(0o755)
    storage = {"db_name": "dbname", "db_user": "user", "db_passwd": "password", "db_host": "host", "db_port": "port"}
    lines = [f"{key} = {keywords[name]}" for key, name in storage.items()]
    (folder / "config.ini").write_text("[storage]\n" + "\n".join(lines) + "\n")
    with contextlib.closing(psycopg2.connect(**keywords)) as db, db, db.cursor() as cur:
        mounts.register(cur, {name: str(path) for name, path in places.items()}, "localhost")
    return configuration.load(folder / "config.ini")


def _send(db: Any, config: Config, count: int) -> None:
    """All uploads in one statement: what the Web Service takes for them is measured elsewhere."""
    raw = {
        "metadata": {"external_id": "x", "language": "en", "title": "A lecture"},
        "media": {"filename": "media.mp3", "fileformat": "mp3", "md5": "0" * 32},
        "requested_langs": WANTED,
    }
    with db.cursor() as cur:
        accounts = [users.create(cur, f"user{n}", "a-secret-key-for-benchmarks")["id"] for n in range(USERS)]
        known = Known(mounts.languages(cur).keys(), mounts.file_formats(cur).keys(), config.file_formats)
        manifest = json.dumps(manifest_media.new(raw, known))
        cur.execute(
            "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, info, uploaded_on) "
            "SELECT 'up-' || md5(n::text)::uuid, (%(users)s)[1 + n %% %(some)s], 'speech', 'new', 'm' || n, "
            "left(md5(n::text), 21), jsonb_set(%(manifest)s, '{metadata,external_id}', to_jsonb('m' || n)), '', "
            "clock_timestamp() FROM generate_series(1, %(count)s) AS n",
            {"users": accounts, "some": USERS, "manifest": manifest, "count": count},
        )
        cur.execute("ANALYZE uploads")
    db.commit()


def _lengths(db: Any) -> dict[str, int]:
    """How long the media of each upload is, in seconds: each tenth of a user's is long."""
    with db.cursor() as cur:
        cur.execute("SELECT id, user_id FROM uploads ORDER BY uploaded_on, id")
        rows = cur.fetchall()
    db.commit()
    seen: Counter[int] = Counter()
    lengths = {}
    for row in rows:
        seen[row["user_id"]] += 1
        lengths[row["id"]] = LONG_S if seen[row["user_id"]] % 10 == 0 else SHORT_S
    return lengths


# What the programs would do


def _upload(spec: JobSpec) -> str:
    return spec.folder.parents[1].name


def _seconds(spec: JobSpec, lengths: dict[str, int]) -> float:
    return SECONDS.get(spec.kind, lengths[_upload(spec)] / 3)


class _Maker:
    """Writes what the steps look for."""

    def __init__(self, lengths: dict[str, int]) -> None:
        self._lengths = lengths
        segments = [Segment(n, 500 * n, 500 * n + 400, [Word("Good"), Word("morning.")]) for n in range(3)]
        self._texts = {
            code: FORMATS["dfxp"].write(Captions(code, segments), CURRENT, UNFILTERED) for code in ("en", "es")
        }

    def make(self, spec: JobSpec) -> None:
        spec.folder.mkdir(parents=True, exist_ok=True)
        said = dict(zip(spec.command, spec.command[1:], strict=False))
        output = Path(said.get("--output") or said["--result"])
        output.parent.mkdir(parents=True, exist_ok=True)
        if spec.kind == "package":
            _unpack(Path(said["--upload"]))
            output.write_text(json.dumps(_package(1000 * self._lengths[_upload(spec)])))
        elif spec.kind in ("asr", "mt"):
            output.write_bytes(self._texts["es" if spec.kind == "mt" else "en"])
        else:
            output.write_bytes(b"made")


def _unpack(folder: Path) -> None:
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / "media.mp3").write_bytes(b"a lecture")


def _package(duration_ms: int) -> dict[str, Any]:
    media = {
        "file": "files/media.mp3", "format": "mp3", "md5": "0" * 32, "size": 9, "demuxer": "mp3",
        "duration_ms": duration_ms, "has_video": False, "has_audio": True, "video_codec": None, "pixel_format": None,
        "audio_codec": "mp3", "url": None,
    }  # fmt: skip
    return {"media": media, "attachments": [], "audio": "work/audio.wav"}
