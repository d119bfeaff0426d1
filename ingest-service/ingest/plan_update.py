"""What the update of a media will do (manual, Appendix E, /speech/ingest/update, "Behavior changes").

Pure, as `plan`, whose rules it uses: what the object has already counts as given unless it is to be made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ingest.plan import (
    Catalogue,
    Plan,
    Subtitles,
    given,
    plan_media,
    speaker_gender,
    synthesise,
    transcribe,
    translate,
    use_attached,
)


@dataclass(frozen=True)
class Text:
    """The current subtitles of a language."""

    language: str
    content: int
    version: int
    supervised: bool  # a person made some of it
    source: str | None  # language it is a translation of
    via: str | None = None  # language from which its system translates: another one where that text was not kept


@dataclass(frozen=True)
class Voice:
    """A synthesised track that the object has."""

    language: str
    gender: str | None
    system: int | None
    track: int | None = None  # its id


@dataclass(frozen=True)
class Existing:
    """What the object has."""

    language: str
    texts: dict[str, Text]
    voices: tuple[Voice, ...] = ()
    gender: str | None = None  # f or m, of the first speaker


def plan_update(
    manifest: dict[str, Any],
    package: dict[str, Any],
    catalogue: Catalogue,
    existing: Existing,
    noun: str = "subtitles",
) -> Plan:
    """The plan of an update; a manifest with a media is a re-recording, planned as a new media.

    Raises PackageError in words a client can act on.
    """
    language = manifest["metadata"]["language"] or existing.language
    if package.get("media"):
        metadata = {**manifest["metadata"], "language": language}
        plan = plan_media({**manifest, "metadata": metadata}, package, catalogue)
        return on_top_of(plan, existing)
    plan = Plan(language, None, package.get("attachments", []), test_mode=manifest["test_mode"])
    plan.noun = noun
    if plan.test_mode:
        missing = [lang for lang in {language: None, **manifest["requested_langs"]} if lang not in existing.texts]
        plan.subtitles = {lang: Subtitles(lang, lang, "test") for lang in missing}
        return plan
    use_attached(plan)
    wishes = manifest["requested_langs"] if manifest["generate"] else {}
    again = manifest["re-generate"] if manifest["generate"] else []
    remade = _to_be_made_again(plan, existing, wishes, again, manifest["force"])
    for lang in existing.texts:
        if lang not in remade:
            _keep(plan, existing, lang)
    if manifest["generate"]:
        transcribe(plan, wishes, catalogue, sound=True)  # whether it has any, its job will see
        _keep(plan, existing, language)  # for want of a system
        _translate_all(plan, existing, wishes, remade, catalogue)
        _synthesise_all(plan, existing, wishes, again, speaker_gender(manifest) or existing.gender, catalogue)
    return on_top_of(_without_unused(plan), existing)


def node(plan: Plan, language: str) -> Subtitles | None:
    """The subtitles that the object will have in a language, as far as the plan knows them."""
    return next(
        (s for s in plan.subtitles.values() if s.language == language and (s.stored or s.origin == "kept")), None
    )


def kept(text: Text) -> Subtitles:
    """What the object has in a language and keeps."""
    return Subtitles(
        text.language, text.language, "kept", stored=False, content=text.content, version=text.version
    )  # fmt: skip


def _to_be_made_again(
    plan: Plan, existing: Existing, wishes: dict[str, Any], again: list[str], force: bool
) -> list[str]:
    """Languages whose present subtitles give way to new ones: asked for, and not supervised or forced."""
    remade = []
    for text in existing.texts.values():
        word = "tx" if text.language == plan.language else "tl"
        if text.language in plan.subtitles or not ("sub" in wishes.get(text.language, {}) or word in again):
            continue
        if text.supervised and not force:
            plan.note_kept(text.language, "people have worked on them, and force is not set")
        else:
            remade.append(text.language)
    return remade


def _keep(plan: Plan, existing: Existing, lang: str) -> None:
    if node(plan, lang) is None and lang in existing.texts:
        plan.subtitles[lang] = kept(existing.texts[lang])


def _translate_all(
    plan: Plan, existing: Existing, wishes: dict[str, Any], remade: list[str], catalogue: Catalogue
) -> None:
    """Translations that are asked for or made again, those first from which others are made."""
    asked = [lang for lang, its in wishes.items() if "sub" in its or "tts" in its]
    wanted = [lang for lang in dict.fromkeys([*remade, *asked]) if lang != plan.language]
    for lang in sorted(wanted, key=lambda lang: len(path_of(existing, plan.language, lang))):
        if given(plan, lang) is None:
            options = wishes.get(lang, {}).get("sub", {})
            if lang in remade and not options:
                path = path_of(existing, plan.language, lang)
                options = {"tlpath": [{"l": step, "sid": _asked_system(wishes, step)} for step in path]}
            translate(plan, lang, options, catalogue)
            _keep(plan, existing, lang)


def path_of(existing: Existing, spoken: str, lang: str) -> list[str]:
    """The languages by which the present translation came about, `lang` the last."""
    path = [lang]
    while text := existing.texts.get(path[0]):
        before = text.via or text.source
        if before in (None, spoken, *path):
            break
        path.insert(0, before or "")
    return path


def _asked_system(wishes: dict[str, Any], lang: str) -> int | None:
    sid: int | None = wishes.get(lang, {}).get("sub", {}).get("sid")
    return sid


def _synthesise_all(
    plan: Plan, existing: Existing, wishes: dict[str, Any], again: list[str], gender: str | None, catalogue: Catalogue
) -> None:
    for lang, its in wishes.items():
        if "tts" in its:
            synthesise(plan, lang, its["tts"].get("sid"), gender, catalogue)
    for voice in existing.voices if "tts" in again else ():
        if "tts" not in wishes.get(voice.language, {}):
            add_voice(plan, voice, catalogue)


def add_voice(plan: Plan, voice: Voice, catalogue: Catalogue) -> None:
    """Have a track made again by the same system, or by the default one where that can run no more."""
    system = next((s for s in catalogue.systems if s.id == voice.system and s.available), None)
    synthesise(plan, voice.language, system.id if system else None, voice.gender, catalogue)
    names = [track.name for track in plan.tracks]
    if len(names) > len(set(names)):  # two old voices that only one system can speak now
        plan.tracks.pop()


def _without_unused(plan: Plan) -> Plan:
    """Only those kept texts that something is made from."""
    used = {s.source for s in plan.subtitles.values()} | {track.source for track in plan.tracks}
    plan.subtitles = {name: s for name, s in plan.subtitles.items() if s.origin != "kept" or name in used}
    return plan


def on_top_of(plan: Plan, existing: Existing) -> Plan:
    """Note which version each text will follow, so that storing it sees whether people have changed it meanwhile."""
    for s in plan.subtitles.values():
        if s.stored and (text := existing.texts.get(s.language)):
            s.content, s.version = text.content, text.version
    return plan
