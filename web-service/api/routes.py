"""The route table: every address that the Web Service answers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import falcon

from api.call import Interface
from api.endpoint import Endpoint
from api.families import FAMILIES, SPEECH, TEXT, Family
from api.openapi.document import document
from api.params import HASH, Param
from api.resources import (
    audiotracks,
    contents,
    demo,
    edits,
    health,
    ingest,
    metrics,
    objects,
    openapi,
    revisions,
    sessions,
    systems,
    uploads,
    versions,
)
from api.resources.data import Data
from api.resources.sessions import AUTHOR
from api.resources.unknown import Unknown
from api.services import Services

# The last two: mounted at /api by a server that keeps the prefix to itself (mod_wsgi's WSGIScriptAlias).
PREFIXES = ("/api", "/api/v3", "", "/v3")

UPLOAD = Param("id", required=True, about="upload id, as /ingest returned it")
OBJECT = (Param("id", required=True, about="media or document id of the client"), HASH)
LANG = Param("lang", required=True, about="language code (ISO 639-1)")
MANIFEST = Param("manifest", "json", required=True, where="body", about="object, JSON text, or base64 of JSON text")
ONE = (*OBJECT, sessions.SESSION, *AUTHOR)

INTERFACES = (
    Interface("ingest/new", ingest.new, (MANIFEST,), package=True, methods=("POST",)),
    Interface("ingest/update", ingest.update, (MANIFEST,), package=True, methods=("POST",)),
    Interface("ingest/delete", ingest.delete, (*OBJECT, ingest.MODE)),
    Interface("ingest/cancel", ingest.cancel, (UPLOAD,)),
    Interface(
        "uploadslist", uploads.uploads_list, (Param("object_id", about="upload id or object id"),), only_reads=True
    ),
    Interface("status", uploads.status, (UPLOAD,), only_reads=True),
    Interface("systems", systems.systems, only_reads=True),
    Interface("list", objects.list_objects, request_key=True, only_reads=True),
    Interface("metadata", objects.metadata, OBJECT, request_key=True, only_reads=True),
    Interface("langs", objects.langs, OBJECT, request_key=True, only_reads=True),
    Interface(
        "get", contents.get, (*OBJECT, LANG, *contents.MEDIA), request_key=True, families=(SPEECH,), only_reads=True
    ),
    Interface(
        "get", contents.get, (*OBJECT, LANG, *contents.DOCUMENTS), request_key=True, families=(TEXT,), only_reads=True
    ),
    Interface(
        "audiotrack",
        audiotracks.audiotrack,
        (*OBJECT, LANG, audiotracks.AID),
        request_key=True,
        families=(SPEECH,),
        only_reads=True,
    ),
    Interface("start_session", sessions.start_session, (*OBJECT, *AUTHOR), request_key=True),
    Interface("session_status", sessions.session_status, (*ONE, sessions.ALIVE), request_key=True),
    Interface("mod", edits.mod, (*ONE, *edits.MODS), request_key=True, writes_at_once=True),
    Interface("end_session", sessions.end_session, (*ONE, sessions.FORCE, sessions.REGENERATE), request_key=True),
    Interface("lock", sessions.lock, (*OBJECT, sessions.LOCK, *AUTHOR), request_key=True),
    Interface("edit_history", edits.edit_history, OBJECT, request_key=True, only_reads=True),
    Interface("revisions", revisions.revisions, only_reads=True),
    Interface("mark_revised", revisions.mark_revised, (*ONE, *revisions.MARK), request_key=True),
    Interface("accept", revisions.accept, (revisions.IDS, *AUTHOR), request_key=True, about_sessions=True),
    Interface("reject", revisions.reject, (revisions.IDS, *AUTHOR), request_key=True, about_sessions=True),
    Interface("versions", versions.versions, (*OBJECT, LANG), request_key=True, only_reads=True),
    Interface("restore", versions.restore, (*OBJECT, LANG, *versions.RESTORE, *AUTHOR), request_key=True),
)


def served() -> Iterator[tuple[Family, Interface]]:
    """Every interface of every sub-API."""
    return ((family, interface) for family in FAMILIES for interface in INTERFACES if family in interface.families)


def mount(app: falcon.App[Any, Any], services: Services) -> None:
    """Give every address its resource."""
    for prefix in PREFIXES:
        for family, interface in served():
            app.add_route(f"{prefix}/{family.path}/{interface.name}", Endpoint(interface, family, services))
        app.add_route(f"{prefix}/openapi.json", openapi.Document(prefix, partial(document, tuple(served()))))
        app.add_route(f"{prefix}/metrics", metrics.Metrics(services))
        app.add_route(f"{prefix}/docs", openapi.Page())
        app.add_route(f"{prefix}/docs/{{name}}", openapi.Page())
    app.add_route("/data/{path:path}", Data(services))
    app.add_route("/health", health.Ready(services))
    app.add_route("/health/live", health.Alive())
    if services.config.misc.demo_user:
        app.add_route("/", demo.Page(services.config))
        app.add_route("/player/{path:path}", demo.Player())
        app.add_route("/demo/lectures.json", demo.Lectures(services))
    app.add_sink(Unknown(services.config.misc.html_msg), "/")
