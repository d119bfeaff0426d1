"""The page on which the API can be tried, in a real browser: it lists every interface and sends what is typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browser import CHROMIUM, FLAGS
from gunicorn_server import Server
from openapi_checks import SPEC
from playwright.sync_api import Page, expect, sync_playwright

pytestmark = pytest.mark.browser
SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"


@pytest.fixture
def page(server: Server) -> Iterator[Page]:
    """The page, open; at the end it must have had nothing to complain of."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        page = browser.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.goto(f"{server.url}/api/docs")
        yield page
        browser.close()
        assert [words for words in complaints if "401" not in words and "favicon" not in words] == []


def _open(page: Page, path: str) -> Any:
    box = page.locator(f'details[data-path="{path}"]')
    box.locator("> summary").click()
    return box


def test_every_interface_is_listed_and_found_by_its_name(page: Page) -> None:
    expect(page.locator("details.interface")).to_have_count(len(SPEC["paths"]))
    page.get_by_label("find").fill("speech/langs")
    expect(page.locator("details.interface:visible")).to_have_count(1)


def test_code_in_descriptions_is_shown_as_code_and_no_sentence_twice(page: Page) -> None:
    assert "`" not in page.locator("body").inner_text()
    box = _open(page, "/speech/status")
    expect(box.locator("p code").first).to_have_text("info")
    assert box.inner_text().count("Tell how far an upload is.") == 1
    _open(page, "/text/get")
    for path in SPEC["paths"]:
        if path not in ("/speech/status", "/text/get"):
            _open(page, path)
    assert "`" not in page.locator("body").inner_text()


def test_what_is_required_comes_first_and_json_has_room(page: Page) -> None:
    box = _open(page, "/speech/mod")
    names = [words.split()[0] for words in box.locator("label").all_inner_texts()]
    assert names[:4] == ["id", "session_id", "author_id", "author_conf"]
    assert names[-1] == "su"
    assert box.get_by_label("mods", exact=True).evaluate("field => field.tagName") == "TEXTAREA"
    assert box.get_by_label("session_id *").evaluate("field => field.tagName") == "INPUT"
    for status in ("200", "400", "401"):
        expect(box.get_by_text(f"{status} application/json")).to_be_visible()


def test_a_call_is_sent_in_each_form_and_its_answer_shown(page: Page, lecture: Any) -> None:
    page.get_by_label("user").fill("tluser")
    page.get_by_label("auth_token").fill(SECRET)
    box = _open(page, "/speech/langs")
    box.get_by_label("id *").fill(lecture.id)
    for form in ("GET", "GET data", "JSON", "form"):
        box.get_by_label("how it is sent").select_option(form)
        box.get_by_role("button", name="Send").click()
        expect(box.get_by_role("status")).to_contain_text("200")
        expect(box.get_by_text('"media_lang": "en"')).to_be_visible()
        assert SECRET not in box.inner_text()
    box = _open(page, "/speech/get")
    box.get_by_label("id *").fill(lecture.id)
    box.get_by_label("lang *").fill("es")
    box.get_by_label("format").select_option("2")
    box.get_by_role("button", name="Send").click()
    expect(box.get_by_text("Buenos días")).to_be_visible()


def test_a_refused_call_shows_the_words_of_the_error(page: Page) -> None:
    page.get_by_label("user").fill("tluser")
    page.get_by_label("auth_token").fill("wrong")
    box = _open(page, "/speech/systems")
    box.get_by_role("button", name="Send").click()
    expect(box.get_by_role("status")).to_contain_text("401")
    expect(box.get_by_text("unknown user or wrong auth_token").first).to_be_visible()


def test_a_json_parameter_and_a_package_can_be_sent(page: Page, instance: Any, tmp_path: Any) -> None:
    page.get_by_label("user").fill("tluser")
    page.get_by_label("auth_token").fill(SECRET)
    box = _open(page, "/speech/ingest/new")
    manifest = (
        '{"media": {"filename": "a.mp4", "fileformat": "mp4", "md5": "05b59346bc3fe5d3eac7a0dcd0022fb6"}, '
        '"metadata": {"external_id": "by-page", "language": "en", "title": "t"}}'
    )
    box.get_by_label("manifest *").fill(manifest)
    box.get_by_label("how it is sent").select_option("multipart")
    (tmp_path / "p.zip").write_bytes(b"PK stands for a package")
    box.get_by_label("package").set_input_files(tmp_path / "p.zip")
    box.get_by_role("button", name="Send").click()
    expect(box.get_by_role("status")).to_contain_text("200")
    assert [row["external_id"] for row in instance.rows("SELECT external_id FROM uploads")] == ["by-page"]
