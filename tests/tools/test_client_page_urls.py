"""URLs of the Media Player and the Translation Editor (manual, Appendices B, C and H)."""

import base64
import json
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from libtlp.config import SAMPLE
from libtlp.keys import request_key
from libtlp.url_command import EDITOR, PLAYER, main
from libtlp.version import CLIENT_NAME

SECRET = "akjsfd982323098qwjs209823id09321io3290d"  # the one of the sample configuration


@pytest.fixture
def url(tmp_path, capfd):
    """Run a generator: the address, the parameters in `request`, the whole query."""
    (tmp_path / "config.ini").write_text(SAMPLE, encoding="utf-8")

    def generate(page, *line):
        assert main(page, list(line), str(tmp_path)) == 0
        parts = urlsplit(capfd.readouterr().out.strip())
        query = {key: values[0] for key, values in parse_qs(parts.query, strict_parsing=True).items()}
        request = json.loads(base64.b64decode(query["request"], validate=True))
        return f"{parts.scheme}://{parts.netloc}{parts.path}", request, query

    return generate


def test_a_player_url_carries_the_manuals_parameters_and_the_full_key(url):
    before = int(time.time())
    address, request, query = url(PLAYER, "-l", "en", "-s", "12.5", "MEDIA-1")
    expire = request["expire"]
    assert address == "http://my-tlp-server.com/player"
    assert before + 86400 <= expire <= time.time() + 86400
    assert request == {
        "client": CLIENT_NAME,
        "id": "MEDIA-1",
        "author_id": "jsnow21",
        "author_conf": 100,
        "author_name": "John Snow",
        "lang": "en",
        "api_user": "tluser",
        "request_key": request_key(SECRET, "tluser", expire, "speech", "MEDIA-1", ("jsnow21", 100)),
        "expire": expire,
    }
    assert set(query) == {"request", "t"} and query["t"] == "12.5"


def test_the_command_line_wins_over_the_configuration(url):
    line = [
        "-a",
        "me",
        "-n",
        "Ünï",
        "-k",
        "40",
        "-S",
        "12",
        "-t",
        "5",
        "-I",
        "other:secret",
        "--key-version",
        "1",
        "MEDIA-1",
    ]
    _, request, query = url(PLAYER, *line)
    assert (request["author_id"], request["author_name"], request["author_conf"]) == ("me", "Ünï", 40)
    assert (request["session_id"], request["api_user"]) == (12, "other")
    assert abs(request["expire"] - time.time() - 300) < 30
    assert request["request_key"] == request_key(
        "secret", "other", request["expire"], "speech", "MEDIA-1", ("me", 40), 1
    )
    assert "lang" not in request and set(query) == {"request"}


@pytest.mark.parametrize(("version", "length"), [("1", 40), ("2", 67)])
def test_a_read_only_url_has_no_author_and_half_a_key(url, version, length):
    _, request, _ = url(PLAYER, "--read-only", "--key-version", version, "MEDIA-1")
    assert (request["author_id"], request["author_conf"]) == (None, None)
    assert "author_name" not in request
    assert len(request["request_key"]) == length


@pytest.mark.parametrize("line", [["D-1", "ca"], ["-l", "ca", "D-1"]])
def test_an_editor_url_takes_the_language_as_the_usage_or_as_the_example_has_it(url, line):
    address, request, query = url(EDITOR, *line)
    assert (address, set(query)) == ("http://my-tlp-server.com/editor", {"request"})
    assert (request["id"], request["lang"]) == ("D-1", "ca")


def test_an_editor_url_needs_a_language(tmp_path, capfd):
    (tmp_path / "config.ini").write_text(SAMPLE, encoding="utf-8")
    assert main(EDITOR, ["D-1"], str(tmp_path)) == 1
    assert capfd.readouterr().err.startswith("[EE] which language?")


def test_debug_shows_the_parameters_and_never_the_secret(tmp_path, capfd):
    (tmp_path / "config.ini").write_text(SAMPLE, encoding="utf-8")
    main(PLAYER, ["-d", "MEDIA-1"], str(tmp_path))
    shown = capfd.readouterr().err
    assert '"id": "MEDIA-1"' in shown and SECRET not in shown


def test_a_page_address_that_has_a_query_keeps_it(tmp_path, capfd):
    config = SAMPLE.replace("/player\n", "/player?theme=dark\n")
    (tmp_path / "config.ini").write_text(config, encoding="utf-8")
    main(PLAYER, ["MEDIA-1"], str(tmp_path))
    assert capfd.readouterr().out.startswith("http://my-tlp-server.com/player?theme=dark&request=")


def test_the_editor_gets_a_key_for_a_document_and_the_player_one_for_a_media(url):
    for page, scope in ((PLAYER, "speech"), (EDITOR, "text")):
        _, request, _ = url(page, "D-1", *(["ca"] if page is EDITOR else []))
        author = (request["author_id"], request["author_conf"])
        assert request["request_key"] == request_key(SECRET, "tluser", request["expire"], scope, "D-1", author)
