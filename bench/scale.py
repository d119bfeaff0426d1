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
from collections.abc import Iterator
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

UPLOADS, SLOTS, USERS = 2_000, 1_000, 20
AMONG = 200  # uploads whose moves are measured, once alone, once as many among all the others
OTHERS = 100_000  # that have ended, and as many that wait for a processor
STEP_S = 30.0  # simulated seconds that pass between two ticks at least: a busy service sees many ends at once
MOVES = 9  # of a new media, see docs/states.md
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
WANTED: dict[str, dict[str, dict[str, str]]] = {"es": {"sub": {}, "tts": {}}}


@dataclass
class Result:
    """What came of it. Times of ticks in seconds."""

    uploads: int
    jobs: int = 0
    seconds: float = 0.0
    ticks: list[float] = field(default_factory=list)
    moves: int = 0
    waits: dict[int, float] = field(default_factory=dict)  # by user: mean simulated time at which its jobs began

    @property
    def unfairness(self) -> float:
        """The longest mean wait of a user over the shortest."""
        return max(self.waits.values()) / min(self.waits.values())

    def slowest(self, percent: int) -> float:
        return percentile(sorted(self.ticks), percent)

    @property
    def cost(self) -> float:
        """Seconds of ticks for a move of an upload or the start of a job, which come with all that is done."""
        return self.seconds / (self.moves + self.jobs)


def measure(quick: bool) -> list[Row]:
    """The table's rows. Raises InstallError when an upload did not end as it should."""
    shrink = 10 if quick else 1
    whole = _simulated(UPLOADS // shrink)
    alone, among = (_simulated(AMONG // shrink, others // shrink) for others in (0, OTHERS))
    what = f"{whole.uploads} uploads, {SLOTS} slots"
    longest = max(*whole.ticks, *among.ticks)
    growth = among.cost / alone.cost
    return [
        Row(f"{what}: moves of uploads", whole.moves / whole.seconds, "/s"),
        Row("  jobs started and ended", whole.jobs / whole.seconds, "/s"),
        Row("  100 000 uploads at this pace", 100_000 / whole.uploads * whole.seconds / 3600, "h"),
        Row("  a tick, median", whole.slowest(50), "s"),
        Row("  a tick, 95th percentile", whole.slowest(95), "s"),
        Row("  a tick, longest", longest, "s", TICK_GOAL_S, "limit", f"< {TICK_GOAL_S:g} s", longest < TICK_GOAL_S),
        Row("  longest mean wait of a user", whole.unfairness, "times", 1.0, "the shortest",
            f"< {FAIR_GOAL}", whole.unfairness < FAIR_GOAL),
        Row(f"a move or start among {2 * OTHERS // shrink} other uploads", 1000 * among.cost, "ms",
            1000 * alone.cost, "no others", f"< {GROWTH_GOAL} times", growth < GROWTH_GOAL),
    ]  # fmt: skip


def _simulated(count: int, others: int = 0) -> Result:
    with _database() as keywords, tempfile.TemporaryDirectory(prefix="tlp-bench-scale-") as folder:
        say = f"  {count} uploads, {others} that have ended, {others} that wait"
        print(say, file=sys.stderr, flush=True)
        return simulate(Path(folder) / "site", keywords, count, others=others)


def simulate(folder: Path, keywords: dict[str, Any], count: int, slots: int = SLOTS, others: int = 0) -> Result:
    """Send `count` uploads of USERS users and tick until they have ended, then look whether each is as it should be.

    `others`: so many have ended before, and so many wait for a processor; then it ends after as many moves.
    """
    config = _site(folder, keywords)
    found = Result(count)
    with contextlib.closing(connect(config.storage)) as db:
        _send(db, config, count, others)
        if others:
            _wait_and_end(db, folder, others)
        lengths = _lengths(db)
        scheduler = Simulated(slots, lambda spec: _seconds(spec, lengths), _Maker(lengths).make)
        ctx = replace(prepare(config, db), scheduler=scheduler)
        with db.cursor() as cur:
            registry.register(ctx, cur)
        db.commit()
        _run(ctx, db, scheduler, found)
        if not others:
            _look(db, found, scheduler)
            _check(db, found, folder)
    return found


def _run(ctx: Context, db: Any, scheduler: Simulated, found: Result) -> None:
    over = False
    while not over:
        began = time.perf_counter()
        more = tick(ctx, db)
        found.ticks.append(time.perf_counter() - began)
        found.moves = _moves(db)
        over = found.moves >= MOVES * found.uploads
        if not more:
            _pass(scheduler)
    found.seconds = sum(found.ticks)
    found.jobs = len(scheduler.started)


def _pass(scheduler: Simulated) -> None:
    """Nothing can be done now: time goes on until something has ended."""
    ends = scheduler.next_end()
    scheduler.now = max(scheduler.now + STEP_S, ends or 0.0)


def _moves(db: Any) -> int:
    """As the metrics of the platform count them."""
    with db.cursor() as cur:
        cur.execute(
            "SELECT (SELECT coalesce(sum(count), 0) FROM counters WHERE metric = 'state')::integer"
            " + (SELECT count(*) FROM happenings WHERE metric = 'state')::integer AS moves"
        )
        count = int(cur.fetchone()["moves"])
    db.commit()
    return count


def _look(db: Any, found: Result, scheduler: Simulated) -> None:
    """Raise InstallError unless each upload ended well; note jobs and waits."""
    with db.cursor() as cur:
        cur.execute("SELECT id, user_id, state, info FROM uploads WHERE external_id LIKE 'm%'")
        rows = {row["id"]: row for row in cur.fetchall()}
    if wrong := [row["info"] for row in rows.values() if row["state"] != "done"]:
        raise InstallError(f"{len(wrong)} of {len(rows)} uploads have not ended as they should: {wrong[0]}", "")
    starts: dict[int, list[float]] = defaultdict(list)
    for at, spec in scheduler.started:
        if _upload(spec) in rows:
            starts[rows[_upload(spec)]["user_id"]].append(at)
    found.waits = {user: sum(times) / len(times) for user, times in starts.items()}


def _check(db: Any, found: Result, folder: Path) -> None:
    """Raise InstallError unless each job ran once, and everything that was to be made is there once."""
    with db.cursor() as cur:
        cur.execute(
            "SELECT (SELECT count(*) FROM objects) AS objects, (SELECT count(*) FROM content_versions) AS texts, "
            "(SELECT count(*) FROM audiotracks) AS voices, (SELECT count(*) FROM files) AS files, "
            "(SELECT count(*) FROM jobs WHERE state <> 'done' OR attempt > 1) AS wrong, "
            "(SELECT count(*) FROM jobs) AS jobs"
        )
        there = dict(cur.fetchone())
    n, placed = found.uploads, sum(1 for path in (folder / "media").rglob("*") if path.is_file())
    wanted = {"objects": n, "texts": 2 * n, "voices": n, "files": placed - n, "wrong": 0, "jobs": found.jobs}
    if there != wanted:
        raise InstallError(f"what is there is not what was to be made: {there}, wanted {wanted}", "")


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
    (folder / "config.ini").write_text("[storage]\n" + "\n".join(lines) + "\n[core]\nmax_parts = 1\n")
    with contextlib.closing(psycopg2.connect(**keywords)) as db, db, db.cursor() as cur:
        mounts.register(cur, {name: str(path) for name, path in places.items()}, "localhost")
    return configuration.load(folder / "config.ini")


def _send(db: Any, config: Config, count: int, others: int) -> None:
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
            "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, due_at, "
            "finished_at, uploaded_on) "
            "SELECT 'up-' || md5(name)::uuid, (%(users)s)[1 + n %% %(some)s], 'speech', 'new', name, "
            "left(md5(name), 21), jsonb_set(%(manifest)s, '{metadata,external_id}', to_jsonb(name)), "
            "CASE what WHEN 'm' THEN 'received' WHEN 'waiting' THEN 'packaging' ELSE 'done' END, "
            "CASE what WHEN 'm' THEN now() ELSE 'infinity' END, CASE what WHEN 'past' THEN now() END, "
            "clock_timestamp() + CASE what WHEN 'm' THEN 0 ELSE 1 END * interval '1 hour' "
            "FROM unnest(%(what)s, %(counts)s) AS w (what, count), generate_series(1, count) AS n, "
            "concat(what, n) AS name",
            {"users": accounts, "some": USERS, "manifest": manifest,
             "what": ["m", "waiting", "past"], "counts": [count, others, others]},
        )  # fmt: skip
        cur.execute("ANALYZE uploads")
    db.commit()


def _wait_and_end(db: Any, folder: Path, others: int) -> None:
    """The jobs of uploads that wait for their first one, and of those that have ended."""
    job = (
        "INSERT INTO jobs (upload_id, step, name, kind, command, state) SELECT id, 'packaging', 'package', 'package', "
        "jsonb_build_array('--upload', %(uploads)s || id, '--result', %(uploads)s || id || '/work/package.json'), "
    )
    with db.cursor() as cur:
        uploads = {"uploads": f"{folder / 'uploads'}/"}
        cur.execute(job + "'planned' FROM uploads WHERE external_id LIKE 'waiting%%'", uploads)
        cur.execute(job + "'done' FROM uploads WHERE external_id LIKE 'past%%'", uploads)
    db.commit()
    db.autocommit = True
    with db.cursor() as cur:
        cur.execute("VACUUM ANALYZE uploads")
        cur.execute("VACUUM ANALYZE jobs")
    db.autocommit = False


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
