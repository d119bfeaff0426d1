"""Whose job goes next: real tables, the real dispatcher, a scheduler that runs nothing, hours that pass at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest
from world import World

from bench.simulation import Simulated
from ingest import dispatch, job_ends
from ingest.context import Context
from ingest.prepare import prepare
from ingest.scheduler import JobSpec
from tlp.db import fairness, jobs, users
from tlp.db.connection import connect
from tlp.errors import SchedulerError

MINUTE, HOUR = 60.0, 3600.0


@dataclass
class Site:
    """A platform whose clock is moved: all times of the database go back instead of the clock going on."""

    ctx: Context
    db: Any
    scheduler: Simulated
    uploads: int = 0

    def user(self, name: str, priority: int = 0) -> int:
        with self.db.cursor() as cur:
            made = int(users.create(cur, name, "a-secret-key-for-tests")["id"])
            cur.execute("UPDATE users SET priority = %s WHERE id = %s", (priority, made))
        self.db.commit()
        return made

    def upload(self, user: int, name: str, seconds: float, cpus: int = 1, count: int = 1, kind: str = "asr",
               media: float = 0.0) -> None:  # fmt: skip
        """Uploads that wait for one job each; `media`: seconds that it lasts."""
        with self.db.cursor() as cur:
            for _ in range(count):
                self.uploads += 1
                upload = f"up-{self.uploads}"
                cur.execute(
                    "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, plan, "
                    "due_at) VALUES (%s, %s, 'speech', 'new', %s, %s, '{}', 'transcribing', "
                    "jsonb_build_object('media', jsonb_build_object('duration_ms', %s::bigint)), 'infinity')",
                    (upload, user, upload, upload, 1000 * media),
                )
                values = {"name": name, "kind": kind, "system_id": None, "command": [name, str(seconds)],
                          "environment": {}, "depends_on": [], "cpus": cpus, "gpus": 0, "memory_mb": 1,
                          "time_limit_s": 1}  # fmt: skip
                jobs.plan(cur, upload, "transcribing", values)
        self.db.commit()

    def tick(self) -> None:
        job_ends.end_jobs(self.ctx, self.db)
        dispatch.submit_ready(self.ctx, self.db)

    def pass_by(self, seconds: float) -> None:
        back = f"interval '1 second' * {seconds}"
        with self.db.cursor() as cur:
            cur.execute(f"UPDATE jobs SET turn_at = turn_at - {back}, submitted_at = submitted_at - {back}, "
                        f"ended_at = ended_at - {back}, no_room_since = no_room_since - {back}")  # fmt: skip
            cur.execute(f"UPDATE uploads SET uploaded_on = uploaded_on - {back}")
            cur.execute(f"UPDATE shares SET used_at = used_at - {back}")
        self.db.commit()
        self.scheduler.now += seconds

    def run(self, seconds: float, step: float = MINUTE, each: Callable[[], None] | None = None) -> None:
        for _ in range(round(seconds / step)):
            if each:
                each()
            self.tick()
            self.pass_by(step)
        self.tick()

    def starts(self, name: str) -> list[float]:
        return [at for at, spec in self.scheduler.started if spec.command[0] == name]

    def busy(self) -> Counter[str]:
        """Processors at work by the name of the job."""
        found: Counter[str] = Counter()
        for at, spec in self.scheduler.started:
            if at <= self.scheduler.now < at + float(spec.command[1]):
                found[spec.command[0]] += spec.cpus
        return found


@pytest.fixture
def site(quick: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Site]]:
    for part in (dispatch, job_ends):
        monkeypatch.setattr(part, "SLICE_S", 60.0)  # all at one go, also on a busy machine
    with closing(connect(quick.config.storage)) as db:

        def make(slots: int, queues: dict[str, str] | None = None, **settings: Any) -> Site:
            scheduler = Simulated(slots, lambda spec: float(spec.command[1]), queues=queues or {})
            ctx = replace(prepare(quick.config, db), scheduler=scheduler)
            changed = replace(ctx.config.scheduler, **settings)
            return Site(replace(ctx, config=replace(ctx.config, scheduler=changed)), db, scheduler)

        yield make


def test_users_who_all_want_everything_get_processors_by_their_weight(site: Callable[..., Site]) -> None:
    s = site(slots=8)
    for name, priority in (("ada", 0), ("bob", 0), ("cleo", 1)):
        s.upload(s.user(name, priority), name, 10 * MINUTE, count=60)
    s.tick()
    assert s.busy() == {"ada": 2, "bob": 2, "cleo": 4}
    s.run(2 * HOUR, step=5 * MINUTE)
    assert s.busy() == {"ada": 2, "bob": 2, "cleo": 4}


def test_one_processor_is_shared_by_time_and_not_by_the_number_of_jobs(site: Callable[..., Site]) -> None:
    s = site(slots=1)
    s.upload(s.user("long"), "long", HOUR, count=20)
    s.upload(s.user("short"), "short", 5 * MINUTE, count=120)
    s.run(10 * HOUR, step=5 * MINUTE)
    worked = {name: len(s.starts(name)) * each for name, each in (("long", HOUR), ("short", 5 * MINUTE))}
    assert 0.6 < worked["long"] / worked["short"] < 1.7, worked


def test_who_comes_while_another_has_hundreds_waiting_is_next(site: Callable[..., Site]) -> None:
    s = site(slots=4)
    s.upload(s.user("bulk"), "bulk", 10 * MINUTE, count=500)
    s.run(HOUR, step=5 * MINUTE)
    came = s.scheduler.now
    s.upload(s.user("late"), "late", 10 * MINUTE, count=4)
    s.run(HOUR, step=5 * MINUTE)
    starts = [at - came for at in s.starts("late")]
    assert len(starts) == 4 and max(starts) <= 20 * MINUTE
    assert s.busy()["bulk"] == 4


def test_short_media_overtake_a_long_one_for_as_long_as_it_lasts(site: Callable[..., Site]) -> None:
    """One processor, and always a short one that waits: the long one, of five hours, still starts."""
    s = site(slots=1)
    user = s.user("ada")
    s.upload(user, "short", 10 * MINUTE, media=10 * MINUTE)
    s.upload(user, "long", 5 * HOUR, media=5 * HOUR)
    s.run(8 * HOUR, step=10 * MINUTE, each=lambda: s.upload(user, "short", 10 * MINUTE, media=10 * MINUTE))
    [start] = s.starts("long")
    assert 4 * HOUR < start < 6 * HOUR
    assert len([at for at in s.starts("short") if at < start]) > 20


def test_a_job_that_wants_all_processors_is_overtaken_for_some_minutes_and_no_longer(site: Callable[..., Site]) -> None:
    s = site(slots=4)
    users_ = [s.user(name) for name in ("ada", "bob")]
    for minutes in (4, 5, 6, 7):  # there is never more than one that ends
        s.upload(users_[0], "small", minutes * MINUTE)
    s.tick()
    s.upload(users_[1], "large", 10 * MINUTE, cpus=4)
    s.run(HOUR, step=MINUTE, each=lambda: s.upload(users_[0], "small", 4 * MINUTE))
    [start] = s.starts("large")
    assert dispatch.OVERTAKEN_S - 2 * MINUTE < start < dispatch.OVERTAKEN_S + 6 * MINUTE
    assert [at for at in s.starts("small") if 0 < at < start]


def test_an_account_that_has_used_much_is_not_starved_by_new_ones_without_end(site: Callable[..., Site]) -> None:
    s = site(slots=1)
    heavy = s.user("heavy")
    s.upload(heavy, "heavy", HOUR, count=10)
    s.run(10 * HOUR, step=HOUR)
    s.upload(heavy, "again", MINUTE)
    sent = s.scheduler.now
    s.run(12 * HOUR, step=10 * MINUTE, each=lambda: s.upload(s.user(f"new {s.uploads}"), "new", 10 * MINUTE))
    [start] = s.starts("again")
    assert start - sent < 6 * HOUR


def test_no_user_has_more_jobs_at_once_than_the_configuration_allows(site: Callable[..., Site]) -> None:
    s = site(slots=10, max_jobs_per_user=3)
    for name in ("ada", "bob"):
        s.upload(s.user(name), name, 10 * MINUTE, count=20)
    for _ in range(7):
        s.run(10 * MINUTE, step=10 * MINUTE)
        assert all(count <= 3 for count in s.busy().values())
    assert len(s.starts("ada")) == len(s.starts("bob")) == 20


def test_a_full_queue_holds_up_no_other(site: Callable[..., Site]) -> None:
    s = site(slots=2, queues={"media": "here"})
    user = s.user("ada")
    s.upload(user, "film", HOUR, kind="media", count=20)
    s.upload(user, "engine", HOUR, count=20)
    s.tick()
    assert s.busy() == {"film": 2, "engine": 2}
    s.run(HOUR, step=HOUR)
    assert s.busy() == {"film": 2, "engine": 2}


def test_how_many_jobs_come_before_another_is_told_as_they_are_then_started(site: Callable[..., Site]) -> None:
    """A user with very many that came first, one with a few, one whose weight is double; some run already."""
    s = site(slots=4)
    s.upload(s.user("bulk"), "bulk", HOUR, count=200)
    s.run(MINUTE)
    for name, priority, count in (("late", 0, 6), ("urgent", 1, 10)):
        s.upload(s.user(name, priority), name, HOUR, count=count, media=HOUR)
    with s.db.cursor() as cur:
        cur.execute("SELECT id FROM jobs WHERE state = 'planned'")
        told = fairness.before(cur, [row["id"] for row in cur.fetchall()], 1000)
        few = fairness.before(cur, list(told)[-1:], 3)
    s.scheduler.slots = 1000
    s.run(MINUTE)
    order = [int(spec.name.rpartition("-")[2].partition(".")[0]) for _, spec in s.scheduler.started[4:]]
    assert len(order) == 212 and max(order) in order[:40]  # by their ids it would be the last
    assert max(abs(told[job] - place) for place, job in enumerate(order)) <= 2  # two users more, who may come first
    assert list(few.values()) == [3]


def test_nobody_waits_much_longer_than_another_who_wants_the_same(site: Callable[..., Site]) -> None:
    """Six users with very different numbers of uploads: the first of each starts at once, the rest in turns."""
    s = site(slots=6)
    for number in range(6):
        s.upload(s.user(f"u{number}"), f"u{number}", 5 * MINUTE, count=4**number if number < 4 else 20)
    s.run(2 * HOUR, step=5 * MINUTE)
    assert all(s.starts(f"u{n}")[0] == 0.0 for n in range(6))
    assert s.starts("u1")[-1] <= 20 * MINUTE
    assert sum(len(s.starts(f"u{n}")) for n in range(6)) == 1 + 4 + 16 + 64 + 20 + 20


class Choosy(Simulated):
    """Takes no job that is called unfit or of an unfit kind; `dead`: none at all. `asked`: how often it has been."""

    dead = False
    asked = 0
    unfit_kind = ""

    def submit(self, spec: JobSpec) -> str:
        """See Scheduler."""
        self.asked += 1
        if self.dead:
            raise SchedulerError("the controller does not answer")
        if spec.command[0] == "unfit" or spec.kind == self.unfit_kind:
            raise SchedulerError("invalid partition name")
        return super().submit(spec)


def choosy(site: Callable[..., Site]) -> tuple[Site, Choosy]:
    s = site(slots=0)
    scheduler = Choosy(100, lambda spec: float(spec.command[1]))
    return replace(s, ctx=replace(s.ctx, scheduler=scheduler), scheduler=scheduler), scheduler


def test_jobs_that_the_scheduler_never_takes_hold_up_no_other(site: Callable[..., Site]) -> None:
    s, _ = choosy(site)
    user = s.user("ada")
    s.upload(user, "unfit", MINUTE, count=5)
    s.upload(user, "fit", MINUTE, count=60)
    s.upload(s.user("bob"), "other", MINUTE)
    s.tick()
    s.tick()
    assert (len(s.starts("fit")), len(s.starts("other"))) == (60, 1)


def test_a_kind_whose_queue_is_not_there_holds_up_no_other_kind(site: Callable[..., Site]) -> None:
    """More of them than are looked at in one go, and they came first."""
    s, scheduler = choosy(site)
    scheduler.unfit_kind = "tts"
    user = s.user("ada")
    s.upload(user, "voice", MINUTE, count=2 * dispatch.BATCH, kind="tts")
    s.upload(user, "fit", MINUTE, count=5)
    for _ in range(2 * dispatch.BATCH):
        s.tick()
    assert len(s.starts("fit")) == 5
    scheduler.unfit_kind = ""
    s.tick()
    assert len(s.starts("voice")) == 2 * dispatch.BATCH - 5  # what there is room for


def test_a_scheduler_that_is_dead_is_asked_a_few_times_and_then_gets_all_but_what_it_never_takes(
    site: Callable[..., Site],
) -> None:
    s, scheduler = choosy(site)
    scheduler.dead = True
    user = s.user("ada")
    s.upload(user, "unfit", MINUTE, count=3)
    s.upload(user, "fit", MINUTE, count=30)
    for _ in range(20):
        before = scheduler.asked
        s.tick()
        assert scheduler.asked - before <= 2 * dispatch.MOST_REFUSALS
    scheduler.dead = False
    s.tick()
    assert len(s.starts("fit")) == 30
