"""The command line of core.py (manual, Appendix A, "Execution")."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from ingest import checker, housekeeping, overview, registry, retry
from ingest.context import PROGRAMS
from ingest.prepare import prepare
from ingest.tick import tick
from ingest.watch import Watch
from tlp import config as configuration
from tlp import log as logs
from tlp.db import notifications
from tlp.db import retry as retries
from tlp.db.connection import connect, take_ingest_lock
from tlp.errors import TlpError

log = logging.getLogger("ingest")


def options() -> argparse.ArgumentParser:
    """The options of the manual, and ours."""
    parser = argparse.ArgumentParser(prog="core.py", description="Ingest Service: advances uploads, once or resident.")
    parser.add_argument("-v", "--verbose", action="store_true", help="say what is done")
    parser.add_argument("-d", "--debug", action="store_true", help="say everything")
    parser.add_argument(
        "-C", "--config-file", help="configuration file. Default: TLP_CONFIG, else config.ini beside core.py"
    )
    parser.add_argument("-D", "--database", help="database to work with. Default: as in the configuration")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--watch", action="store_true", help="stay, woken by uploads and by the end of jobs")
    only.add_argument(
        "--register", action="store_true", help="look at the system folders, update what is offered, leave"
    )
    only.add_argument(
        "--check-system", metavar="FOLDER", type=Path, help="check a system folder against the contract, leave"
    )
    _commands(parser.add_subparsers(dest="command", metavar="COMMAND", title="instead of advancing uploads"))
    return parser


def _commands(commands: Any) -> None:
    again = commands.add_parser("retry", help="have uploads that have ended go on", description=retry.__doc__)
    again.add_argument("uploads", nargs="*", metavar="UPLOAD", help="ids of uploads")
    again.add_argument("--from", dest="step", metavar="STATE", help="from this state. Default: where it failed")
    again.add_argument("--failed-since", metavar="TIME", help="all that have failed since, as '2026-11-21 18:00'")
    sweep = commands.add_parser("housekeeping", help="remove now what is due to go", description=housekeeping.__doc__)
    sweep.add_argument("--dry-run", action="store_true", help="only say what would go, and what keeps the rest")
    news = commands.add_parser("tell", help="send the last news of an upload again", description=_tell.__doc__)
    news.add_argument("upload", metavar="UPLOAD", help="id of an upload")
    news.add_argument("--mail", action="store_true", help="its mails. Default: its callback")
    status = commands.add_parser("status", help="tell what runs, waits and has failed", description=overview.__doc__)
    status.add_argument("upload", nargs="?", metavar="UPLOAD", help="all about this one; its id, or how that begins")
    status.add_argument("--json", action="store_true", help="for programs (docs/operations.md)")


def main(arguments: list[str] | None = None) -> int:
    """Run; returns the exit code: 0 done or nothing to do, 1 a failure said in words."""
    chosen = options().parse_args(arguments)
    try:
        config = configuration.load(_config_file(chosen))
        logs.start(_level(chosen, config))
        if chosen.check_system:
            return checker.check(chosen.check_system, config)
        if chosen.watch:
            return Watch(config, chosen.database).run()
        if chosen.command:
            return _COMMANDS[chosen.command](config, chosen)
        return _once(config, chosen.database, chosen.register)
    except psycopg2.errors.UndefinedTable as error:
        words = f"the database has no TLP tables; load db/sql/schema.sql and static_data.sql ({_first_line(error)})"
    except (TlpError, psycopg2.Error) as error:
        words = _first_line(error)
    except KeyboardInterrupt:
        words = "stopped from the keyboard; running jobs go on, the next run takes up from here"
    print(f"core.py: {words}", file=sys.stderr)
    return 1


def _retry(config: configuration.Config, chosen: argparse.Namespace) -> int:
    """Each upload in a transaction of its own; 1 when one of them could not be taken up."""
    refused = 0
    with closing(connect(config.storage, chosen.database, "tlp retry")) as db, db.cursor() as cur:
        ctx = prepare(config, db)
        found = retries.failed_since(cur, chosen.failed_since) if chosen.failed_since else []
        if not chosen.uploads and not chosen.failed_since:
            raise TlpError("retry: say which upload, or --failed-since TIME")
        for upload_id in dict.fromkeys([*chosen.uploads, *found]):
            try:
                print(f"{upload_id}: goes on from '{retry.again(ctx, cur, upload_id, chosen.step)}'")
                db.commit()
            except TlpError as error:
                db.rollback()
                refused += 1
                print(f"core.py: {upload_id}: {error}", file=sys.stderr)
    return 1 if refused else 0


def _housekeeping(config: configuration.Config, chosen: argparse.Namespace) -> int:
    with closing(connect(config.storage, chosen.database, "tlp housekeeping")) as db:
        say = print if chosen.dry_run else None
        return 1 if housekeeping.all_now(prepare(config, db), db, say) else 0


def _tell(config: configuration.Config, chosen: argparse.Namespace) -> int:
    """Send the last news of an upload once more, whether it had arrived or was given up."""
    channel = "mail" if chosen.mail else "callback"
    with closing(connect(config.storage, chosen.database, "tlp tell")) as db, db.cursor() as cur:
        count = notifications.send_again(cur, chosen.upload, channel)
        db.commit()
    if not count:
        raise TlpError(
            f"{chosen.upload} has no {channel} to be sent again: none was ever to be sent, or it is forgotten"
        )
    print(f"{chosen.upload}: {count} to be sent again ({channel})")
    return 0


def _status(config: configuration.Config, chosen: argparse.Namespace) -> int:
    if config.scheduler.ignored:
        print(f"core.py: {config.scheduler.ignored}", file=sys.stderr)
    return overview.show(config, chosen.database, chosen.upload, chosen.json)


_COMMANDS = {"retry": _retry, "tell": _tell, "housekeeping": _housekeeping, "status": _status}


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _config_file(chosen: argparse.Namespace) -> Path:
    path = Path(chosen.config_file or os.environ.get("TLP_CONFIG") or PROGRAMS / "config.ini")
    # A system can be checked where no service is installed.
    return configuration.DEFAULTS if chosen.check_system and not path.is_file() else path


def _level(chosen: argparse.Namespace, config: configuration.Config) -> str:
    if chosen.debug:
        return "debug"
    return "info" if chosen.verbose else config.general.log_level if chosen.watch else "warning"


def _once(config: configuration.Config, database: str | None, only_register: bool) -> int:
    db = connect(config.storage, database, "tlp ingest")
    lock = connect(config.storage, database, "tlp ingest lock")
    try:
        if not only_register and not take_ingest_lock(lock, config.core.services):
            log.info("another Ingest Service works on this database; leaving")
            return 0
        ctx = prepare(config, db)
        with db.cursor() as cur:
            registry.register(ctx, cur) if only_register else registry.refresh(ctx, cur)
        db.commit()
        while not only_register and tick(ctx, db):
            pass
        return 0
    finally:
        db.close()
        lock.close()
