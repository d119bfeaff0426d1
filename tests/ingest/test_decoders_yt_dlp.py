"""yt-dlp as a decoder of URLs: a real one, behind the guarded proxy, against real pages on this machine."""

from __future__ import annotations

import functools
import hashlib
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from faulty_server import DATA, Server, ranged, redirect, whole
from fetching import ANYWHERE, PUBLIC, fails, fetched, page
from packages import Upload, refused
from tiny_media import Media, ffmpeg

from ingest.modules.base import guarded_proxy, public_address
from ingest.modules.base.guarded_proxy import GuardedProxy, guarded
from ingest.modules.base.probe import probe
from ingest.modules.base.url_decoders import ytdlp
from ingest.modules.base.url_downloader import Rules

pytestmark = pytest.mark.usefixtures("path_of_jobs")

# Which decoder


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
        handler.rfile.read(1)  # nothing more, until it is left

    def read(proxy: GuardedProxy) -> bytes:
        with urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy.url})).open(
            server.url("/x")
        ) as got:
            return bytes(got.read())

    with guarded(True, len(DATA), 20) as proxy:
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
                opener.open(at, data, timeout=60)
        assert "is not in the public network" in str(proxy.refusal)
        with pytest.raises(OSError, match="403"):
            opener.open(urllib.request.Request("http://x/", headers={"Transfer-Encoding": "chunked"}), timeout=60)


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
