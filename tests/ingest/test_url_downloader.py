"""Downloads against a real HTTP server that redirects, breaks, lies; and all the addresses that must not be reached."""

from __future__ import annotations

import functools
import hashlib
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from faulty_server import DATA, Handler, Server, redirect, serving, slowly, whole
from fetching import ANYWHERE, MD5, PUBLIC, refused

from ingest.modules.base.public_address import is_public, place, shown
from ingest.modules.base.url_downloader import Got, Rules, download
from tlp.errors import DownloadError


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "media.download"


def test_a_file_is_fetched_with_its_size_md5_and_type(server: Server, target: Path) -> None:
    assert download(server.url("/talk.mp4"), target, ANYWHERE) == Got(
        len(DATA), MD5, "video/mp4", server.url("/talk.mp4")
    )
    assert target.read_bytes() == DATA
    assert list(target.parent.iterdir()) == [target]


def test_the_url_never_becomes_a_file_name_an_option_or_a_command_cve_2025_34452_cve_2023_40581_cve_2026_45578(
    server: Server, target: Path
) -> None:
    for path in ("/../../etc/x;touch%20pwned", "/$(touch pwned)`touch pwned`|x.mp4", "/-o/--exec=x", "/%2e%2e%2fx"):
        download(server.url(path), target, ANYWHERE)
        assert list(target.parent.iterdir()) == [target]
    assert [path for path, _ in server.asked][1:3] == ["/$(touch%20pwned)%60touch%20pwned%60%7Cx.mp4", "/-o/--exec=x"]


def test_a_url_with_letters_of_any_script_is_fetched(server: Server, target: Path) -> None:
    download(server.url("/lección 1.mp4?q=ñ#t=3"), target, ANYWHERE)
    assert server.asked[0][0] == "/lecci%C3%B3n%201.mp4?q=%C3%B1"


def test_redirects_are_followed_five_times_and_no_more(server: Server, target: Path) -> None:
    for n in range(1, 7):
        server.answers[f"/{n}"] = redirect(f"/{n - 1}", (301, 302, 303, 307, 308, 302)[n - 1])
    assert download(server.url("/5"), target, ANYWHERE).md5 == MD5
    refused(server.url("/6"), target, ANYWHERE, "more than 5 times")


def test_a_circle_of_redirects_ends(server: Server, target: Path) -> None:
    server.answers["/a"] = redirect("/a")
    refused(server.url("/a"), target, ANYWHERE, "more than 5 times")


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:6379/x", "data:,x"])
def test_a_redirect_to_another_scheme_is_refused_cve_2026_107698(server: Server, target: Path, to: str) -> None:
    server.answers["/a"] = redirect(to)
    refused(server.url("/a"), target, ANYWHERE, "leads to another address", "only http and https")


def test_every_redirect_is_checked_again_cve_2026_107698(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first address stands for a public one: only what the system's resolver says of it is changed."""
    server.answers["/a"] = redirect(server.url("/secret", "127.0.0.2"))
    real = socket.getaddrinfo

    def resolve(host: str, *args: Any, **more: Any) -> Any:
        return real("93.184.216.34" if host == "media.example" else host, *args, **more)

    connect = socket.create_connection
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", lambda at, *more: connect(("127.0.0.1", at[1]), *more))
    refused(server.url("/a", "media.example"), target, PUBLIC, "leads to another address", "127.0.0.2")
    assert [path for path, _ in server.asked] == ["/a"]
    assert server.asked[0][1]["Host"] == f"media.example:{server.server_address[1]}"


def test_no_credentials_are_taken_or_sent_on_cve_2018_16153(server: Server, target: Path) -> None:
    refused(server.url("/a", "user:secret@127.0.0.1"), target, ANYWHERE, "user name or password")
    server.answers["/a"] = redirect(server.url("/b", "user:secret@127.0.0.1"))
    refused(server.url("/a"), target, ANYWHERE, "user name or password")
    server.answers["/a"] = redirect("/c")
    download(server.url("/a"), target, ANYWHERE)
    names = {name.lower() for _, headers in server.asked for name in headers}
    assert names == {"host", "user-agent", "accept", "accept-encoding", "connection"}


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "169.254.169.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0",
     "0.0.0.0", "[::]", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "224.0.0.1", "255.255.255.255",
     "240.0.0.1", "[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[::127.0.0.1]", "[fe80::1]", "[fc00::1]", "[fec0::1]",
     "[ff02::1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[2001:db8::1]", "[2001:0:1::1]", "localhost", "LOCALHOST",
     "１２７.0.0.1", "127。0。0。1"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_never_asked(server: Server, target: Path, host: str) -> None:
    refused(server.url("/secret", host), target, PUBLIC, "not in the public network")
    assert server.asked == []


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]", "2852039166"])
def test_what_a_cloud_tells_of_a_machine_is_never_asked_even_where_private_addresses_are_allowed(
    server: Server, target: Path, host: str
) -> None:
    refused(server.url("/secret", host), target, ANYWHERE, "own link")
    assert server.asked == []


def test_a_name_that_resolves_to_a_private_address_is_refused_even_beside_a_public_one(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(host: str, port: int, **more: Any) -> Any:
        return [(2, 1, 6, "", (address, port)) for address in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    refused("http://rebound.example/x", target, PUBLIC, "'rebound.example' is not in the public network")


def test_the_connection_goes_to_the_checked_address_without_a_second_look_up(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *args: Any, **more: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if host == "media.example" else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    download(server.url("/a", "media.example"), target, ANYWHERE)
    assert asked.count("media.example") == 1


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url", ["", "http://", "http:///x", "//host/x", "http://host:99999/", "http://host:0/", "http://[::1/", "http://a\r\nb/",
            "http://host/\r\nX: y", "http://ho\\st/", "javascript:alert(1)", "http://" + "a" * 300 + "/"],
)  # fmt: skip
def test_what_is_no_url_is_refused_in_words(target: Path, url: str) -> None:
    with pytest.raises(DownloadError):
        place(url, True)


def test_a_file_larger_than_the_limit_is_refused_whether_it_says_so_or_not(server: Server, target: Path) -> None:
    small = Rules(allow_private=True, max_size=1000, timeout=20, pause_s=0.001)
    refused(server.url("/a"), target, small, "larger than the 1000 bytes")

    def endless(handler: Handler) -> None:
        handler.head(200)
        for _ in range(1000):
            handler.wfile.write(DATA)

    server.answers["/b"] = endless
    refused(server.url("/b"), target, small, "larger than the 1000 bytes")
    assert target.stat().st_size <= 1000


def test_a_server_that_sends_next_to_nothing_is_given_up(server: Server, target: Path) -> None:
    server.answers["/a"] = slowly
    refused(
        server.url("/a"), target, Rules(True, 10 << 20, timeout=1.5, pause_s=0.001), "less than 1024 bytes a second"
    )


def test_a_server_that_sends_nothing_is_given_up(server: Server, target: Path) -> None:
    server.answers["/a"] = lambda handler: handler.head(200, Content_Length=0)
    refused(server.url("/a"), target, ANYWHERE, "the server sent nothing")


def test_a_server_that_does_not_answer_is_given_up_in_words(target: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        refused(
            url, target, Rules(True, 1000, timeout=0.05, pause_s=0.001), "127.0.0.1 does not answer", "no data in time"
        )
    assert "Errno" not in refused(url, target, ANYWHERE, "does not answer", "refused")


def test_a_packed_file_that_was_not_asked_for_is_refused(server: Server, target: Path) -> None:
    server.answers["/a"] = lambda handler: handler.head(200, Content_Length=5, Content_Encoding="gzip")
    refused(server.url("/a"), target, ANYWHERE, "packs the file")


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(tmp_path: Path, target: Path) -> None:
    certificate = made_certificate(tmp_path)
    with serving(certificate) as server:
        refused(
            server.url("/a", "localhost", "https"), target, ANYWHERE, "does not answer", "certificate verify failed"
        )
        assert server.asked == []


def test_https_is_checked_against_the_name_in_the_url_not_the_address(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = made_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(certificate) as server:
        assert download(server.url("/a", "localhost", "https"), target, ANYWHERE).md5 == MD5
        refused(server.url("/a", "127.0.0.1", "https"), target, ANYWHERE, "certificate", "127.0.0.1")


def made_certificate(folder: Path) -> Path:
    key, both = folder / "key.pem", folder / "both.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(key),
        "-out",
        str(both),
    ]
    subprocess.run(command, check=True, capture_output=True)
    both.write_bytes(both.read_bytes() + key.read_bytes())
    return both


def test_a_media_by_url_gets_its_format_from_its_content_and_a_web_page_is_told_as_such(
    server: Server, tmp_path: Path
) -> None:
    from packages import Upload, refused
    from tiny_media import Media

    video = Media(tmp_path)["webm"].read_bytes()
    upload = Upload(tmp_path)
    upload.request["downloads"].update(allow_private=True)
    server.answers["/download.php?name=x.mp4"] = functools.partial(whole, data=video, content_type="video/mp4")
    url = server.url("/download.php?name=x.mp4")
    found = upload.process({"url": url, "filename": None})["media"]
    assert (found["file"], found["format"], found["url"]) == ("files/media.webm", "webm", url)
    assert found["md5"] == hashlib.md5(video).hexdigest() and upload.files() == ["media.webm"]
    server.answers["/watch"] = functools.partial(whole, data=b"<html>", content_type="text/html; charset=utf-8")
    refused(lambda: upload.process({"url": server.url("/watch")}), "/watch", "web page")
    server.answers["/list"] = functools.partial(whole, data=b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n")
    refused(lambda: upload.process({"url": server.url("/list")}), "/list", "playlist")


def test_no_message_shows_what_may_be_secret_in_a_url(target: Path) -> None:
    url = "http://user:pa55@127.0.0.1/x?v=abc&token=t0ps&X-Amz-Signature=5d672d79c15b13162d9279b0855cfba6789a8edb#f"
    with pytest.raises(DownloadError) as error:
        download(url, target, ANYWHERE)
    assert str(error.value).startswith("http://127.0.0.1/x?v=abc&token=…&X-Amz-Signature=…: URLs with a user name")
    assert shown("https://a/@me/" + "x" * 500).endswith("x…") and shown("http://[::1/?a=b") == "http://[::1/?a=b"


def test_the_job_tells_how_far_a_download_is(
    server: Server, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    progress = tmp_path / "progress"
    monkeypatch.setenv("TLP_PROGRESS", str(progress))

    def halves(handler: Handler) -> None:
        handler.head(200, Content_Length=len(DATA))
        handler.wfile.write(DATA[: len(DATA) // 2])
        deadline = time.monotonic() + 15  # the client comes to it when it can
        while not (progress.exists() and progress.read_text().startswith("50")) and time.monotonic() < deadline:
            time.sleep(0.01)
        told.append(progress.read_text())
        handler.wfile.write(DATA[len(DATA) // 2 :])

    server.answers["/a"] = halves
    download(server.url("/a"), target, ANYWHERE)
    assert told == ["50 downloading\n"]
    assert progress.read_text() == "100 downloading\n"
