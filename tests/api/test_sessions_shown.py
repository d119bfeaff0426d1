"""Edits before they count, and texts as they were: /get with session_id, pending_revs, version; /versions, /restore."""

from __future__ import annotations

from typing import Any

import pytest
from editing import BEFORE, EDDARD, FIRST, JON, LANG, OLLY, SECOND, edit, edited, shown, start

from api.families import FAMILIES, SPEECH

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)


def _marked(api: Any, object_id: str, **params: Any) -> str:
    """The text in the format that highlights."""
    form = {"speech": 0, "text": 2}[api.family.path]
    return str(api.get("get", id=object_id, lang=LANG[api.family.path], format=form, **params).text)


def test_the_edits_of_an_open_session_are_shown_highlighted(api: Any, stored: Any) -> None:
    family, session = api.family, start(api, stored.id)
    session.save(edit(family, FIRST[family.path], "Winter has come"))
    marked = _marked(api, stored.id, session_id=session.number)
    line = next(line for line in marked.splitlines() if "Winter has come" in line)
    assert f'sI="{FIRST[family.path]}" h="1"' in line
    assert marked.count('h="1"') == 1
    plain = shown(api, stored.id, session_id=session.number)
    assert "Winter has come" in plain
    assert BEFORE[family.path] not in plain
    assert "Winter has come" not in shown(api, stored.id)


def test_what_a_session_deletes_stays_marked_in_dfxp_and_sentences_cannot_be_deleted(api: Any, stored: Any) -> None:
    session = start(api, stored.id)
    saved = session.save(delete=(1,))
    if api.family is not SPEECH:
        assert (saved["rcode"], saved["details"][0]["rcode"]) == (5, 5)
        return
    line = next(line for line in _marked(api, stored.id, session_id=session.number).splitlines() if 'd="1"' in line)
    assert 'sI="1"' in line
    assert BEFORE["speech"] not in shown(api, stored.id, session_id=session.number)


def test_a_session_that_counts_is_shown_as_it_changed_the_text(api: Any, stored: Any) -> None:
    family = api.family
    session = edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "Winter has come"))
    edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "Spring"))
    marked = _marked(api, stored.id, session_id=session.number)
    assert ("Winter has come" in marked, "Spring" in marked, marked.count('h="1"')) == (True, False, 1)


def test_a_language_that_a_session_left_alone_is_shown_as_it_is(api: Any, stored: Any) -> None:
    session = start(api, stored.id)
    assert _marked(api, stored.id, session_id=session.number) == _marked(api, stored.id)


def test_the_codes_of_get_for_sessions(api: Any, stored: Any, add_object: Any) -> None:
    family = api.family
    add_object(external_id="second", hash_="0" * 21)
    add_object(external_id="theirs", hash_="1" * 21, username="other")
    elsewhere = start(api, "second")
    params = {"id": stored.id, "lang": LANG[family.path], "format": 2}
    assert api.get("get", **params, session_id=999).json["rcode"] == 2
    assert api.get("get", **params, session_id=elsewhere.number).json["rcode"] == 3
    credentials = {"user": "other", "auth_token": "another-secret-key-1234567890"}
    asked = {**params, "id": "theirs", **credentials, "session_id": elsewhere.number}
    assert api.get("get", **asked).json["rcode"] == 2


def test_pending_revs_shows_all_that_waits_in_the_order_in_which_it_ended(api: Any, stored: Any) -> None:
    family = api.family
    first, second = FIRST[family.path], SECOND[family.path]
    edited(api, stored.id, OLLY, edit(family, first, "Olly's"), edit(family, second, "Olly too"))
    edited(api, stored.id, JON, edit(family, first, "Jon's"))
    rejected = edited(api, stored.id, JON, edit(family, second, "Rejected"))
    api.post("reject", id=rejected.number, **EDDARD)
    plain = shown(api, stored.id, pending_revs=1)
    assert ["Jon's" in plain, "Olly too" in plain, "Olly's" in plain, "Rejected" in plain] == [True, True, False, False]
    marked = _marked(api, stored.id, pending_revs=1)
    assert marked.count('h="1"') == 2
    assert 'aI="olly666"' in marked
    assert 'aI="jsnow21"' in marked
    assert shown(api, stored.id, pending_revs=0) == shown(api, stored.id)


# Versions: an extension


def test_versions_are_listed_read_and_restored_and_none_is_lost(api: Any, stored: Any) -> None:
    family, lang = api.family, LANG[api.family.path]
    session = edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "Winter has come"))
    listed = api.get("versions", id=stored.id, lang=lang).json
    assert (listed["rcode"], [row["version"] for row in listed["versions"]]) == (0, [2, 1])
    newest, oldest = listed["versions"]
    assert (newest["origin"], newest["author_id"], newest["session_id"]) == ("edit", "lord_stark1", session.number)
    assert (oldest["author_id"], oldest["session_id"], oldest["sup_ratio"]) == (None, None, 0)
    assert BEFORE[family.path] in shown(api, stored.id, version=1)
    assert "Winter has come" in shown(api, stored.id, version=2)
    assert api.get("get", id=stored.id, lang=lang, format=3, version=9).json["rcode"] == 1

    restored = api.post("restore", id=stored.id, lang=lang, version=1, **EDDARD).json
    assert (restored["rcode"], restored["version"]) == (0, 3)
    assert shown(api, stored.id) == shown(api, stored.id, version=1)
    newest = api.get("versions", id=stored.id, lang=lang).json["versions"][0]
    assert (newest["version"], newest["origin"], newest["author_name"]) == (3, "restore", "Eddard Stark")
    assert "Winter has come" in shown(api, stored.id, version=2)


def test_a_restored_text_is_regenerated_from(api: Any, stored: Any, instance: Any) -> None:
    family, lang = api.family, LANG[api.family.path]
    edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "x"))
    instance.run(
        lambda cur: cur.execute(
            """
            UPDATE content_versions SET based_on_version = 1,
                   based_on_content = (SELECT id FROM contents WHERE language = %(lang)s)
             WHERE content_id = (SELECT id FROM contents WHERE language <> %(lang)s LIMIT 1)
            """,
            {"lang": lang},
        )
    )
    for version, regenerate in ((1, 0), (2, 1), (3, 1)):
        api.post("restore", id=stored.id, lang=lang, version=version, regenerate=regenerate, **EDDARD)
    # the third: version 3 is equal to 1, and 4, which is current, to 2
    rows = instance.rows("SELECT manifest -> 'edited' AS edited, session_id FROM uploads")
    assert list(map(dict, rows)) == [{"edited": [lang], "session_id": None}] * 2


def test_restoring_needs_rights_as_committing_does(api: Any, stored: Any) -> None:
    lang = LANG[api.family.path]

    def restore(**what: Any) -> int:
        answer = api.post("restore", **{"id": stored.id, "lang": lang, "version": 1, **EDDARD, **what})
        return int(answer.json["rcode"])

    assert restore(id="none") == restore(lang="ka") == 1
    assert api.get("versions", id=stored.id, lang="ka").json["rcode"] == 1
    assert restore(version=7) == 2
    assert restore(**JON) == 3
    session = start(api, stored.id)
    assert restore() == 4
    session.end()
    assert restore() == 0
