"""A tick of the Ingest Service over a long past and many unfinished uploads, beside one over a short past and few.

Two databases on one server, filled by SQL. Nothing is due at first: the machine is full (real jobs that sleep), all
other uploads wait for their turn. Then ten uploads and a hundred are due, which only have to be looked at. Processor
time of the service and its connection to the database, in turns, medians: other work on the machine plays little part.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection

from bench import instance
from bench.table import Row
from db import create
from ingest import housekeeping, notify_send, upkeep
from ingest.context import Context
from ingest.prepare import prepare
from ingest.tick import tick
from installer import services
from tlp import config
from tlp.config import Config
from tlp.db import mounts, users
from tlp.db.connection import connect

FINISHED, QUICK_FINISHED = 1_000_000, 100_000
ACTIVE, FEW_ACTIVE = 10_000, 1_000
ROUNDS = 60
GOAL = 1.2
FEW_DUE, MANY_DUE = 10, 100

# One statement after the other; {finished} and {active} are how many. Every hundredth object is being edited by a
# person.
FILL = """
ALTER TABLE uploads DISABLE TRIGGER uploads_notify;
INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, status_code, due_at, deadline,
                     finished_at, tidied_at, error_code)
SELECT 'up-{name}-' || n, (SELECT min(id) FROM users), 'speech', 'new', 'm' || n, 'h' || n, '{{"title": "A lecture"}}',
       'done', 6, 'infinity', 'infinity', now() - n * interval '30 seconds',
       CASE WHEN n * interval '30 seconds' > interval '1 day' * CASE WHEN n % 20 = 0 THEN 5 ELSE 1 END THEN now() END,
       CASE WHEN n % 20 = 0 THEN 102 END
  FROM generate_series(1, {finished}) AS n;
INSERT INTO jobs (upload_id, step, name, kind, command, state)
SELECT 'up-{name}-' || n, 'transcribing', 'en', 'asr', '[]', 'done' FROM generate_series(1, {finished}) AS n;
INSERT INTO notifications (id, upload_id, channel, event, target, receiver, body, sent_at)
SELECT 'nt-' || n, 'up-{name}-' || n, 'callback', 'finished', 'https://example.org/', 'example.org', '{{}}', now()
  FROM generate_series(1, {finished}) AS n;
INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, status_code, due_at, deadline)
SELECT 'up-{name}-a' || n, (SELECT min(id) FROM users), 'speech', 'new', 'a' || n, 'a' || n, '{{"title": "A lecture"}}',
       'transcribing', 2, 'infinity', now() + interval '7 days'
  FROM generate_series(1, {active}) AS n;
INSERT INTO jobs (upload_id, step, name, kind, command, cpus)
SELECT 'up-{name}-a' || n, 'transcribing', 'en', 'asr', '["sleep", "86400"]', 1 FROM generate_series(1, {active}) AS n;
INSERT INTO jobs (upload_id, step, name, kind, command, cpus)
SELECT 'up-{name}-a' || n, 'converting', 'thumbnail', 'media', '["sleep", "86400"]', 1
  FROM generate_series(1, {active}) AS n;
INSERT INTO notifications (id, upload_id, channel, event, target, receiver, body, due_at)
SELECT 'nt-a' || n, 'up-{name}-a' || n, 'callback', 'error', 'https://example.org/', 'example.org', '{{}}',
       now() + interval '1 day'
  FROM generate_series(1, {active}, 10) AS n;
INSERT INTO objects (user_id, kind, external_id, hash, language, title)
SELECT (SELECT min(id) FROM users), 'speech', 'a' || n, 'a' || n, 'en', 'A lecture'
  FROM generate_series(1, {active}) AS n;
INSERT INTO objects (user_id, kind, external_id, hash, language, title)
SELECT (SELECT min(id) FROM users), 'speech', 'm' || n, 'h' || n, 'en', 'A lecture'
  FROM generate_series(1, {finished} / 10) AS n;
INSERT INTO sessions (object_id, author_id, author_conf, ended_at)
SELECT id, 'ada', 100, now() FROM objects WHERE external_id LIKE 'm%';
INSERT INTO sessions (object_id, author_id, author_conf, last_alive)
SELECT id, 'ada', 100, now() + interval '1 day' FROM objects WHERE external_id LIKE 'a%01';
UPDATE housekeeping SET due_at = 'infinity';
VACUUM ANALYZE
"""

OWN_SESSIONS = """
INSERT INTO sessions (object_id, author_id, author_conf, author_type, upload_id)
SELECT id, 'tlp', 100, 'computer', 'up-{name}-' || external_id FROM objects WHERE external_id LIKE 'a%0'
"""


@dataclass(frozen=True)
class Service:
    """What a tick needs, on one of the databases."""

    name: str
    ctx: Context
    db: connection

    def do(self, statement: str, values: Any = None) -> None:
        with self.db.cursor() as cur:
            cur.execute(statement, values)
        self.db.commit()

    def spent(self) -> float:
        """Processor seconds of this process and of the server's for its connection."""
        server = Path(f"/proc/{self.db.info.backend_pid}/schedstat").read_text().split()[0]
        return time.process_time() + int(server) / 1e9

    def tick(self) -> None:
        """Until nothing is due any more."""
        while tick(self.ctx, self.db, 3600):
            pass


def measure(quick: bool) -> list[Row]:
    """Rows for a tick without and with something due, and for the parts of one that does nothing."""
    finished = QUICK_FINISHED if quick else FINISHED
    with instance.running() as tlp, tempfile.TemporaryDirectory(prefix="tlp-bench-ticks-") as folder:
        services.ingest(tlp.home).stop()
        settings = config.load(tlp.home.config)
        few = _service(tlp, settings, "few", Path(folder), (FEW_ACTIVE, FEW_ACTIVE))
        many = _service(tlp, settings, "many", Path(folder), (finished, ACTIVE))
        with closing(few.db), closing(many.db):
            return _rows(few, many, f"{finished} finished, {ACTIVE} active uploads")


def _service(tlp: instance.Instance, settings: Config, name: str, folder: Path, counts: tuple[int, int]) -> Service:
    """A service on a new database with so many finished and active uploads."""
    storage = settings.storage
    create.create(tlp.cluster.connection(), name, storage.db_user, storage.db_passwd)
    create.load(tlp.cluster.connection(name, storage.db_user, storage.db_passwd))
    db = connect(storage, name)
    paths = {mount: folder / name / mount for mount in ("media", "transcriptions", "uploads", "systems")}
    for path in paths.values():
        path.mkdir(parents=True)
    with db.cursor() as cur:
        # The folder of the uploads is the instance's own, so that the jobs that sleep end with it.
        mounts.register(cur, {**_texts(paths), "uploads": str(tlp.home.mounts["uploads"])}, "localhost")
        users.create(cur, "someone", "a-secret-key-for-the-bench")
    db.commit()
    db.autocommit = True
    with db.cursor() as cur:
        for statement in FILL.format(name=name, finished=counts[0], active=counts[1]).split(";\n"):
            cur.execute(statement)
    db.autocommit = False
    service = Service(name, prepare(settings, db), db)
    service.tick()  # fills the processors with jobs
    return service


def _texts(paths: dict[str, Path]) -> dict[str, str]:
    return {name: str(path) for name, path in paths.items()}


def _rows(few: Service, many: Service, what: str) -> list[Row]:
    idle = _in_turns(few, many, Service.tick)
    ten, hundred = (_due(few, many, count) for count in (FEW_DUE, MANY_DUE))
    # What one upload costs: the tick without any is taken off.
    per_upload = [(ten[1] - idle[1]) / FEW_DUE, (hundred[1] - idle[1]) / MANY_DUE]
    beside = f"{FEW_ACTIVE} and {FEW_ACTIVE}"
    rows = [
        _compared(f"a tick over {what}, nothing due", idle, beside),
        _compared(f"  the same, {MANY_DUE} due", hundred, beside),
        _compared(f"  an upload that is due, of {MANY_DUE}", (per_upload[0], per_upload[1]), f"of {FEW_DUE}"),
    ]
    parts: dict[str, Callable[[Service], object]] = {
        "silent sessions": lambda s: upkeep.end_sessions(s.ctx, s.db),
        "what is to be sent": lambda s: notify_send.start(s.ctx.config, s.db),
        "housekeeping, no task due": lambda s: housekeeping.keep(s.ctx, s.db),
        "housekeeping, old folders looked for": lambda s: _housekeeping(s, "tidy"),
        "housekeeping, old backups looked for": lambda s: _housekeeping(s, "backups"),
    }
    rows += [_compared(f"  of it: {name}", _in_turns(few, many, part), beside, "") for name, part in parts.items()]
    for service in (few, many):
        service.do(OWN_SESSIONS.format(name=service.name))
    own = _in_turns(few, many, parts["silent sessions"])
    return [*rows, _compared("  silent sessions, where a tenth has one of the service", own, beside, "")]


def _due(few: Service, many: Service, count: int) -> tuple[float, float]:
    """Ticks with so many uploads due whose jobs still wait."""

    def wake(service: Service) -> None:
        ids = [f"up-{service.name}-a{2 * n + 1}" for n in range(100, 100 + count)]
        service.do("UPDATE uploads SET due_at = now() WHERE id = ANY (%s)", [ids])

    return _in_turns(few, many, Service.tick, wake)


def _housekeeping(service: Service, task: str) -> None:
    service.do("UPDATE housekeeping SET due_at = now() WHERE task = %s", [task])
    housekeeping.keep(service.ctx, service.db)


def _in_turns(
    few: Service, many: Service, work: Callable[[Service], object], before: Callable[[Service], None] | None = None
) -> tuple[float, float]:
    """Milliseconds that `work` takes on each of the two."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for service, found in zip((few, many), times, strict=True):
            if before:
                before(service)
            begin = service.spent()
            work(service)
            found.append(1000 * (service.spent() - begin))
    return statistics.median(times[0]), statistics.median(times[1])


def _compared(what: str, ms: tuple[float, float], beside: str, goal: str = f"≤ {GOAL:g} times") -> Row:
    return Row(what, ms[1], "ms", ms[0], beside, goal, ms[1] <= GOAL * ms[0] if goal else None)
