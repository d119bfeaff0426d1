"""Which systems this machine can offer: the folders under the mount point `systems`, checked, into the table."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from ingest.context import Context
from tlp import systems as contract
from tlp.db import mounts, systems
from tlp.db.rows import Cursor
from tlp.errors import ConfigError

log = logging.getLogger("ingest.systems")


def register(ctx: Context, cur: Cursor) -> None:
    """Bring the table `systems` in line with the folders; a reason is logged when a system comes or goes."""
    known = {(r["folder"], r["kind"], r["source_lang"], r["target_lang"], r["voice"]): r for r in systems.all_rows(cur)}
    languages = mounts.languages(cur)
    present = []
    for folder in sorted(ctx.storage.mount("systems").glob("*/system.ini")):
        for values in _offers(ctx, folder.parent, languages):
            key = tuple(values[name] for name in ("folder", "kind", "source_lang", "target_lang", "voice"))
            present.append(systems.register(cur, values))
            _tell(known.get(key), values)
    withdrawn = systems.withdraw_others(cur, present, "its folder is gone, or it no longer offers this")
    if withdrawn:
        log.warning("%d systems are no longer offered: their folders are gone or changed", withdrawn)


def _offers(ctx: Context, folder: Path, languages: dict[str, str]) -> list[dict[str, Any]]:
    try:
        system = contract.load(folder, ctx.models)
    except ConfigError as error:
        log.error("system folder %s is not offered: %s", folder.name, error)
        return []
    rows = []
    for offer in system.offers:
        if not {offer.source_lang, offer.target_lang or offer.source_lang} <= languages.keys():
            log.warning("%s: a language of %s is not in the table languages", folder.name, offer)
            continue
        lacks = system.missing(ctx.models, offer)
        if folder.name in ctx.config.systems.disabled:
            lacks = ["disabled in the configuration ([systems] disabled)"]
        rows.append(
            {
                "kind": system.kind,
                "folder": folder.name,
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
        )
    return rows


def _name(name: str, offer: contract.Offer, languages: dict[str, str]) -> str:
    """`Kokoro, Español (f)`: what /systems shows."""
    what = languages[offer.source_lang] + (f" → {languages[offer.target_lang]}" if offer.target_lang else "")
    return f"{name}, {what}" + (f" ({offer.voice_gender})" if offer.voice_gender else "")


def _tell(before: dict[str, Any] | None, now: dict[str, Any]) -> None:
    if before is not None and (before["available"], before["reason"]) == (now["available"], now["reason"]):
        return
    if now["available"]:
        log.info("%s is offered", now["name"])
    else:
        log.warning("%s is not offered: %s", now["name"], now["reason"])
