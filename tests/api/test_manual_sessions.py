"""The examples of the manual for sessions and revisions (15 to 24 and 34 to 43): asked and answered as they are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from editing import EDDARD, JON, OLLY
from manual import ID, TOKEN, Manual, holds
from psycopg2.extras import Json

from api.families import FAMILIES, SPEECH, Family
from tlp.db import contents, users

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)

STARTED, UPDATED, ALIVE = "2015-07-04 20:44:55.042786", "2015-07-04 21:03:23.017192", "2015-07-04 21:03:51.932841"
ENDED, REVISED = "2015-07-04 21:23:07.000031", "2015-07-05 12:14:15.824233"
STAMP = re.compile(r"2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}")


@pytest.fixture
def manual(client: Any, instance: Any, stored: Any, family: Family) -> Manual:
    instance.run(lambda cur: users.create(cur, "tluser", TOKEN))
    return Manual(client, family.path)


def _session(instance: Any, number: int, author: dict[str, Any], **what: Any) -> None:
    """A session of the manual; `edit_stats` by language goes to the languages, all else into its row."""
    stats = what.pop("edit_stats", {})
    times = ("started_at", "last_update", "last_alive", "ended_at", "revised_at")
    row = {"started_at": STARTED, **author, **what}
    row = {key: f"{value}+00" if key in times else value for key, value in row.items()}
    values = ", ".join(f"%({key})s" for key in row)

    def insert(cur: Any) -> None:
        keys = ", ".join(row)
        cur.execute(
            f"INSERT INTO sessions (id, object_id, {keys}) OVERRIDING SYSTEM VALUE VALUES ({number}, 1, {values})", row
        )
        for lang, each in stats.items():
            contents.add_version(cur, 1, lang, {"body": "x", "status": 1, "sup_ratio": 0, "origin": "edit"})
            cur.execute(
                "INSERT INTO session_contents SELECT %s, id, 1, NULL, %s FROM contents WHERE language = %s",
                (number, Json(each), lang),
            )

    instance.run(insert)


def _said(instance: Any, number: int, family: Family) -> None:
    """One edit of a session, of the first thing that the stored text has."""
    lang, id_ = {"speech": ("en", 1), "text": ("ca", 16)}[family.path]
    times = "2000, 3500" if family is SPEECH else "NULL, NULL"
    find = f"SELECT id FROM contents WHERE language = '{lang}'"
    instance.run(
        lambda cur: cur.execute(
            f"INSERT INTO session_contents VALUES ({number}, ({find}), 1);"
            " INSERT INTO session_edits (session_id, content_id, segment_id, begin_ms, end_ms, text, saved_at)"
            f" VALUES ({number}, ({find}), {id_}, {times}, 'x', now())"
        )
    )


# /start_session and /session_status


def test_examples_15_and_34_start_a_session(manual: Manual, instance: Any) -> None:
    instance.run(lambda cur: cur.execute("SELECT setval(pg_get_serial_sequence('sessions', 'id'), 8, false)"))
    answer = manual.ask("start_session").json
    assert STAMP.fullmatch(answer["started_at"])
    assert answer["last_update"] == answer["started_at"]
    assert answer["author_name"] is None, "the call does not give the name that the manual's answer shows"
    assert holds(
        answer,
        {
            "rcode": 0, "rcode_description": "Session started.", "session_id": 8, "author_id": "jsnow21",
            "author_conf": 90, "author_type": "human",
        },
    )  # fmt: skip


def test_examples_15_and_34_when_another_user_is_editing(manual: Manual, instance: Any, family: Family) -> None:
    olly = {**OLLY, "author_conf": 100}
    times = {"started_at": "2015-07-04 12:23:15.040186", "last_update": "2015-07-04 20:32:11.892843"}
    _session(instance, 7, olly, **times)
    noun = family.noun.lower()
    words = f"Cannot start mod session: there exist an open mod session for the given {noun} ID."
    example = {"rcode": 4, "rcode_description": words, "session_id": 7, **olly, "author_type": "human", **times}
    assert holds(manual.ask("start_session").json, example)


def test_examples_16_and_35_of_a_session_that_is_alive(manual: Manual, instance: Any) -> None:
    _session(instance, 8, JON, last_update=UPDATED, last_alive=ALIVE)
    answer = manual.ask("session_status").json
    for key in ("last_update", "last_alive"):
        assert answer.pop(key) > ALIVE
    assert answer == {
        "rcode": 0, "rcode_description": "Session alive.", "started_at": STARTED, "ended_at": None,
        "ended_by_id": None, "ended_by_name": None, "ended_by_type": None,
    }  # fmt: skip


def test_examples_16_and_35_of_a_session_that_is_closed(manual: Manual, instance: Any) -> None:
    times = {"last_update": STARTED, "last_alive": "2015-07-04 20:45:03.016531"}
    end = {
        "ended_at": "2015-07-04 22:28:51.075672", "ended_by_id": "lord_stark1", "ended_by_name": "Eddard Stark",
        "ended_by_type": "human",
    }  # fmt: skip
    _session(instance, 8, JON, **times, **end)
    assert manual.ask("session_status").json == {
        "rcode": 4, "rcode_description": "Session ID 8 is closed.", "started_at": STARTED, **times, **end,
    }  # fmt: skip


# /mod, /end_session and /lock


def test_examples_17_and_36_save_modifications(manual: Manual, instance: Any) -> None:
    _session(instance, 8, JON)
    assert manual.ask("mod").json == {"rcode": 0, "rcode_description": "Changes successfully saved."}
    saved = instance.rows("SELECT segment_id, text FROM session_edits WHERE text IS NOT NULL")
    assert list(map(dict, saved)) == [{"segment_id": 16, "text": "She told me: You know nothing, John Snow"}]


def test_examples_17_and_36_of_a_session_that_is_closed(manual: Manual, instance: Any) -> None:
    _session(instance, 8, JON, ended_at=ENDED, ended_by_id="olly666", ended_by_type="human")
    assert manual.ask("mod").json == {
        "rcode": 7,  # by the manual's table; its example says 4, which is the code of an empty dictionary
        "rcode_description": "Session ID [ 8 ] is closed, changes have been backuped."
        " Please contact system administrator.",
    }


def test_examples_17_and_36_when_not_all_can_be_saved(manual: Manual, instance: Any, family: Family) -> None:
    _session(instance, 8, JON)
    has, lacks = {"speech": ("es", "en"), "text": ("en", "ca")}[family.path]
    instance.run(lambda cur: cur.execute("UPDATE contents SET version = -version WHERE language = %s", (lacks,)))
    item = {"speech": '{"sI":1,"b":2.0,"e":3.5,"t":"x"}', "text": '{"sI":16,"t":"x"}'}[family.path]
    mods = f'{{"{lacks}":{{"txt":[{item}]}},"{has}":{{"txt":[{item}]}}}}'
    answer = manual.ask_for("mod", id=ID[family.path], session_id="8", author_id="jsnow21", author_conf="90", mods=mods)
    texts = {"speech": "subtitles", "text": "translations"}[family.path]
    some = {"speech": "subtitle languages", "text": "translations"}[family.path]
    assert answer.json == {
        "rcode": 8,
        "rcode_description": f"Modifications for some {some} were successfully saved, but other failed."
        " Please see 'details' key.",
        "details": [
            {
                "rcode_description": f"The given {family.noun.lower()} ID does not have '{lacks}' {texts}.",
                "rcode": 10,
                "language": lacks,
            },
            {"rcode_description": "Changes successfully saved.", "rcode": 0, "language": has},
        ],
    }


def test_examples_18_and_37_end_a_session(manual: Manual, instance: Any) -> None:
    _session(instance, 8, JON)
    assert manual.ask("end_session").json == {"rcode": 0, "rcode_description": "Session succesfully closed."}
    assert manual.ask("session_status").json["ended_by_id"] == "jsnow21"


def test_examples_19_and_38_lock_the_texts(manual: Manual, family: Family) -> None:
    texts = {"speech": "Subtitles", "text": "Translations"}[family.path]
    assert manual.ask("lock").json == {"rcode": 0, "rcode_description": f"{texts} successfully locked."}
    assert manual.ask("langs").json["locked"] is True


# /edit_history and /revisions

NOT_REVISED = dict.fromkeys(("revised_at", "revised_by_id", "revised_by_name", "revised_via", "revised_in_session_id"))
BY_EDDARD = {
    "revised_at": REVISED, "revised_by_id": "lord_stark1", "revised_by_name": "Eddard Stark",
    "revised_via": "mark_revised", "revised_in_session_id": 9,
}  # fmt: skip


def _stats(family: Family, percent: float, sents: int, *segments: float) -> dict[str, Any]:
    """`edit_stats` of a language: of documents sentences edited; of media segments deleted, edited, and seconds."""
    if family is not SPEECH:
        return {"edit_sents": sents, "edit_sents_percent": percent}
    deleted, edited, seconds = segments
    return {"del_segs": deleted, "edit_segs": edited, "edit_time": seconds, "edit_time_percent": percent}


def test_examples_20_and_39_tell_the_history(manual: Manual, instance: Any, family: Family) -> None:
    statistics = {
        9: {"en": _stats(family, 100.0, 67, 2, 67, 631.97), "es": _stats(family, 5.12, 5, 3, 5, 32.52)},
        8: {"en": _stats(family, 31.74, 21, 0, 21, 197.23)},
        7: {"en": _stats(family, 2.58, 3, 4, 3, 13.22)},
    }
    _session(instance, 9, EDDARD, ended_at=REVISED, edit_stats=statistics[9])
    waits = {"requires_revision": True}
    _session(instance, 8, JON, ended_at=ENDED, **waits, **BY_EDDARD, edit_stats=statistics[8])
    _session(instance, 7, OLLY, ended_at="2015-07-02 18:53:59.565720", **waits, edit_stats=statistics[7])
    needless = {"requires_revision": False, "revised": None, **NOT_REVISED}
    assert manual.ask("edit_history").json == {
        "rcode_description": "Edit history available.",
        "rcode": 0,
        "edit_history": [
            {"session_id": 9, **EDDARD, "timestamp": REVISED, **needless, "edit_stats": statistics[9]},
            {
                "session_id": 8, **JON, "timestamp": ENDED, **waits, "revised": True, **BY_EDDARD,
                "edit_stats": statistics[8],
            },
            {
                "session_id": 7, **OLLY, "timestamp": "2015-07-02 18:53:59.565720", **waits, "revised": False,
                **NOT_REVISED, "edit_stats": statistics[7],
            },
        ],
    }  # fmt: skip


def test_examples_21_and_40_list_what_waits(manual: Manual, instance: Any, family: Family) -> None:
    stats = {"en": _stats(family, 1.97, 1, 2, 1, 3.41)}
    _session(instance, 8, JON, ended_at=ENDED, requires_revision=True, edit_stats=stats)
    key = {"speech": "media_id", "text": "document_id"}[family.path]
    assert manual.ask("revisions").json == [
        {key: ID[family.path], "session_id": 8, **JON, "timestamp": ENDED, "edit_stats": stats}
    ]


# /mark_revised, /accept and /reject


def test_examples_22_and_41_mark_as_revised(manual: Manual, instance: Any) -> None:
    _session(instance, 8, JON, ended_at=ENDED, requires_revision=True)
    _session(instance, 12, EDDARD)
    assert manual.ask("mark_revised").json == {"rcode": 0, "rcode_description": "Session ID marked as revised."}
    told = manual.ask("edit_history").json["edit_history"][0]
    assert (told["revised_via"], told["revised_in_session_id"]) == ("mark_revised", 12)


def _four(instance: Any, family: Family) -> None:
    _session(instance, 43, EDDARD, ended_at=ENDED)
    revised = {"requires_revision": True, "revised_at": REVISED, "revised_via": "accept"}
    _session(instance, 82, JON, ended_at=ENDED, **revised)
    _session(instance, 121, JON, ended_at=ENDED, requires_revision=True)
    _said(instance, 121, family)


REFUSED = [
    {"rcode_description": "Session ID does not exist.", "rcode": 1, "session_id": 27},
    {"rcode_description": "Session ID did not require revision.", "rcode": 4, "session_id": 43},
    {"rcode_description": "Session ID already revised.", "rcode": 5, "session_id": 82},
]


@pytest.mark.parametrize("interface", ["accept", "reject"])
def test_examples_23_24_42_and_43_accept_and_reject_sessions(
    manual: Manual, instance: Any, family: Family, interface: str
) -> None:
    _four(instance, family)
    words = f"Changes from Session ID successfully {interface}ed."
    assert manual.ask(interface).json == [*REFUSED, {"rcode_description": words, "rcode": 0, "session_id": 121}]
    versions = instance.rows("SELECT count(*) AS n FROM content_versions WHERE session_id = 121")
    assert versions == [{"n": 1 if interface == "accept" else 0}]
