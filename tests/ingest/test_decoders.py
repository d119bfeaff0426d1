"""URL decoders: chosen by domain without a network, real programs, a real yt-dlp against real pages on this machine."""

from __future__ import annotations

import functools
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from faulty_server import DATA, Server, redirect, whole
from fetching import PUBLIC, SITE, fails, fetched, page

from ingest.modules.base import public_address
from ingest.modules.base.url_decoders import Decoders
from ingest.modules.base.url_decoders.page import media_link
from tlp import config

pytestmark = pytest.mark.usefixtures("path_of_jobs")

# Which decoder


@pytest.mark.parametrize(
    ("url", "decoder"),
    [
        ("https://www.youtube.com/watch?v=x", "yt-dlp"),
        ("https://m.youtube.co.uk/watch?v=x", "yt-dlp"),
        ("HTTPS://YOUTU.BE/x", "yt-dlp"),
        ("https://player.vimeo.com/video/1", "yt-dlp"),
        ("https://youtube.other.org/x.mp4", None),
        ("https://notyoutube.com/x.mp4", None),
        ("https://media.example.co.uk/x.mp4", "/opt/exact"),
        ("https://media.example.com/x.mp4", "/opt/any"),
        ("https://media.poliformat.upv.es/x.mp4", "/opt/upv"),
        ("https://someone.github.io/x", None),
        ("http://127.0.0.1:8000/x", None),
        ("http://[::1]/x", None),
        ("http://localhost/x", None),
    ],
)
def test_the_registered_domain_of_a_url_chooses_the_decoder(tmp_path: Path, url: str, decoder: str | None) -> None:
    site = "example = /opt/any\nexample.co.uk = /opt/exact\nUPV.es = /opt/upv\ndailymotion = ''\n"
    (tmp_path / "config.ini").write_text(f"[url_decoders]\n{site}")
    decoders = Decoders(config.load(tmp_path / "config.ini").url_decoders)
    assert decoders.of(url) == decoder
    assert decoders.of("https://www.dailymotion.com/video/x") is None  # an empty value turns a default off
    assert decoders.of_pages == "page"


def test_choosing_a_decoder_opens_no_socket_and_writes_no_file(tmp_path: Path) -> None:
    script = """
import sys
def hook(event, arguments):
    if event.startswith("socket."):
        sys.exit(f"{event} {arguments}")
    if event == "open" and set(str(arguments[1])) & set("wax+"):
        sys.exit(f"{event} {arguments}")
from ingest.modules.base.probe import probe
from ingest.modules.base.url_decoders import Decoders
sys.addaudithook(hook)
print(Decoders({"example": "page"}).of("https://video.example.co.uk/x"), Decoders({"a.b": "x"}).of("http://10.0.0.1/"))
"""
    environment = {
        "PYTHONPATH": ":".join(p for p in sys.path if p),
        "HOME": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("page None\n", "")
    assert list(tmp_path.iterdir()) == []


# A plain page


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<video src="talk.mp4">', "talk.mp4"),
        ('<video><source src="a.m3u8"><source src=b.webm type="video/webm"></video>', "b.webm"),
        ('<video><source src=a.mp4 label=360p><source src=b.mp4 label="720p"></video>', "b.mp4"),
        ('<audio src=a.mp3></audio><a href=talk.mp4>here</a>', "talk.mp4"),
        ('<audio><source src="/get?id=7" type=audio/mpeg></audio>', "http://lectures.example.org/get?id=7"),
        ('<video src="/stream/9"></video><meta property="og:video" content="o.mp4">', "http://lectures.example.org/stream/9"),
        ('<meta property="og:video" content="http://cdn.example.com/o.mp4"><a href="a.mp4">', "http://cdn.example.com/o.mp4"),
        ('<meta property=og:video:url content=//cdn.example.com/o.mp4><meta property=og:video:type content=video/mp4>',
         "http://cdn.example.com/o.mp4"),
        ('<meta property=og:video content=http://a/x.mp4><meta property=og:video:secure_url content=https://a/x.mp4>',
         "https://a/x.mp4"),
        ('<meta property=og:video content=http://a/1.mp4><meta property=og:video:height content=360>'
         '<meta property=og:video content=http://a/2.mp4><meta property=og:video:height content=1080>', "http://a/2.mp4"),
        ('<meta property=og:video content=http://a/embed><meta property=og:video:type content=text/html>'
         '<a href="x.MP4?dl=1">', "x.MP4?dl=1"),
        ('<meta property=og:audio content=http://a/talk><meta property=og:audio:type content=audio/mpeg>', "http://a/talk"),
        ('<base href="http://files.example.com/d/"><a href="1.webm">', "http://files.example.com/d/1.webm"),
        ('<a href="notes.pdf"></a><a href="../talk.flac">', "http://lectures.example.org/course/talk.flac"),
        ('<a href="get?id=1" type="video/mp4">', "get?id=1"),
        ('<a href="a.mp4?x=1&amp;y=2">', "a.mp4?x=1&y=2"),
        ('<video src="blob:http://x/1"></video><a href="javascript:x.mp4"><a href="file:///x.mp4">', None),
        ('<a href="http://[x.mp4">', None),
        ('<script>var x = "<video src=a.mp4>"</script><!-- <video src=b.mp4> --><img src="a.jpg">', None),
        ('<a href="course.html">no media</a>', None),
        ('<video><track src="a.vtt"></video>', None),
    ],
)  # fmt: skip
def test_the_best_media_of_a_page_is_found(html: str, found: str | None) -> None:
    expected = None if found is None else found if "://" in found else SITE + found
    assert media_link(f"<html><head></head><body>{html}</body>", SITE) == expected


def test_a_page_of_any_domain_leads_to_its_media_also_after_redirects(server: Server, tmp_path: Path) -> None:
    server.answers["/talk"] = redirect("/course/talk.html")
    server.answers["/course/talk.html"] = page('<video><source src="media/talk.mp4" type="video/mp4"></video>')
    found = fetched(server.url("/talk"), tmp_path, _any="page")
    assert found.path.read_bytes() == DATA and found.decoded
    assert server.asked[-1][0] == "/course/media/talk.mp4"


def test_without_a_decoder_for_pages_a_page_is_what_came(server: Server, tmp_path: Path) -> None:
    server.answers["/talk"] = page('<video src="talk.mp4">')
    found = fetched(server.url("/talk"), tmp_path)
    assert found.is_page and not found.decoded and len(server.asked) == 1


def test_a_media_that_is_called_a_page_by_its_server_is_a_media(server: Server, tmp_path: Path) -> None:
    server.answers["/talk"] = functools.partial(whole, content_type="text/html")
    found = fetched(server.url("/talk"), tmp_path, _any="page")
    assert not found.is_page and not found.decoded and found.path.read_bytes() == DATA


def test_a_page_without_media_is_said(server: Server, tmp_path: Path) -> None:
    server.answers["/talk"] = page("<a href=x.pdf>")
    fails(server.url("/talk"), tmp_path, server.url("/talk"), "web page", "no media file", _any="page")


def test_a_page_whose_media_is_a_page_again_ends_there(server: Server, tmp_path: Path) -> None:
    server.answers["/talk"] = server.answers["/b.mp4"] = page('<video src="b.mp4">')
    found = fetched(server.url("/talk"), tmp_path, _any="page")
    assert found.is_page and server.asked[-1][0] == "/b.mp4"


def test_a_page_without_end_is_given_up(server: Server, tmp_path: Path) -> None:
    server.answers["/talk"] = page("<p>" * (3 << 20))
    fails(server.url("/talk"), tmp_path, "larger than", _any="page")


@pytest.mark.parametrize("link", ["http://169.254.169.254/latest/x.mp4", "http://[::1]/x.mp4", "http://10.0.0.1/x.mp4"])
def test_a_page_is_no_way_to_a_private_address_cve_2025_34452(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str
) -> None:
    """The page's host stands for a public one: only what the rule says of 127.0.0.1 is changed."""
    real = public_address.is_public
    monkeypatch.setattr(public_address, "is_public", lambda address: address == "127.0.0.1" or real(address))
    server.answers["/talk"] = page(f'<video src="{link}">')
    fails(server.url("/talk"), tmp_path, "not in the public network", rules=PUBLIC, _any="page")
    server.answers["/talk"] = page('<video src="/moved.mp4">')
    server.answers["/moved.mp4"] = redirect(link)
    fails(server.url("/talk"), tmp_path, "leads to another address", rules=PUBLIC, _any="page")


# Programs of the operator


def made(tmp_path: Path, body: str) -> str:
    path = tmp_path / "decoder.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_a_program_gets_the_url_and_tells_where_the_media_is(server: Server, tmp_path: Path) -> None:
    decoder = made(tmp_path, f'echo "asked for $1, $# argument"; echo {server.url("/real.mp4")}')
    found = fetched(server.url("/watch?v=$(touch pwned)&-o"), tmp_path / "d", **{"127.0.0.1": decoder})
    assert found.path.read_bytes() == DATA and found.decoded
    assert [path for path, _ in server.asked] == ["/real.mp4"]
    assert (
        (tmp_path / "d" / "page" / "out")
        .read_text()
        .startswith(f"asked for {server.url('/watch?v=$(touch pwned)&-o')}, 1 ")
    )
    assert not list(tmp_path.rglob("pwned"))


def test_a_program_may_bring_the_media_itself_through_the_proxy_that_it_is_told(server: Server, tmp_path: Path) -> None:
    script = (
        "import os,sys,urllib.request as u; open(os.environ['TLP_MEDIA'],'wb').write(u.urlopen(sys.argv[1]).read())"
    )
    decoder = made(tmp_path, f'exec {sys.executable} -c "{script}" "$1"')
    found = fetched(server.url("/real.mp4"), tmp_path / "d", **{"127.0.0.1": decoder})
    assert (found.path.read_bytes(), found.md5) == (DATA, hashlib.md5(DATA).hexdigest())
    assert server.asked[0][1]["Connection"] == "close"  # the proxy's word


def test_what_goes_wrong_in_a_program_is_said_in_its_words(server: Server, tmp_path: Path) -> None:
    url = server.url("/x")
    fails(
        url,
        tmp_path,
        url,
        "'decoder.sh' failed: no such lecture",
        **{"127.0.0.1": made(tmp_path, "echo no such lecture >&2; exit 3")},
    )
    fails(url, tmp_path, "exit code 3", **{"127.0.0.1": made(tmp_path, "exit 3")})
    fails(url, tmp_path, "found no media", **{"127.0.0.1": made(tmp_path, "echo file:///etc/passwd")})
    fails(url, tmp_path, "cannot be run", **{"127.0.0.1": "/nowhere/decoder.py"})
    fails(url, tmp_path, "cannot be run", **{"127.0.0.1": "relative.py"})
    fails(url, tmp_path, "not in the public network", rules=PUBLIC, **{"127.0.0.1": made(tmp_path, "touch ran")})
    assert not list(tmp_path.rglob("ran")) and server.asked == []


def test_what_a_program_answers_is_checked_like_a_url_of_a_client(server: Server, tmp_path: Path) -> None:
    decoder = made(tmp_path, "echo http://user:secret@127.0.0.1/x")
    fails(server.url("/x"), tmp_path, "user name or password", **{"127.0.0.1": decoder})


# yt-dlp
