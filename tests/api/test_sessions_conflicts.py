"""The end of a session never overwrites what people changed in the text while it was open (ADR 4)."""

from __future__ import annotations

from typing import Any

import pytest
from editing import EDDARD, FIRST, JON, LANG, OLLY, OTHER, SECOND, edit, edited, shown, start

from api.families import FAMILIES, SPEECH
from tlp import sessions as work
from tlp.db import sessions
from tlp.sessions import Author

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)

CLOSED = "Session succesfully closed."


def _accept(api: Any, number: int) -> None:
    assert api.post("accept", id=number, **EDDARD).json[0]["rcode"] == 0


def _both_edit_the_first(api: Any, stored: Any) -> Any:
    """Eddard's open session has edited both, and Olly's edit of the first was accepted meanwhile."""
    family = api.family
    waiting = edited(api, stored.id, OLLY, edit(family, FIRST[family.path], "Olly's"))
    writing = start(api, stored.id, EDDARD)
    writing.save(edit(family, FIRST[family.path], "Eddard's"), edit(family, SECOND[family.path], "alone"))
    _accept(api, waiting.number)
    return writing


def _versions(instance: Any, lang: str) -> int:
    return int(instance.rows(f"SELECT version FROM contents WHERE language = '{lang}'")[0]["version"])


def test_what_was_accepted_meanwhile_stays_and_the_rest_of_the_session_counts(api: Any, stored: Any) -> None:
    lang, first = LANG[api.family.path], FIRST[api.family.path]
    writing = _both_edit_the_first(api, stored)
    assert writing.end() == {
        "rcode": 0,
        "rcode_description": f"{CLOSED} Others have changed the same since: '{lang}' {first}."
        " These edits wait for revision.",
        "conflicts": {lang: [first]},
    }
    text = shown(api, stored.id)
    assert ["Olly's" in text, "Eddard's" in text, "alone" in text] == [True, False, True]


def test_what_is_held_back_is_kept_and_waits_for_revision(api: Any, stored: Any) -> None:
    writing = _both_edit_the_first(api, stored)
    writing.end()
    assert [row["session_id"] for row in api.get("revisions").json] == [writing.number]
    with_edits = shown(api, stored.id, session_id=writing.number)
    assert ["Eddard's" in with_edits, "alone" in with_edits] == [True, True]
    assert api.post("accept", id=writing.number, **EDDARD).json[0]["rcode"] == 6
    by_hand = {"id": stored.id, "session_id": writing.number, **EDDARD}
    assert api.post("mark_revised", **by_hand).json["rcode"] == 0
    assert api.get("revisions").json == []


def test_once_the_text_is_as_it_was_what_was_held_back_can_be_accepted(api: Any, stored: Any, instance: Any) -> None:
    writing = _both_edit_the_first(api, stored)
    writing.end()
    api.post("restore", id=stored.id, lang=LANG[api.family.path], version=1, **EDDARD)
    _accept(api, writing.number)
    text = shown(api, stored.id)
    assert ["Olly's" in text, "Eddard's" in text, "alone" in text] == [False, True, True]


def test_what_was_accepted_before_the_first_save_was_not_seen_either(api: Any, stored: Any) -> None:
    family = api.family
    waiting = edited(api, stored.id, OLLY, edit(family, FIRST[family.path], "Olly's"))
    writing = start(api, stored.id, EDDARD)
    _accept(api, waiting.number)
    writing.save(edit(family, FIRST[family.path], "Eddard's"))
    assert writing.end()["conflicts"] == {LANG[family.path]: [FIRST[family.path]]}
    assert "Olly's" in shown(api, stored.id)


def test_a_language_with_conflicts_only_gets_no_version_and_the_others_do(api: Any, stored: Any, instance: Any) -> None:
    family = api.family
    lang, other = LANG[family.path], OTHER[family.path]
    waiting = edited(api, stored.id, OLLY, edit(family, FIRST[family.path], "Olly's"))
    writing = start(api, stored.id, EDDARD)
    writing.save(edit(family, FIRST[family.path], "Eddard's"))
    writing.save(edit(family, FIRST[family.path], "elsewhere"), lang=other)
    _accept(api, waiting.number)
    writing.end()
    assert (_versions(instance, lang), _versions(instance, other)) == (2, 2)
    assert "elsewhere" in shown(api, stored.id, other)


def test_both_wanting_the_same_is_no_conflict(api: Any, stored: Any) -> None:
    family = api.family
    waiting = edited(api, stored.id, OLLY, edit(family, FIRST[family.path], "the same"))
    writing = start(api, stored.id, EDDARD)
    writing.save(edit(family, FIRST[family.path], "the same"))
    _accept(api, waiting.number)
    assert writing.end() == {"rcode": 0, "rcode_description": CLOSED}
    assert api.get("revisions").json == []


def test_what_only_a_machine_changed_since_is_overwritten(api: Any, stored: Any, instance: Any) -> None:
    family = api.family
    writing = start(api, stored.id, EDDARD)
    writing.save(edit(family, FIRST[family.path], "Eddard's"))
    again = """
        INSERT INTO content_versions (content_id, version, body, status, origin)
        SELECT content_id, 2, replace(replace(body, 'Good morning', 'Machine'), 'no saps res', 'Machine'), status, 'mt'
          FROM content_versions;
        UPDATE contents SET version = 2
    """
    instance.run(lambda cur: cur.execute(again))
    assert "Machine" in shown(api, stored.id)
    assert writing.end() == {"rcode": 0, "rcode_description": CLOSED}
    text = shown(api, stored.id)
    assert ("Eddard's" in text, "Machine" in text) == (True, False)


def test_a_session_that_ends_by_itself_overwrites_nothing_either(api: Any, stored: Any, instance: Any) -> None:
    writing = _both_edit_the_first(api, stored)

    def end(cur: Any) -> Any:
        session = sessions.lock(cur, writing.number)
        return work.end(cur, session, Author("ingest", None, 100, "computer"), instance.config.sessions)

    assert instance.run(end) == {LANG[api.family.path]: [FIRST[api.family.path]]}
    assert "Olly's" in shown(api, stored.id)
    assert [row["session_id"] for row in api.get("revisions").json] == [writing.number]


def test_a_new_segment_over_one_that_somebody_else_corrected_waits(api: Any, stored: Any) -> None:
    if api.family is not SPEECH:
        pytest.skip("sentences of documents have no times")
    waiting = edited(api, stored.id, OLLY, edit(SPEECH, 1, "Olly's"))
    writing = start(api, stored.id, EDDARD)
    writing.save(edit(SPEECH, 50, "over it", begin=2.5), delete=(2,))
    _accept(api, waiting.number)
    assert writing.end()["conflicts"] == {"en": [1]}
    assert shown(api, stored.id).split("\n")[:1] == ["Olly's"]
    assert "Winter" not in shown(api, stored.id)


def test_less_confidence_waits_as_a_whole_as_before(api: Any, stored: Any) -> None:
    family = api.family
    writing = start(api, stored.id, JON)
    writing.save(edit(family, FIRST[family.path], "Jon's"))
    assert writing.end() == {"rcode": 0, "rcode_description": CLOSED}
    assert "Jon's" not in shown(api, stored.id)
