"""Captions on the picture are broken into lines by the rules that the server gives."""

from __future__ import annotations

from typing import Any

import pytest
from lecture_site import Site, Visit, add_lecture
from watching import until, watch

from tlp.readability import Rules, broken

LONG = "Every router keeps a table with the addresses of its neighbours & friends <in> the net."
AMPERSANDS = "R&D " * 20 + "&amp; the end"
TEXTS = ["Short.", LONG, AMPERSANDS]


@pytest.fixture(scope="module")
def lines(site: Site) -> Site:
    def add(cur: Any) -> int:
        return add_lecture(cur, "lines", "Lines", {"en": TEXTS}, video="video.mp4")

    site.run(add)
    site.lectures["lines"] = "lines"
    return site


def test_a_long_caption_is_painted_in_the_lines_of_the_rules_and_stands_whole_in_the_transcript(
    visit: Visit, lines: Site
) -> None:
    page = watch(visit, lines, "lines")
    until(page, "document.querySelectorAll('[data-part=transcript] button').length === 3")
    painted = page.evaluate(
        "[...document.querySelector('video').textTracks[0].cues].map(cue => cue.getCueAsHTML().textContent)"
    )
    assert painted == ["\n".join(broken(" ".join(text.split()), Rules(), "en")) for text in TEXTS]
    assert painted[1].count("\n") >= 1
    shown = page.locator("[data-part=transcript] button span").all_inner_texts()
    assert shown == [" ".join(text.split()) for text in TEXTS]
    assert visit.complaints == []
