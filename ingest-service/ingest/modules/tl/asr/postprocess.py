"""From what a recogniser wrote to what is stored: one file to another, and a report of what went."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.modules.tl.asr.hallucinations import OFF, Finding, Settings, clean
from ingest.modules.tl.asr.loudness import Loudness
from ingest.modules.tl.asr.phrases import Phrases
from ingest.modules.tl.asr.readable import recut, worded
from tlp.captions import CURRENT, UNFILTERED, Captions
from tlp.errors import MediaError
from tlp.formats import FORMATS
from tlp.readability import Rules
from tlp.systems import write_aside


@dataclass(frozen=True)
class Request:
    """What is wanted of the captions in a language; `rules`: None keeps the segments as they are."""

    language: str
    rules: Rules | None
    settings: Settings

    @classmethod
    def read(cls, path: Path) -> Request:
        """As `write` has written it."""
        found = json.loads(path.read_text(encoding="utf-8"))
        rules = found["readability"] and Rules(**found["readability"])
        return cls(found["language"], rules, Settings(**found["hallucinations"]))

    def write(self, path: Path) -> None:
        """Keep it for a job."""
        values = {"language": self.language, "readability": self.rules and vars(self.rules)}
        write_aside(path, json.dumps({**values, "hallucinations": vars(self.settings)}).encode())


def process(heard: Path, audio: Path, output: Path, report: Path, request: Request) -> list[Finding]:
    """Read `heard` and write `output` and `report`. Raises FormatError for captions that cannot be read."""
    captions: Captions = FORMATS["dfxp"].read(heard.read_bytes(), request.language)
    captions.current = [worded(segment) for segment in captions.current]
    loudness, trouble = _loudness(audio, request.settings)
    phrases = Phrases.of(request.language, request.settings.phrases)
    captions.current, findings = clean(captions.current, phrases, loudness, request.settings)
    if request.rules is not None:
        captions.current = recut(captions, request.rules)
    write_aside(output, FORMATS["dfxp"].write(replace(captions, original=None), CURRENT, UNFILTERED))
    said = {"findings": [finding.as_json() for finding in findings], "trouble": trouble}
    write_aside(report, json.dumps(said, ensure_ascii=False, indent=1).encode())
    return findings


def _loudness(audio: Path, settings: Settings) -> tuple[Loudness | None, str | None]:
    if settings.action == OFF:
        return None, None
    try:
        return Loudness.of(audio, settings.silence), None
    except MediaError as error:
        return None, f"silence was not looked for: {error}"
