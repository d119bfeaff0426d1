"""The small language of the mail templates, and the templates that ship."""

from __future__ import annotations

import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.modules.base import mailer
from ingest.modules.base.mail_templates import fill
from tlp.errors import ConfigError

VALUES = {"title": "A & B", "nothing": "", "made": ["one", "<two>"], "none": []}


def test_a_value_takes_the_place_of_its_name_escaped_where_that_is_asked_for() -> None:
    assert fill("$title, ${title}s, $$5", VALUES) == "A & B, A & Bs, $5\n"
    assert fill("<p>$title</p>", VALUES, html.escape) == "<p>A &amp; B</p>\n"


def test_a_line_with_a_list_stands_once_for_each_item_and_not_at_all_for_none() -> None:
    assert fill("Made:\n- $made ($title)\n- $none\nEnd", VALUES, html.escape) == (
        "Made:\n- one (A &amp; B)\n- &lt;two&gt; (A &amp; B)\nEnd\n"
    )


def test_a_line_that_begins_with_a_question_stands_only_where_there_is_such_a_value() -> None:
    assert fill("?title has one\n?nothing has none\n?none - $none\n?made\n?made - $made", VALUES) == (
        "has one\n\n- one\n- <two>\n"
    )


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("ok\n$unknown", "template x.txt, line 2: there is no 'unknown', but made, none, nothing, title"),
        ("?unknown text", "line 1: there is no 'unknown'"),
        ("costs $ 5", "line 1: Invalid placeholder"),
    ],
)
def test_a_mistake_is_told_with_template_and_line(template: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("$", r"\$")):
        fill(template, VALUES, name="x.txt")


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[object] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, [name for name, _ in attrs]))


@pytest.mark.parametrize("name", ["started.html", "finished.html", "error.html"])
@given(text=st.text(min_size=1) | st.sampled_from(["<script>", '" onclick="x', "' x='", "&lt;", "<!--", "$title"]))
def test_no_value_changes_the_structure_of_a_page(name: str, text: str) -> None:
    names = ["title", "headline", "test", "user", "object_ids", "hash", "upload_id", "uploaded_on", "link", "info"]
    names += ["status_code", "contact", "made", "notes"]
    template = (mailer.TEMPLATES / name).read_text(encoding="utf-8")
    harmless = fill(template, dict.fromkeys(names, "x"), html.escape, name)
    assert Tags(fill(template, dict.fromkeys(names, text), html.escape, name)).seen == Tags(harmless).seen


@given(text=st.text())
def test_one_line_is_one_line_that_fits_a_header(text: str) -> None:
    made = mailer.one_line(text)
    assert len(made) <= mailer.LONGEST_TITLE and len(made.splitlines()) <= 1
    assert made == mailer.one_line(made)
    assert not set(made) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\r\n\0")
