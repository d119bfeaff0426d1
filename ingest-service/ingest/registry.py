"""Which systems this machine can offer: the folders under the mount point `systems`, checked, into the table."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Any

from ingest.context import Context
from ingest.waiting import missing
from tlp import systems as contract
from tlp.administration import DISABLED
from tlp.db import mounts, system_wishes, systems
from tlp.db.rows import Cursor
from tlp.errors import ConfigError

log = logging.getLogger("ingest.systems")
EVERY_S = 600  # between two looks at the folders


def refresh(ctx: Context, cur: Cursor) -> None:
    """`register`, when the last time is longer ago than EVERY_S."""
    if systems.checked_before(cur, EVERY_S):
        register(ctx, cur)


def register(ctx: Context, cur: Cursor) -> None:
    """Bring the table `systems` in line with the folders; a reason is logged when a system comes or goes.

    A row is never removed and never given to something else: clients keep its id. While the mount point itself is not
    there all stay as they are: what is planned without them would never be made.
    """
    if missing(ctx.storage, ["systems"]):
        _say_once("the folder 'systems' is not there: what is offered stays as it is until it is back")
        return
    known = {_key(row): row for row in systems.all_rows(cur)}
    wishes = system_wishes.given(cur)
    languages = mounts.languages(cur)
    present, broken = set(), {}
    for path in sorted(ctx.storage.mount("systems").glob("*/system.ini")):
        try:
            offers = _offers(ctx, path.parent, languages)
        except ConfigError as error:
            log.error("the system folder %s cannot be used: %s", path.parent.name, error)
            broken[path.parent.name] = str(error)
            continue
        for values in offers:
            present.add(_key(values))
            before = known.get(_key(values))
            _record(cur, before, _as_wished(values, wishes.get(before["id"]) if before else None))
    for key, row in known.items():
        if key not in present and row["available"]:
            reason = broken.get(row["folder"], f"its folder {row['folder']} is gone, or no longer offers this")
            systems.withdraw(cur, row["id"], reason)
            log.warning("system %d (%s) is not offered any more: %s", row["id"], row["name"], reason)
    systems.note_check(cur)


def _as_wished(values: dict[str, Any], wish: dict[str, Any] | None) -> dict[str, Any]:
    """What a folder offers as the administrator wants it (db/admin.py)."""
    if wish is None:
        return values
    name = wish["given_name"] or values["name"]
    priority = values["priority"] if wish["given_priority"] is None else wish["given_priority"]
    changed = {**values, "name": name, "priority": priority}
    return {**changed, "available": False, "reason": DISABLED} if wish["disabled"] else changed


@cache
def _say_once(words: str) -> None:
    """What no row of the table can remember: said once by each process."""
    log.warning(words)


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("folder", "kind", "source_lang", "target_lang", "voice"))


def _record(cur: Cursor, before: dict[str, Any] | None, now: dict[str, Any]) -> None:
    if before is not None and all(before[name] == value for name, value in now.items()):
        return
    number = before["id"] if before else systems.add(cur, now)
    if before is not None:
        systems.change(cur, number, now)
    if before is not None and (before["available"], before["reason"]) == (now["available"], now["reason"]):
        return
    if now["available"]:
        log.info("system %d (%s) is offered", number, now["name"])
    else:
        log.warning("system %d (%s) is not offered: %s", number, now["name"], now["reason"])


def _offers(ctx: Context, folder: Path, languages: dict[str, str]) -> list[dict[str, Any]]:
    system = contract.load(folder, ctx.models)
    if not system.offers:
        lacks = "; ".join(system.missing(ctx.models)) or "its system.ini names no language"
        _say_once(f"the system folder {folder.name} offers nothing here: {lacks}")
    spoken = {offer: {offer.source_lang, offer.target_lang or offer.source_lang} for offer in system.offers}
    unknown = set().union(*spoken.values()) - languages.keys()
    if unknown:
        _say_once(f"{folder.name}: not offered, because not in the table languages: {', '.join(sorted(unknown))}")
    return [_row(ctx, system, offer, languages) for offer in system.offers if not spoken[offer] & unknown]


def _row(
    ctx: Context, system: contract.SystemFolder, offer: contract.Offer, languages: dict[str, str]
) -> dict[str, Any]:
    lacks = system.missing(ctx.models, offer)
    if system.path.name in ctx.config.systems.disabled:
        lacks = [systems.NOT_WANTED]
    return {
        "kind": system.kind,
        "folder": system.path.name,
        "source_lang": offer.source_lang,
        "target_lang": offer.target_lang,
        "voice": offer.voice,
        "voice_gender": offer.voice_gender,
        "name": _name(system.name, offer, languages),
        "description": system.description,
        "priority": system.priority,
        "available": not lacks,
        "reason": "; ".join(lacks) or None,
    }


def _name(name: str, offer: contract.Offer, languages: dict[str, str]) -> str:
    """`Kokoro, Español (f)`: what /systems shows."""
    what = languages[offer.source_lang] + (f" → {languages[offer.target_lang]}" if offer.target_lang else "")
    return f"{name}, {what}" + (f" ({offer.voice_gender})" if offer.voice_gender else "")
