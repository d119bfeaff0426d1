"""How the text of a caption becomes lines: here, and in the player's own code by the same vectors."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tlp.readability import Rules, broken
from tlp.readability.rules import all_small_words, small_words

ROOT = Path(__file__).parents[2]
VECTORS: list[dict[str, Any]] = json.loads((ROOT / "tests" / "data" / "line_breaks.json").read_text(encoding="utf-8"))
TEXTS = st.lists(st.text("abc.,;éñ😀", min_size=1, max_size=50), min_size=1, max_size=40).map(" ".join)
RUN = """
import { readFileSync } from "node:fs";
import { broken } from %s;
const { rules, cases } = JSON.parse(readFileSync(0, "utf8"));
const lines = cases.map((c) => broken(c.text, { ...rules, line_chars: c.line_chars }, c.language));
process.stdout.write(JSON.stringify(lines));
"""


@pytest.mark.parametrize("case", VECTORS, ids=[f"{c['language']} {c['text'][:25]}" for c in VECTORS])
def test_the_lines_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    assert broken(case["text"], Rules(line_chars=case["line_chars"]), case["language"]) == case["lines"]


@given(TEXTS)
def test_the_lines_joined_are_the_text(text: str) -> None:
    assert " ".join(broken(text, Rules(), "en")) == text


@given(TEXTS)
def test_only_a_single_word_is_longer_than_a_line(text: str) -> None:
    assert all(len(line) <= 42 or " " not in line for line in broken(text, Rules(), "en"))


@given(TEXTS)
def test_there_are_no_more_lines_than_filling_them_needs(text: str) -> None:
    lines = broken(text, Rules(), "en")
    filled, column = 1, -1
    for word in text.split(" "):
        if column >= 0 and column + 1 + len(word) > 42:
            filled, column = filled + 1, -1
        column += 1 + len(word)
    assert len(lines) == filled


def test_an_article_is_not_parted_from_its_noun_where_another_break_fits() -> None:
    small = small_words("en").before
    for case in VECTORS:
        if case["language"] == "en" and "packet" in case["text"]:
            assert not any(line.split()[-1].lower() in small for line in case["lines"])


def test_every_language_of_the_engines_has_its_small_words() -> None:
    assert set(all_small_words()) >= {"en", "es", "ca", "fr", "it", "pt", "de"}
    assert all(lists["before"] and lists["joins"] for lists in all_small_words().values())


def in_the_player(cases: list[dict[str, Any]]) -> list[list[str]]:
    """The lines that player/js/lines.js makes of each case."""
    module = json.dumps((ROOT / "player" / "js" / "lines.js").as_uri())
    given_ = json.dumps({"rules": {"languages": {}, "small_words": all_small_words()}, "cases": cases})
    command = ["node", "--input-type=module", "-e", RUN % module]
    done = subprocess.run(command, input=given_, capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


needs_node = pytest.mark.skipif(not shutil.which("node"), reason="node, which runs the player's code, is missing")


@needs_node
def test_the_player_makes_the_lines_of_the_vectors() -> None:
    assert in_the_player(VECTORS) == [case["lines"] for case in VECTORS]


@needs_node
def test_the_player_and_the_services_agree_on_two_thousand_made_texts() -> None:
    dice = random.Random(7)
    cases = []
    for _ in range(2000):
        language = dice.choice([*all_small_words(), "xx"])
        lists = all_small_words().get(language, {"before": ["so"], "joins": ["and"]})
        vocabulary = [*lists["before"], *lists["joins"], "router", "«network»,", "Dr.", "end.”", "😀", "(the", "x" * 45]
        words = [dice.choice(vocabulary) for _ in range(dice.randint(1, 30))]
        words = [word.capitalize() if dice.random() < 0.2 else word for word in words]
        cases.append({"language": language, "line_chars": dice.choice([16, 32, 42]), "text": " ".join(words)})
    ours = [broken(c["text"], Rules(line_chars=c["line_chars"]), c["language"]) for c in cases]
    assert in_the_player(cases) == ours
