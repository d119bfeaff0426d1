"""Store documents: rows in one transaction with the move, then their files, all or none (manual, 7.1.2 step 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ingest import backup
from ingest.context import Context
from ingest.plan import Subtitles
from ingest.plan_text import DocumentPlan, TextPlan
from ingest.steps.document_texts import PURE, TO_REBUILD, being_rebuilt, kept, plan_of, rebuilt_path
from ingest.steps.update import outlived
from ingest.store import Files, Stored
from ingest.store_update import end_edits, store_texts
from ingest.work_texts import WorkTexts
from tlp.db import backups, documents, objects, regeneration, uploads, versions
from tlp.db.documents import CONVERTED, DOCUMENT, REBUILT
from tlp.db.rows import Cursor, Row
from tlp.documents import NOT_TRANSLATED
from tlp.errors import PackageError

Upload = dict[str, Any]


def new_documents(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Make the document objects of a new upload, and take their words of the quota."""
    plan, files = plan_of(upload), Files(ctx, upload)
    for document in plan.documents:
        object_id = _create(cur, upload, document)
        _store_file(ctx, cur, files, upload, document, object_id)
        _store_texts(ctx, cur, files, upload, document, object_id)
        documents.link(cur, upload["id"], document.position, object_id)
    if not plan.test_mode:
        words = sum(document.file["words"] for document in plan.documents if document.file)
        documents.take_quota(cur, upload["user_id"], len(plan.documents), words)
    files.place()


def update_documents(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Bring the document objects up to date. May be called again."""
    if outlived(cur, upload):
        return
    plan, files = plan_of(upload), Files(ctx, upload)
    for document in plan.documents:
        found = objects.find(cur, upload["user_id"], upload["kind"], document.external_id)
        if found is None:
            raise PackageError(f"document ID '{document.external_id}' was deleted meanwhile")
        if document.file:
            _replace(ctx, cur, upload, document, found)
            _store_file(ctx, cur, files, upload, document, found["id"])
        objects.change(cur, found["id"], _changes(upload, document))
        follow, hold = _store_texts(ctx, cur, files, upload, document, found["id"])
        if follow:
            session_id = regeneration.session_of(cur, upload["id"])
            regeneration.request(cur, found["id"], session_id, follow, voiced=hold)
        documents.link(cur, upload["id"], document.position, found["id"])
    uploads.set_plan(cur, upload, _with_notes(upload, plan), 0)
    files.place()


def _with_notes(upload: Upload, plan: TextPlan) -> Row:
    """The plan with what there is to say at the end."""
    upload["plan"]["notes"] = plan.as_json()["notes"]
    row: Row = upload["plan"]
    return row


def _create(cur: Cursor, upload: Upload, document: DocumentPlan) -> int:
    if objects.find(cur, upload["user_id"], upload["kind"], document.external_id):
        raise PackageError(f"document ID '{document.external_id}' was made by another upload meanwhile")
    item, file = upload["manifest"]["documents"][document.position], document.file or {}
    values = {
        "user_id": upload["user_id"], "kind": upload["kind"], "external_id": document.external_id,
        "hash": document.hash, "language": document.plan.language, "title": item["title"],
        "format": file.get("format") or item["fileformat"] or "txt", "sentences": 0, "words": 0, "characters": 0,
    }  # fmt: skip
    return objects.create(cur, values)


def _changes(upload: Upload, document: DocumentPlan) -> Row:
    """What the manifest says of the object; None: it stays."""
    item, file = upload["manifest"]["documents"][document.position], document.file or {}
    language = document.plan.language if document.file else None
    return {"title": item.get("title"), "language": language, "format": file.get("format")}


def _store_file(
    ctx: Context, cur: Cursor, files: Files, upload: Upload, document: DocumentPlan, object_id: int
) -> None:
    """The file as the client sent it or keeps it, and the one to rebuild from where that is another one."""
    file = document.file
    if file is None:
        return
    values = {"type_code": DOCUMENT, "format": file["format"], "md5": file["md5"]}
    remote = bool(file["url"]) and not ctx.config.general.local_repository
    if remote:
        objects.add_file(cur, object_id, {**values, "url": file["url"], "size": file["size"]})
    else:
        path = ctx.folder(upload) / file["file"]
        relative, size = files.add(path, f"{document.prefix}document", file["format"], document.hash)
        objects.add_file(cur, object_id, {**values, "path": relative, "size": size})
    if remote or file["base"] != file["file"]:
        base = ctx.folder(upload) / file["base"]
        code = base.suffix.lstrip(".")
        relative, size = files.add(base, f"{document.prefix}base", code, document.hash)
        objects.add_file(cur, object_id, {"type_code": CONVERTED, "format": code, "path": relative, "size": size})
    names = ("sentences", "words", "characters")
    documents.set_length(cur, object_id, {**{name: file[name] for name in names}, "rebuilt_format": document.format})


def _replace(ctx: Context, cur: Cursor, upload: Upload, document: DocumentPlan, found: Row) -> None:
    """A new file: what hung on the old one is a backup, and what people wrote until now is looked for once more."""
    end_edits(ctx, cur, found["id"])
    versions.lock_texts(cur, found["id"])
    work, plan = ctx.texts(upload, document.prefix), document.plan
    for s in list(plan.subtitles.values()):
        if s.stored and s.content is not None and s.origin != "client":
            _keep_newer(cur, work, document, s, upload["manifest"]["force"])
        if s.origin == "carry" and work.read(s.node).status == NOT_TRANSLATED:
            plan.notes.append(f"the translation into '{s.language}' was of the former document, and is put aside")
            del plan.subtitles[s.node]
    backups.retire_files(cur, found["id"], (DOCUMENT, CONVERTED, REBUILT))
    backups.retire_contents(cur, found["id"], [s.language for s in plan.subtitles.values() if s.stored])


def _keep_newer(cur: Cursor, work: WorkTexts, document: DocumentPlan, s: Subtitles, force: bool) -> None:
    """What people have written since the plan was made is kept too."""
    current = versions.lock_current(cur, s.content or 0)
    if current["version"] == s.version or (force and s.origin != "carry"):
        return
    pure = work.path(PURE.format(s.node)).is_file()
    new = work.read(PURE.format(s.node) if pure else s.node)
    carried = kept(work, document, new, current["body"])
    if carried != new and not pure:
        work.write(PURE.format(s.node), new)
    work.write(s.node, carried)


def _store_texts(
    ctx: Context, cur: Cursor, files: Files, upload: Upload, document: DocumentPlan, object_id: int
) -> tuple[list[str], list[str]]:
    """The versions of all texts, and the files rebuilt of them.

    Returns the languages that something else follows now, and those of them whose file holds their text already.
    """
    work, plan = ctx.texts(upload, document.prefix), document.plan
    nodes = [node for node in being_rebuilt(work, document) if node in plan.subtitles]
    built = {node: work.body(TO_REBUILD.format(node)) for node in nodes}
    followed = {s.language for s in plan.made_by("merge")} | _with_pure(work, document)
    meant = {**upload, "external_id": document.external_id}
    stored = store_texts(cur, meant, work, plan, object_id, anew=bool(document.file))
    stale = set()
    for node, body in built.items():
        if node not in stored:
            continue
        if not _same_text(work, node, body):
            stale.add(plan.subtitles[node].language)
            continue
        _store_rebuilt(ctx, cur, files, upload, document, object_id, node, stored)
    return sorted(followed | stale), sorted(followed - stale)


def _same_text(work: WorkTexts, node: str, body: str) -> bool:
    """Whether a node says what it said when its file was rebuilt."""
    return body == work.body(node) or not work.of_kind.changed(work.of_kind.read(body), work.read(node))


def _with_pure(work: WorkTexts, document: DocumentPlan) -> set[str]:
    """Let what was translated from a translation be one of the version that it was made from, which comes first.

    Returns the languages in which people's sentences come on top of that: what was made from them follows.
    """
    plan, made, followed = document.plan, dict[str, Subtitles](), set()
    sources = {s.node: plan.source_of(s) for s in plan.subtitles.values() if s.stored}
    for s in plan.subtitles.values():
        name = PURE.format(s.node)
        from_it = [plan.subtitles[node] for node, source in sources.items() if source == s.node]
        if s.stored and from_it and work.path(name).is_file():
            made[name] = replace(s, node=name)
            for other in from_it:
                other.source = name
            followed.add(s.language)
        made[s.node] = s
    plan.subtitles = made
    return followed


def _store_rebuilt(
    ctx: Context, cur: Cursor, files: Files, upload: Upload, document: DocumentPlan, object_id: int, node: str,
    stored: Stored,
) -> None:  # fmt: skip
    path, language = rebuilt_path(ctx, upload, document, node), document.plan.subtitles[node].language
    relative, size = files.add(path, f"{document.prefix}{language}", document.format or "", document.hash)
    values = {"language": language, "format": document.format, "path": relative, "size": size}
    documents.add_rebuilt(cur, object_id, {**values, "content_version": stored[node][0]["version"]})


def tidy(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Rename the files that newer ones have replaced, now that this is on record. May be called again."""
    for row in documents.of_upload(cur, upload["id"]):
        found = objects.find(cur, upload["user_id"], upload["kind"], row["external_id"])
        if found:
            backup.move(ctx, cur, found["id"], found["hash"])
