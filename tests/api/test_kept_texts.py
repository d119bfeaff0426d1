"""Written texts are kept by version: nobody ever gets an old one, and the room they take is bounded."""

from __future__ import annotations

from typing import Any

from api.answers import Text
from api.kept_texts import KeptTexts
from tlp.captions import Captions, Segment
from tlp.db import contents
from tlp.formats import FORMATS

TEXT = "text/plain"


def test_what_is_kept_is_given_again_and_the_oldest_in_use_goes_first() -> None:
    kept = KeptTexts(room=80_000)
    for number in range(8):
        kept.put(number, Text(b"x" * 9_400, TEXT))
    assert kept.get(0) == Text(b"x" * 9_400, TEXT)
    kept.put(8, Text(b"y" * 9_400, TEXT))
    assert [number for number in range(9) if kept.get(number)] == [0, 2, 3, 4, 5, 6, 7, 8]


def test_a_text_too_large_for_the_room_is_not_kept_and_drives_out_nothing() -> None:
    kept = KeptTexts(room=8_000)
    kept.put("small", Text(b"x" * 300, TEXT))
    kept.put("large", Text(b"x" * 2_000, TEXT))
    assert (kept.get("small") is not None, kept.get("large")) == (True, None)


def _add(instance: Any, object_id: int, text: str) -> None:
    body = FORMATS["dfxp"].write(Captions("en", [Segment(1, 0, 1000, [text])]), 0, 0).decode()
    version = {"body": body, "status": 0, "sup_ratio": 0, "origin": "asr"}
    instance.run(lambda cur: contents.add_version(cur, object_id, "en", version))


def test_a_new_version_is_shown_at_once_and_older_ones_stay_themselves(api: Any, instance: Any, lecture: Any) -> None:
    asked = {"id": lecture.id, "lang": "en", "format": 4}
    before = api.get("get", **asked).text
    assert api.get("get", **asked).text == before
    _add(instance, lecture.object_id, "Something else")
    assert api.get("get", **asked).text == "Something else\n"
    assert api.get("get", **asked, version=1).text == before
    assert api.get("get", **asked, version=2).text == "Something else\n"


def test_each_format_and_policy_is_kept_for_itself(api: Any, lecture: Any) -> None:
    asked = [
        {"format": f, "seg_filt_policy": s, "sel_data_policy": d} for f in range(5) for s in (-1, 0, 1) for d in (1, 2)
    ]
    first = [api.get("get", id=lecture.id, lang="en", **each).content for each in asked]
    again = [api.get("get", id=lecture.id, lang="en", **each) for each in asked]
    assert [answer.content for answer in again] == first
    assert len({answer.headers["content-type"] for answer in again}) == 4


def test_what_is_kept_is_for_its_owner_only(api: Any, lecture: Any, client: Any) -> None:
    assert api.get("get", id=lecture.id, lang="en").status_code == 200
    other = {"user": "other", "auth_token": "another-secret-key-1234567890", "id": lecture.id, "lang": "en"}
    assert client.simulate_get("/api/speech/get", params=other).json["rcode"] == 1
    assert api.get("get", id=lecture.id, lang="en", hash="wrong").json["rcode"] == 1
