"""What refers to rows that are deleted is found by an index: else each deleted row reads the whole referring table."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg2

# The tables of DELETE statements; what they take along is found in the schema.
DELETED = ("objects", "speakers", "files", "audiotracks", "late_edits", "notifications")
_REFERENCES = """
    SELECT r.conname AS name, r.conrelid::regclass::text AS referring, r.confrelid::regclass::text AS referred,
           r.confdeltype = 'c' AS cascades,
           EXISTS (SELECT 1
                     FROM pg_index AS i
                    WHERE i.indrelid = r.conrelid
                      AND i.indkey[0] = ANY (r.conkey)
                      AND coalesce(pg_get_expr(i.indpred, i.indrelid) ~ '^[(]\\w+ IS NOT NULL[)]$', true)) AS indexed
      FROM pg_constraint AS r
     WHERE r.contype = 'f'
"""


def test_what_refers_to_rows_that_are_deleted_is_found_by_an_index(db: dict[str, Any]) -> None:
    with closing(psycopg2.connect(**db)) as connection, connection.cursor() as cur:
        cur.execute(_REFERENCES)
        references = cur.fetchall()
    deleted = set(DELETED)
    while more := {by for _, by, to, cascades, _ in references if cascades and to in deleted} - deleted:
        deleted |= more
    assert {"contents", "content_versions", "sessions"} <= deleted
    slow = sorted(f"{by}: {name}" for name, by, to, _, indexed in references if to in deleted and not indexed)
    assert not slow, "\n".join(slow)
