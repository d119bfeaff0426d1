"""The sentences that recognisers are known to write where nobody speaks: they learned them from subtitles of films.

A list (phrases.json, and one of the installation's own) and how it is compared. Decides nothing about a caption.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tlp.errors import ConfigError

# No lecturer says a credit; what only begins like one may be said; a courtesy is often meant.
COURTESY, LIKE_CREDIT, CREDIT = 1, 2, 3
_LIST = Path(__file__).with_name("phrases.json")
_REST = "*"  # at the end of a phrase: and a few words more
_FEW = 6
_MOST_WORDS = 40  # of a text that is looked at; a phrase said three times has fewer


@cache
def token(word: str) -> str:
    """A word without case and marks: "Amara.org," is "amaraorg"; "" for what holds no letter or digit."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return "".join(c for c in folded if c.isalnum())


@dataclass
class Phrases:
    """Those that count for one language."""

    by_first: dict[str, list[tuple[tuple[str, ...], int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, language: str, own: str = "") -> Phrases:
        """The list for a language: credits of every language, courtesies of this one and of English.

        `own`: path of a file like phrases.json whose phrases are added; "": none. Raises ConfigError about it.
        """
        found = cls()
        for lists in [_read(_LIST), *([_read(Path(own))] if own else [])]:
            for written, kinds in lists.items():
                found._add(kinds.get("credits", []), CREDIT)
                if written in (language, "en"):
                    found._add(kinds.get("courtesies", []), COURTESY)
        return found

    def _add(self, phrases: list[str], kind: int) -> None:
        for phrase in phrases:
            rest = phrase.endswith(_REST)
            tokens = tuple(filter(None, map(token, phrase.split()))) + ((_REST,) if rest else ())
            if tokens and tokens[0] != _REST:
                self.by_first.setdefault(tokens[0], []).append((tokens, min(kind, LIKE_CREDIT) if rest else kind))

    def kind(self, tokens: Sequence[str]) -> int | None:
        """CREDIT, LIKE_CREDIT or COURTESY when the words are nothing but such phrases, once or more; None else."""
        if not tokens or len(tokens) > _MOST_WORDS:
            return None
        reached = {0: COURTESY}  # how far phrases can lead: the surest that is among them
        for at in range(len(tokens)):
            if at not in reached:
                continue
            for phrase, kind in self.by_first.get(tokens[at], []):
                if end := _match(tokens, at, phrase):
                    reached[end] = max(kind, reached[at], reached.get(end, COURTESY))
        return reached.get(len(tokens))


def _match(tokens: Sequence[str], at: int, phrase: tuple[str, ...]) -> int | None:
    """Where the phrase ends that begins at `at`."""
    if phrase[-1] == _REST:
        said, left = phrase[:-1], len(tokens) - at - len(phrase) + 1
        return len(tokens) if tuple(tokens[at : at + len(said)]) == said and left <= _FEW else None
    return at + len(phrase) if tuple(tokens[at : at + len(phrase)]) == phrase else None


@cache
def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        lists = json.loads(path.read_text(encoding="utf-8"))
        return {str(language): dict(kinds) for language, kinds in lists.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ConfigError(f"[hallucinations] phrases: {path} is not a list of phrases: {error}") from error
