"""/ingest: uploads arrive here and become rows; the Ingest Service does the rest (manual, Appendix E, /ingest)."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from api import packages
from api.call import Call
from tlp import manifest as manifests
from tlp.db import objects, systems, uploads
from tlp.errors import ParameterError

_HASH_DIGITS = 21


def new(call: Call) -> dict[str, Any]:
    """Upload a new media: a manifest, and the package that holds the files it names."""
    tables = call.services.reference.tables(call.cur)
    raw = manifests.opened(call["manifest"], call.services.config.limits.max_json_depth)
    manifest = call.family.new_manifest(raw, tables.known)
    named = manifests.named_files(manifest)
    if named and call.form.package is None:
        raise ParameterError(f"the manifest names '{named[0]}', but no package came with it (part 'pkg')", "pkg")
    _check_systems(call, manifest)
    object_hash = _free_hash(call, manifest["metadata"]["external_id"])
    return _accept(call, "new", manifest, object_hash)


def _check_systems(call: Call, manifest: dict[str, Any]) -> None:
    for wish in manifests.requested_systems(manifest):
        system = systems.by_id(call.cur, wish.sid)
        if system is None or not system["available"] or system["kind"] != wish.kind:
            words = f"there is no {wish.kind.upper()} system {wish.sid}; /systems lists those that can be asked for"
            raise ParameterError(f"{wish.path}: {words}", wish.path)
        if wish.language != (system["target_lang"] or system["source_lang"]):
            raise ParameterError(f"{wish.path}: system {wish.sid} does not produce '{wish.language}'", wish.path)


def _free_hash(call: Call, external_id: str) -> str:
    """The hash for an object that does not exist yet; an upload under way for the same id has chosen it already."""
    if objects.find(call.cur, call.user["id"], call.family.kind, external_id):
        words = f"{call.family.noun} ID [{external_id}] exists already: use /ingest/update to change it"
        raise ParameterError(words, "manifest.metadata.external_id")
    under_way = uploads.unfinished_for(call.cur, call.user["id"], call.family.kind, external_id)
    return under_way or secrets.token_hex(_HASH_DIGITS)[:_HASH_DIGITS]


def _accept(call: Call, operation: str, manifest: dict[str, Any], object_hash: str) -> dict[str, Any]:
    """Store the package, if any, then the row; the row's trigger wakes the Ingest Service."""
    upload_id = f"up-{uuid.uuid4()}"
    folder = call.services.reference.tables(call.cur).storage.path("uploads", upload_id)
    row = {
        "id": upload_id,
        "user_id": call.user["id"],
        "kind": call.family.kind,
        "operation": operation,
        "external_id": manifest["metadata"]["external_id"],
        "hash": object_hash,
        "manifest": manifest,
        "package": None,
        "test_mode": manifest["test_mode"],
        "info": call.family.received,
    }
    if call.form.package is None:
        uploads.create(call.cur, row)
    else:
        call.cur.connection.commit()  # receiving may take an hour: no transaction stays open for it
        database, limit = call.services.database, call.services.config.limits.max_package
        with packages.received(call.form, folder, limit) as name, database.transaction() as cur:
            uploads.create(cur, {**row, "package": f"{upload_id}/{name}"})
    return {"rcode": 0, "rcode_description": "Ingestion complete", "id": upload_id, "hash": object_hash}
