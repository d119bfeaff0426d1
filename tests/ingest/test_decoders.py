"""URL decoders: chosen by domain without a network, real programs, a real yt-dlp against real pages on this machine."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty_server import DATA, Server, ranged, redirect, serving, whole
from packages import Upload, refused
from tiny_media import Media, ffmpeg

from ingest.modules.base import guarded_proxy, public_address
from ingest.modules.base.guarded_proxy import GuardedProxy, guarded
from ingest.modules.base.media_by_url import Fetched, fetch
from ingest.modules.base.probe import probe
from ingest.modules.base.url_decoders import Decoders, ytdlp
from ingest.modules.base.url_decoders.page import media_link
from ingest.modules.base.url_downloader import Rules
from tlp import config
from tlp.errors import DownloadError

ANYWHERE = Rules(allow_private=True, max_size=10 << 20, timeout=20, pause_s=0.001)
PUBLIC = Rules(allow_private=False, max_size=10 << 20, timeout=20, pause_s=0.001)
HTML = "text/html; charset=utf-8"
SITE = "http://lectures.example.org/course/3/"


@pytest.fixture(autouse=True)
def path_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of our Python come first, as in the environment of a job."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def page(html: str) -> Any:
    return functools.partial(whole, data=html.encode(), content_type=HTML)


def fetched(url: str, folder: Path, rules: Rules = ANYWHERE, **decoders: str) -> Fetched:
    folder.mkdir(exist_ok=True)
    return fetch(url, folder, rules, Decoders({key.replace("_any", "*"): name for key, name in decoders.items()}))


def fails(url: str, folder: Path, *words: str, rules: Rules = ANYWHERE, **decoders: str) -> None:
    with pytest.raises(DownloadError) as error:
        fetched(url, folder, rules, **decoders)
    assert all(word in str(error.value) for word in words), str(error.value)
    assert "\n" not in str(error.value) and str(folder) not in str(error.value)


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


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return Media(tmp_path_factory.mktemp("video"))["mp4"].read_bytes()


def test_yt_dlp_brings_the_media_of_a_page(server: Server, tmp_path: Path, video: bytes) -> None:
    server.answers["/watch?v=1"] = page('<title>T</title><video src="/files/talk.mp4"></video>')
    server.answers["/files/talk.mp4"] = functools.partial(whole, data=video)
    found = fetched(server.url("/watch?v=1"), tmp_path, **{"127.0.0.1": "yt-dlp"})
    assert found.path.read_bytes() == video and found.decoded and found.md5 == hashlib.md5(video).hexdigest()
    assert found.path.parent == tmp_path / "page"


def test_yt_dlp_is_no_way_to_a_private_address_cve_2025_34452(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, video: bytes
) -> None:
    """127.0.0.1 stands for a public host, as above; 127.0.0.2 is the same server and stays private."""
    real = public_address.is_public
    monkeypatch.setattr(public_address, "is_public", lambda address: address == "127.0.0.1" or real(address))
    inside = server.url("/inside/talk.mp4", "127.0.0.2")
    server.answers["/watch"] = page(f'<video src="{inside}"></video>')
    server.answers["/moved"] = redirect(inside)
    for path in ("/watch", "/moved"):
        folder = tmp_path / path[1:]
        fails(
            server.url(path),
            folder,
            "'127.0.0.2' is not in the public network",
            rules=PUBLIC,
            **{"127.0.0.1": "yt-dlp"},
        )
    assert not [path for path, _ in server.asked if "inside" in path]


def test_yt_dlp_fetches_no_more_than_is_taken(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers["/watch"] = page('<video src="/talk.mp4"></video>')
    small = Rules(allow_private=True, max_size=100_000, timeout=20, pause_s=0.001)
    fails(server.url("/watch"), tmp_path / "a", "larger than", rules=small, **{"127.0.0.1": "yt-dlp"})

    def endless(handler: Any) -> None:
        handler.head(200, Content_Type="video/mp4")
        for _ in range(4):
            handler.wfile.write(DATA)

    monkeypatch.setattr(guarded_proxy, "_PAGES", 100_000)
    server.answers["/talk.mp4"] = endless  # it does not say how large it is
    fails(server.url("/watch"), tmp_path / "b", "larger than the 100000 bytes", rules=small, **{"127.0.0.1": "yt-dlp"})


def test_what_breaks_off_in_the_proxy_never_looks_whole(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def stalling(handler: Any) -> None:
        handler.head(200, Content_Type="video/mp4")
        handler.wfile.write(DATA)
        time.sleep(1)

    def read(proxy: GuardedProxy) -> bytes:
        with urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy.url})).open(
            server.url("/x")
        ) as got:
            return bytes(got.read())

    with guarded(True, len(DATA), 0.2) as proxy:
        assert read(proxy) == DATA
    server.answers["/x"] = stalling
    with guarded(True, len(DATA), 0.2) as proxy, pytest.raises(ConnectionResetError):
        read(proxy)
    monkeypatch.setattr(guarded_proxy, "_PAGES", 0)
    server.answers["/x"] = lambda handler: (handler.head(200), handler.wfile.write(DATA))
    with guarded(True, 1000, 5) as proxy:
        with pytest.raises(ConnectionResetError):
            read(proxy)
        assert proxy.overspent and "larger than the 1000 bytes" in str(proxy.refusal)


@pytest.mark.parametrize("at", ["http://127.0.0.1/x", "http://169.254.169.254/latest/meta-data", "https://10.0.0.1/x"])
def test_the_proxy_reaches_no_private_address_by_any_method(server: Server, at: str) -> None:
    with guarded(False, 1000, 5) as proxy:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy.url, "https": proxy.url}))
        for data in (None, b"a body"):
            with pytest.raises(OSError, match="403"):
                opener.open(at, data, timeout=5)
        assert "is not in the public network" in str(proxy.refusal)
        with pytest.raises(OSError, match="403"):
            opener.open(urllib.request.Request("http://x/", headers={"Transfer-Encoding": "chunked"}), timeout=5)


def test_a_playlist_of_pieces_comes_whole_or_not_at_all(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recordings: Media
) -> None:
    """What yt-dlp fetches piece by piece is under the same rules: private addresses and local files are no pieces."""
    real = public_address.is_public
    monkeypatch.setattr(public_address, "is_public", lambda address: address == "127.0.0.1" or real(address))
    piece = tmp_path / "piece.ts"
    ffmpeg("-i", str(recordings["mp4"]), "-c", "copy", "-f", "mpegts", str(piece))
    server.answers["/1.ts"] = functools.partial(whole, data=piece.read_bytes(), content_type="video/mp2t")
    lists = {"good": "/1.ts", "inside": server.url("/inside.ts", "127.0.0.2"), "local": "file:///etc/passwd"}
    for name, second in lists.items():
        text = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/1.ts\n#EXTINF:2,\n{second}\n#EXT-X-ENDLIST\n"
        kind = "application/vnd.apple.mpegurl"
        server.answers[f"/{name}.m3u8"] = functools.partial(whole, data=text.encode(), content_type=kind)
    decoders = {"127.0.0.1": "yt-dlp"}
    found = fetched(server.url("/good.m3u8"), tmp_path / "good", PUBLIC, **decoders)
    assert probe(found.path).video and found.size > len(piece.read_bytes()) // 2
    fails(server.url("/inside.m3u8"), tmp_path / "inside", "not in the public network", rules=PUBLIC, **decoders)
    fails(server.url("/local.m3u8"), tmp_path / "local", rules=PUBLIC, **decoders)
    assert not [path for path, _ in server.asked if "inside.ts" in path]


def test_yt_dlp_says_why_there_is_nothing(server: Server, tmp_path: Path) -> None:
    server.answers["/watch"] = page("<p>nothing here</p>")
    fails(
        server.url("/watch"),
        tmp_path,
        server.url("/watch"),
        "yt-dlp says:",
        "Unsupported URL",
        **{"127.0.0.1": "yt-dlp"},
    )


def test_yt_dlp_obeys_no_settings_or_plugins_that_lie_about(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, video: bytes
) -> None:
    folder = tmp_path / "page"
    (folder / "yt_dlp_plugins" / "extractor").mkdir(parents=True)
    (folder / "yt_dlp_plugins" / "extractor" / "mine.py").write_text("open('pwned', 'w')")
    (folder / "yt-dlp.conf").write_text(f"--exec 'touch {tmp_path}/pwned'\n")
    (folder / ".config" / "yt-dlp").mkdir(parents=True)
    (folder / ".config" / "yt-dlp" / "config").write_text(f"--exec 'touch {tmp_path}/pwned'\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    server.answers["/talk.mp4"] = functools.partial(whole, data=video)
    fetched(server.url("/talk.mp4"), tmp_path, **{"127.0.0.1": "yt-dlp"})
    assert not list(tmp_path.rglob("pwned"))


def test_no_url_becomes_an_option_or_a_file_name_of_yt_dlp_cve_2023_40581_cve_2024_22423_cve_2025_54072(
    server: Server, tmp_path: Path, video: bytes
) -> None:
    words = ytdlp.command("--exec=x", "http://127.0.0.1:1", ANYWHERE)
    assert words[-2:] == ["--", "--exec=x"]
    server.answers["/x.mp4;touch%20pwned%22$(touch%20pwned)"] = functools.partial(whole, data=video)
    url = server.url("/x.mp4;touch%20pwned%22$(touch%20pwned)")
    assert fetched(url, tmp_path, **{"127.0.0.1": "yt-dlp"}).path.name.startswith("media.")
    assert not list(tmp_path.rglob("pwned"))


def test_a_player_in_a_page_goes_to_the_decoder_of_its_domain(server: Server, tmp_path: Path, video: bytes) -> None:
    player = server.url("/embed/1", "localhost")
    server.answers["/course"] = page(f'<iframe src="{player}"></iframe><a href="other.mp4">')
    server.answers["/embed/1"] = page('<video src="/talk.mp4"></video>')
    server.answers["/talk.mp4"] = functools.partial(whole, data=video)
    assert fetched(server.url("/course"), tmp_path, _any="page", localhost="yt-dlp").path.read_bytes() == video


# In the job


def test_the_package_job_takes_a_media_through_a_page(server: Server, upload: Upload, video: bytes) -> None:
    upload.request["downloads"].update(allow_private=True)
    upload.request["url_decoders"] = {"*": "page"}
    server.answers["/watch"] = page('<video src="talk.bin"></video>')
    server.answers["/talk.bin"] = functools.partial(whole, data=video)
    found = upload.process({"url": server.url("/watch"), "filename": None})["media"]
    assert (found["file"], found["format"], found["url"]) == ("files/media.mp4", "mp4", server.url("/watch"))
    assert found["decoded"] and upload.files() == ["media.mp4"]
    server.answers["/talk.bin"] = functools.partial(whole, data=b"no media at all")
    refused(lambda: upload.process({"url": server.url("/watch")}), server.url("/watch"))


def test_the_package_job_that_is_run_again_goes_on_with_the_download(
    server: Server, upload: Upload, video: bytes
) -> None:
    upload.request["downloads"].update(allow_private=True)
    server.answers["/talk.mp4"] = functools.partial(ranged, data=video, etag='"1"')
    begun = upload.folder / "work" / "download" / "media.download"
    begun.parent.mkdir(parents=True)
    begun.write_bytes(video[:9000])
    note = {"source": server.url("/talk.mp4"), "size": 9000, "total": len(video), "validator": '"1"'}
    begun.with_name("media.download.part.json").write_text(json.dumps(note))
    found = upload.process({"url": server.url("/talk.mp4"), "filename": None})["media"]
    assert found["md5"] == hashlib.md5(video).hexdigest() and not found["decoded"]
    assert [headers["Range"] for _, headers in server.asked] == ["bytes=9000-"]
