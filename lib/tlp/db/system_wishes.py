"""SQL of what administrators say of systems; it counts more than what a system's folder says (see `systems`)."""

from __future__ import annotations

from tlp.db.rows import Cursor, Row


def all_rows(cur: Cursor) -> list[Row]:
    """Every system: id, kind, folder, languages, name, priority, available, disabled, given_name, given_priority, …"""
    cur.execute(
        """
        SELECT id, kind, folder, source_lang, target_lang, voice, name, priority, available, reason, disabled,
               given_name, given_priority, checked_at
          FROM systems
         ORDER BY kind, source_lang, target_lang, priority DESC, id
        """
    )
    return list(cur.fetchall())


def given(cur: Cursor) -> dict[int, Row]:
    """What has been said, by system id: disabled, given_name, given_priority."""
    cur.execute(
        """
        SELECT id, disabled, given_name, given_priority
          FROM systems
         WHERE disabled
            OR given_name IS NOT NULL
            OR given_priority IS NOT NULL
        """
    )
    return {row.pop("id"): row for row in cur.fetchall()}


def disable(cur: Cursor, system_id: int, reason: str) -> bool:
    """Offer a system no more; False: there is no such system."""
    cur.execute(
        """
        UPDATE systems
           SET disabled = true, available = false, reason = %(reason)s
         WHERE id = %(system_id)s
        """,
        {"system_id": system_id, "reason": reason},
    )
    return bool(cur.rowcount)


def enable(cur: Cursor, system_id: int) -> bool:
    """Offer a system again, as soon as the Ingest Service has seen that it can run."""
    cur.execute("UPDATE systems SET disabled = false WHERE id = %(system_id)s", {"system_id": system_id})
    return bool(cur.rowcount)


def set_priority(cur: Cursor, system_id: int, priority: int | None) -> bool:
    """Give a system a priority; None: that of its system.ini again, when it is looked at next."""
    cur.execute(
        """
        UPDATE systems
           SET given_priority = %(priority)s, priority = coalesce(%(priority)s, priority)
         WHERE id = %(system_id)s
        """,
        {"system_id": system_id, "priority": priority},
    )
    return bool(cur.rowcount)


def set_name(cur: Cursor, system_id: int, name: str | None) -> bool:
    """Give a system a name; None: that of its system.ini again, when it is looked at next."""
    cur.execute(
        "UPDATE systems SET given_name = %(name)s, name = coalesce(%(name)s, name) WHERE id = %(system_id)s",
        {"system_id": system_id, "name": name},
    )
    return bool(cur.rowcount)


def ask_for_check(cur: Cursor) -> None:
    """Have the Ingest Service look at the folders with its next tick, at once where it is resident."""
    cur.execute("UPDATE systems SET checked_at = '-infinity'")
    cur.execute("SELECT pg_notify('tlp_ingest', 'systems')")
