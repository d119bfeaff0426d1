"""/metrics: what it tells, and what it costs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from exposition import read
from gunicorn_server import Server
from scraping import ADMIN, scrape

from tlp.db import jobs, metrics, notifications, uploads, users
from tlp.db.systems import NOT_WANTED

PAST = 100_000


@pytest.fixture
def clean(instance: Any) -> None:
    instance.run(lambda cur: cur.execute("TRUNCATE heartbeats, happenings, counters"))


def add_upload(instance: Any, upload_id: str, **columns: Any) -> str:
    """A row of `uploads` of tluser."""

    def insert(cur: Any) -> None:
        owner = users.by_name(cur, "tluser")
        assert owner
        row = {"id": upload_id, "user_id": owner["id"], "kind": "speech", "operation": "new", "external_id": upload_id,
               "hash": upload_id, "manifest": {}, "package": None, "test_mode": False, "info": ""}  # fmt: skip
        uploads.create(cur, {**row, **columns})

    instance.run(insert)
    return upload_id


def move(instance: Any, upload_id: str, state: str, finished: bool = False, code: int = 1) -> None:
    values = {"status_code": code, "info": "", "error_code": None, "due": None, "limit": None, "finished": finished}
    instance.run(lambda cur: uploads.move(cur, upload_id, state, values))


@pytest.mark.usefixtures("clean")
def test_an_upload_is_counted_where_it_is_and_then_by_its_end(client: Any, instance: Any) -> None:
    ended = {"kind": "speech", "operation": "new"}
    before = scrape(client)
    assert before["tlp_uploads_ended_total"].value(**ended, result="failed") == 0
    assert "tlp_uploads" not in before
    good, bad = add_upload(instance, "up-good"), add_upload(instance, "up-bad")
    for upload in (good, bad):
        instance.run(
            lambda cur, u=upload: cur.execute(
                "UPDATE uploads SET state_since = now() - interval '2 minutes', "
                "uploaded_on = now() - interval '20 min' WHERE id = %(u)s", {"u": u},
            )
        )  # fmt: skip
    found = scrape(client)
    assert found["tlp_uploads"].value(**ended, state="received") == 2
    assert 120 <= found["tlp_upload_longest_seconds"].value(**ended, state="received") < 130
    move(instance, good, "packaging")
    move(instance, good, "done", finished=True)
    move(instance, bad, "failed", finished=True)
    for fold in (lambda cur: None, metrics.count, metrics.count):
        instance.run(fold)
        found = scrape(client)
        total = found["tlp_uploads_ended_total"]
        assert [total.value(**ended, result=result) for result in ("done", "failed", "cancelled")] == [1, 1, 0]
        times = found["tlp_upload_seconds"]
        assert [times.value("_bucket", **ended, le=le) for le in ("900", "3600", "+Inf")] == [0, 1, 1]
        assert 1200 <= times.value("_sum", **ended) < 1210
        states = found["tlp_state_seconds"]
        assert states.value("_count", **ended, state="received") == 2
        assert states.value("_bucket", **ended, state="received", le="300") == 2
        assert "tlp_uploads" not in found
    assert instance.rows("SELECT count(*) AS n FROM happenings") == [{"n": 0}]


@pytest.mark.usefixtures("clean")
def test_a_retry_never_turns_a_counter_back(client: Any, instance: Any) -> None:
    upload = add_upload(instance, "up-again")
    for state, finished in (("failed", True), ("packaging", False), ("done", True)):
        move(instance, upload, state, finished=finished)
    found = scrape(client)["tlp_uploads_ended_total"]
    assert [found.value(kind="speech", operation="new", result=result) for result in ("done", "failed")] == [1, 1]


@pytest.mark.usefixtures("clean")
def test_jobs_are_told_by_kind_and_system_and_a_lost_one_though_it_is_run_again(
    client: Any, instance: Any, three_systems: dict[str, int]
) -> None:
    upload = add_upload(instance, "up-jobs")
    base = {"command": [], "environment": {}, "depends_on": [], "cpus": 1, "gpus": 0, "memory_mb": 1, "time_limit_s": 1}

    def plan(cur: Any) -> None:
        for name in ("en", "es"):
            jobs.plan(cur, upload, "received", {**base, "name": name, "kind": "asr", "system_id": three_systems["asr"]})
        jobs.plan(cur, upload, "received", {**base, "name": "unpack", "kind": "package", "system_id": None})
        jobs.mark_refused(cur, 1, "no such queue")

    def submit(cur: Any) -> list[Any]:
        for row in instance.rows("SELECT id FROM jobs WHERE state = 'planned' AND kind = 'asr' ORDER BY id"):
            jobs.mark_submitted(cur, row["id"], "local:1")
        return jobs.submitted(cur)

    instance.run(lambda cur: cur.execute("TRUNCATE jobs RESTART IDENTITY"))
    instance.run(plan)
    found = scrape(client)
    assert found["tlp_jobs"].value(kind="asr", state="planned") == 2
    assert found["tlp_jobs_refused"].value(kind="asr", state="planned") == 1
    hour_ago = "UPDATE jobs SET created_at = now() - interval '1 hour', reason = 'refused before' WHERE kind = 'asr'"
    instance.run(lambda cur: cur.execute(hour_ago))
    assert 3600 <= scrape(client)["tlp_job_longest_seconds"].value(kind="asr", state="planned") < 3660
    rows = instance.run(submit)
    with_it = scrape(client)
    assert with_it["tlp_job_longest_seconds"].value(kind="asr", state="submitted") < 60, "since it was submitted"
    assert with_it["tlp_jobs_refused"].value(kind="asr", state="submitted") == 0, "it is not any more"
    instance.run(lambda cur: jobs.run_again(cur, rows[0], displaced=False))
    instance.run(lambda cur: jobs.mark_ended(cur, [(rows[1], "done", 0, "")]))
    rows = instance.run(submit)
    instance.run(lambda cur: jobs.mark_ended(cur, [(rows[0], "failed", 1, "no")]))
    instance.run(lambda cur: jobs.cancel(cur, upload, "enough"))
    found = scrape(client)
    ended = found["tlp_jobs_ended_total"]
    assert [ended.value(kind="asr", system="a", result=r) for r in ("done", "lost", "failed", "cancelled")] == [
        1,
        1,
        1,
        0,
    ]
    assert ended.value(kind="package", system="", result="cancelled") == 1
    assert ended.value(kind="mt", system="b", result="failed") == 0
    assert found["tlp_job_seconds"].value("_count", kind="asr", system="a") == 1
    assert found["tlp_system_offers"].value(kind="asr", system="a") == 1
    assert found["tlp_system_missing"].value(kind="asr", system="d") == 1


@pytest.mark.usefixtures("clean")
def test_sessions_notifications_and_what_is_late_are_told(client: Any, instance: Any, lecture: Any) -> None:
    upload = add_upload(instance, "up-late")
    instance.run(lambda cur: cur.execute("UPDATE uploads SET due_at = now() - interval '1 hour', attempts = 2"))
    instance.run(
        lambda cur: cur.execute(
            "INSERT INTO sessions (object_id, author_id, author_conf, last_alive) "
            "VALUES (%(object)s, 'ann', 50, now() - interval '5 hours')", {"object": lecture.object_id},
        )
    )  # fmt: skip
    news = {"upload_id": upload, "event": "finished", "target": "x", "receiver": "", "body": "{}"}
    for number, channel in enumerate(("mail", "mail", "callback", "callback")):
        instance.run(lambda cur, n=number, c=channel: notifications.add(cur, {**news, "id": f"nt-{n}", "channel": c}))
    instance.run(lambda cur: notifications.mark_sent(cur, "nt-0"))
    instance.run(lambda cur: notifications.mark_failed(cur, "nt-1", "no", 60))
    instance.run(lambda cur: notifications.mark_failed(cur, "nt-2", "no", None))
    found = scrape(client)
    assert 3600 <= found["tlp_upload_late_seconds"].value() < 3610
    assert found["tlp_uploads_failing"].value(kind="speech", operation="new", state="received") == 1
    assert found["tlp_sessions_open"].value(author="human") == 1
    assert 18000 <= found["tlp_session_silence_seconds"].value() < 18010
    ended = (
        "INSERT INTO sessions (object_id, author_id, author_conf, ended_at, requires_revision, revised_at, revised_via)"
        "VALUES (%(object)s, 'ann', 50, now(), true, NULL, NULL), (%(object)s, 'ann', 50, now(), true, now(), 'accept')"
    )
    instance.run(lambda cur: cur.execute(ended, {"object": lecture.object_id}))
    assert scrape(client)["tlp_sessions_for_revision"].value() == 1, "one of them has been revised"
    for channel, waiting, failing in (("mail", 1, 1), ("callback", 1, 0)):
        assert found["tlp_notifications_waiting"].value(channel=channel) == waiting
        assert found["tlp_notifications_failing"].value(channel=channel) == failing
    ended = found["tlp_notifications_ended_total"]
    assert ended.value(channel="mail", result="sent") == ended.value(channel="callback", result="given_up") == 1
    assert ended.value(channel="mail", result="given_up") == 0


@pytest.mark.usefixtures("clean")
def test_what_nobody_wants_to_be_offered_is_not_missing(
    client: Any, instance: Any, three_systems: dict[str, int]
) -> None:
    assert scrape(client)["tlp_system_missing"].value(kind="asr", system="d") == 1
    for values in ("disabled = true, reason = NULL", "disabled = false, reason = %(here)s"):
        instance.run(
            lambda cur, v=values: cur.execute(f"UPDATE systems SET {v} WHERE folder = 'd'", {"here": NOT_WANTED})
        )
        assert scrape(client)["tlp_system_missing"].value(kind="asr", system="d") == 0


@pytest.mark.usefixtures("clean")
def test_the_last_tick_and_the_room_on_disk_are_told(client: Any, instance: Any) -> None:
    assert "tlp_ingest_last_tick_timestamp_seconds" not in scrape(client)
    assert instance.run(lambda cur: metrics.beat(cur, "node-1", 42)) is not None
    assert instance.run(lambda cur: metrics.beat(cur, "node-1", 43)) is None  # noted a moment ago
    (instance.media.parent / "transcriptions").rmdir()
    found = scrape(client)
    assert abs(found["tlp_ingest_last_tick_timestamp_seconds"].value(host="node-1") - time.time()) < 60
    assert found["tlp_mount_there"].value(mount="media") == 1
    assert found["tlp_mount_there"].value(mount="transcriptions") == 0
    assert 0 < found["tlp_disk_free_bytes"].value(mount="media") <= found["tlp_disk_size_bytes"].value(mount="media")


@pytest.mark.usefixtures("clean")
def test_how_many_more_files_a_disk_takes_is_told_where_that_is_limited(client: Any, instance: Any) -> None:
    disk = os.statvfs(instance.media)
    told = scrape(client).get("tlp_disk_free_files")
    if disk.f_files:
        assert told is not None and abs(told.value(mount="media") - disk.f_favail) < 0.1 * disk.f_files
    else:
        assert told is None


@pytest.mark.usefixtures("clean")
def test_a_clock_that_was_turned_back_does_not_stop_the_signs_of_life(instance: Any) -> None:
    instance.run(lambda cur: metrics.beat(cur, "node-1", 42))
    instance.run(lambda cur: cur.execute("UPDATE heartbeats SET ticked_at = now() + interval '1 hour'"))
    assert instance.run(lambda cur: metrics.beat(cur, "node-1", 42)) is not None
    (row,) = instance.run(metrics.hosts)
    assert abs(row["age"]) < 60


# What it costs, and how it fails


@pytest.mark.usefixtures("clean")
def test_a_scrape_over_a_long_past_is_quick_and_reads_no_row_of_it(client: Any, instance: Any) -> None:
    fill = (
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, due_at, finished_at) "
        "SELECT 'up-old-' || n, (SELECT min(id) FROM users), 'speech', 'new', 'm', 'h', '{}', 'done', 'infinity', "
        f"now() FROM generate_series(1, {PAST}) AS n"
    )
    more = (
        "INSERT INTO jobs (upload_id, step, name, kind, command, state, ended_at) "
        "SELECT id, 'transcribing', 'en', 'asr', '[]', 'done', now() FROM uploads"
    )
    instance.run(lambda cur: cur.execute("ALTER TABLE uploads DISABLE TRIGGER uploads_notify"))
    for statement in (fill, more, "ANALYZE uploads", "ANALYZE jobs"):
        instance.run(lambda cur, s=statement: cur.execute(s))
    for n in range(200):
        add_upload(instance, f"up-live-{n}")
    took = []
    for _ in range(5):
        began = time.perf_counter()
        scrape(client)
        took.append(time.perf_counter() - began)
    print(f"a scrape over {PAST} ended uploads and as many jobs: {1000 * min(took):.0f} ms")
    assert min(took) < 0.3
    for ask, table in ((metrics.uploads, "uploads"), (metrics.late, "uploads"), (metrics.jobs, "jobs")):
        assert f"Seq Scan on {table}" not in instance.run(lambda cur, a=ask: _plan(cur, a))


def _plan(cur: Any, ask: Any) -> str:
    real, said = cur.execute, []

    def explain(statement: str, values: Any = None) -> None:
        real("EXPLAIN " + statement, values)
        said.extend(row["QUERY PLAN"] for row in cur.fetchall())
        real(statement, values)

    cur.execute = explain
    ask(cur)
    return "\n".join(said)


def test_it_only_reads_and_gives_up_on_a_database_that_is_too_slow(instance: Any) -> None:
    import psycopg2

    def slow(cur: Any) -> None:
        metrics.be_quick(cur, 0.05)
        cur.execute("SELECT pg_sleep(5)")

    def writes(cur: Any) -> None:
        metrics.be_quick(cur, 5)
        metrics.beat(cur, "x", 1)

    with pytest.raises(psycopg2.errors.QueryCanceled):
        instance.run(slow)
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        instance.run(writes)


def test_the_limits_of_a_scrape_do_not_stay_with_the_connection(client: Any) -> None:
    scrape(client)
    answer = client.simulate_get("/api/speech/list", params=ADMIN)
    assert answer.status_code == 200
    answer = client.simulate_post("/api/speech/ingest/delete", json={**ADMIN, "id": "nothing"})
    assert answer.status_code == 400 or answer.json["rcode"] >= 0  # not "read-only transaction"


def test_prometheus_way_of_asking_works_against_the_service_as_it_runs(server: Server) -> None:
    answer = requests.get(f"{server.url}/metrics", auth=("root", ADMIN["auth_token"]), timeout=60)
    assert answer.status_code == 200 and "tlp_upload_late_seconds" in read(answer.text)
    assert requests.get(f"{server.url}/metrics", timeout=60).status_code == 401


# The documentation


def test_the_documentation_names_every_metric_and_no_other(client: Any, instance: Any, three_systems: Any) -> None:
    upload = add_upload(instance, "up-1")
    instance.run(lambda cur: metrics.beat(cur, "node-1", 1))
    base = {"command": [], "environment": {}, "depends_on": [], "cpus": 1, "gpus": 0, "memory_mb": 1, "time_limit_s": 1}
    job = {**base, "name": "a", "kind": "asr", "system_id": three_systems["asr"]}
    instance.run(lambda cur: jobs.plan(cur, upload, "received", job))
    (planned,) = instance.rows("SELECT id FROM jobs WHERE state = 'planned'")
    instance.run(lambda cur: jobs.mark_submitted(cur, planned["id"], "x"))
    for row in instance.run(jobs.submitted):
        instance.run(lambda cur, r=row: jobs.mark_ended(cur, [(r, "done", 0, "")]))
    instance.run(lambda cur: jobs.plan(cur, upload, "received", {**job, "name": "b"}))
    move(instance, add_upload(instance, "up-2"), "done", finished=True)
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    section = page.partition("\n## Metrics\n")[2].partition("\n## ")[0]
    named = {line.split("`")[1].partition("{")[0] for line in section.splitlines() if line.startswith("| `tlp_")}
    assert named == set(scrape(client))
