"""The web site of a client: a media repository or a MOOC platform, and the people on its pages.

The site's server has the secret key; its pages, players and editors have request keys only (manual, Appendix G).
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx

from libtlp import SPEECH, TEXT, Client, Family, Package, read_config
from libtlp.client import QUERY
from tlp.captions import Captions
from tlp.formats import DOCUMENT_FORMATS, FORMATS
from tlp.voice import mp3

CANCELLED = 90  # and what has failed is above


@dataclass(frozen=True)
class Author:
    """Somebody who edits; `conf` is how sure the site is of them."""

    id: str
    name: str
    conf: int

    @property
    def key(self) -> dict[str, Any]:
        return {"author_id": self.id, "author_conf": self.conf}

    @property
    def named(self) -> dict[str, Any]:
        return {**self.key, "author_name": self.name}


class Site:
    """What a site asks of one sub-API."""

    def __init__(self, config: Path, family: Family) -> None:
        self.server = Client(read_config(str(config)), family)
        self.page = Client(read_config(str(config)), family, form=QUERY, key_version=2)
        self.finished = family.finished

    def ask(self, interface: str, **parameters: Any) -> Any:
        """The JSON answer to the site's server."""
        return self.server.call(interface, **parameters).data

    def show(self, interface: str, **parameters: Any) -> Any:
        """What a page with a request key gets: JSON, or the bytes of a file."""
        answer = self.page.call(interface, **parameters)
        return answer.data if answer.is_json else b"".join(answer.blocks())

    def send(self, manifest: dict[str, Any], package: Package) -> str:
        """Upload; returns the id of the upload."""
        answer = self.ask("ingest/new", manifest=manifest, package=package)
        assert answer["rcode"] == 0, answer
        return str(answer["id"])

    def follow(self, upload: str, seconds: float = 600) -> list[int]:
        """Ask for the status until the end, which must be a good one; the status codes that were seen, in order."""
        seen: list[int] = []
        deadline = time.monotonic() + seconds
        while not seen or seen[-1] not in self.finished:
            status = self.ask("status", id=upload)
            assert status["status_code"] < CANCELLED and time.monotonic() < deadline, status
            if status["status_code"] not in seen:
                seen.append(status["status_code"])
            time.sleep(0.1)
        return seen

    def settled(self, object_id: str) -> int:
        """Wait until nothing is done for an object any more; how many uploads it has had."""
        done: set[str] = set()
        while waiting := [u["id"] for u in self.ask("uploadslist", object_id=object_id) if u["id"] not in done]:
            for upload in waiting:
                self.follow(upload)
                done.add(upload)
        return len(done)

    def captions(self, id: str, lang: str) -> Captions:
        """The subtitles of a media as an editor reads them."""
        found: Captions = FORMATS["dfxp"].read(self.show("get", id=id, lang=lang, format=SPEECH.formats["dfxp"]))
        return found

    def voice(self, id: str, lang: str) -> mp3.Frames:
        """The present voice of a media."""
        [found] = [each for each in self.show("langs", id=id)["langs"] if each["lang_code"] == lang]
        [track] = found["audiotracks"]
        return mp3.read(self.show("audiotrack", id=id, lang=lang, aid=track["aid"]))

    def sentences(self, id: str, lang: str) -> dict[int, str]:
        """The sentences of a document as an editor reads them, by id."""
        document = DOCUMENT_FORMATS["dtlx"].read(self.show("get", id=id, lang=lang, format=TEXT.formats["dtlx"]))
        return {s.id: s.current.text for s in document.sentences if s.current}

    def word_file(self, id: str, lang: str) -> Any:
        """A Word document as it is downloaded, opened."""
        return docx.Document(io.BytesIO(self.show("get", id=id, lang=lang, format=TEXT.formats["original"])))

    @contextmanager
    def editing(self, object_id: str, author: Author) -> Iterator[EditSession]:
        """A session of an author, from their page."""
        started = self.show("start_session", id=object_id, **author.named)
        assert started["rcode"] == 0, started
        session = EditSession(self, object_id, author, started["session_id"])
        yield session
        ended = self.show("end_session", id=object_id, session_id=session.number, **author.key)
        assert ended["rcode"] == 0 and "conflicts" not in ended, ended


@dataclass(frozen=True)
class EditSession:
    """What somebody does in an editor."""

    site: Site
    object_id: str
    author: Author
    number: int

    def save(self, lang: str, *items: dict[str, Any]) -> None:
        mods = {lang: {"txt": list(items), "del": []} if "b" in items[0] else {"txt": list(items)}}
        answer = self.site.show("mod", id=self.object_id, session_id=self.number, mods=mods, **self.author.key)
        assert answer["rcode"] == 0, answer
