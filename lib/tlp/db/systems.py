"""SQL of ASR, MT and TTS systems. A row is never removed, so that a system id keeps its meaning."""

from __future__ import annotations

from tlp.db.rows import Cursor, Row, one

NOT_WANTED = "disabled in the configuration ([systems] disabled)"  # the reason of such a system


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
    """Every system ever known: all columns but checked_at."""
    cur.execute(
        """
        SELECT id, kind, folder, source_lang, target_lang, voice, voice_gender, name, description, priority,
               available, reason
          FROM systems
         ORDER BY id
        """
    )
    return list(cur.fetchall())


def add(cur: Cursor, values: Row) -> int:
    """Record what a folder offers, unless somebody has just done so. Returns the system's id.

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
           SET checked_at = now()
        RETURNING id
        """,
        values,
    )
    return int(cur.fetchone()["id"])


def change(cur: Cursor, system_id: int, values: Row) -> None:
    """Bring a system up to date: voice_gender, name, description, priority, available, reason."""
    cur.execute(
        """
        UPDATE systems
           SET voice_gender = %(voice_gender)s,
               name = %(name)s,
               description = %(description)s,
               priority = %(priority)s,
               available = %(available)s,
               reason = %(reason)s
         WHERE id = %(id)s
        """,
        {**values, "id": system_id},
    )


def withdraw(cur: Cursor, system_id: int, reason: str) -> None:
    """Offer a system no more."""
    cur.execute(
        "UPDATE systems SET available = false, reason = %(reason)s WHERE id = %(system_id)s",
        {"system_id": system_id, "reason": reason},
    )


def note_check(cur: Cursor) -> None:
    """All systems have been looked at now."""
    cur.execute("UPDATE systems SET checked_at = now()")


def checked_before(cur: Cursor, seconds: float) -> bool:
    """Whether the last look at the systems is longer ago than that, or there was none."""
    cur.execute(
        """
        SELECT coalesce(max(checked_at) < now() - %(seconds)s * interval '1 second', true) AS due
          FROM systems
        """,
        {"seconds": seconds},
    )
    return bool(cur.fetchone()["due"])
