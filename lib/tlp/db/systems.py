"""SQL of ASR, MT and TTS systems. A row is never removed, so that a system id keeps its meaning."""

from __future__ import annotations

from tlp.db.rows import Cursor, Row, one


def offered(cur: Cursor) -> list[Row]:
    """Every system that can run: id, kind, source_lang, target_lang, voice_gender, name, description; best first."""
    cur.execute(
        """
        SELECT id, kind, source_lang, target_lang, voice_gender, name, description
          FROM systems
         WHERE available
         ORDER BY kind, source_lang, target_lang, priority DESC, id
        """
    )
    return list(cur.fetchall())


def refused(cur: Cursor) -> list[Row]:
    """Every system that cannot run here, with the reason: id, kind, source_lang, target_lang, name, reason."""
    cur.execute(
        """
        SELECT id, kind, source_lang, target_lang, name, reason
          FROM systems
         WHERE NOT available
         ORDER BY kind, name, id
        """
    )
    return list(cur.fetchall())


def by_id(cur: Cursor, system_id: int) -> Row | None:
    """A system whatever its state: all columns but checked_at."""
    cur.execute(
        """
        SELECT id, kind, folder, source_lang, target_lang, voice, voice_gender, name, description, priority,
               available, reason
          FROM systems
         WHERE id = %(system_id)s
        """,
        {"system_id": system_id},
    )
    return one(cur)


def all_rows(cur: Cursor) -> list[Row]:
    """Every system ever known: id, kind, folder, languages, voice, name, priority, available, reason."""
    cur.execute(
        """
        SELECT id, kind, folder, source_lang, target_lang, voice, voice_gender, name, priority, available, reason
          FROM systems
         ORDER BY id
        """
    )
    return list(cur.fetchall())


def register(cur: Cursor, values: Row) -> int:
    """Record what a folder offers, or update it. Returns the system's id.

    `values`: kind, folder, source_lang, target_lang, voice, voice_gender, name, description, priority, available,
    reason.
    """
    cur.execute(
        """
        INSERT INTO systems (kind, folder, source_lang, target_lang, voice, voice_gender, name, description, priority,
                             available, reason)
        VALUES (%(kind)s, %(folder)s, %(source_lang)s, %(target_lang)s, %(voice)s, %(voice_gender)s, %(name)s,
                %(description)s, %(priority)s, %(available)s, %(reason)s)
        ON CONFLICT (folder, kind, source_lang, coalesce(target_lang, ''), coalesce(voice, '')) DO UPDATE
           SET voice_gender = excluded.voice_gender,
               name = excluded.name,
               description = excluded.description,
               priority = excluded.priority,
               available = excluded.available,
               reason = excluded.reason,
               checked_at = now()
        RETURNING id
        """,
        values,
    )
    return int(cur.fetchone()["id"])


def withdraw_others(cur: Cursor, present: list[int], reason: str) -> int:
    """Mark every system that is not among `present` as unavailable. Returns how many changed."""
    cur.execute(
        """
        UPDATE systems
           SET available = false, reason = %(reason)s, checked_at = now()
         WHERE available
           AND NOT id = ANY (%(present)s)
        """,
        {"present": present, "reason": reason},
    )
    return int(cur.rowcount)
