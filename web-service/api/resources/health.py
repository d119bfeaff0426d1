"""/health: is the process alive, and can it do its work (database, room for uploads)? For monitors and balancers."""

from __future__ import annotations

import shutil

import falcon
import psycopg2

from api.errors import write_json
from api.services import Services
from tlp.db.connection import ping
from tlp.errors import StorageError

# Less free room than this and uploads are about to fail.
_LEAST_FREE = 256 * 2**20


class Alive:
    """The process answers."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        write_json(resp, {"status": "alive"})


class Ready:
    """200 when calls can be served, 503 when not; the answer says what is wrong, without details."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        database = self._database()
        free = self._free() if database == "ok" else None
        uploads = "unknown" if free is None else "ok" if free >= _LEAST_FREE else "full"
        ready = database == "ok" and uploads == "ok"
        resp.status = falcon.HTTP_200 if ready else falcon.HTTP_503
        words = {"status": "ready" if ready else "not ready", "database": database, "uploads": uploads}
        write_json(resp, {**words, "uploads_free_bytes": free})

    def _database(self) -> str:
        try:
            with self._services.database.transaction() as cur:
                ping(cur)
        except psycopg2.Error:
            return "does not answer"
        return "ok"

    def _free(self) -> int | None:
        try:
            return shutil.disk_usage(self._services.reference.tables().storage.mount("uploads")).free
        except (OSError, StorageError):
            return None
