"""The page of the demo's lectures, used as a person uses it."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from lecture_site import ARABIC, ENGLISH, HARM, LENGTH, SPANISH, STEP, Site, Visit, add_lecture
from playwright.sync_api import Page, expect
from watching import choose, painted, rows, seek, until, video, watch

pytestmark = pytest.mark.browser

DRAWN = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
DRIFT = "() => document.querySelector('audio').currentTime - document.querySelector('video').currentTime"


def in_step(page: Page) -> None:
    """The video and the voice play, and are less than 0.15 s apart each time of five that they are looked at.

    Both are late on a busy machine, and one of them more: then they come to it a little later.
    """
    right, last = 0, time.monotonic() + 15
    while right < 5:
        assert page.evaluate("[...document.querySelectorAll('video, audio')].every(m => !m.paused)")
        drift = page.evaluate(DRIFT)
        right = right + 1 if abs(drift) < 0.15 else 0
        assert right or time.monotonic() < last, f"the voice is {drift} s ahead"
        page.wait_for_timeout(100)


def test_the_list_shows_each_lecture_with_picture_title_length_and_languages(visit: Visit, site: Site) -> None:
    visit.page.goto(site.page())
    cards = visit.page.locator("#cards > li")
    expect(cards).to_have_count(3)
    expect(cards.first.locator("h2")).to_have_text(f"Hostile {HARM}")
    expect(cards.first.locator("time")).to_have_text("0:40")
    expect(cards.first.locator(".languages")).to_have_text("English · Español · العربية")
    expect(cards.first.locator("img")).to_be_visible()
    assert cards.first.locator("img").evaluate("image => image.naturalWidth") == 320
    assert visit.complaints == []


def test_a_lecture_plays_and_seeks_by_byte_ranges(visit: Visit, site: Site) -> None:
    visit.page.goto(site.page())
    visit.page.get_by_role("link", name=re.compile("Hostile")).click()
    page = visit.page
    until(page, "document.querySelector('video').readyState >= 1")
    video(page).evaluate("video => video.play()")
    until(page, "document.querySelector('video').currentTime > 0.3")
    seek(page, LENGTH - 5)
    until(page, f"document.querySelector('video').currentTime > {LENGTH - 5} + 0.3")
    assert video(page).evaluate("video => video.getVideoPlaybackQuality().totalVideoFrames") > 2
    ranges = [(status, asked) for address, status, asked in visit.requests if "video.mp4" in address]
    assert {status for status, _ in ranges} == {206}
    assert any(asked and not asked.startswith("bytes=0-") for _, asked in ranges)
    assert visit.complaints == []


def test_subtitles_are_selectable_and_the_right_text_is_on_the_picture(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    for label, code, lines in (("English", "en", ENGLISH), ("Español", "es", SPANISH), ("العربية", "ar", ARABIC)):
        choose(page, "Subtitles", label)
        expect(rows(page)).to_have_count(len(lines))
        seek(page, 4 * STEP + 1)
        until(page, "[...document.querySelector('video').textTracks].some(t => t.activeCues?.length)")
        assert painted(page) == {"language": code, "text": lines[4]}
        seek(page, 5 * STEP - 0.5)  # between two cues
        assert painted(page) == {"language": code, "text": ""}
    seek(page, 4 * STEP + 1)
    with_text = video(page).screenshot()
    choose(page, "Subtitles", "Off")
    assert painted(page) == {"language": "", "text": ""}
    page.wait_for_timeout(200)
    assert video(page).screenshot() != with_text
    assert rows(page).count() == len(ARABIC)  # the transcript stays
    assert visit.complaints == []


def test_the_first_language_shown_is_one_that_the_person_reads_and_only_that(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    expect(rows(page)).to_have_count(len(ENGLISH))
    page.wait_for_timeout(300)
    assert painted(page)["language"] == "en"
    assert [address for address, _, _ in visit.requests if "/get?" in address and "lang=en" not in address] == []


def test_subtitles_that_were_switched_off_stay_off_in_the_next_lecture(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    choose(page, "Subtitles", "Off")
    page.goto(site.page("lost"))
    expect(rows(page)).to_have_count(1)
    page.wait_for_timeout(300)
    assert painted(page)["language"] == ""
    expect(page.get_by_role("group", name="Subtitles").get_by_label("Off")).to_be_checked()


def test_a_choice_in_the_menu_of_the_browser_is_followed(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    page.evaluate(
        "for (const t of document.querySelector('video').textTracks)"
        " t.mode = t.language === 'es' ? 'showing' : 'disabled'"
    )
    expect(page.get_by_role("group", name="Subtitles").get_by_label("Español")).to_be_checked()
    expect(rows(page).first).to_contain_text(SPANISH[0])


def test_the_transcript_marks_the_current_cue_and_a_click_seeks(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    seek(page, 2 * STEP + 1)
    expect(page.locator("[data-part=transcript] [aria-current=true] span")).to_have_text(ENGLISH[2])
    rows(page).nth(6).click()
    until(page, f"document.querySelector('video').currentTime === {6 * STEP}")
    expect(rows(page).nth(6)).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-part=transcript] [aria-current]")).to_have_count(1)
    seek(page, 7 * STEP - 0.5)
    expect(page.locator("[data-part=transcript] [aria-current]")).to_have_count(0)


def test_the_transcript_keeps_the_current_cue_in_view_without_moving_the_page(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    expect(rows(page)).to_have_count(len(ENGLISH))
    seek(page, 11 * STEP + 1)
    expect(rows(page).last).to_be_in_viewport(ratio=0.9)
    assert page.evaluate("scrollY") == 0


def test_right_to_left_text_runs_from_the_right(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    choose(page, "Subtitles", "العربية")
    expect(rows(page).first).to_contain_text(ARABIC[0])
    words = rows(page).first.locator("span")
    assert words.evaluate("span => getComputedStyle(span).direction") == "rtl"
    text_end, box_end = words.evaluate(
        "span => { const range = document.createRange(); range.selectNodeContents(span);"
        " return [range.getBoundingClientRect().right, span.getBoundingClientRect().right] }"
    )
    assert abs(text_end - box_end) < 2


def test_a_voice_plays_in_step_with_the_video_also_after_a_seek_and_at_another_speed(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    choose(page, "Audio", re.compile("female"))
    video(page).evaluate("video => video.play()")
    page.wait_for_timeout(2000)
    in_step(page)
    assert video(page).evaluate("video => video.muted")
    assert not page.locator("audio").evaluate("audio => audio.muted")
    seek(page, 25)
    page.wait_for_timeout(2000)
    in_step(page)
    video(page).evaluate("video => { video.playbackRate = 1.5 }")
    page.wait_for_timeout(1500)
    in_step(page)
    video(page).evaluate("video => video.pause()")
    until(page, "document.querySelector('audio').paused")
    assert any("audiotrack" in address and status == 206 for address, status, _ in visit.requests)
    assert visit.complaints == []


def test_a_voice_that_fell_behind_is_brought_back(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    choose(page, "Audio", re.compile("female"))
    video(page).evaluate("video => video.play()")
    until(page, "document.querySelector('audio').currentTime > 1")
    page.evaluate("document.querySelector('audio').currentTime += 1")
    page.wait_for_timeout(2000)
    in_step(page)


def test_back_to_the_original_sound_the_video_is_heard_again(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    choose(page, "Audio", re.compile("female"))
    video(page).evaluate("video => video.play()")
    until(page, "!document.querySelector('audio').paused")
    video(page).evaluate("video => { video.volume = 0.4 }")
    until(page, "Math.abs(document.querySelector('audio').volume - 0.4) < 0.01")
    choose(page, "Audio", re.compile("Original"))
    until(page, "document.querySelector('audio').paused")
    assert not video(page).evaluate("video => video.muted || video.paused")
    assert visit.complaints == []


def test_every_download_is_there_and_named_after_the_lecture(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    links = page.locator("[data-part=downloads] li", has_text="Español").locator("a")
    assert links.all_text_contents() == [
        "SRT",
        "WebVTT",
        "DFXP",
        "Text",
        "MP3 (voice, female)",
        "MP3 (voice, male)",
    ]
    begin = {"SRT": b"1\r\n00:00", "WebVTT": b"WEBVTT", "DFXP": b"<?xml", "Text": SPANISH[0].encode()}
    for link in links.all()[:4]:
        body = page.request.get(link.evaluate("a => a.href")).body()
        assert body.replace(b"\r\n", b"\n").startswith(begin[link.text_content() or ""].replace(b"\r\n", b"\n"))
    with page.expect_download() as download:
        links.nth(4).click()
    assert download.value.suggested_filename.endswith("es.mp3")
    assert download.value.path().stat().st_size > 100_000


def test_the_page_can_be_used_with_the_keyboard_alone(visit: Visit, site: Site) -> None:
    page = visit.page
    page.goto(site.page())
    expect(page.locator("#cards > li")).to_have_count(3)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.href").startswith(site.url)
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(len(ENGLISH))
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(e => `${e.tagName} ${e.name || e.type || ''}`.trim())(document.activeElement)"))
    assert "VIDEO" in reached
    assert "INPUT subtitles" in reached
    assert "INPUT voice" in reached
    assert reached.count("BUTTON button") == 1  # the transcript is one stop
    rows(page).first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    until(page, f"document.querySelector('video').currentTime === {STEP}")
    page.get_by_role("group", name="Subtitles").get_by_label("English").focus()
    page.keyboard.press("ArrowRight")
    expect(rows(page).first).to_contain_text(SPANISH[0])


def test_space_and_arrows_work_on_the_video(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('video').currentTime === 5")
    page.keyboard.press("Space")
    until(page, "!document.querySelector('video').paused")


def test_everything_that_can_be_used_has_a_name(visit: Visit, site: Site) -> None:
    page = watch(visit, site)
    expect(rows(page)).to_have_count(len(ENGLISH))
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('#watch :is(a, button, input)')]
        .filter(e => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim() || e.labels?.[0]?.textContent.trim()))
        .map(e => e.outerHTML)"""
    )
    assert nameless == []


@pytest.mark.parametrize("lecture", ["", "full"])
def test_on_a_phone_nothing_is_wider_than_the_screen(visit: Visit, site: Site, lecture: str) -> None:
    page = visit.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(site.page(lecture))
    expect(rows(page) if lecture else page.locator("#cards img").first).not_to_have_count(0)
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert (
        page.evaluate(
            "[...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && !e.closest('.picture')"
            " && e.getBoundingClientRect().right > 361).map(e => e.outerHTML.slice(0, 80))"
        )
        == []
    )


def test_the_back_button_returns_to_the_list_and_stops_the_video(visit: Visit, site: Site) -> None:
    page = visit.page
    page.goto(site.page())
    page.get_by_role("link", name=re.compile("Hostile")).click()
    until(page, "document.querySelector('video').readyState >= 1")
    video(page).evaluate("video => video.play()")
    page.go_back()
    expect(page.get_by_role("heading", name="Lectures")).to_be_visible()
    assert video(page).evaluate("video => video.paused && !video.src")
    assert page.evaluate("document.activeElement.textContent.includes('Hostile')")  # where the person was
    assert visit.complaints == []


def test_two_hundred_lectures_are_listed_at_once_and_asked_about_only_when_in_view(visit: Visit, site: Site) -> None:
    names = [f"many-{n}" for n in range(200)]

    def fill(cur: Any) -> None:
        for n, name in enumerate(names):
            add_lecture(cur, name, f"Lección número {n}", {}, video="video.mp4")

    site.run(fill)
    page = visit.page
    try:
        page.goto(site.page())
        expect(page.locator("#cards > li")).to_have_count(203)
        page.wait_for_load_state("networkidle")
        assert sum("/metadata" in address for address, _, _ in visit.requests) < 40
        drawn = [page.evaluate(DRAWN)]
        while drawn[-1] >= 2000 and len(drawn) < 5:  # the machine may have been busy
            page.reload(wait_until="networkidle")
            drawn.append(page.evaluate(DRAWN))
        assert min(drawn) < 2000, drawn
        page.get_by_label("Find").fill("leccion 150")
        expect(page.locator("#cards > li:visible")).to_have_count(1)
        page.get_by_role("link", name="150").click()
        until(page, "document.querySelector('video').readyState >= 1")
    finally:
        site.run(lambda cur: cur.execute("DELETE FROM objects WHERE external_id LIKE 'many-%%'", {}))
