"""A whole run: from the request to the terms. What cannot be read is a note; no failure goes further than that."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ingest.modules.base.documents.office import Converter
from ingest.modules.tl.text_retrieval import files, program, rarity, terms, web
from ingest.modules.tl.text_retrieval.found import (
    DOCUMENT,
    EARLIER,
    MOST_CHARACTERS,
    SLIDES,
    SUPERVISED,
    TITLE,
    WEB,
    Page,
    Source,
)
from tlp.captions import plain
from tlp.errors import TlpError
from tlp.formats import FORMATS
from tlp.systems import Progress

SLIDES_CODE = 1  # type code of slides in a package (manual, Appendix E)


@dataclass
class Retrieval:
    """`request`: see `ingest.steps.retrieval`, which writes it. The results: sources, and notes for the client."""

    request: dict[str, Any]
    sources: list[Source] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _progress: Progress = field(default_factory=Progress)

    def run(self) -> str:
        """Read everything there is; returns the text of the terms file, "" where there are none."""
        self._metadata()
        for number, item in enumerate(self.request["files"]):
            self._file(item, number)
        for item in self.request["earlier"]:
            self._try(f"the earlier lecture '{item['name']}' was not used", partial(self._earlier, item))
        if self.request["web"]:
            self._web()
        return terms.as_text(terms.choose(self.sources, rarity.scale(self.request["language"])))

    def _metadata(self) -> None:
        about = self.request["about"]
        said = [about["title"], about["topic"], about["keywords"], *about["speakers"]]
        self.sources.append(Source(TITLE, "metadata", [Page("\n".join(text for text in said if text))]))

    def _file(self, item: dict[str, Any], number: int) -> None:
        def progress(share: float, words: str) -> None:
            self._progress.report(number + share, len(self.request["files"]), words)

        def read() -> None:
            converter = Converter(**self.request["converter"])
            pages = files.read(Path(item["path"]), item["format"], self.request["language"], converter, progress)
            if not pages:
                raise TlpError("it holds no text")
            kind = SLIDES if item["type_code"] == SLIDES_CODE or pages[0].time else DOCUMENT
            self.sources.append(Source(kind, item["name"], pages))

        self._try(f"the text of '{item['name']}' was not used for the transcription", read)
        progress(1, "files read")

    def _earlier(self, item: dict[str, Any]) -> None:
        captions = FORMATS["dfxp"].read(Path(item["path"]).read_bytes(), self.request["language"])
        text = "\n".join(plain(segment) for segment in captions.current)[:MOST_CHARACTERS]
        kind = SUPERVISED if item["supervised"] else EARLIER
        self.sources.append(Source(kind, item["name"], [Page(text)]))

    def _web(self) -> None:
        settings, about = self.request["web"], self.request["about"]
        if settings["module_path"]:
            where = Path(settings["module_path"])
            given = {**about, "language": self.request["language"]}
            self._try(
                "the text retrieval module of this installation found nothing",
                lambda: self.sources.append(Source(WEB, where.name, program.pages(where, given))),
            )
        if settings["search"]["url"]:
            found = web.pages(web.Search(**settings["search"]), about["title"], self.request["language"], self.notes)
            self.sources.append(Source(WEB, "search", found))

    def _try(self, failed: str, work: Callable[[], object]) -> None:
        """Do it; a failure is a note, and where it is a defect of ours, a trace in the job's log."""
        try:
            work()
        except TlpError as error:
            self.notes.append(f"{failed}: {' '.join(str(error).split()).rstrip('.')}")
        except Exception:
            traceback.print_exc()
            self.notes.append(f"{failed}: it cannot be read")
