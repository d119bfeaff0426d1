"""Deleted segments of subtitles; sentences of documents cannot be deleted."""

from __future__ import annotations

from typing import Any

from editing import BEFORE, EDDARD, OLLY, edit, edited, shown, start

from api.families import SPEECH


def test_deletions_wait_and_are_accepted_like_edits(api: Any, lecture: Any) -> None:
    session = edited(api, lecture.id, OLLY, delete=(1,))
    assert api.get("revisions").json[0]["edit_stats"]["en"]["del_segs"] == 1
    assert BEFORE["speech"] in shown(api, lecture.id)
    api.post("accept", id=session.number, **EDDARD)
    assert BEFORE["speech"] not in shown(api, lecture.id)


def test_deleted_and_then_edited_it_is_edited_and_the_other_way_round_it_is_deleted(api: Any, lecture: Any) -> None:
    session = start(api, lecture.id, EDDARD)
    one, two = edit(SPEECH, 1, "One"), edit(SPEECH, 2, "Two")
    session.save(one, delete=(2,))
    session.save(two, delete=(1,))
    session.end()
    assert shown(api, lecture.id).splitlines() == ["Two"]


def test_all_segments_can_be_deleted(api: Any, lecture: Any) -> None:
    edited(api, lecture.id, EDDARD, delete=(1, 2))
    assert shown(api, lecture.id) == ""
    found = next(row for row in api.get("langs", id=lecture.id).json["langs"] if row["lang_code"] == "en")
    assert (found["sup_status"], found["sup_ratio"]) == (0, 0)
    session = edited(api, lecture.id, EDDARD, edit(SPEECH, 1, "Again"))
    assert shown(api, lecture.id, session_id=session.number).splitlines() == ["Again"]
