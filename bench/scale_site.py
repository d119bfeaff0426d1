"""What a simulation begins with: a server, mount points, systems, users, and uploads that come in order.

Everything is as on a real platform; the uploads are written by one statement, what the Web Service takes for them is
measured elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2

from db import create
from installer import postgres, postgres_binaries
from installer.report import Report
from tlp import config as configuration
from tlp import manifest_media
from tlp.config import Config
from tlp.db import mounts, users
from tlp.manifest import Known

USERS = 20
OWNER, PASSWORD = "tluser", "for-benchmarks-only"
SYSTEMS = {
    "hear": ("asr", "languages = en"),
    "turn": ("mt", "pairs = en-es,"),
    "say": ("tts", "languages = es"),
}
WANTED: dict[str, dict[str, dict[str, str]]] = {"es": {"sub": {}, "tts": {}}}


@contextlib.contextmanager
def database() -> Iterator[dict[str, Any]]:
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


def site(folder: Path, keywords: dict[str, Any]) -> Config:
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


def send(db: Any, config: Config, count: int, others: int, gap_s: float) -> dict[str, int]:
    """Uploads of USERS users in turn, one each `gap_s` seconds until now; returns their numbers by id.

    `others`: so many have ended, and so many wait that came later.
    """
    with db.cursor() as cur:
        accounts = [users.create(cur, f"user{n}", "a-secret-key-for-benchmarks")["id"] for n in range(USERS)]
        cur.execute(
            "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, due_at, "
            "finished_at, uploaded_on) "
            "SELECT 'up-' || md5(name)::uuid, (%(users)s)[1 + n %% %(some)s], 'speech', 'new', name, "
            "left(md5(name), 21), jsonb_set(%(manifest)s, '{metadata,external_id}', to_jsonb(name)), "
            "CASE what WHEN 'm' THEN 'received' WHEN 'waiting' THEN 'packaging' ELSE 'done' END, "
            "CASE what WHEN 'm' THEN came ELSE 'infinity' END, CASE what WHEN 'past' THEN now() END, came "
            "FROM unnest(%(what)s, %(counts)s) AS w (what, count), generate_series(0, count - 1) AS n, "
            "concat(what, n) AS name, "
            "LATERAL (SELECT now() + CASE what WHEN 'm' THEN (n - count) * %(gap)s ELSE 3600 + n / 1000.0 END "
            "* interval '1 second' AS came) AS at",
            {"users": accounts, "some": USERS, "manifest": json.dumps(_manifest(cur, config)), "gap": gap_s,
             "what": ["m", "waiting", "past"], "counts": [count, others, others]},
        )  # fmt: skip
        cur.execute("ANALYZE uploads")
        cur.execute("SELECT id, substring(external_id FROM '[0-9]+')::integer AS number FROM uploads")
        numbers = {row["id"]: row["number"] for row in cur}
    db.commit()
    return numbers


def _manifest(cur: Any, config: Config) -> dict[str, Any]:
    raw = {
        "metadata": {"external_id": "x", "language": "en", "title": "A lecture"},
        "media": {"filename": "media.mp3", "fileformat": "mp3", "md5": "0" * 32},
        "requested_langs": WANTED,
    }
    known = Known(mounts.languages(cur).keys(), mounts.file_formats(cur).keys(), config.file_formats)
    return manifest_media.new(raw, known)


def wait_and_end(db: Any, folder: Path) -> None:
    """The jobs of the others: of those that wait for their first one, and of those that have ended."""
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
