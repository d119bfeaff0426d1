"""Web pages: what is translated, what is not, and that the page is still the page."""

import pytest
from made_documents import extract, kinds, loud, said

from ingest.modules.base.documents import DOCUMENTS
from tlp.errors import PackageError


def body(html: str) -> str:
    """What the page holds after translation to capitals."""
    made = loud("html", f"<!DOCTYPE html><html lang='en'><body>{html}</body></html>".encode()).decode()
    return made.partition("<body>")[2].partition("</body>")[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>The <b>big</b> house.</p>", "<p>THE <b>BIG</b> HOUSE.</p>"),
        ("<p>See <a href='/x?a=1&amp;b' id='i'>it</a>.", '<p>SEE <a href="/x?a=1&amp;b" id="i">IT</a>.</p>'),
        ("<p>A<br>b</p>", "<p>A<br>B</p>"),
        ("<p>Fish &amp; chips &lt;here&gt;&nbsp;now</p>", "<p>FISH &amp; CHIPS &lt;HERE&gt;\u00a0NOW</p>"),
        ("<p>Use <code>print</code> now.</p>", "<p>USE <code>print</code> NOW.</p>"),
        ("<p>The <b translate='no'>Acme</b> shop.</p>", '<p>THE <b translate="no">Acme</b> SHOP.</p>'),
        ("<p>The <i lang='fr'>maison</i> here.</p>", '<p>THE <i lang="fr">maison</i> HERE.</p>'),
        ("<pre>the house\n  x</pre>", "<pre>the house\n  x</pre>"),
        ("<script>var a = 'house';</script>", "<script>var a = 'house';</script>"),
        ("<div translate='no'><p>No</p><p translate='yes'>Yes</p></div>",
         '<div translate="no"><p>No</p><p translate="yes">YES</p></div>'),
        ("<ul><li>One<li>Two</ul>", "<ul><li>ONE</li><li>TWO</li></ul>"),
        ("<div>Text <div>inside</div> after</div>", "<div>TEXT <div>INSIDE</div> AFTER</div>"),
        ("<a href='a'>Home</a> <a href='b'>About us</a>", '<a href="a">HOME</a> <a href="b">ABOUT US</a>'),
        ("<p><!-- note -->The house <img src='h.png' alt='a house'> is white.</p>",
         '<p><!-- note -->THE HOUSE <img src="h.png" alt="A HOUSE"> IS WHITE.</p>'),
        ("<input placeholder='Your name'><input type='submit' value='Send it'><input value='kept'>",
         '<input placeholder="YOUR NAME"><input type="submit" value="SEND IT"><input value="kept">'),
        ("<label>Name <input></label> <button><b>Send</b> it</button> now",
         "<label>NAME <input></label> <button><b>SEND</b> IT</button> NOW"),
        ("<p>42</p><p>http://x.org/</p>", "<p>42</p><p>http://x.org/</p>"),
        ("<p>One. <b>Two. Three.</b></p>", "<p>ONE. <b>TWO. THREE.</b></p>"),
        ("<p>x <svg><text>in it</text></svg> y</p>", "<p>X <svg><text>in it</text></svg> Y</p>"),
    ],
)  # fmt: skip
def test_a_page_is_translated_around_its_elements(before, after):
    assert body(before) == after


def test_titles_and_descriptions_are_translated_and_the_language_is_named():
    head = '<meta charset="iso-8859-1"><meta name="description" content="a page"><title>The page</title>'
    made = loud("html", f"<!DOCTYPE html>\n<html lang='en'><head>{head}</head><body lang='en-GB'><p>é".encode("cp1252"))
    text = made.decode("utf-8")
    assert text.startswith('<!DOCTYPE html>\n<html lang="es">')
    assert '<meta charset="utf-8"><meta name="description" content="A PAGE"><title>THE PAGE</title>' in text
    assert '<body lang="es"><p>É' in text


def test_a_page_without_a_doctype_gets_none_and_an_older_one_is_kept():
    assert loud("html", b"<html><body><p>a</p></body></html>").startswith(b'<html lang="es">')
    old = b'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd">'
    assert loud("html", old + b"<html><body><p>a</p>").startswith(old)


def test_kinds_places_and_titles_are_known():
    page = b"<title>T</title><h2>Head</h2><table><tr><th>a<td>b<tr><td>c</table><ol><li>d</ol><footer>e</footer>"
    found = extract("html", page)
    assert found.title == "T"
    assert kinds(found) == [
        ("caption", "T"), ("heading", "Head"), ("cell", "a"), ("cell", "b"), ("cell", "c"), ("item", "d"),
        ("footer", "e"),
    ]  # fmt: skip
    assert [(b.level, b.row, b.column) for b in found.blocks[1:5]] == [
        (2, None, None), (None, 0, 0), (None, 0, 1), (None, 1, 0),
    ]  # fmt: skip


def test_what_is_marked_is_named_for_readers():
    found = extract(
        "html", b"<p>A <strong>b</strong> <a href='http://x.org'>c</a> <span>d</span> <code>e</code><sup>f</sup></p>"
    )
    assert said(found) == ["A <1>b</1> <2>c</2> <3>d</3> <4>e</4><5>f</5>"]
    assert [mark.kind for mark in found.blocks[0].marks.values()] == ["bold", "link", "format", "code", "sup"]
    assert found.blocks[0].marks[2].value == "http://x.org"


def test_entities_that_were_declared_in_a_page_are_not_followed():
    page = b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body><p>a &x; b</p></body></html>'
    assert "root:" not in "".join(said(extract("html", page)))


def test_elements_nested_without_end_are_refused():
    with pytest.raises(PackageError, match="nested more than 250 deep"):
        DOCUMENTS["html"].read(b"<div>" * 100_000 + b"text", "en")


def test_marks_nested_without_end_are_kept_as_they_are():
    made = loud("html", b"<p>A " + b"<b>b<i>c" * 100 + b"</p>")
    assert made.count(b"<b>") == made.count(b"<i>") == 100


@pytest.mark.parametrize("page", [b"", b"   ", b"<!-- -->", b"\0\0"])
def test_an_empty_page_is_refused_or_empty(page):
    try:
        assert not any(sentence.strip("\ufffd ") for sentence in said(extract("html", page)))
    except PackageError as error:
        assert "nothing that can be read" in str(error)
