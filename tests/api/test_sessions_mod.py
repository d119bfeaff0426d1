"""What an open session takes (manual, /mod), and what happens to what comes too late."""

from __future__ import annotations

import base64
import json
from contextlib import closing
from typing import Any

import pytest
from editing import BEFORE, EDDARD, FIRST, JON, LANG, OTHER, SECOND, Session, edit, mods, shown, start

from api.families import FAMILIES, SPEECH
from db import late_edits as program
from tlp.db import late_edits
from tlp.db.connection import connect

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)

# `mod` of the manual's Examples 17 and 36, as it is in the URL
EXAMPLE = {
    "speech": (
        "eyAiZW4iOiB7InR4dCI6WyB7InNJIjoxNiwgImIiOjg3Ljk2LCAiZSI6OTEuMzcsICJ0IjoiU2hlIHRvbGQgbWU6IFlvdSBrbm93IG5vdGhp"
        "bmcsIEpvaG4gU25vdyJ9IF0sICJkZWwiOlszLDddfSwgImVzIjogeyJkZWwiOls5XSwgInR4dCI6W119IH0="
    ),
    "text": (
        "eyAiY2EiOiB7InR4dCI6WyB7InNJIjoxNiwgInQiOiJTaGUgdG9sZCBtZTogWW91IGtub3cgbm90aGluZywgSm9obiBTbm93In0gXX0gfQ=="
    ),
}
SAVED = {"rcode": 0, "rcode_description": "Changes successfully saved."}


def _saved(instance: Any) -> list[tuple[Any, ...]]:
    query = """
        SELECT c.language, e.segment_id, e.begin_ms, e.end_ms, e.text
          FROM session_edits AS e JOIN contents AS c ON c.id = e.content_id
         ORDER BY c.language, e.saved_at, e.begin_ms, e.segment_id
    """
    return [tuple(row.values()) for row in instance.rows(query)]


def test_the_manuals_example_is_saved(api: Any, stored: Any, instance: Any) -> None:
    session = start(api, stored.id)
    sent = {"id": stored.id, "session_id": session.number, "language": "en", **JON}
    assert api.get("mod", mod=EXAMPLE[api.family.path], **sent).json == SAVED
    she = "She told me: You know nothing, John Snow"
    assert _saved(instance) == {
        "speech": [
            ("en", 16, 87960, 91370, she), ("en", 3, None, None, None), ("en", 7, None, None, None),
            ("es", 9, None, None, None),
        ],
        "text": [("ca", 16, None, None, she)],
    }[api.family.path]  # fmt: skip


def test_modifications_come_as_object_as_text_as_base64_and_under_both_names(
    api: Any, stored: Any, instance: Any
) -> None:
    session = start(api, stored.id)
    for number, name in enumerate(("mods", "mod")):
        value = mods(api.family, edit(api.family, FIRST[api.family.path], f"ñ → {number}"))
        text = json.dumps(value)
        for form in (value, text, base64.b64encode(text.encode()).decode().rstrip("=")):
            instance.run(lambda cur: cur.execute("DELETE FROM session_edits"))
            assert session.call("mod", **{name: form}) == SAVED
            assert [row[-1] for row in _saved(instance)] == [f"ñ → {number}"]


def test_the_same_modifications_twice_change_nothing_more(api: Any, stored: Any, instance: Any) -> None:
    session, family = start(api, stored.id), api.family
    first, second = (edit(family, ids[family.path], "x") for ids in (FIRST, SECOND))
    assert session.save(first, second) == session.save(second, first) == SAVED
    once = _saved(instance)
    assert session.save(first, second) == SAVED
    assert (_saved(instance), len(once)) == (once, 2)
    assert instance.rows("SELECT count(*) AS n FROM content_versions WHERE version > 1") == [{"n": 0}]


def test_of_each_segment_the_last_word_counts(api: Any, stored: Any, instance: Any) -> None:
    session, family = start(api, stored.id), api.family
    first = FIRST[family.path]
    for text in ("one", "two"):
        assert session.save(edit(family, first, text)) == SAVED
    assert [row[-1] for row in _saved(instance)] == ["two"]
    if family is SPEECH:  # sentences of documents cannot be deleted
        assert session.save(delete=(first,)) == SAVED
        assert [row[-1] for row in _saved(instance)] == [None]
        assert session.save(edit(family, first, "three")) == SAVED
        assert [row[-1] for row in _saved(instance)] == ["three"]


def test_a_save_is_a_sign_of_work(api: Any, stored: Any) -> None:
    session = start(api, stored.id)
    before = session.call("session_status", alive=1)
    session.save(edit(api.family, FIRST[api.family.path], "x"))
    after = session.call("session_status", alive=1)
    assert before["last_update"] < after["last_update"]


def test_the_version_seen_is_the_one_that_was_current_when_the_session_started(
    api: Any, stored: Any, instance: Any
) -> None:
    session, family = start(api, stored.id), api.family
    item = edit(family, FIRST[family.path], "x")
    session.save(item)
    another = """
        INSERT INTO content_versions (content_id, version, body, status, origin)
        SELECT content_id, version + 1, body, status, origin FROM content_versions;
        UPDATE contents SET version = version + 1
    """
    instance.run(lambda cur: cur.execute(another))
    session.save(item)
    session.save(item, lang=OTHER[family.path])
    seen = "SELECT base_version FROM session_contents ORDER BY session_id, content_id"
    assert [row["base_version"] for row in instance.rows(seen)] == [1, 1]
    session.end()
    start(api, stored.id).save(item)
    assert [row["base_version"] for row in instance.rows(seen)] == [1, 1, 2]


def test_what_is_wrong_is_said_for_each_language_and_the_rest_is_saved(api: Any, stored: Any, instance: Any) -> None:
    session, family = start(api, stored.id), api.family
    good = mods(family, edit(family, FIRST[family.path], "x"))
    noun, texts = family.noun.lower(), family.text_noun
    missing = {
        "language": "ka", "rcode": 10, "rcode_description": f"The given {noun} ID does not have 'ka' {texts}.",
    }  # fmt: skip
    only_wrong = session.call("mod", mods={"ka": good[LANG[family.path]]})
    assert (only_wrong["rcode"], only_wrong["details"]) == (5, [missing])
    assert session.call("mod", mods={**good, "ka": good[LANG[family.path]]}) == {
        "rcode": 8,
        "rcode_description": f"Modifications for some {family.mods_noun} were successfully saved, but other failed."
        " Please see 'details' key.",
        "details": [missing, {"language": LANG[family.path], **SAVED}],
    }
    assert len(_saved(instance)) == 1


@pytest.mark.parametrize(
    ("rcode", "change"),
    [
        (1, lambda item: {"del": []}),
        (1, lambda item: [item]),
        (2, lambda item: {"txt": item}),
        (2, lambda item: {"txt": [item], "del": 3}),
        (3, lambda item: {"txt": [], "del": []}),
        (4, lambda item: {"txt": [{key: value for key, value in item.items() if key != "t"}]}),
        (5, lambda item: {"txt": [{**item, "sI": "one"}]}),
        (5, lambda item: {"txt": [{**item, "t": 8}]}),
        (7, lambda item: {"txt": [item, item]}),
    ],
)
def test_the_codes_of_details(api: Any, stored: Any, rcode: int, change: Any) -> None:
    session, family = start(api, stored.id), api.family
    answer = session.call("mod", mods={LANG[family.path]: change(edit(family, FIRST[family.path], "x"))})
    assert (answer["rcode"], [detail["rcode"] for detail in answer["details"]]) == (5, [rcode])


def test_what_is_no_dictionary_of_languages(api: Any, stored: Any, instance: Any) -> None:
    session = start(api, stored.id)
    for wrong in ("", "bm9wZQ==", "{", "[]", "%%%", [], 3):
        answer = api.post("mod", id=stored.id, session_id=session.number, mods=wrong, **JON)
        assert (answer.status_code, answer.json["error"]["parameter"]) == (400, "mods")
    assert session.call("mod", mods={})["rcode"] == 4
    assert session.call("mod", mods="e30=")["rcode"] == 4
    assert _saved(instance) == []


def test_another_author_or_less_confidence_saves_nothing(api: Any, stored: Any, instance: Any) -> None:
    session = start(api, stored.id)
    item = edit(api.family, FIRST[api.family.path], "x")
    for author in (EDDARD, {**JON, "author_conf": 89}):
        assert Session(api, stored.id, author, session.number).save(item)["rcode"] == 3
    assert _saved(instance) == []


def test_ids_as_large_as_json_numbers_are_kept(api: Any, stored: Any, instance: Any) -> None:
    session = start(api, stored.id)
    largest = 2**53 - 1
    if api.family is not SPEECH:  # a document gets no new sentences
        assert session.save(edit(api.family, largest, "x"))["details"][0]["rcode"] == 5
        return
    assert session.save(edit(api.family, largest, "x", begin=1.0)) == SAVED
    assert _saved(instance)[0][1] == largest


def test_a_sentence_that_the_text_does_not_have_is_said_and_other_languages_are_saved(
    api: Any, stored: Any, instance: Any
) -> None:
    session, family = start(api, stored.id), api.family
    lang, other = LANG[family.path], OTHER[family.path]
    wrong = mods(family, edit(family, 99, "x", 50.0), edit(family, FIRST[family.path], "y"))
    both = {**wrong, **mods(family, edit(family, SECOND[family.path], "z"), lang=other)}
    answer = session.call("mod", mods=both)
    if family is SPEECH:  # there an id that is not there makes a new segment
        assert (answer, len(_saved(instance))) == (SAVED, 3)
        return
    words = "'sI' must be the id of a sentence of this text; it has no 99"
    detail = {"language": lang, "rcode": 5, "rcode_description": words}
    assert (answer["rcode"], answer["details"]) == (8, [detail, {"language": other, **SAVED}])
    assert [row[:2] for row in _saved(instance)] == [(other, SECOND[family.path])]
    assert (session.call("mod", mods=wrong)["rcode"], len(_saved(instance))) == (5, 1)


def test_deleting_a_segment_that_is_not_there_is_no_error(api: Any, stored: Any, instance: Any) -> None:
    if api.family is not SPEECH:
        pytest.skip("sentences of documents cannot be deleted")
    session = start(api, stored.id)
    assert session.save(edit(SPEECH, 99, "new", 50.0)) == SAVED
    assert session.save(delete=(99, 100)) == SAVED  # new in this session and deleted again, or never there
    session.end()
    assert "new" not in shown(api, stored.id)


def test_a_text_that_cannot_be_read_is_said_where_its_sentences_are_looked_up(
    api: Any, stored: Any, instance: Any
) -> None:
    family = api.family
    session = start(api, stored.id)
    instance.run(lambda cur: cur.execute("UPDATE content_versions SET body = 'broken'"))
    answer = session.save(edit(family, FIRST[family.path], "x"))
    if family is SPEECH:  # the text is not read before the session ends
        assert answer == SAVED
        return
    assert (answer["rcode"], answer["details"]) == (5, [
        {"language": LANG[family.path], "rcode": 9,
         "rcode_description": "The status could not be updated: the stored text is damaged."},
    ])  # fmt: skip


# Too late


def test_what_comes_after_the_end_is_kept_once_and_can_be_recovered(api: Any, stored: Any, instance: Any) -> None:
    session, family = start(api, stored.id), api.family
    Session(api, stored.id, EDDARD, session.number).end(force=1)
    late = edit(family, FIRST[family.path], "too late")
    for _ in range(2):
        assert session.save(late) == {
            "rcode": 7,
            "rcode_description": f"Session ID [ {session.number} ] is closed, changes have been backuped."
            " Please contact system administrator.",
        }
    good = mods(family, late)
    half = session.call("mod", mods={"ka": good[LANG[family.path]], **mods(family, edit(family, 99, "x", 50.0))})
    assert (half["rcode"], [detail["rcode"] for detail in half["details"]]) == (6, [10, 0])
    nothing = session.call("mod", mods={"ka": good[LANG[family.path]]})
    assert (nothing["rcode"], [detail["rcode"] for detail in nothing["details"]]) == (6, [10])
    kept = instance.run(late_edits.all_kept)
    assert [(row["session_id"], row["author_id"], row["username"]) for row in kept] == [
        (session.number, "jsnow21", "tluser")
    ] * 2
    assert "too late" not in shown(api, stored.id)

    with closing(connect(instance.storage)) as administrators:
        listed = program.described(administrators)
        said = program.recover(administrators, kept[0]["id"])
        assert "nothing is kept" in program.recover(administrators, kept[0]["id"])
    assert ("'jsnow21'" in listed[0], f"({LANG[family.path]}: 1 edited, 0 deleted)" in listed[0]) == (True, True)
    recovered = api.get("revisions").json[0]["session_id"]
    assert said.endswith(f"as session {recovered}")
    assert api.post("accept", id=recovered, **EDDARD).json[0]["rcode"] == 0
    assert "too late" in shown(api, stored.id)
    assert BEFORE[family.path] not in shown(api, stored.id)
    assert len(instance.run(late_edits.all_kept)) == 1


def test_late_edits_of_the_author_alone_are_kept(api: Any, stored: Any, instance: Any) -> None:
    session = start(api, stored.id)
    session.end()
    other = Session(api, stored.id, EDDARD, session.number)
    assert other.save(edit(api.family, FIRST[api.family.path], "x"))["rcode"] == 3
    assert instance.run(late_edits.all_kept) == []
