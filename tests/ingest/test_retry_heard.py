"""What `core.py retry` tells the others: the resident service, and housekeeping."""

from __future__ import annotations

import select

from world import World

from ingest import retry
from tlp.db import retry as table
from tlp.db.connection import connect, listen


def failed(world: World, external_id: str) -> str:
    upload: str = world.upload(external_id, test_mode=True)
    world.rows(
        "UPDATE uploads SET state = 'failed', failed_in = 'received', status_code = 100, error_code = 100, "
        "finished_at = now(), tidied_at = now(), due_at = 'infinity' WHERE id = %(id)s",
        id=upload,
    )
    return upload


def test_the_resident_service_hears_of_a_retry_at_once_and_its_new_files_go_in_their_time(quick: World) -> None:
    upload = failed(quick, "m1")
    hears = connect(quick.config.storage)
    try:
        listen(hears)
        with quick.service() as (ctx, db), db.cursor() as cur:
            retry.again(ctx, cur, upload)
            db.commit()
        assert select.select([hears], [], [], 5)[0]
        hears.poll()
        assert [(told.channel, told.payload) for told in hears.notifies] == [("tlp_ingest", upload)]
    finally:
        hears.close()
    assert quick.status(upload)["tidied_at"] is None


def test_what_has_ended_well_or_was_cancelled_is_not_among_what_has_failed_since(quick: World) -> None:
    upload = failed(quick, "m1")
    for number, state in enumerate(("done", "cancelled"), 2):
        other = failed(quick, f"m{number}")
        quick.rows("UPDATE uploads SET state = %(state)s WHERE id = %(id)s", state=state, id=other)
    with quick.cursor() as cur:
        assert table.failed_since(cur, "2000-01-01") == [upload]
        assert table.failed_since(cur, "2100-01-01") == []
