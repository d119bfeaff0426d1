"""Cancel an upload: stop its jobs, end it as cancelled. What it has stored already is not taken back."""

from __future__ import annotations

import logging
from typing import Any

from ingest import ending
from ingest.context import Context
from tlp.db import turns
from tlp.db.rows import Cursor
from tlp.errors import ParameterError

log = logging.getLogger("ingest")
Upload = dict[str, Any]
CANCELLED = ("cancelled", ending.CANCELLED, "Upload cancelled.")
TOO_LATE = frozenset(("tidying", "removing"))  # states in which the upload's effect is on record


def stop(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """End the upload that this one names. Raises ParameterError in words where there is nothing to cancel."""
    target = turns.lock(cur, upload["manifest"]["upload"], upload["user_id"], upload["kind"])
    if target is None:
        raise ParameterError(f"There is no upload {upload['manifest']['upload']}.")
    name = f"The upload {target['id']}"
    if target["finished_at"]:
        raise ParameterError(f"{name} had ended before, with status {target['status_code']}: {target['info']}")
    if target["operation"] == "cancel" or target["state"] in TOO_LATE:
        raise ParameterError(f"{name} is being stored: it is too late to cancel it.")
    ending.cancel_jobs(ctx, cur, target["id"], "the upload was cancelled")
    ending.end(ctx, cur, target, *CANCELLED)
    log.info("%s: %s → cancelled by %s", target["id"], target["state"], upload["id"])
