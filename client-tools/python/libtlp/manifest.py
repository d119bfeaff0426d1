"""Manifests: the JSON description of an upload (manual, Appendix E and F, Manifest JSON). Files go into the package.

Says only what it was told: what is left out keeps the server's default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from .package import Package

MEDIA_FILE, SLIDES, RELATED_DOCUMENT, THUMBNAIL, SUBTITLES, AUDIOTRACK = range(6)


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a media; `type_code` is one of the six constants of this module."""

    type_code: int
    path: str
    language: str | None = None
    human: bool | None = None


@dataclass(frozen=True)
class Speaker:
    """Who speaks; `gender` is M or F."""

    id: str
    name: str | None = None
    gender: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Document:
    """A document of a text upload; `source` is a file or an http(s) URL."""

    id: str
    title: str | None = None
    source: str | None = None


def speech_manifest(
    package: Package,
    external_id: str,
    language: str | None = None,
    title: str | None = None,
    topic: str | None = None,
    keywords: str | None = None,
    date: str | None = None,
    speakers: Iterable[Speaker] = (),
    media: str | None = None,
    media_is_slides: bool = False,
    attachments: Iterable[Attachment] = (),
    regenerate: Iterable[str] = (),
    **options: Any,
) -> dict[str, Any]:
    """The manifest of a media upload; `media` is a file or an http(s) URL, `regenerate` any of tx, tl, tts.

    `options` are those of `upload_options`. Files are read and added to `package`.
    """
    metadata = {
        "external_id": external_id,
        "language": language,
        "title": title,
        "topic": topic,
        "keywords": keywords,
        "date": date,
        "speakers": [_speaker(speaker) for speaker in speakers],
    }
    main_file = _source(package, media) if media else {}
    if media_is_slides:
        main_file["slides"] = True
    described = _filled(
        media=main_file,
        attachments=[_attachment(package, attachment) for attachment in attachments],
        metadata=_filled(**metadata),
        **{"re-generate": list(regenerate)},
    )
    return {**described, **upload_options(**options)}


def text_manifest(
    package: Package,
    documents: Iterable[Document],
    language: str | None = None,
    regenerate: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """The manifest of a document upload. `options` are those of `upload_options`; files are added to `package`."""
    entries = [
        _filled(external_id=document.id, title=document.title, **_source(package, document.source))
        for document in documents
    ]
    described = _filled(language=language, documents=entries, **{"re-generate": regenerate})
    return {**described, **upload_options(**options)}


def upload_options(
    requested_langs: dict[str, Any] | None = None,
    generate: bool = True,
    force: bool = False,
    test_mode: bool = False,
    email: Iterable[str] = (),
) -> dict[str, Any]:
    """The part of a manifest that both kinds of upload share. Switches are left out while they have their default."""
    options = _filled(requested_langs=requested_langs, force=force, test_mode=test_mode, email=list(email))
    return options if generate else {**options, "generate": False}


def _source(package: Package, source: str | None) -> dict[str, Any]:
    if source is None:
        return {}
    if source.startswith(("http://", "https://")):
        return {"url": source}
    return dict(package.add(source))


def _attachment(package: Package, attachment: Attachment) -> dict[str, Any]:
    entry: dict[str, Any] = {**package.add(attachment.path), "type_code": attachment.type_code}
    if attachment.language is not None:
        entry["language"] = attachment.language
    if attachment.human is not None:
        entry["human"] = attachment.human
    return entry


def _speaker(speaker: Speaker) -> dict[str, str]:
    return _filled(
        speaker_id=speaker.id,
        speaker_name=speaker.name,
        speaker_gender=speaker.gender,
        speaker_email=speaker.email,
    )


def _filled(**values: Any) -> dict[str, Any]:
    """The values that say something."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {}, False)}
