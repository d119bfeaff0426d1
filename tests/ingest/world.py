"""A whole Ingest Service to test: database, mount points, tiny systems, real jobs, uploads as the Web Service makes."""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from ingest import registry
from ingest.broom import MARKER
from ingest.context import PROGRAMS, Context
from ingest.machines import MACHINES
from ingest.prepare import prepare
from ingest.scheduler.process import recorded
from ingest.tick import tick
from tlp import config as configuration
from tlp import manifest_media
from tlp.captions import CURRENT, UNFILTERED, Captions, Segment, Word
from tlp.config import Config
from tlp.db import mounts, uploads, users
from tlp.db.connection import connect
from tlp.formats import FORMATS
from tlp.manifest import Known

CORE = PROGRAMS / "core.py"
SENTENCES = ["Good morning.", "Today we talk about lectures.", "Thank you."]


def dfxp(language: str, texts: list[str] = SENTENCES) -> bytes:
    """Subtitles as an engine makes them, half a second a segment."""
    made = [Segment(i, 500 * i, 500 * i + 400, [Word(word) for word in text.split()]) for i, text in enumerate(texts)]
    return FORMATS["dfxp"].write(Captions(language, made), CURRENT, UNFILTERED)


class World:
    """One database and one folder with everything of a test."""

    def __init__(self, folder: Path, db: dict[str, Any], **sections: dict[str, Any]) -> None:
        self.folder, self.db = folder, db
        self.runs = folder / "runs"
        self.mounts = {name: folder / name for name in ("media", "transcriptions", "uploads", "systems")}
        for path in self.mounts.values():
            path.mkdir(parents=True)
        self.config_file = self._write_config(sections)
        self.config: Config = configuration.load(self.config_file)
        with self.cursor() as cur:
            mounts.register(cur, {name: str(path) for name, path in self.mounts.items()}, "localhost")
            self.user = users.create(cur, "someone", "a-secret-key-for-tests")["id"]

    def _write_config(self, sections: dict[str, dict[str, Any]]) -> Path:
        storage = {"db_name": self.db["dbname"], "db_user": self.db["user"], "db_passwd": self.db["password"],
                   "db_host": self.db["host"], "db_port": self.db["port"]}  # fmt: skip
        merged = {"storage": storage, "scheduler": {"slots": 4}, "core": {"lost_grace": 1, "retry_delay": 0}}
        for name, values in sections.items():
            merged[name] = {**merged.get(name, {}), **values}
        lines = [f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()) for name, values in merged.items()]
        path = self.folder / "config.ini"
        path.write_text("".join(lines))
        return path

    @contextmanager
    def cursor(self) -> Iterator[Any]:
        """A cursor in a transaction of its own."""
        with closing(connect(self.config.storage)) as connection, connection, connection.cursor() as cur:
            yield cur

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        with self.cursor() as cur:
            cur.execute(query, values)
            return [dict(row) for row in cur.fetchall()] if cur.description else []

    # Systems

    def system(self, folder: str, kind: str, body: str, offers: str, **more: str) -> Path:
        """A system folder whose `run` is a shell script.

        `body` finds $input, $output, $from (or the language), $to; each run is first noted in the file `runs`.
        """
        place = self.mounts["systems"] / folder
        place.mkdir(exist_ok=True)
        ini = f"[system]\nkind = {kind}\nname = {folder.title()}\n{offers}\n"
        ini += "".join(f"{key} = {value}\n" for key, value in more.items() if not key.startswith("_"))
        (place / "system.ini").write_text(ini + more.get("_sections", ""))
        for language in ("en", "es", "ca", "fr"):
            (place / f"{language}.dfxp").write_bytes(dfxp(language))
        run = place / "run"
        run.write_text(_RUN.format(here=place, runs=self.runs, folder=folder, body=body))
        run.chmod(0o755)
        return place

    def usual_systems(self, pause: float = 0) -> None:
        """ASR for en; MT en-es, es-ca; TTS for es."""
        wait = f"sleep {pause}; " if pause else ""
        self.system("hear", "asr", f'{wait}cp "$here/en.dfxp" "$output"', "languages = en")
        self.system("turn", "mt", f'{wait}cp "$input" "$output"', "pairs = en-es, es-ca")
        self.system("say", "tts", f'{wait}cp "$here/es.mp3" "$output"', "languages = es")
        (self.mounts["systems"] / "say" / "es.mp3").write_bytes(b"ID3 a voice")

    def counted(self) -> list[str]:
        """What the systems have been asked to do, a line a run, in no order."""
        return sorted(self.runs.read_text().splitlines()) if self.runs.exists() else []

    # Uploads

    def upload(self, external_id: str, files: dict[str, bytes | Path] | None = None, user: int = 0, **keys: Any) -> str:
        """A request for a new media, as the Web Service records it; returns its id.

        `files`: the package; `media.mp4` is the media unless `keys` has one. `keys`: of the manifest; an attachment
        names its file as `filename`.
        """
        files = files or {}
        sums = {name: hashlib.md5(_bytes(data)).hexdigest() for name, data in files.items()}
        media = next((name for name in files if name.startswith("media.")), None)
        metadata = {"external_id": external_id, "language": "en", "title": "A lecture", **keys.pop("metadata", {})}
        raw: dict[str, Any] = {"metadata": metadata, **keys}
        if media and "media" not in raw:
            raw["media"] = {"filename": media, "fileformat": media.partition(".")[2], "md5": sums[media]}
        for item in raw.get("attachments", []):
            item.setdefault("md5", sums.get(item["filename"], "0" * 32))
            item.setdefault("fileformat", item["filename"].rpartition(".")[2])
        upload_id = f"up-{uuid.uuid4()}"
        with self.cursor() as cur:
            known = Known(mounts.languages(cur).keys(), mounts.file_formats(cur).keys(), self.config.file_formats)
            manifest = manifest_media.new(raw, known)
            if files:
                self._package(upload_id, files)
            row = {"id": upload_id, "user_id": user or self.user, "kind": "speech", "operation": "new",
                   "external_id": external_id, "hash": hashlib.sha1(upload_id.encode()).hexdigest()[:21],
                   "manifest": manifest, "package": f"{upload_id}/package.zip" if files else None,
                   "test_mode": manifest["test_mode"], "info": "Video ingested, not processed yet."}  # fmt: skip
            uploads.create(cur, row)
        return upload_id

    def _package(self, upload_id: str, files: dict[str, bytes | Path]) -> None:
        folder = self.mounts["uploads"] / upload_id
        folder.mkdir()
        with zipfile.ZipFile(folder / "package.zip", "w", zipfile.ZIP_STORED) as package:
            for name, data in files.items():
                package.writestr(name, _bytes(data))

    def status(self, upload_id: str) -> dict[str, Any]:
        return self.rows("SELECT * FROM uploads WHERE id = %(id)s", id=upload_id)[0]

    def serve_together(self, services: int, seconds: float = 120) -> None:
        """Several services tick at once, each on its own connection, until all is done; raises what one raised."""
        stop = threading.Event()

        def serve() -> None:
            with self.service() as (ctx, db):
                while not stop.is_set():
                    tick(ctx, db)

        with ThreadPoolExecutor(services) as pool:
            serving = [pool.submit(serve) for _ in range(services)]
            try:
                wait_until(lambda: not self.unfinished() or any(s.done() for s in serving), seconds)
            finally:
                stop.set()
            for service in serving:
                service.result()

    def unfinished(self) -> int:
        return int(self.rows("SELECT count(*) AS n FROM uploads WHERE finished_at IS NULL")[0]["n"])

    def orphans(self) -> list[str]:
        """Files under media that no row of the database names."""
        known = {row["path"] for row in self.rows("SELECT path FROM files UNION SELECT path FROM audiotracks")}
        there = {
            str(path.relative_to(self.mounts["media"])) for path in self.mounts["media"].rglob("*") if path.is_file()
        }
        return sorted((there - {MARKER}) ^ known)

    # The service

    @contextmanager
    def service(self) -> Iterator[tuple[Context, Any]]:
        """Context and connection of a service in this process, its systems registered."""
        with closing(connect(self.config.storage)) as db:
            ctx = prepare(self.config, db)
            with db.cursor() as cur:
                registry.register(ctx, cur)
            db.commit()
            yield ctx, db

    def finish(self, *upload_ids: str, seconds: float = 120) -> list[dict[str, Any]]:
        """Tick, as a service would, until nothing is unfinished; returns the rows of the uploads."""
        with self.service() as (ctx, db):
            deadline = time.monotonic() + seconds
            while self.unfinished():
                assert time.monotonic() < deadline, self.rows("SELECT id, state, info, due_at FROM uploads")
                tick(ctx, db, seconds)
                time.sleep(0.02)
        return [self.status(upload_id) for upload_id in upload_ids]

    def core(self, *options: str, stderr: Any = subprocess.PIPE) -> subprocess.Popen[Any]:
        """core.py as cron or a service manager runs it."""
        command = [sys.executable, str(CORE), "-C", str(self.config_file), *options]
        return subprocess.Popen(command, stderr=stderr, stdout=subprocess.PIPE, text=True, cwd=self.folder)

    def core_until_finished(self, seconds: float = 120) -> None:
        """core.py again and again, as cron does, only sooner."""
        deadline = time.monotonic() + seconds
        while self.unfinished():
            assert time.monotonic() < deadline, self.rows("SELECT id, state, info, due_at FROM uploads")
            _, errors = self.core().communicate(timeout=60)
            assert "Traceback" not in errors, errors

    def end_jobs(self) -> None:
        """Kill what is left of jobs, by the pids that they recorded."""
        for path in self.mounts["uploads"].glob("*/jobs/*/pid"):
            process = recorded(path.parent)
            if process is not None and not (path.parent / "exit_code").exists():
                process.kill_session()


def _bytes(data: bytes | Path) -> bytes:
    return data.read_bytes() if isinstance(data, Path) else data


def tick_until(ctx: Context, db: Any, true: Callable[[], object], seconds: float = 60) -> None:
    """Tick as a service would until a condition holds, which is looked at after each tick.

    What `tick` returns is no part of it: on a busy machine a tick ends early, and says that more is due.
    """

    def ticked() -> object:
        tick(ctx, db)
        return true()

    wait_until(ticked, seconds)


def wait_until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait for what comes in a moment; `seconds` are for a machine that is busy with something else."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def failed(row: dict[str, Any], code: int) -> str:
    """The reason of an upload of a new media that failed with that code."""
    assert (row["status_code"], row["error_code"], row["state"]) == (code, code, "failed"), row["info"]
    assert row["finished_at"] is not None
    sentence = MACHINES["speech", "new"].errors[code]
    assert row["info"].startswith(sentence + " "), row["info"]
    return str(row["info"].removeprefix(sentence + " "))


def database_is_up(db: dict[str, Any]) -> bool:
    try:
        psycopg2.connect(**db, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


logging.getLogger("ingest").setLevel(logging.INFO)

_RUN = """\
#!/bin/sh
here={here}
what={folder}
while [ $# -gt 0 ]; do
    case $1 in
        --input) input=$2 ;;
        --output) output=$2 ;;
        --lang|--source) from=$2; what="$what $2" ;;
        --target) to=$2; what="$what $2" ;;
        --segments) segments=$2 ;;
        --said) said=$2 ;;
    esac
    shift 2
done
echo "$what $input" >>{runs}
{body}
"""
