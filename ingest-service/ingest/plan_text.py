"""What an upload of documents will do (manual, Appendix F, "Behavior changes with optional inputs").

Pure, as `plan` and `plan_update`, whose rules it uses: a document is an object whose own text the client has sent, and
each document of an upload has a plan of its own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.plan import SUBTITLES, Catalogue, Plan, Subtitles, plan_media
from ingest.plan_update import Existing, on_top_of, path_of, plan_update

NOUN = "translations"
MOST_DOCUMENTS = 50  # in one run of a system: more would keep the other processors from helping


@dataclass
class DocumentPlan:
    """The part of a plan that is about one document."""

    position: int  # in the manifest; the work files begin with it
    external_id: str
    hash: str
    plan: Plan
    file: dict[str, Any] | None = None  # what the job found of a file that was sent
    base: str | None = None  # the file below `media` from which it is rebuilt, where none was sent
    format: str | None = None  # of the rebuilt files
    rebuild: list[str] = field(default_factory=list)  # nodes

    @property
    def prefix(self) -> str:
        """What the names of its work files begin with."""
        return f"{self.position}."


@dataclass
class TextPlan:
    """The plan of an upload of documents."""

    documents: list[DocumentPlan]
    notes: list[str] = field(default_factory=list)  # what was asked and is skipped, in words
    test_mode: bool = False

    def as_json(self) -> dict[str, Any]:
        """For the column `uploads.plan`; the notes of the documents are said of the whole."""
        return {**asdict(self), "notes": self.notes + _notes(self.documents)}

    @staticmethod
    def from_json(row: dict[str, Any]) -> TextPlan:
        """The inverse of `as_json`, but that notes are where they were put together."""
        documents = [DocumentPlan(**{**each, "plan": Plan.from_json(each["plan"])}) for each in row["documents"]]
        for document in documents:
            document.plan.notes = []
        return TextPlan(documents, row["notes"], row["test_mode"])


def plan_new(manifest: dict[str, Any], file: dict[str, Any] | None, language: str, catalogue: Catalogue) -> Plan:
    """The plan of a new document, or of one whose file takes the place of another. `file`: None in test mode.

    Without requested_langs the document is not translated. Raises PackageError in words a client can act on.
    """
    return plan_media(_as_media(manifest, language), _as_package(file, language), catalogue, NOUN)


def plan_again(manifest: dict[str, Any], file: dict[str, Any] | None, catalogue: Catalogue, existing: Existing) -> Plan:
    """The plan of the update of a document.

    With a file every translation is made anew from it, by the way the present one came about unless requested_langs
    says another. Without, `re-generate` is for those that requested_langs names, or for all when it names none.
    """
    language = (manifest["language"] if file else None) or existing.language
    if file:
        present = {lang: {"tlpath": _path(existing, lang)} for lang in existing.texts}
        present.pop(language, None), present.pop(existing.language, None)
        wanted = {lang: its or present.get(lang, {}) for lang, its in manifest["requested_langs"].items()}
        plan = plan_new({**manifest, "requested_langs": {**present, **wanted}}, file, language, catalogue)
        return on_top_of(plan, existing)
    media = _as_media(manifest, language)
    if media["requested_langs"]:
        media["re-generate"] = []
    return plan_update(media, {}, catalogue, existing, NOUN)


def carry(plan: Plan, existing: Existing) -> None:
    """Add the translations that a new file leaves without a system: what they have of the same sentences stays."""
    made = {s.language for s in plan.subtitles.values() if s.stored}
    for lang, text in existing.texts.items():
        if lang not in made and lang != existing.language:
            plan.subtitles[lang] = Subtitles(
                lang, lang, "carry", source=plan.language, content=text.content, version=text.version
            )


def _path(existing: Existing, lang: str) -> list[dict[str, Any]]:
    return [{"l": step} for step in path_of(existing, existing.language, lang)]


def _as_media(manifest: dict[str, Any], language: str) -> dict[str, Any]:
    """The manifest in the words of those of media: there a language may be wanted as text or as a voice."""
    wanted = {lang: {"sub": its} for lang, its in manifest["requested_langs"].items() if lang != language}
    return {**manifest, "metadata": {"language": language}, "requested_langs": wanted}


def _as_package(file: dict[str, Any] | None, language: str) -> dict[str, Any]:
    """The text that was found in the document, as text that came with the upload."""
    if file is None:
        return {}
    text = {"type_code": SUBTITLES, "language": language, "file": file["dtlx"], "format": "dtlx", "human": False}
    return {"attachments": [text]}


def _notes(documents: list[DocumentPlan]) -> list[str]:
    """What the plans of the documents note, once; where it is not about all, the documents are named."""
    about: dict[str, list[str]] = {}
    for document in documents:
        for note in dict.fromkeys(document.plan.notes):
            about.setdefault(note, []).append(document.external_id)
    every = len(documents)
    return [note if len(ids) == every else f"{note} (of {', '.join(ids)})" for note, ids in about.items()]


@dataclass(frozen=True)
class Run:
    """Documents that need the same translations, which go through the MT systems as one text."""

    prefix: str  # what the names of its work files begin with
    documents: list[DocumentPlan]

    @property
    def plan(self) -> Plan:
        """The plan of any of them: as far as translations go they are the same."""
        return self.documents[0].plan

    @property
    def roots(self) -> list[str]:
        """The nodes that translations are made from and that no system makes."""
        made = {s.node: None for s in self.plan.made_by("mt")}
        return list(dict.fromkeys(s.source or "" for s in self.plan.made_by("mt") if s.source not in made))


def runs(documents: list[DocumentPlan], most: int = MOST_DOCUMENTS) -> list[Run]:
    """The documents that need any translation, those together that need the same ones."""
    alike: dict[tuple[Any, ...], list[DocumentPlan]] = {}
    for document in documents:
        made = document.plan.made_by("mt")
        wanted = tuple((s.node, s.source, document.plan.subtitles[s.source or ""].language, s.system) for s in made)
        if wanted:
            alike.setdefault(wanted, []).append(document)
    parts = [them[at : at + most] for them in alike.values() for at in range(0, len(them), most)]
    return [Run(f"run{number}.", part) for number, part in enumerate(parts)]
