"""Which jobs are run again after a bad end, and which are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from operations import runs
from tiny_media import Media
from world import World, failed

from bench.simulation import Simulated
from ingest import dispatch
from ingest.scheduler import JobSpec
from tlp.systems import LACKS


@pytest.mark.parametrize("code", [LACKS, 126, 127])
def test_what_this_machine_lacks_it_would_lack_again_so_nothing_is_run_once_more(
    quick: World, recordings: Media, code: int
) -> None:
    quick.system("hear", "asr", f"echo 'it lacks a program' >&2; exit {code}", "languages = en")
    [row] = quick.finish(quick.upload("m1", {"media.mp3": recordings["mp3"]}))
    assert "it lacks a program" in failed(row, 102)
    assert runs(quick) == ["hear en"]


class Grouped(Simulated):
    """Notes which jobs are submitted together."""

    def submit_array(self, specs: Sequence[JobSpec]) -> list[str]:
        groups.append([spec.folder.name for spec in specs])
        return super().submit_array(specs)


groups: list[list[str]] = []


def test_a_part_that_is_tried_again_goes_alone_for_it_avoids_a_machine_that_the_others_need_not(quick: World) -> None:
    groups.clear()
    upload = quick.upload("m1", test_mode=True)
    quick.rows("UPDATE uploads SET state = 'transcribing', due_at = 'infinity'")
    for number, attempt in ((1, 2), (2, 1), (3, 1)):
        quick.rows(
            "INSERT INTO jobs (upload_id, step, name, kind, command, part_of, part, attempt) "
            "VALUES (%(u)s, 'transcribing', %(n)s, 'asr', '[]', 'en', %(n)s, %(a)s)",
            u=upload,
            n=f"p{number}",
            a=attempt,
        )
    with quick.service() as (ctx, db):
        dispatch.submit_ready(replace(ctx, scheduler=Grouped(10, lambda spec: 1.0)), db)
    assert groups == [["transcribing.p1.2"], ["transcribing.p2.1", "transcribing.p3.1"]]
