"""The page when text means harm, files are gone, keys have ended or the server is silent."""

from __future__ import annotations

import re
from typing import Any
from urllib.request import urlopen

import pytest
from lecture_site import ENGLISH, HARM, STEP, Site, Visit
from playwright.sync_api import expect
from watching import choose, painted, rows, seek, until, video, watch

pytestmark = pytest.mark.browser


def test_hostile_text_is_shown_and_never_run(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    expect(rows(page).nth(1).locator("span")).to_have_text(HARM)
    seek(page, STEP + 1)
    until(page, "[...document.querySelector('video').textTracks].some(t => t.activeCues?.length)")
    assert " ".join(painted(page)["text"].split()) == HARM  # it is broken into lines
    assert page.get_by_role("heading", level=1).text_content() == f"Hostile {HARM}"
    assert page.evaluate("window.hacked") is None
    assert page.locator("main script, main img[src=x]").count() == 0
    assert visit.complaints == []


def test_a_lecture_without_subtitles_plays_and_says_so(visit: Visit, site: Site) -> None:
    page = watch(visit, site, "bare")
    expect(page.get_by_text("This lecture has no subtitles.")).to_be_visible()
    expect(page.get_by_role("group", name="Subtitles")).to_be_hidden()
    expect(page.get_by_role("heading", name="Downloads")).to_be_hidden()


def test_a_lecture_whose_media_is_gone_says_so_and_can_be_tried_again(visit: Visit, site: Site) -> None:
    page = visit.page
    page.goto(site.page("lost"))
    alert = page.locator("#watch [role=alert]")
    expect(alert).to_contain_text("cannot be loaded: it is missing")
    expect(rows(page)).to_have_count(1)  # what is there can be read
    try:
        (site.media / "gone.mp4").hardlink_to(site.media / "video.mp4")
        alert.get_by_role("button", name="Try again").click()
        until(page, "document.querySelector('video').readyState >= 1")
        expect(alert).to_be_hidden()
    finally:
        (site.media / "gone.mp4").unlink()


def test_an_address_of_no_lecture_says_so(visit: Visit, site: Site) -> None:
    visit.page.goto(f"{site.url}/#nothing-here")
    expect(visit.page.locator("#watch [role=alert]")).to_contain_text("There is no such lecture.")


def test_a_server_that_is_not_reached_is_told_in_words(visit: Visit, site: Site) -> None:
    page = visit.page
    page.route("**/demo/lectures.json", lambda route: route.abort())
    page.goto(site.page())
    expect(page.locator("#failure")).to_contain_text("The server cannot be reached")
    page.unroute("**/demo/lectures.json")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#cards > li")).to_have_count(3)
    expect(page.locator("#failure")).to_be_hidden()


def test_a_key_that_has_ended_is_renewed_without_a_word(visit: Visit, site: Site) -> None:
    page = visit.page
    spoilt = re.compile(r"auth_token=v2%3A[0-9a-f]{8}")
    seen: list[str] = []

    def spoil(route: Any) -> None:
        seen.append(route.request.url)
        route.continue_(url=spoilt.sub("auth_token=v2%3A00000000", route.request.url) if len(seen) == 1 else None)

    page.route("**/api/speech/metadata*", spoil)
    page.goto(site.page("full"))
    expect(rows(page)).to_have_count(len(ENGLISH))
    assert len(seen) == 2
    expect(page.locator("#watch [role=alert]")).to_be_hidden()


def test_the_page_loads_nothing_from_elsewhere(visit: Visit, site: Site) -> None:
    watch(visit, site)
    assert {address.split("/")[2] for address, _, _ in visit.requests} == {site.url[7:]}
    with urlopen(site.url + "/") as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_subtitles_that_fail_once_are_asked_for_again(visit: Visit, site: Site) -> None:
    page = visit.page
    page.route("**/api/speech/get?*", lambda route: route.fulfill(status=419, json={}), times=1)
    page.goto(site.page("full"))
    expect(rows(page)).to_have_count(len(ENGLISH))
    expect(page.locator("#watch [role=alert]")).to_be_hidden()


def test_subtitles_that_cannot_be_loaded_are_named(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    page.route("**/api/speech/get?*lang=es*", lambda route: route.fulfill(json={"rcode": 1}))
    choose(page, "Subtitles", "Español")
    expect(page.locator("#watch [role=alert]")).to_contain_text("The subtitles in Español cannot be loaded.")


def test_a_voice_that_cannot_be_loaded_gives_the_original_sound_back(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    page.route("**/api/speech/audiotrack?*", lambda route: route.fulfill(json={"rcode": 1}))
    choose(page, "Audio", re.compile("female"))
    expect(page.locator("#watch [role=alert]")).to_contain_text("you hear the original again")
    expect(page.get_by_role("group", name="Audio").get_by_label(re.compile("Original"))).to_be_checked()
    assert not video(page).evaluate("video => video.muted")
