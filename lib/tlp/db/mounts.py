"""SQL of machines and mount points, and of the small tables that come with the schema."""

from __future__ import annotations

from pathlib import Path

from tlp.db.rows import Cursor, Row
from tlp.storage import Storage


def storage(cur: Cursor, machine_id: int = 0) -> Storage:
    """The mount points of a machine."""
    cur.execute(
        """
        SELECT name, path
          FROM mount_points
         WHERE machine_id = %(machine_id)s
        """,
        {"machine_id": machine_id},
    )
    return Storage({row["name"]: Path(row["path"]) for row in cur.fetchall()})


def register(cur: Cursor, paths: dict[str, str], hostname: str, ip: str = "127.0.0.1", machine_id: int = 0) -> None:
    """Register a machine and its mount points; doing it again updates the paths."""
    cur.execute(
        """
        INSERT INTO machines (id, hostname, ip)
        VALUES (%(id)s, %(hostname)s, %(ip)s)
        ON CONFLICT (id) DO UPDATE SET hostname = excluded.hostname, ip = excluded.ip
        """,
        {"id": machine_id, "hostname": hostname, "ip": ip},
    )
    for name, path in paths.items():
        cur.execute(
            """
            INSERT INTO mount_points (name, machine_id, path)
            VALUES (%(name)s, %(machine_id)s, %(path)s)
            ON CONFLICT (name, machine_id) DO UPDATE SET path = excluded.path
            """,
            {"name": name, "machine_id": machine_id, "path": path},
        )


def file_formats(cur: Cursor) -> dict[str, Row]:
    """Every known file format by its code: mime_type, demuxers (list of ffmpeg names)."""
    cur.execute("SELECT code, mime_type, demuxers FROM file_formats")
    return {row["code"]: row for row in cur.fetchall()}


def languages(cur: Cursor) -> dict[str, str]:
    """Local names of the known languages by ISO 639 code."""
    cur.execute("SELECT code, name FROM languages")
    return {row["code"]: row["name"] for row in cur.fetchall()}
