"""A service that is stopped while it gives a job to the queue, as by SIGSTOP or a disk that does not answer."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pretended_queue import PretendedQueue

from ingest.scheduler import JobSpec, locked
from ingest.scheduler.cluster import Cluster
from ingest.scheduler.locked import lock
from tlp.errors import SchedulerError


def test_another_service_gives_up_after_a_while_in_words_and_submits_when_it_is_free(
    cluster: Cluster, queue: PretendedQueue, spec: Callable[..., JobSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locked, "PATIENCE_S", 0.3)
    job = spec("true")
    job.folder.mkdir(parents=True, exist_ok=True)
    with (job.folder / "submitting").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(SchedulerError, match="another Ingest Service has held .*submitting for 0.3 s"):
            cluster.submit(job)
    assert not queue.asked("sbatch")
    assert cluster.submit(job) and len(queue.asked("sbatch")) == 1


def test_readers_share_a_lock_and_wait_for_whoever_wants_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locked, "PATIENCE_S", 0.1)
    path = tmp_path / "lock"
    with path.open("w") as one, path.open("w") as other, path.open("w") as third:
        lock(one, shared=True)
        lock(other, shared=True)
        began = time.monotonic()
        with pytest.raises(SchedulerError):
            lock(third)
        assert time.monotonic() - began >= 0.1
