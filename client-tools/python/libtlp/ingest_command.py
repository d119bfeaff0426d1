"""`ws-client.py … ingest …`: from parsed options to manifest and package, to the call, to the end of the upload."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from typing import Any

from .client import Answer, Client
from .errors import ClientError
from .families import SPEECH, Family
from .manifest import Document, speech_manifest, text_manifest
from .package import Package

_CANCELLED = 90  # this code and those from 100 on are bad ends (manual, /status)
_SHORTEST, _LONGEST = 0.5, 15.0  # seconds between two looks at the status


def pack(family: Family, arguments: argparse.Namespace) -> tuple[dict[str, Any], Package]:
    """The manifest and the package of `ingest new` or `ingest update`. Reads every file once."""
    package = Package()
    make = _media if family is SPEECH else _documents
    return make(package, arguments), package


def write_package(package: Package) -> str:
    """The package in a new file of the folder for temporary files (TMPDIR); its path. The caller owns it."""
    if not package.members:
        raise ClientError("there is no local file to pack")
    handle, path = tempfile.mkstemp(prefix="tlp-package-", suffix=".zip")
    try:
        with open(handle, "wb") as target:
            package.write(target)
    except OSError as error:
        os.unlink(path)
        raise ClientError(f"cannot write {path}: {error.strerror}") from None
    except ClientError:
        os.unlink(path)
        raise
    return path


def ingest(client: Client, arguments: argparse.Namespace) -> Answer:
    """Call the operation that was asked for."""
    name = f"ingest/{arguments.operation}"
    if arguments.operation == "delete":
        return client.call(name, id=arguments.id, mode=arguments.mode)
    if arguments.operation == "cancel":
        return client.call(name, id=arguments.id)
    manifest, package = pack(client.family, arguments)
    return client.call(name, package, manifest=manifest)


def wait(client: Client, answer: Answer) -> None:
    """Follow an upload, with a line on stderr for each change. Raises ClientError if it does not end well."""
    upload = answer.data.get("id") if isinstance(answer.data, dict) else None
    if not upload:
        raise ClientError("the answer holds no upload ID to wait for")
    pause, last = _SHORTEST, None
    while True:
        status = client.call("status", id=upload).data
        code, line = _progress(upload, status)
        if line != last:
            print(line, file=sys.stderr, flush=True)
            pause, last = _SHORTEST, line
        if code in client.family.finished:
            return
        if code == _CANCELLED or code >= 100:
            raise ClientError(f"upload {line}")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST)


def _progress(upload: str, status: Any) -> tuple[int, str]:
    if not isinstance(status, dict) or not isinstance(status.get("status_code"), int):
        words = status.get("rcode_description") if isinstance(status, dict) else None
        raise ClientError(f"no status of upload {upload}: {words or 'the answer has no status_code'}")
    info = status.get("info") or status.get("status_info") or ""
    return status["status_code"], f"{upload}: {status['status_code']} {info}".rstrip()


def _media(package: Package, arguments: argparse.Namespace) -> dict[str, Any]:
    return speech_manifest(
        package,
        arguments.id,
        language=arguments.language,
        title=arguments.title,
        topic=arguments.topic,
        keywords=arguments.keywords,
        date=arguments.date,
        speakers=arguments.speakers or (),
        media=arguments.media,
        media_is_slides=bool(arguments.media_is_slides),
        attachments=arguments.attachments or (),
        regenerate=getattr(arguments, "regenerate", None) or (),
        requested_langs=_requested_outputs(arguments),
        **_options(arguments),
    )


def _documents(package: Package, arguments: argparse.Namespace) -> dict[str, Any]:
    ids = arguments.document_id or []
    files, titles = arguments.document_file or [], arguments.document_title or []
    regenerate = bool(getattr(arguments, "regenerate", None))
    wanted = {len(ids)} if not regenerate else {len(ids), 0}  # to generate anew, IDs are enough
    if not ids or len(files) not in wanted or len(titles) not in wanted:
        raise ClientError(
            f"each document needs -i, -d and -t: there are {len(ids)}, {len(files)} and {len(titles)} of them"
        )
    return text_manifest(
        package,
        [Document(*entry) for entry in itertools.zip_longest(ids, titles, files)],
        language=arguments.language,
        regenerate=regenerate,
        requested_langs=_requested_translations(arguments),
        **_options(arguments),
    )


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "generate": arguments.generate is not False,
        "force": bool(getattr(arguments, "force", None)),
        "test_mode": bool(arguments.test_mode),
        "email": list(itertools.chain.from_iterable(arguments.mail or ())),
    }


def _requested_outputs(arguments: argparse.Namespace) -> dict[str, Any]:
    """Media: {language: {"sub": {…}, "tts": {…}}}."""
    requested = dict(arguments.requested_languages_json or {})
    asked = (("sub", arguments.requested_languages_subs), ("tts", arguments.requested_languages_tts))
    for output, languages in asked:
        for language, options in languages or ():
            requested[language] = _with(requested.get(language), output, options)
    return requested


def _requested_translations(arguments: argparse.Namespace) -> dict[str, Any]:
    """Documents: {language: {…}}."""
    requested = dict(arguments.requested_languages_json or {})
    for language, options in arguments.requested_translation_langs or ():
        requested = _with(requested, language, options)
    return requested


def _with(wishes: dict[str, Any] | None, key: str, options: dict[str, int]) -> dict[str, Any]:
    """A copy of `wishes` with `options` added to those under `key`; null stands for none, as on the wire."""
    known = wishes or {}
    return {**known, key: {**(known.get(key) or {}), **options}}
