"""SQL that asks the Ingest Service to make again what depends on a text that people have changed."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from psycopg2.extras import Json

from tlp.db.rows import Cursor


def request(
    cur: Cursor, object_id: int, session_id: int | None, edited: list[str], voiced: Collection[str] = ()
) -> str | None:
    """Queue an update of what was made from the text of these languages, and give its upload id.

    `voiced`: languages whose voices speak the new text already, or whose files hold it. None, and nothing queued, when
    no translation was made from the languages, no other synthesised voice speaks them, and no file is rebuilt of them.
    """
    upload_id = f"up-{uuid.uuid4()}"
    cur.execute(
        """
        INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, object_id, session_id, manifest, info)
        SELECT %(upload_id)s, o.user_id, o.kind, 'update', o.external_id, o.hash, o.id, %(session_id)s,
               jsonb_set(jsonb_set(%(manifest)s, '{metadata,external_id}', to_jsonb(o.external_id)),
                         '{documents,0,external_id}', to_jsonb(o.external_id)),
               'People have changed the text; what depends on it will be made again.'
          FROM objects AS o
         WHERE o.id = %(object_id)s
           AND (EXISTS (SELECT 1
                          FROM contents AS c
                          JOIN content_versions AS v ON v.content_id = c.id AND v.version = c.version
                          JOIN contents AS source ON source.id = v.based_on_content
                         WHERE c.object_id = o.id
                           AND source.object_id = o.id
                           AND source.language = ANY (%(edited)s))
             OR EXISTS (SELECT 1
                          FROM audiotracks AS a
                         WHERE a.object_id = o.id
                           AND a.language = ANY (%(edited)s)
                           AND NOT a.language = ANY (%(voiced)s::text[])
                           AND a.voice_type = 'tts'
                           AND a.replaced_at IS NULL)
             OR o.rebuilt_format IS NOT NULL AND NOT %(edited)s::text[] <@ %(voiced)s::text[])
        RETURNING id
        """,
        {
            "upload_id": upload_id,
            "object_id": object_id,
            "session_id": session_id,
            "edited": edited,
            "voiced": list(voiced),
            "manifest": Json(_manifest(edited, voiced)),
        },
    )
    return upload_id if cur.fetchone() else None


def _manifest(edited: list[str], voiced: Collection[str]) -> dict[str, object]:
    """An update that uploads nothing; `edited` and `voiced` are ours, no client can send them."""
    return {
        "metadata": {"external_id": ""},
        "documents": [{"external_id": ""}],
        "requested_langs": {},
        "generate": True,
        "re-generate": ["tl", "tts"],
        "force": False,
        "test_mode": False,
        "email": [],
        "edited": edited,
        "voiced": list(voiced),
    }


def session_of(cur: Cursor, upload_id: str) -> int | None:
    """The edit session that caused an upload, if one did and it is still known."""
    cur.execute("SELECT session_id FROM uploads WHERE id = %(upload_id)s", {"upload_id": upload_id})
    row = cur.fetchone()
    return row["session_id"] if row else None
