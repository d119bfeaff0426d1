"""What a new media upload will do, decided once from its manifest, its package and the systems that can run.

Pure: no database, no files. The rules are those of the manual, Appendix E, "Behavior changes with optional inputs",
and section 7.1.1 for the steps that are skipped.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from tlp.errors import PackageError

MEDIA, SLIDES, DOCUMENT, THUMBNAIL, SUBTITLES, AUDIOTRACK = range(6)


@dataclass(frozen=True)
class System:
    """A row of `systems` as far as a plan needs it."""

    id: int
    kind: str
    folder: str
    name: str
    source_lang: str
    target_lang: str | None = None
    voice: str | None = None
    voice_gender: str | None = None
    description: str = ""
    priority: int = 10
    available: bool = True
    reason: str | None = None


@dataclass(frozen=True)
class Catalogue:
    """Every known system, and which one serves a request."""

    systems: tuple[System, ...]

    def choose(
        self, kind: str, source: str, target: str | None, sid: int | None, gender: str | None = None
    ) -> System | None:
        """The system asked for by id, else the default; None when there is none.

        Raises PackageError when the id is of no system, of one for something else, or of one that cannot run.
        """
        if sid is not None:
            return self._named(kind, source, target, sid)
        fit = [
            s for s in self.systems if s.available and (s.kind, s.source_lang, s.target_lang) == (kind, source, target)
        ]
        return max(fit, key=lambda s: (s.priority, s.voice_gender == gender, -s.id), default=None)

    def _named(self, kind: str, source: str, target: str | None, sid: int) -> System:
        system = next((s for s in self.systems if s.id == sid), None)
        if system is None:
            raise PackageError(f"system {sid} does not exist; /systems lists those that do")
        wanted = f"{kind.upper()} {source}" + (f" to {target}" if target else "")
        if (system.kind, system.source_lang, system.target_lang) != (kind, source, target):
            raise PackageError(f"system {sid} ({system.name}) is not for {wanted}")
        if not system.available:
            raise PackageError(f"system {sid} ({system.name}) cannot run now: {system.reason}")
        return system


@dataclass
class Subtitles:
    """Subtitles of one language that the upload will have; `node` names the work file `<node>.dfxp`."""

    node: str
    language: str
    origin: str  # client | asr | mt | test, and in updates kept | merge
    system: int | None = None
    source: str | None = None  # node it is translated from
    attachment: str | None = None  # file below the upload's folder
    format: str | None = None
    human: bool = False
    stored: bool = True  # False: only a step on the way to another language
    # Updates only: what the object has in this language; the node that holds what is translated anew.
    content: int | None = None
    version: int | None = None
    parts: str | None = None


@dataclass
class Track:
    """An audio track to synthesise into the work file `<name>.mp3`."""

    name: str
    language: str
    system: int
    voice: str | None
    gender: str | None
    source: str  # node of its subtitles
    former: int | None = None  # id of the track of which only what has changed is said anew


@dataclass
class Plan:
    language: str
    media: dict[str, Any] | None
    attachments: list[dict[str, Any]]
    subtitles: dict[str, Subtitles] = field(default_factory=dict)
    tracks: list[Track] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what was asked and is skipped, in words
    test_mode: bool = False
    noun: str = "subtitles"  # what the object has in each language, a plural

    def source_of(self, s: Subtitles) -> str | None:
        """The node of the nearest text before `s` that the object has or will have; None: it is no translation."""
        node = s.source
        while node is not None and not (self.subtitles[node].stored or self.subtitles[node].origin == "kept"):
            node = self.subtitles[node].source
        return node

    def note_kept(self, lang: str, why: str) -> None:
        """Say that a text stays as people have made it."""
        self.notes.append(f"the {self.noun} in '{lang}' were kept: {why}")

    def note_none(self, lang: str, why: str) -> None:
        """Say why there will be no text in a language."""
        self.notes.append(f"no {self.noun} in '{lang}': {why}")

    def as_json(self) -> dict[str, Any]:
        """For the column `uploads.plan`."""
        return asdict(self)

    @staticmethod
    def from_json(row: dict[str, Any]) -> Plan:
        """The inverse of `as_json`."""
        values = dict(row)
        values["subtitles"] = {node: Subtitles(**s) for node, s in row["subtitles"].items()}
        values["tracks"] = [Track(**t) for t in row["tracks"]]
        return Plan(**values)

    def made_by(self, origin: str) -> list[Subtitles]:
        """The subtitles of one origin, sources before what is translated from them."""
        return [s for s in self.subtitles.values() if s.origin == origin]


def plan_media(
    manifest: dict[str, Any], package: dict[str, Any], catalogue: Catalogue, noun: str = "subtitles"
) -> Plan:
    """The plan of a new media.

    `manifest`: as `tlp.manifest` normalises it. `package`: the result of the package job (`media`, `attachments`).
    Raises PackageError in words a client can act on.
    """
    language = manifest["metadata"]["language"]
    plan = Plan(language, package.get("media"), package.get("attachments", []), test_mode=manifest["test_mode"])
    plan.noun = noun
    requested = manifest["requested_langs"]
    if plan.test_mode:
        for lang in {language: None, **requested}:
            plan.subtitles[lang] = Subtitles(lang, lang, "test")
        return plan
    use_attached(plan)
    if not manifest["generate"]:
        return plan
    transcribe(plan, requested, catalogue, bool(plan.media and plan.media.get("has_audio")))
    for lang, wishes in requested.items():
        if ("sub" in wishes or "tts" in wishes) and lang != language and given(plan, lang) is None:
            translate(plan, lang, wishes.get("sub", {}), catalogue)
    gender = speaker_gender(manifest)
    for lang, wishes in requested.items():
        if "tts" in wishes:
            synthesise(plan, lang, wishes["tts"].get("sid"), gender, catalogue)
    return plan


def use_attached(plan: Plan) -> None:
    """Take the subtitles of the package."""
    for item in plan.attachments:
        if item["type_code"] == SUBTITLES:
            lang = item["language"]
            plan.subtitles[lang] = Subtitles(
                lang, lang, "client", attachment=item["file"], format=item["format"], human=item["human"]
            )


def transcribe(plan: Plan, requested: dict[str, Any], catalogue: Catalogue, sound: bool) -> None:
    """Have the media transcribed, unless there are subtitles in its language. Raises PackageError without `sound`."""
    if plan.language in plan.subtitles:
        return
    sid = requested.get(plan.language, {}).get("sub", {}).get("sid")
    system = catalogue.choose("asr", plan.language, None, sid)
    if system is None:
        plan.notes.append(f"not transcribed: no ASR system for '{plan.language}'")
        return
    if not sound:
        raise PackageError(
            "the media has no sound, so there is nothing to transcribe; attach subtitles or send generate = false"
        )
    plan.subtitles[plan.language] = Subtitles(plan.language, plan.language, "asr", system=system.id)


def given(plan: Plan, lang: str) -> Subtitles | None:
    """Subtitles in a language that need not be made: from the package, or what the object has."""
    found = plan.subtitles.get(lang)
    return found if found is not None and found.origin in ("client", "kept") else None


def translate(plan: Plan, lang: str, wishes: dict[str, Any], catalogue: Catalogue) -> None:
    """Add the chain of translations that ends in `lang`; steps that another chain has already are shared."""
    path = wishes.get("tlpath") or [{"l": lang, "sid": wishes.get("sid")}]
    if path and path[0]["l"] == plan.language:
        path = path[1:]
    if not path or path[-1]["l"] != lang:
        raise PackageError(f"requested_langs: the tlpath of '{lang}' must end in '{lang}'")
    if plan.language not in plan.subtitles:
        plan.note_none(lang, f"there are none in '{plan.language}' to translate from")
        return
    source = plan.subtitles[plan.language]
    chain: list[Subtitles] = []
    for step in path:
        there = given(plan, step["l"]) if step.get("sid") is None else None
        if there is not None:
            source, chain = there, []
            continue
        system = catalogue.choose("mt", source.language, step["l"], step.get("sid"))
        if system is None:
            plan.note_none(lang, f"no MT system from '{source.language}' to '{step['l']}'")
            return
        node = f"{source.node}.{step['l']}" + (f"-{system.id}" if step.get("sid") is not None else "")
        source = plan.subtitles.get(node) or Subtitles(node, step["l"], "mt", system.id, source.node, stored=False)
        chain.append(source)
    for subtitles in chain:
        plan.subtitles.setdefault(subtitles.node, subtitles)
    source.stored = True


def speaker_gender(manifest: dict[str, Any]) -> str | None:
    """`f` or `m` of the first speaker, where it is told."""
    speakers = manifest["metadata"].get("speakers") or [{}]
    gender = speakers[0].get("speaker_gender")
    return gender.lower() if gender else None


def synthesise(plan: Plan, lang: str, sid: int | None, gender: str | None, catalogue: Catalogue) -> None:
    """Add a voice in a language that has subtitles, unless the package brings one."""
    if any(item["type_code"] == AUDIOTRACK and item["language"] == lang for item in plan.attachments):
        return
    source = next((s for s in plan.subtitles.values() if s.language == lang and (s.stored or s.origin == "kept")), None)
    if source is None:
        plan.notes.append(f"no voice in '{lang}': there are no subtitles to read")
        return
    system = catalogue.choose("tts", lang, None, sid, gender)
    if system is None:
        plan.notes.append(f"no voice in '{lang}': no TTS system")
        return
    name = f"{lang}.{system.voice_gender or 'x'}"
    plan.tracks.append(Track(name, lang, system.id, system.voice, system.voice_gender, source.node))
