"""Files as browsers ask for them: signed locations, byte ranges, conditional requests, safe headers."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import falcon.testing
import pytest

VIDEO = bytes(range(256)) * 40
SIZE = len(VIDEO)


@pytest.fixture
def place(api: Any, lecture: Any) -> Any:
    """Where /metadata says the video is: (path, query string)."""
    return _split(api.get("metadata", id=lecture.id).json["media"][0]["location"])


def _split(location: str) -> tuple[str, str]:
    parts = urlsplit(location)
    return parts.path, parts.query


def _fetch(client: falcon.testing.TestClient, place: tuple[str, str], method: str = "GET", **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.simulate_request(method, place[0], query_string=place[1], headers=sent)


def test_a_location_gives_the_file_under_its_type(client: Any, place: Any) -> None:
    answer = _fetch(client, place)
    assert (answer.status_code, answer.content) == (200, VIDEO)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-length"] == str(SIZE)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private, max-age=")


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-", 0, SIZE), ("bytes=0-0", 0, 1), ("bytes=100-199", 100, 200), ("bytes=5000-", 5000, SIZE),
        ("bytes=-10", SIZE - 10, SIZE), (f"bytes=0-{SIZE * 9}", 0, SIZE), (f"bytes=-{SIZE * 9}", 0, SIZE),
        (f"bytes={SIZE - 1}-{SIZE - 1}", SIZE - 1, SIZE),
    ],
)  # fmt: skip
def test_a_range_gives_these_bytes(client: Any, place: Any, asked: str, first: int, end: int) -> None:
    answer = _fetch(client, place, Range=asked)
    assert (answer.status_code, answer.content) == (206, VIDEO[first:end])
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - first)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE}-{SIZE + 5}", "bytes=-0"])
def test_a_range_beyond_the_end_is_416_with_the_size(client: Any, place: Any, asked: str) -> None:
    answer = _fetch(client, place, Range=asked)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked", ["bytes=-", "bytes=5-2", "items=0-1", "bytes=0-1,5-6", "bytes=a-b", "bytes=٣-", "bytes"]
)
def test_a_range_that_cannot_be_read_gives_the_whole_file(client: Any, place: Any, asked: str) -> None:
    answer = client.simulate_get(place[0], query_string=place[1], headers={"Range": asked.encode().decode("latin-1")})
    assert (answer.status_code, answer.content) == (200, VIDEO)


def test_if_range_gives_a_part_of_the_same_file_only(client: Any, place: Any) -> None:
    whole = _fetch(client, place)
    for condition, status in (
        (whole.headers["etag"], 206), (whole.headers["last-modified"], 206),
        ('"another"', 200), ("Mon, 01 Jan 2001 00:00:00 GMT", 200), ("nonsense", 200),
    ):  # fmt: skip
        assert _fetch(client, place, Range="bytes=0-9", If_Range=condition).status_code == status


def test_a_file_that_the_client_has_is_304(client: Any, place: Any) -> None:
    whole = _fetch(client, place)
    assert _fetch(client, place, If_None_Match=whole.headers["etag"]).status_code == 304
    assert _fetch(client, place, If_None_Match='"x", W/' + whole.headers["etag"]).status_code == 304
    assert _fetch(client, place, If_None_Match='"x"').status_code == 200
    assert _fetch(client, place, If_Modified_Since=whole.headers["last-modified"]).status_code == 304
    assert _fetch(client, place, If_Modified_Since="Mon, 01 Jan 2001 00:00:00 GMT").status_code == 200
    assert _fetch(client, place, If_Modified_Since="yesterday").status_code == 200


def test_head_gives_the_headers_only(client: Any, place: Any) -> None:
    answer = _fetch(client, place, "HEAD")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", str(SIZE))
    assert _fetch(client, place, "HEAD", Range="bytes=0-9").headers["content-length"] == "10"


def test_a_file_that_is_gone_is_404(client: Any, instance: Any, place: Any) -> None:
    next(instance.media.rglob("main.mp4")).unlink()
    assert _fetch(client, place).status_code == 404


def test_documents_are_downloads_that_run_no_scripts(client: Any, api: Any, lecture: Any) -> None:
    slides = api.get("metadata", id=lecture.id).json["attachments"][0]["location"]
    answer = _fetch(client, _split(slides))
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


# Only with a signature


def test_attack_a_path_without_a_good_signature_opens_nothing(client: Any, lecture: Any, place: Any) -> None:
    path, query = place
    expire, signature = (parse_qs(query)[name][0] for name in ("expire", "signature"))
    later = str(int(expire) + 1)
    for wrong in (
        "", f"expire={expire}", f"signature={signature}", f"expire={later}&signature={signature}",
        f"expire={expire}&signature={signature[:-1]}", f"expire={expire}&signature=", f"expire=x&signature={signature}",
        f"expire={expire}&signature=%C3%B1", f"expire={expire}&expire={expire}&signature={signature}",
    ):  # fmt: skip
        assert client.simulate_get(path, query_string=wrong).status_code == 403


def test_attack_a_signature_opens_no_other_file(client: Any, lecture: Any, place: Any) -> None:
    for other in (
        "/data/9/9bc70b33e49c2d7bbbe42/thumb.jpg",
        "/data/../config.ini",
        "/data//etc/passwd",
        place[0] + "x",
    ):
        assert client.simulate_get(other, query_string=place[1]).status_code in (403, 404)


def test_attack_a_signed_path_out_of_the_mount_point_opens_nothing(client: Any, instance: Any) -> None:
    from api.locations import Locations

    (instance.media.parent / "outside.txt").write_text("secret")
    location = Locations(instance.config)
    request = falcon.Request(falcon.testing.create_environ())
    for path in ("../outside.txt", "/etc/passwd"):
        answer = client.simulate_get(f"/data/{path}", query_string=_split(location.signed(request, path))[1])
        assert answer.status_code != 200
        assert "secret" not in answer.text


def test_a_location_ends(instance: Any) -> None:
    from api.locations import Locations

    locations = Locations(instance.config)
    request = falcon.Request(falcon.testing.create_environ())
    before = time.time()
    query = parse_qs(_split(locations.signed(request, "a/b.mp4"))[1])
    expire, signature = query["expire"][0], query["signature"][0]
    lifetime = 60 * instance.config.media_urls.lifetime
    assert before + lifetime <= int(expire) <= time.time() + lifetime + 300
    assert locations.permits("a/b.mp4", expire, signature, now=lambda: int(expire))
    assert not locations.permits("a/b.mp4", expire, signature, now=lambda: int(expire) + 1)


@pytest.mark.parametrize("sections", [{"authentication": {"key_generator": '""'}}])
def test_urls_without_a_key_to_sign_them_are_refused_at_start(instance: Any) -> None:
    from api.app import create_app
    from tlp.errors import ConfigError

    with pytest.raises(ConfigError, match="key_generator"):
        create_app(instance.config)


def test_mounted_at_api_by_mod_wsgi_the_locations_lead_to_it(client: Any, api: Any, lecture: Any) -> None:
    answer = client.simulate_get("/speech/metadata", params={**api.credentials, "id": lecture.id}, root_path="/api")
    location = answer.json["media"][0]["location"]
    assert urlsplit(location).path.startswith("/api/data/")
    path, query = _split(location)
    assert client.simulate_get(path.removeprefix("/api"), query_string=query, root_path="/api").content == VIDEO


# /audiotrack sends files the same way


def test_an_audiotrack_is_sent_whole_or_in_part(api: Any, client: Any, lecture: Any) -> None:
    params = {"id": lecture.id, "lang": "es", "aid": lecture.track}
    whole = api.get("audiotrack", **params)
    assert (whole.content, whole.headers["content-type"]) == (VIDEO, "audio/mpeg")
    assert "MEDIA-ID-1234.es.mp3" in whole.headers["content-disposition"]
    part = client.simulate_get(
        "/api/speech/audiotrack", params={**api.credentials, **params}, headers={"Range": "bytes=10-19"}
    )
    assert (part.status_code, part.content) == (206, VIDEO[10:20])


def test_attack_an_id_cannot_write_headers(api: Any, add_lecture: Any, instance: Any) -> None:
    added = add_lecture(external_id='a"\r\nX-Evil: 1/../ñ')
    track = instance.media / "9" / "9bc70b33e49c2d7bbbe42" / "audiotrack.es.mp3"
    track.parent.mkdir(parents=True)
    track.write_bytes(VIDEO)
    answer = api.get("audiotrack", id=added.id, lang="es", aid=added.track)
    assert answer.content == VIDEO
    assert "x-evil" not in answer.headers
