"""What /status tells of an upload under way beyond the manual: how far it is, and what it waits for."""

from __future__ import annotations

from typing import Any

import pytest

WORDS = "Transcription in progress. It may take several hours for it to finish."


@pytest.fixture
def upload(api: Any, instance: Any) -> str:
    return transcribing(instance, "up-2")


def transcribing(instance: Any, upload_id: str, job: str | None = None, reason: str | None = None) -> str:
    """An upload that is being transcribed, with a job in that state."""
    instance.run(
        lambda cur: cur.execute(
            "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, status_code, info) "
            "VALUES (%s, 1, 'speech', 'new', 'm', 'h', '{}', 'transcribing', 2, %s)",
            (upload_id, WORDS),
        )
    )
    if job:
        add_job(instance, upload_id, job, reason=reason)
    return upload_id


def add_job(instance: Any, upload_id: str, state: str, step: str = "transcribing", reason: str | None = None) -> None:
    instance.run(
        lambda cur: cur.execute(
            "INSERT INTO jobs (upload_id, step, name, kind, command, state, reason) "
            "VALUES (%s, %s, (SELECT 'j' || count(*) FROM jobs), 'asr', '[]', %s, %s)",
            (upload_id, step, state, reason),
        )
    )


def test_percent_and_seconds_left_are_told_while_they_are_known(api: Any, instance: Any, upload: str) -> None:
    assert not {"progress", "eta"} & api.get("status", id=upload).json.keys()
    instance.run(lambda cur: cur.execute("UPDATE uploads SET progress = 42, ready_at = now() + interval '95 s'"))
    answer = api.get("status", id=upload).json
    assert answer["progress"] == 42 and 60 <= answer["eta"] <= 95
    instance.run(lambda cur: cur.execute("UPDATE uploads SET ready_at = now() - interval '95 s'"))
    assert api.get("status", id=upload).json["eta"] == 0
    instance.run(lambda cur: cur.execute("UPDATE uploads SET ready_at = NULL"))
    assert api.get("status", id=upload).json["eta"] is None


def test_an_upload_whose_jobs_have_no_processor_yet_is_told_how_many_come_first(api: Any, instance: Any) -> None:
    ids = [transcribing(instance, f"up-{n}", "planned") for n in range(3)]
    words = [api.get("status", id=upload_id).json["info"] for upload_id in ids]
    start = f"{WORDS} Waiting for a free processor: "
    assert words == [
        start + f"{it}." for it in ("it is among the next", "about 1 job comes first", "about 2 jobs come first")
    ]
    assert api.get("status", id=ids[2]).json["status_info"] == words[2]


def test_jobs_that_no_upload_waits_for_yet_do_not_come_first(api: Any, instance: Any) -> None:
    first = transcribing(instance, "up-1", "submitted")
    add_job(instance, first, "planned", step="converting")
    later = transcribing(instance, "up-2", "planned")
    assert api.get("status", id=first).json["info"] == WORDS
    assert "it is among the next" in api.get("status", id=later).json["info"]


def test_an_upload_of_which_some_job_runs_waits_for_nothing(api: Any, instance: Any, upload: str) -> None:
    add_job(instance, upload, "submitted")
    add_job(instance, upload, "planned")
    assert api.get("status", id=upload).json["info"] == WORDS


def test_a_scheduler_that_refuses_is_told_with_its_reason(api: Any, instance: Any) -> None:
    upload = transcribing(instance, "up-1", "planned", "sbatch: error: invalid partition")
    info = api.get("status", id=upload).json["info"]
    assert info.endswith("the scheduler does not take its job, and is asked again: sbatch: error: invalid partition")


def test_an_upload_that_has_ended_waits_for_nothing(api: Any, instance: Any) -> None:
    upload = transcribing(instance, "up-1", "planned")
    instance.run(lambda cur: cur.execute("UPDATE uploads SET finished_at = now()"))
    assert api.get("status", id=upload).json["info"] == WORDS
