#!/usr/bin/env python3
"""Accounts, keys, quotas, systems and uploads for administrators (docs/operations.md says the same in SQL).

    python db/admin.py -C config.ini users list
    python db/admin.py -C config.ini quotas set someone --media 100 --media-time 50h --words unlimited
    python db/admin.py -C config.ini systems disable 3

One command is one transaction. The rules are in tlp.administration, the SQL in tlp.db.
Long, as it is a list: each command is a function of a few lines and its words on the command line.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2

from tlp import administration, config
from tlp.administration_text import table
from tlp.db import accounts, system_wishes
from tlp.db.connection import connect
from tlp.db.rows import Cursor
from tlp.db.systems import NOT_WANTED
from tlp.errors import TlpError

Row = dict[str, Any]
Action = Callable[[Cursor, argparse.Namespace], "list[Row] | str"]
OPTIONS = {"quota_media": "--media", "quota_media_ms": "--media-time", "quota_documents": "--documents",
           "quota_words": "--words"}  # fmt: skip


# Users and keys


def list_users(cur: Cursor, _: argparse.Namespace) -> list[Row]:
    return accounts.all_rows(cur)


def show_user(cur: Cursor, chosen: argparse.Namespace) -> list[Row]:
    found = administration.account(cur, chosen.user)
    del found["secret_key"]
    return [{**found, "unfinished_uploads": accounts.reserved(cur, found["id"])["unfinished"]}]


def add_user(cur: Cursor, chosen: argparse.Namespace) -> list[Row]:
    row = administration.add_user(cur, chosen.user, chosen.email, chosen.admin, chosen.key)
    return [{"username": row["username"], "secret_key": row["secret_key"]}]


def change_user(**values: Any) -> Action:
    """An action that changes an account, and says so."""
    said = {"enabled": ("disabled", "enabled"), "is_admin": ("no administrator any more", "an administrator")}

    def act(cur: Cursor, chosen: argparse.Namespace) -> str:
        accounts.change(cur, administration.account(cur, chosen.user)["id"], values)
        return f"{chosen.user} is {' and '.join(said[name][value] for name, value in values.items())}"

    return act


def set_user_priority(cur: Cursor, chosen: argparse.Namespace) -> str:
    """Set how large a share of the processors a user's jobs get while others want them too."""
    if not -10 <= chosen.priority <= 10:
        raise TlpError(f"a priority is a number from -10 to 10, not {chosen.priority}")
    accounts.change(cur, administration.account(cur, chosen.user)["id"], {"priority": chosen.priority})
    return f"{chosen.user} has the priority {chosen.priority}"


def show_key(cur: Cursor, chosen: argparse.Namespace) -> list[Row]:
    found = administration.account(cur, chosen.user)
    return [{"username": found["username"], "secret_key": found["secret_key"]}]


def renew_key(cur: Cursor, chosen: argparse.Namespace) -> list[Row]:
    """Give a user another secret key. The old one, and all request keys made from it, end at once."""
    found = administration.account(cur, chosen.user)
    accounts.change(cur, found["id"], {"secret_key": administration.new_key()})
    return show_key(cur, chosen)


# Quotas


def show_quotas(cur: Cursor, chosen: argparse.Namespace) -> list[Row]:
    """What is left of a quota, and what unfinished uploads have reserved of it."""
    found = administration.account(cur, chosen.user)
    taken = accounts.reserved(cur, found["id"])
    left = {column: found[column] for column in accounts.QUOTAS}
    return [{"username": found["username"], **left, **{f"reserved_{c[6:]}": taken[c] for c in accounts.QUOTAS}}]


def set_quotas(cur: Cursor, chosen: argparse.Namespace) -> list[Row]:
    found = administration.account(cur, chosen.user)
    accounts.set_quotas(cur, found["id"], administration.quotas_from(_quota_texts(chosen)))
    return show_quotas(cur, chosen)


def add_quotas(cur: Cursor, chosen: argparse.Namespace) -> list[Row]:
    found = administration.account(cur, chosen.user)
    amounts = administration.quotas_from(_quota_texts(chosen), to_add=True)
    accounts.add_to_quotas(cur, found["id"], {column: amount or 0 for column, amount in amounts.items()})
    return show_quotas(cur, chosen)


def _quota_texts(chosen: argparse.Namespace) -> dict[str, str | None]:
    return {column: getattr(chosen, column) for column in accounts.QUOTAS}


# Systems and uploads


def list_systems(cur: Cursor, chosen: argparse.Namespace) -> list[Row]:
    return [row for row in system_wishes.all_rows(cur) if _is_chosen(row, chosen)]


def _is_chosen(system: Row, chosen: argparse.Namespace) -> bool:
    """Whether a system has all that the options of `systems list` ask for."""
    return (
        chosen.kind in (None, system["kind"])
        and chosen.folder in (None, system["folder"])
        and chosen.language in (None, system["source_lang"], system["target_lang"])
        and not (chosen.missing and (system["available"] or system["disabled"] or system["reason"] == NOT_WANTED))
        and not (chosen.disabled and not system["disabled"])
    )


def on_systems(act: Callable[[Cursor, int], None], words: str) -> Action:
    """An action on each of the systems named, by their ids or a folder."""

    def run(cur: Cursor, chosen: argparse.Namespace) -> str:
        folder = [row["id"] for row in system_wishes.all_rows(cur) if row["folder"] == chosen.folder]
        if not (chosen.systems or folder):
            raise TlpError(
                f"no system has the folder '{chosen.folder}'" if chosen.folder else "say which: ID or --folder"
            )
        found = dict.fromkeys([*chosen.systems, *folder])
        for system_id in found:
            act(cur, system_id)
        return "\n".join(f"system {system_id} {words}" for system_id in found)

    return run


def set_priority(cur: Cursor, chosen: argparse.Namespace) -> str:
    administration.set_priority(cur, chosen.system, chosen.priority)
    what = "as its system.ini says" if chosen.priority is None else str(chosen.priority)
    return f"system {chosen.system} has the priority {what}"


def rename(cur: Cursor, chosen: argparse.Namespace) -> str:
    administration.rename_system(cur, chosen.system, chosen.name)
    return f"system {chosen.system} has the name {chosen.name or 'of its system.ini'}"


def list_uploads(cur: Cursor, chosen: argparse.Namespace) -> list[Row]:
    if chosen.user is not None:
        administration.account(cur, chosen.user)
    which = "failed" if chosen.failed else "unfinished" if chosen.unfinished else "all"
    return accounts.latest_uploads(cur, chosen.user, which, chosen.number)


# The command line


def parser() -> argparse.ArgumentParser:
    """NOUN VERB, as `users add`."""
    made = argparse.ArgumentParser(prog="admin.py", description="Accounts, keys, quotas, systems and uploads.")
    _everywhere(made, None)
    made.set_defaults(json=False)
    nouns = made.add_subparsers(metavar="NOUN", required=True)
    for name, verbs, about in (
        ("users", _users, "accounts of API clients"),
        ("keys", _keys, "their secret keys"),
        ("quotas", _quotas, "what they may still upload"),
        ("systems", _systems, "ASR, MT and TTS systems"),
        ("uploads", _uploads, "the newest uploads"),
    ):
        noun = nouns.add_parser(name, help=about)
        _everywhere(noun)
        verbs(noun)
    return made


def _everywhere(made: argparse.ArgumentParser, default: str | None = argparse.SUPPRESS) -> None:
    """What may stand before NOUN, between the words and behind them; a later place takes nothing from an earlier."""
    made.add_argument("-C", "--config-file", default=default, help="configuration. Default: TLP_CONFIG")
    made.add_argument("-D", "--database", default=default, help="database. Default: as in the configuration")
    made.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="answer in JSON, complete, for programs"
    )


def _verb(verbs: Any, name: str, act: Action, about: str, *, user: bool = True) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(name, help=about)
    made.set_defaults(act=act)
    _everywhere(made)
    if user:
        made.add_argument("user", metavar="USER")
    return made


def _verbs(noun: argparse.ArgumentParser) -> Any:
    return noun.add_subparsers(metavar="VERB", required=True)


def _users(noun: argparse.ArgumentParser) -> None:
    verbs = _verbs(noun)
    _verb(verbs, "list", list_users, "all accounts", user=False)
    _verb(verbs, "show", show_user, "one account")
    add = _verb(verbs, "add", add_user, "add an account without limits, and show its key")
    add.add_argument("--email")
    add.add_argument("--admin", action="store_true", help="may act for every other user (su of the API)")
    add.add_argument("--key", help="its secret key. Default: one is made")
    _verb(verbs, "disable", change_user(enabled=False), "refuse its keys; nothing of it is deleted")
    _verb(verbs, "enable", change_user(enabled=True), "accept its keys again")
    _verb(verbs, "set-admin", change_user(is_admin=True), "let it act for every other user")
    _verb(verbs, "unset-admin", change_user(is_admin=False), "let it act for itself only")
    share = _verb(verbs, "set-priority", set_user_priority, "each point doubles its share of the processors")
    share.add_argument("priority", metavar="N", type=int, help="-10 to 10")


def _keys(noun: argparse.ArgumentParser) -> None:
    verbs = _verbs(noun)
    _verb(verbs, "show", show_key, "show a secret key")
    _verb(verbs, "renew", renew_key, "make another one; the old one ends at once")


def _quotas(noun: argparse.ArgumentParser) -> None:
    verbs = _verbs(noun)
    _verb(verbs, "show", show_quotas, "what is left, and what unfinished uploads have reserved of it")
    for name, act, about in (
        ("set", set_quotas, "say what is left: a number, a time as 1h30m, or `unlimited`"),
        ("add", add_quotas, "add to what is left; negative (--media=-5) takes away"),
    ):
        made = _verb(verbs, name, act, about)
        for column, option in OPTIONS.items():
            made.add_argument(option, dest=column, metavar="TIME" if column == "quota_media_ms" else "N")


def _systems(noun: argparse.ArgumentParser) -> None:
    verbs = _verbs(noun)
    found = _verb(verbs, "list", list_systems, "all systems, also those that cannot run", user=False)
    found.add_argument("--kind", choices=("asr", "mt", "tts"))
    found.add_argument("--folder", help="of this system folder")
    found.add_argument("--language", metavar="CODE", help="from or into this language")
    found.add_argument("--missing", action="store_true", help="that should be offered and cannot run now")
    found.add_argument("--disabled", action="store_true", help="that an administrator has disabled")
    for name, act, words, about in (
        ("disable", administration.disable_system, "is not offered any more", "offer them no more"),
        ("enable", administration.enable_system, "is offered again when it can run", "offer them again"),
    ):
        made = _verb(verbs, name, on_systems(act, words), about, user=False)
        made.add_argument("systems", type=int, nargs="*", metavar="ID")
        made.add_argument("--folder", help="all systems of this folder")
    priority = _verb(verbs, "priority", set_priority, "the highest one is the default of its language", user=False)
    priority.add_argument("system", type=int, metavar="ID")
    priority.add_argument("priority", type=int, nargs="?", metavar="N", help="Default: that of its system.ini")
    name = _verb(verbs, "rename", rename, "the name that clients see", user=False)
    name.add_argument("system", type=int, metavar="ID")
    name.add_argument("name", nargs="?", metavar="NAME", help="Default: that of its system.ini")


def _uploads(noun: argparse.ArgumentParser) -> None:
    made = _verb(
        _verbs(noun), "list", list_uploads, "the newest first; core.py retry has failed ones go on", user=False
    )
    made.add_argument("--user", help="of one user only")
    which = made.add_mutually_exclusive_group()
    which.add_argument("--failed", action="store_true")
    which.add_argument("--unfinished", action="store_true")
    made.add_argument("-n", dest="number", type=int, default=20, metavar="N", help="how many. Default: 20")


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, or 1 with the reason in one line."""
    chosen = parser().parse_args(arguments)
    try:
        storage = config.load(chosen.config_file).storage
        with closing(connect(storage, chosen.database, "tlp admin")) as db, db, db.cursor() as cur:
            answer = chosen.act(cur, chosen)
    except (TlpError, psycopg2.Error) as error:
        print(f"admin.py: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    if chosen.json:
        print(json.dumps({"done": answer} if isinstance(answer, str) else answer, default=str, ensure_ascii=False))
    else:
        print(answer if isinstance(answer, str) else table(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
