"""/ingest: requests arrive here and become uploads; the Ingest Service does the rest (manual, Appendices E and F).

Only what is accepted has an answer, `rcode` 0; anything else is a 400 that names the parameter.
"""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from api import packages
from api.call import Call
from api.params import Param
from tlp.db import objects, systems, uploads
from tlp.db.rows import Row
from tlp.errors import ParameterError
from tlp.manifest import Target, opened

_HASH_DIGITS = 21

MODE = Param("mode", default="soft", choices=("soft", "hard"), about="soft (default): kept aside; hard: all is erased")


def new(call: Call) -> dict[str, Any]:
    """Upload new objects: a manifest, and the package that holds the files it names."""
    known = call.services.reference.tables(call.cur).known
    manifest = call.family.manifests.new(_opened(call), known)
    _check_package(call, manifest)
    found = [_to_be_made(call, target) for target in call.family.manifests.targets(manifest)]
    _check_systems(call, manifest, found[0])
    return _accept(call, "new", manifest, found)


def update(call: Call) -> dict[str, Any]:
    """Change objects: other files, texts made anew, more languages; a manifest, and a package where it names files."""
    known = call.services.reference.tables(call.cur).known
    manifest = call.family.manifests.update(_opened(call), known)
    _check_package(call, manifest)
    found = [_existing(call, target) for target in call.family.manifests.targets(manifest)]
    _check_systems(call, manifest, found[0])
    return _accept(call, "update", manifest, found)


def delete(call: Call) -> dict[str, Any]:
    """Delete an object: `soft` keeps its files and texts aside, `hard` keeps nothing."""
    found = call.object()
    if found is None:
        raise ParameterError(f"{call.family.noun} ID [{call['id']}] does not exist", "id")
    return _record(call, "delete", {"mode": call["mode"]}, found)


def cancel(call: Call) -> dict[str, Any]:
    """Cancel an upload that is under way. The new upload's object id is the id of the one to cancel."""
    found = uploads.status(call.cur, call.user["id"], call.family.kind, call["id"])
    if found is None:
        raise ParameterError(f"Upload ID [{call['id']}] does not exist", "id")
    if found["finished_at"] is not None:
        raise ParameterError(f"Upload ID [{call['id']}] is finished: there is nothing to cancel", "id")
    target = {"external_id": found["id"], "hash": found["hash"]}
    return _record(call, "cancel", {"upload": found["id"]}, target)


def _opened(call: Call) -> dict[str, Any]:
    return opened(call["manifest"], call.services.config.limits.json)


def _check_package(call: Call, manifest: dict[str, Any]) -> None:
    named = call.family.manifests.named_files(manifest)
    if named and call.form.package is None:
        raise ParameterError(f"the manifest names '{named[0]}', but no package came with it (part 'pkg')", "pkg")


def _check_systems(call: Call, manifest: dict[str, Any], found: Row) -> None:
    for wish in call.family.manifests.requested_systems(manifest, found["language"]):
        system = systems.by_id(call.cur, wish.sid)
        if system is None or not system["available"] or system["kind"] != wish.kind:
            words = f"there is no {wish.kind.upper()} system {wish.sid}; /systems lists those that can be asked for"
            raise ParameterError(f"{wish.path}: {words}", wish.path)
        if wish.language != (system["target_lang"] or system["source_lang"]):
            raise ParameterError(f"{wish.path}: system {wish.sid} does not produce '{wish.language}'", wish.path)


def _to_be_made(call: Call, target: Target) -> Row:
    """An object that does not exist yet; an upload under way for the same id has chosen its hash already."""
    if objects.find(call.cur, call.user["id"], call.family.kind, target.external_id):
        words = f"{call.family.noun} ID [{target.external_id}] exists already: use /ingest/update to change it"
        raise ParameterError(words, target.path)
    under_way = uploads.unfinished_for(call.cur, call.user["id"], call.family.kind, target.external_id)
    chosen = under_way or secrets.token_hex(_HASH_DIGITS)[:_HASH_DIGITS]
    return {"external_id": target.external_id, "hash": chosen, "language": None}


def _existing(call: Call, target: Target) -> Row:
    found = objects.find(call.cur, call.user["id"], call.family.kind, target.external_id)
    if found is None:
        words = f"{call.family.noun} ID [{target.external_id}] does not exist: use /ingest/new"
        raise ParameterError(words, target.path)
    return found


def _accept(call: Call, operation: str, manifest: dict[str, Any], found: list[Row]) -> dict[str, Any]:
    """Record an upload with its manifest, after its package, if any, has been stored."""
    documents = found if "documents" in manifest else []
    row = _row(call, operation, manifest, found[0])
    if call.form.package is None:
        uploads.create(call.cur, row, documents)
    else:
        folder = call.services.reference.tables(call.cur).storage.path("uploads", row["id"])
        call.cur.connection.commit()  # receiving may take an hour: no transaction stays open for it
        database, limit = call.services.database, call.services.config.limits.max_package
        with packages.received(call.form, folder, limit) as name, database.transaction() as cur:
            uploads.create(cur, {**row, "package": f"{row['id']}/{name}"}, documents)
    return _accepted(row)


def _record(call: Call, operation: str, manifest: dict[str, Any], found: Row) -> dict[str, Any]:
    """Record an upload that brings nothing along."""
    row = _row(call, operation, manifest, found)
    uploads.create(call.cur, row)
    return _accepted(row)


def _row(call: Call, operation: str, manifest: dict[str, Any], found: Row) -> Row:
    return {
        "id": f"up-{uuid.uuid4()}",
        "user_id": call.user["id"],
        "kind": call.family.kind,
        "operation": operation,
        "external_id": found["external_id"],
        "hash": found["hash"],
        "manifest": manifest,
        "package": None,
        "test_mode": manifest.get("test_mode", False),
        "info": call.family.received,
    }


def _accepted(row: Row) -> dict[str, Any]:
    return {"rcode": 0, "rcode_description": "Ingestion complete", "id": row["id"], "hash": row["hash"]}
