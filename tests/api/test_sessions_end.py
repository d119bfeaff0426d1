"""What the end of a session does (manual, /end_session): a version or a revision; what is made again; statistics."""

from __future__ import annotations

from typing import Any

import pytest
from editing import BEFORE, EDDARD, FIRST, JON, LANG, OTHER, SECOND, Session, edit, edited, shown, start

from api.families import FAMILIES

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)


def _versions(instance: Any, language: str) -> list[dict[str, Any]]:
    rows = instance.rows(
        f"""
        SELECT v.version, v.origin, v.author_id, v.author_name, v.session_id, v.status
          FROM contents AS c JOIN content_versions AS v ON v.content_id = c.id
         WHERE c.language = '{language}' ORDER BY v.version
        """
    )
    return list(rows)


def _translation_of(instance: Any, source: str, translation: str) -> None:
    """Note that one language was translated from the other."""
    instance.run(
        lambda cur: cur.execute(
            """
            UPDATE content_versions SET based_on_version = 1,
                   based_on_content = (SELECT id FROM contents WHERE language = %(source)s)
             WHERE content_id = (SELECT id FROM contents WHERE language = %(translation)s)
            """,
            {"source": source, "translation": translation},
        )
    )


def _regenerations(instance: Any) -> list[dict[str, Any]]:
    return list(instance.rows("SELECT external_id, kind, operation, session_id, object_id, manifest FROM uploads"))


def test_edits_of_full_confidence_are_in_the_text_when_the_session_ends(api: Any, stored: Any, instance: Any) -> None:
    family = api.family
    lang, session = LANG[family.path], start(api, stored.id, EDDARD)
    session.save(edit(family, FIRST[family.path], "Winter has come"))
    assert "Winter has come" not in shown(api, stored.id)
    session.end()
    assert "Winter has come" in shown(api, stored.id)
    assert BEFORE[family.path] not in shown(api, stored.id)
    # partially human, as the second segment or sentence still is a machine's
    status = {"speech": 1, "text": 2}[family.path]
    assert _versions(instance, lang)[1:] == [
        {
            "version": 2, "origin": "edit", "author_id": "lord_stark1", "author_name": "Eddard Stark",
            "session_id": session.number, "status": status,
        }
    ]  # fmt: skip
    found = next(row for row in api.get("langs", id=stored.id).json["langs"] if row["lang_code"] == lang)
    assert (found["sup_status"], found["sup_ratio"] > 0) == (status, True)
    assert _versions(instance, OTHER[family.path])[-1]["version"] == 1


def test_the_edit_is_its_authors_with_its_confidence_and_the_former_text_stays(api: Any, stored: Any) -> None:
    family = api.family
    edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "x"))
    form = {"speech": 0, "text": 2}[family.path]
    both = api.get("get", id=stored.id, lang=LANG[family.path], format=form, sel_data_policy=0).text
    assert 'aT="human"' in both
    assert 'aI="lord_stark1"' in both
    assert BEFORE[family.path] in both


def test_edits_of_less_confidence_wait_for_revision(api: Any, stored: Any, instance: Any) -> None:
    session = edited(api, stored.id, JON, edit(api.family, FIRST[api.family.path], "Winter has come"))
    assert "Winter has come" not in shown(api, stored.id)
    assert len(_versions(instance, LANG[api.family.path])) == 1
    assert [row["session_id"] for row in api.get("revisions").json] == [session.number]


@pytest.mark.parametrize("sections", [{"sessions": {"commit_confidence": 90}}])
def test_the_confidence_that_suffices_is_configured_but_not_for_what_is_locked(
    api: Any, stored: Any, instance: Any
) -> None:
    item = edit(api.family, FIRST[api.family.path], "x")
    edited(api, stored.id, JON, item)
    assert len(_versions(instance, LANG[api.family.path])) == 2
    session = start(api, stored.id)
    session.save(item)
    api.post("lock", id=stored.id, lock=1, **EDDARD)
    session.end()
    assert len(_versions(instance, LANG[api.family.path])) == 2
    assert [row["session_id"] for row in api.get("revisions").json] == [session.number]


def test_a_session_without_edits_just_ends(api: Any, stored: Any, instance: Any) -> None:
    for author in (JON, EDDARD):
        start(api, stored.id, author).end()
    assert api.get("revisions").json == []
    assert [row["requires_revision"] for row in api.get("edit_history", id=stored.id).json["edit_history"]] == [
        False, False,
    ]  # fmt: skip
    assert len(_versions(instance, LANG[api.family.path])) == 1


def test_who_forces_the_end_does_not_lend_confidence(api: Any, stored: Any, instance: Any) -> None:
    session = start(api, stored.id)
    session.save(edit(api.family, FIRST[api.family.path], "x"))
    Session(api, stored.id, EDDARD, session.number).end(force=1)
    assert len(_versions(instance, LANG[api.family.path])) == 1
    assert api.get("revisions").json[0]["author_id"] == "jsnow21"


def test_all_languages_of_a_session_end_together(api: Any, stored: Any, instance: Any) -> None:
    family, session = api.family, start(api, stored.id, EDDARD)
    other = {"speech": 1, "text": 16}[family.path]
    session.save(edit(family, FIRST[family.path], "x"))
    session.save(edit(family, other, "y"), lang=OTHER[family.path])
    session.end()
    for lang in (LANG[family.path], OTHER[family.path]):
        assert _versions(instance, lang)[-1]["session_id"] == session.number


def test_what_depends_on_the_edited_text_is_asked_for_once(api: Any, stored: Any, instance: Any) -> None:
    family = api.family
    lang, other = LANG[family.path], OTHER[family.path]
    _translation_of(instance, lang, other)
    session = edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "x"))
    assert _regenerations(instance) == [
        {
            "external_id": stored.id, "kind": family.kind, "operation": "update", "session_id": session.number,
            "object_id": stored.object_id,
            "manifest": {
                "metadata": {"external_id": stored.id}, "documents": [{"external_id": stored.id}],
                "requested_langs": {}, "generate": True,
                "re-generate": ["tl", "tts"], "force": False, "test_mode": False, "email": [],
                "edited": [lang], "voiced": [],
            },
        }
    ]  # fmt: skip
    edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "x"))
    assert len(_regenerations(instance)) == 1, "the text is the same"


def test_nothing_is_asked_for_where_nothing_depends_or_nobody_wants_it(api: Any, stored: Any, instance: Any) -> None:
    family = api.family
    edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "x"))
    _translation_of(instance, LANG[family.path], OTHER[family.path])
    session = start(api, stored.id, EDDARD)
    session.save(edit(family, FIRST[family.path], "y"))
    session.end(regenerate=0)
    edited(api, stored.id, JON, edit(family, FIRST[family.path], "z"))
    assert _regenerations(instance) == []


def test_a_corrected_translation_stays_one_of_its_source(api: Any, stored: Any, instance: Any) -> None:
    family = api.family
    _translation_of(instance, OTHER[family.path], LANG[family.path])
    edited(api, stored.id, EDDARD, edit(family, FIRST[family.path], "x"))
    rows = instance.rows(
        f"""
        SELECT based_on_version, based_on_content IS NOT NULL AS known FROM content_versions AS v
          JOIN contents AS c ON c.id = v.content_id AND c.version = v.version WHERE language = '{LANG[family.path]}'
        """
    )
    assert list(map(dict, rows)) == [{"based_on_version": 1, "known": True}]


def test_the_history_tells_of_every_session_and_its_statistics(api: Any, stored: Any) -> None:
    family = api.family
    lang, item = LANG[family.path], edit(family, FIRST[family.path], "x")
    first = edited(api, stored.id, JON, item)
    last = edited(api, stored.id, EDDARD, item, edit(family, SECOND[family.path], "y"))
    start(api, stored.id)  # still open
    answer = api.get("edit_history", id=stored.id).json
    assert (answer["rcode"], answer["rcode_description"]) == (0, "Edit history available.")
    statistics = {
        "speech": [
            {"del_segs": 0, "edit_segs": 2, "edit_time": 3.0, "edit_time_percent": 3.47},
            {"del_segs": 0, "edit_segs": 1, "edit_time": 1.5, "edit_time_percent": 1.74},
        ],
        "text": [
            {"edit_sents": 2, "edit_sents_percent": 66.67},
            {"edit_sents": 1, "edit_sents_percent": 33.33},
        ],
    }[family.path]
    not_revised = dict.fromkeys(
        ("revised_at", "revised_by_id", "revised_by_name", "revised_via", "revised_in_session_id")
    )
    times = [row.pop("timestamp") for row in answer["edit_history"]]
    assert times == sorted(times, reverse=True)
    assert answer["edit_history"] == [
        {
            "session_id": last.number, **EDDARD, "requires_revision": False, "revised": None, **not_revised,
            "edit_stats": {lang: statistics[0]},
        },
        {
            "session_id": first.number, **JON, "requires_revision": True, "revised": False, **not_revised,
            "edit_stats": {lang: statistics[1]},
        },
    ]  # fmt: skip
    assert api.get("edit_history", id="none").json["rcode"] == 1


def test_a_text_that_cannot_be_read_does_not_keep_a_session_open(api: Any, stored: Any, instance: Any) -> None:
    session = start(api, stored.id, EDDARD)
    session.save(edit(api.family, FIRST[api.family.path], "x"))
    instance.run(lambda cur: cur.execute("UPDATE content_versions SET body = 'broken'"))
    assert session.end()["rcode"] == 0
    assert [row["session_id"] for row in api.get("revisions").json] == [session.number]
    answer = api.post("accept", id=session.number, **EDDARD).json
    assert answer[0]["rcode"] == 6


def test_an_error_of_the_database_at_the_end_loses_nothing(api: Any, stored: Any, instance: Any) -> None:
    session = start(api, stored.id, EDDARD)
    session.save(edit(api.family, FIRST[api.family.path], "Winter has come"))
    instance.run(lambda cur: cur.execute("ALTER TABLE content_versions ADD CONSTRAINT none CHECK (version < 2)"))
    try:
        answer = api.post("end_session", id=stored.id, session_id=session.number, **EDDARD)
        assert answer.status_code == 500
        assert session.call("session_status")["rcode"] == 0
    finally:
        instance.run(lambda cur: cur.execute("ALTER TABLE content_versions DROP CONSTRAINT none"))
    session.end()
    assert "Winter has come" in shown(api, stored.id)
