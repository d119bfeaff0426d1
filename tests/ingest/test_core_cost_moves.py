"""What it costs to find the upload that is due does not grow with the moves that have been made."""

from __future__ import annotations

from costs import pages
from world import World

from ingest.tick import tick
from tlp.db import uploads
from tlp.db.rows import Cursor

DUE, ROUNDS = 100, 8


def claim(cur: Cursor) -> None:
    assert uploads.claim_due(cur) is not None


def test_an_upload_that_is_due_is_found_without_reading_where_others_have_been(quick: World) -> None:
    quick.rows(
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, due_at, deadline) "
        "SELECT 'up-' || n, %(user)s, 'speech', 'new', 'm' || n, 'h' || n, '{}', 'transcribing', 'infinity', "
        "now() + interval '1 day' FROM generate_series(1, 2000) AS n",
        user=quick.user,
    )
    quick.rows(
        "INSERT INTO jobs (upload_id, step, name, kind, command, depends_on) "
        "SELECT id, 'transcribing', 'en', 'asr', '[]', '{never}' FROM uploads"
    )
    quick.rows("ALTER TABLE uploads SET (autovacuum_enabled = off)")
    quick.rows("ANALYZE uploads")
    found = []
    for _ in range(ROUNDS):
        ids = [f"up-{number}" for number in range(1, DUE + 1)]
        quick.rows("UPDATE uploads SET due_at = now() WHERE id = ANY (%(ids)s)", ids=ids)
        found.append(min(pages(quick, claim) for _ in range(4)))  # the first ones note which rows are gone
        with quick.service() as (ctx, db):
            while tick(ctx, db, 60):  # on a busy machine it comes to its end in several
                pass
    assert quick.rows("SELECT id FROM uploads WHERE due_at < 'infinity'") == []
    print(f"pages read for a claim, after 0, {DUE}, {2 * DUE}… moves: {found}")
    assert max(found) <= min(found) + 8, found
