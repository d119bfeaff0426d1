"""Many people at the same moment: the database lets one in, nothing is lost, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from editing import EDDARD, FIRST, JON, LANG, OLLY, SECOND, Session, edit, edited, mods, shown, start
from psycopg2.errors import DeadlockDetected

from api.families import FAMILIES
from tlp.db import late_edits
from tlp.db.connection import connect

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)


def _at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each gives, all begun together, each in a thread with its own connection."""
    ready, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int) -> None:
        ready.wait()
        results[number] = calls[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return results


def test_of_fifty_who_start_at_once_exactly_one_is_in(api: Any, stored: Any, instance: Any) -> None:
    def starting(number: int) -> Callable[[], Any]:
        return lambda: api.post("start_session", id=stored.id, author_id=f"author {number}", author_conf=50).json

    answers = _at_once(*map(starting, range(50)))
    assert Counter(answer["rcode"] for answer in answers) == {0: 1, 4: 49}
    winner = next(answer for answer in answers if answer["rcode"] == 0)
    assert {answer["author_id"] for answer in answers} == {winner["author_id"]}
    assert instance.rows("SELECT count(*) AS n FROM sessions") == [{"n": 1}]


def test_starting_while_sessions_end_finds_none_or_one(api: Any, stored: Any, instance: Any) -> None:
    def in_and_out(number: int) -> Callable[[], Any]:
        author = {"author_id": f"author {number}", "author_conf": 50}

        def work() -> list[int]:
            codes = []
            for _ in range(5):
                answer = api.post("start_session", id=stored.id, **author).json
                codes.append(answer["rcode"])
                if answer["rcode"] == 0:
                    assert Session(api, stored.id, author, answer["session_id"]).end()["rcode"] == 0
            return codes

        return work

    codes = [code for answer in _at_once(*map(in_and_out, range(6))) for code in answer]
    assert set(codes) <= {0, 4}
    assert instance.rows("SELECT count(*) AS n FROM sessions WHERE ended_at IS NULL") == [{"n": 0}]


def test_saves_at_once_are_all_kept(api: Any, stored: Any, instance: Any) -> None:
    session = start(api, stored.id, EDDARD)
    family = api.family
    shared = {"speech": [50, 51], "text": [16, 17]}[family.path]  # a document gets no new sentences
    own = {"speech": range(1, 13), "text": [1] * 12}[family.path]

    def saving(number: int) -> Callable[[], Any]:
        items = [edit(family, id, f"save {number}", begin=100.0 + 2 * id) for id in (own[number - 1], *shared)]
        return lambda: session.save(*(items if number % 2 else reversed(items)))["rcode"]

    assert _at_once(*map(saving, range(1, 13))) == [0] * 12
    rows = instance.rows("SELECT segment_id, text FROM session_edits ORDER BY segment_id")
    assert [row["segment_id"] for row in rows] == [*sorted(set(own)), *shared]
    assert rows[-1]["text"] == rows[-2]["text"], "the last save has both"


def test_what_is_saved_while_the_session_ends_is_in_the_text_or_kept(api: Any, stored: Any, instance: Any) -> None:
    family = api.family
    for turn in range(5):
        session = start(api, stored.id, EDDARD)
        saved, ended = _at_once(
            lambda session=session, turn=turn: session.save(edit(family, FIRST[family.path], f"turn {turn}"))["rcode"],
            lambda session=session: session.end()["rcode"],
        )
        assert (saved in (0, 7), ended) == (True, 0)
        kept = any(row["session_id"] == session.number for row in instance.run(late_edits.all_kept))
        assert (f"turn {turn}" in shown(api, stored.id), kept) == (saved == 0, saved == 7)


def test_two_who_end_or_accept_at_once_make_one_version(api: Any, stored: Any, instance: Any) -> None:
    family = api.family
    session = start(api, stored.id, EDDARD)
    session.save(edit(family, FIRST[family.path], "once"))
    assert [answer["rcode"] for answer in _at_once(session.end, session.end, session.end)] == [0, 0, 0]
    waiting = edited(api, stored.id, JON, edit(family, SECOND[family.path], "twice")).number
    answers = _at_once(*[lambda: api.post("accept", id=str(waiting), **EDDARD).json[0]["rcode"]] * 3)
    assert sorted(answers) == [0, 5, 5]
    lang = LANG[family.path]
    assert [row["version"] for row in api.get("versions", id=stored.id, lang=lang).json["versions"]] == [3, 2, 1]


def test_attack_a_user_cannot_wait_in_line_for_the_session_of_another(
    api: Any, stored: Any, add_object: Any, instance: Any
) -> None:
    """Whoever waits for a row would lock it next, and hold up the one whose it is."""
    add_object(external_id="theirs", hash_="0" * 21, username="other")
    session, other = start(api, stored.id, EDDARD), {"user": "other", "auth_token": "another-secret-key-1234567890"}
    theirs = {"id": "theirs", "session_id": session.number, **EDDARD, **other}
    item = edit(api.family, FIRST[api.family.path], "x")

    def calls() -> list[int]:
        ones = [
            api.post(interface, **theirs, mods=mods(api.family, item)).json
            for interface in ("session_status", "mod", "end_session", "mark_revised")
        ]
        lists = [
            api.post(interface, **{**theirs, "id": f"{session.number}"}).json[0] for interface in ("accept", "reject")
        ]
        return [answer["rcode"] for answer in ones + lists]

    with ThreadPoolExecutor(1) as thread, closing(connect(instance.storage)) as busy, busy.cursor() as cur:
        cur.execute("SELECT FROM sessions WHERE id = %s FOR UPDATE", (session.number,))
        assert thread.submit(calls).result(timeout=60) == [1, 1, 1, 2, 1, 1]
    assert session.call("session_status")["rcode"] == 0


def test_reviewers_who_accept_the_same_sessions_in_other_orders_do_not_block_each_other(
    api: Any, stored: Any, add_object: Any
) -> None:
    family = api.family
    add_object(external_id="second", hash_="0" * 21)
    numbers = [
        edited(api, object_id, OLLY, edit(family, FIRST[family.path], str(turn))).number
        for turn in range(3)
        for object_id in (stored.id, "second")
    ]
    ids = [",".join(map(str, order)) for order in (numbers, numbers[::-1], sorted(numbers, key=lambda n: n % 3))]
    answers = _at_once(*[lambda ids=ids: api.post("accept", id=ids, **EDDARD) for ids in ids])
    assert [answer.status_code for answer in answers] == [200] * 3
    codes = Counter(item["rcode"] for answer in answers for item in answer.json)
    # of each object the first is accepted; the others want the same sentence changed otherwise
    assert codes[0] == 2
    assert set(codes) == {0, 5, 6}


def _waits_for_a_lock(instance: Any) -> bool:
    return bool(
        instance.rows(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
            "AND application_name = 'tlp web service'"
        )
    )


def _ended_against(instance: Any, session: Session) -> tuple[int, bool]:
    """What a session's end answers that another transaction deadlocks with, and whether the other one was ended."""
    with closing(connect(instance.config.storage)) as other, other.cursor() as cur, ThreadPoolExecutor(1) as pool:
        cur.execute("SELECT 1 FROM contents FOR UPDATE")
        answer = pool.submit(session.end)
        while not _waits_for_a_lock(instance):
            assert not answer.done()
        try:
            cur.execute("SELECT 1 FROM sessions WHERE id = %s FOR UPDATE", [session.number])
            lost = False
        except DeadlockDetected:
            lost = True
        other.rollback()
        return answer.result(30)["rcode"], lost


def test_a_call_that_the_database_ended_for_another_is_done_again(
    api: Any, stored: Any, instance: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Who has waited longest is ended: here the call, unless the machine is too busy to let the other one wait soon."""
    family = api.family
    for turn in range(5):
        session = start(api, stored.id, EDDARD)
        session.save(edit(family, FIRST[family.path], f"turn {turn}"))
        rcode, other_lost = _ended_against(instance, session)
        assert rcode == 0
        assert f"turn {turn}" in shown(api, stored.id)
        if not other_lost:
            break
    assert "end_session is done again: deadlock detected" in caplog.text
