"""What a person does with a lecture on show: choose, seek, read. Shared by the tests of the page."""

from __future__ import annotations

import re
import time
from typing import Any

from lecture_site import Site, Visit
from playwright.sync_api import Locator, Page


def video(page: Page) -> Locator:
    return page.locator("video")


def watch(visit: Visit, site: Site, lecture: str = "full") -> Page:
    """A lecture on show, its video loaded far enough to be played."""
    visit.page.goto(site.page(lecture))
    until(visit.page, "document.querySelector('video').readyState >= 1")
    return visit.page


def until(page: Page, expression: str) -> None:
    """Wait until a JavaScript expression is true. Playwright's own way to wait needs eval, which the page forbids."""
    give_up = time.monotonic() + 60
    while not page.evaluate(expression):
        assert time.monotonic() < give_up, f"never true: {expression}"
        page.wait_for_timeout(30)


def rows(page: Page) -> Locator:
    return page.locator("[data-part=transcript] button")


def seek(page: Page, seconds: float) -> None:
    video(page).evaluate(
        "(video, to) => new Promise(done => { video.addEventListener('seeked', done, {once: true});"
        " video.currentTime = to; })",
        seconds,
    )


def painted(page: Page) -> dict[str, Any]:
    """Language and text of the subtitles that the browser shows on the picture."""
    return page.evaluate(
        """() => { const tracks = [...document.querySelector('video').textTracks].filter(t => t.mode === 'showing');
        return {language: tracks.map(t => t.language).join(), text: tracks.flatMap(t => [...t.activeCues]).map(
            cue => cue.getCueAsHTML().textContent).join('|')} }"""
    )


def choose(page: Page, group: str, label: str | re.Pattern[str]) -> None:
    page.get_by_role("group", name=group).get_by_label(label, exact=isinstance(label, str)).check(force=True)
