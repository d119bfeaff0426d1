"""Makes the context of a run from configuration and database."""

from __future__ import annotations

from psycopg2.extensions import connection

from ingest.context import Context
from ingest.scheduler import chosen
from ingest.steps import media
from tlp.config import Config
from tlp.db import mounts


def prepare(config: Config, db: connection) -> Context:
    """Read the mount points and choose the scheduler.

    Raises StorageError when a mount point is missing, ConfigError for what cannot be made.
    """
    media.check_config(config)
    with db.cursor() as cur:
        storage = mounts.storage(cur)
    db.commit()
    for name in ("media", "uploads", "systems"):
        storage.mount(name)
    return Context(config, storage, chosen.create(config, storage.mounts))
