"""Regeneration after edits: what was made from a text that people have changed follows the change, and nothing else.

Translations by MT systems from an edited language are brought up to date segment by segment, voices that speak an
edited or updated language are made again. What was translated from those translations follows in an upload of its own.
"""

from __future__ import annotations

from typing import Any

from ingest.plan import Catalogue, Plan, Subtitles, System
from ingest.plan_update import Existing, Voice, add_voice, kept
from ingest.work_texts import WorkTexts
from tlp.db import dependents
from tlp.db.rows import Cursor, Row
from tlp.texts import Text


def plan(
    cur: Cursor,
    manifest: dict[str, Any],
    work: WorkTexts,
    existing: Existing,
    texts: dict[str, Row],
    catalogue: Catalogue,
) -> Plan:
    """The plan of a regeneration; writes the parts to translate into the work folder."""
    made = Plan(existing.language, None, [])
    edited = [lang for lang in manifest["edited"] if lang in texts]
    for lang in edited:
        made.subtitles[lang] = kept(existing.texts[lang])
    if "tl" in manifest["re-generate"]:
        for row in sorted(texts.values(), key=lambda row: _depth(texts, row)):
            # What is made from a translation that is itself about to follow does so when that one is stored.
            source = made.subtitles.get(row["source_lang"] or "")
            if source is not None and source.origin == "kept":
                _follow(cur, work, made, row, texts[row["source_lang"]], catalogue)
    if "tts" in manifest["re-generate"]:
        speak = {s.language for s in made.made_by("merge")}.union(edited).difference(manifest.get("voiced") or [])
        for voice in existing.voices:
            if voice.language in speak:
                add_voice(made, voice, catalogue)
                _keep_what_stays(made, voice)
    return made


def _keep_what_stays(made: Plan, voice: Voice) -> None:
    """Only the lines that have changed are said anew, where the same system says them."""
    for track in made.tracks:
        if (track.language, track.system, track.gender) == (voice.language, voice.system, voice.gender):
            track.former = voice.track


def _depth(texts: dict[str, Row], row: Row) -> int:
    """How many translations lie between a text and what was said."""
    seen = [row["language"]]
    while (source := texts[seen[-1]]["source_lang"]) in texts and source not in seen:
        seen.append(source)
    return len(seen)


def _follow(cur: Cursor, work: WorkTexts, made: Plan, row: Row, source: Row, catalogue: Catalogue) -> None:
    """Add what brings the translation in `row` up to date with its source, if there is anything."""
    lang, name = row["language"], f"{source['language']}~{row['language']}"
    before = dependents.body(cur, row["source_content"], row["source_version"])
    if before is None:
        work.write(f"{name}.before", work.merging.emptied(work.of_kind.read(source["body"])))
    else:
        work.put(f"{name}.before", before)
    work.put(f"{name}.after", source["body"])
    changes = _changes(work, name)
    if not changes:
        return
    part = work.merging.to_translate(work.of_kind.read(row["body"]), work.read(f"{name}.after"), changes)
    anything = work.merging.says_something(part)
    if anything:
        way = _way(catalogue, source["language"], lang, row["system_id"])
        if not way:
            made.notes.append(f"'{lang}' does not follow: no MT system from '{source['language']}' to '{lang}'")
            return
        work.write(name, part)
        made.subtitles[name] = Subtitles(name, source["language"], "kept", stored=False)
        before = name
        for system in way:
            node = f"{name}.part" if system.target_lang == lang else f"{name}.{system.target_lang}"
            step = Subtitles(node, system.target_lang or lang, "mt", system.id, before, stored=False)
            made.subtitles[node], before = step, node
    made.subtitles[lang] = Subtitles(
        lang, lang, "merge", way[-1].id if anything else row["system_id"], source["language"],
        content=row["content_id"], version=row["version"], parts=f"{name}.part" if anything else None,
    )  # fmt: skip
    work.put(f"{lang}.old", row["body"])


def _way(catalogue: Catalogue, source: str, target: str, last: int | None) -> list[System]:
    """The systems from one language to the other: the one that made the translation, so that it stays of one piece,
    with another before it where that one starts from a text that was not kept; else the default one; none: [].
    """
    same = next((s for s in catalogue.systems if s.id == last and s.available and s.kind == "mt"), None)
    if same is None or same.target_lang != target:
        chosen = catalogue.choose("mt", source, target, None)
        return [chosen] if chosen else []
    if same.source_lang == source:
        return [same]
    first = catalogue.choose("mt", source, same.source_lang, None)
    return [first, same] if first else _way(catalogue, source, target, None)


def put_together(work: WorkTexts, plan: Plan) -> None:
    """Write each translation that follows its source, as it will be stored if nobody edits it meanwhile."""
    for s in plan.made_by("merge"):
        work.write(s.node, followed(work, s, work.body(f"{s.node}.old")))


def followed(work: WorkTexts, s: Subtitles, body: str) -> Text:
    """A body of the translation `s` with the changes of its source in it."""
    name = f"{s.source}~{s.language}"
    fresh = work.read(s.parts) if s.parts else None
    source = work.read(f"{name}.after")
    return work.merging.merged(work.of_kind.read(body), source, _changes(work, name), fresh)


def _changes(work: WorkTexts, name: str) -> Any:
    return work.of_kind.changed(work.read(f"{name}.before"), work.read(f"{name}.after"))
