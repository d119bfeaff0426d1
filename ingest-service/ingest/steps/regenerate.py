"""Regeneration after edits: what was made from a text that people have changed follows the change, and nothing else.

Translations by MT systems from an edited language are brought up to date segment by segment, voices that speak an
edited or updated language are made again. What was translated from those translations follows in an upload of its own.
"""

from __future__ import annotations

from typing import Any

from ingest import merge
from ingest.context import Context
from ingest.plan import Catalogue, Plan, Subtitles
from ingest.plan_update import Existing, add_voice, kept
from tlp.caption_edits import Changes, changed
from tlp.captions import ALL, UNFILTERED, Captions
from tlp.db import dependents
from tlp.db.rows import Cursor, Row
from tlp.formats import FORMATS
from tlp.systems import write_aside

Upload = dict[str, Any]


def plan(
    ctx: Context, cur: Cursor, upload: Upload, existing: Existing, texts: dict[str, Row], catalogue: Catalogue
) -> Plan:
    """The plan of a regeneration; writes the parts to translate into the work folder."""
    manifest = upload["manifest"]
    made = Plan(existing.language, None, [])
    edited = [lang for lang in manifest["edited"] if lang in texts]
    for lang in edited:
        made.subtitles[lang] = kept(existing.texts[lang])
    if "tl" in manifest["re-generate"]:
        for row in sorted(texts.values(), key=lambda row: _depth(texts, row)):
            # What is made from a translation that is itself about to follow does so when that one is stored.
            source = made.subtitles.get(row["source_lang"] or "")
            if source is not None and source.origin == "kept":
                _follow(ctx, cur, upload, made, row, texts[row["source_lang"]], catalogue)
    if "tts" in manifest["re-generate"]:
        speak = {s.language for s in made.made_by("merge")}.union(edited).difference(manifest.get("voiced") or [])
        for voice in existing.voices:
            if voice.language in speak:
                add_voice(made, voice, catalogue)
    return made


def _depth(texts: dict[str, Row], row: Row) -> int:
    """How many translations lie between a text and what was said."""
    seen = [row["language"]]
    while (source := texts[seen[-1]]["source_lang"]) in texts and source not in seen:
        seen.append(source)
    return len(seen)


def _follow(ctx: Context, cur: Cursor, upload: Upload, made: Plan, row: Row, source: Row, catalogue: Catalogue) -> None:
    """Add what brings the translation in `row` up to date with its source, if there is anything."""
    lang, name = row["language"], f"{source['language']}~{row['language']}"
    before = dependents.body(cur, row["source_content"], row["source_version"])
    write_aside(
        ctx.work(upload, f"{name}.before.dfxp"), _emptied(source["body"]) if before is None else before.encode()
    )
    write_aside(ctx.work(upload, f"{name}.after.dfxp"), source["body"].encode())
    old, now = _parsed(row["body"]), _parsed(source["body"])
    changes = _changes(ctx, upload, name)
    if not changes:
        return
    part = merge.to_translate(old, now, changes)
    if part.current:
        system = _system(catalogue, source["language"], lang, row["system_id"])
        if system is None:
            made.notes.append(f"'{lang}' does not follow: no MT system from '{source['language']}' to '{lang}'")
            return
        write_aside(ctx.work(upload, f"{name}.dfxp"), _written(part))
        made.subtitles[name] = Subtitles(name, source["language"], "kept", stored=False)
        made.subtitles[f"{name}.part"] = Subtitles(f"{name}.part", lang, "mt", system, name, stored=False)
    made.subtitles[lang] = Subtitles(
        lang, lang, "merge", system if part.current else row["system_id"], source["language"],
        content=row["content_id"], version=row["version"], parts=f"{name}.part" if part.current else None,
    )  # fmt: skip
    write_aside(ctx.work(upload, f"{lang}.old.dfxp"), row["body"].encode())


def _system(catalogue: Catalogue, source: str, target: str, last: int | None) -> int | None:
    """The system that made the translation, so that it stays of one piece; else the default one."""
    same = next((s for s in catalogue.systems if s.id == last and s.available), None)
    fits = same is not None and (same.kind, same.source_lang, same.target_lang) == ("mt", source, target)
    chosen = catalogue.choose("mt", source, target, last if fits else None)
    return chosen.id if chosen else None


def put_together(ctx: Context, upload: Upload, plan: Plan) -> None:
    """Write each translation that follows its source, as it will be stored if nobody edits it meanwhile."""
    for s in plan.made_by("merge"):
        body = ctx.work(upload, f"{s.node}.old.dfxp").read_bytes().decode()
        write_aside(ctx.work(upload, f"{s.node}.dfxp"), followed(ctx, upload, s, body))


def followed(ctx: Context, upload: Upload, s: Subtitles, body: str) -> bytes:
    """A body of the translation `s` with the changes of its source in it."""
    name = f"{s.source}~{s.language}"
    source = _parsed(ctx.work(upload, f"{name}.after.dfxp").read_bytes().decode())
    fresh = Captions(s.language)
    if s.parts:
        fresh = _parsed(ctx.work(upload, f"{s.parts}.dfxp").read_bytes().decode())
    return _written(merge.merged(_parsed(body), source, _changes(ctx, upload, name), fresh))


def _changes(ctx: Context, upload: Upload, name: str) -> Changes:
    before, after = (ctx.work(upload, f"{name}.{which}.dfxp").read_bytes().decode() for which in ("before", "after"))
    return changed(_parsed(before), _parsed(after))


def _emptied(body: str) -> bytes:
    """The same captions without segments: seen from there, everything is new."""
    captions = _parsed(body)
    captions.current, captions.original = [], None
    return _written(captions)


def _parsed(body: str) -> Captions:
    captions: Captions = FORMATS["dfxp"].read(body.encode())
    return captions


def _written(captions: Captions) -> bytes:
    written: bytes = FORMATS["dfxp"].write(captions, ALL, UNFILTERED)
    return written
