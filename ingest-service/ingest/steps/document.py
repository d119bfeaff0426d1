"""Document package processing (manual, 7.1.2 step 1): the text taken out of each document, and the plans made of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ingest.context import Context
from ingest.plan import Catalogue, Plan, System
from ingest.plan_text import DocumentPlan, TextPlan, carry, plan_again, plan_new
from ingest.plan_update import Existing
from ingest.steps import regenerate
from ingest.steps.package import package_job
from ingest.steps.update import existing_of, outlived, write_kept
from ingest.work_texts import WorkTexts
from tlp.db import dependents, documents, objects, systems, uploads
from tlp.db.rows import Cursor, Row
from tlp.documents import Document
from tlp.errors import PackageError, QuotaError
from tlp.formats import DOCUMENT_FORMATS

Upload = dict[str, Any]
EXTRACT = ("ingest.jobs.document", "extract")


def extraction_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """The job that downloads or unpacks the documents and takes their text out; none where no file was sent."""
    manifest = upload["manifest"]
    if upload["test_mode"] or not any(_has_file(item) for item in manifest["documents"]):
        return []
    items = [
        {**item, "language": manifest["language"] or _language(cur, upload, item)} for item in manifest["documents"]
    ]
    return [package_job(ctx, cur, upload, {**manifest, "documents": items}, program=EXTRACT)]


def _has_file(item: dict[str, Any]) -> bool:
    return bool(item.get("filename") or item.get("url"))


def _language(cur: Cursor, upload: Upload, item: dict[str, Any]) -> str | None:
    found = objects.find(cur, upload["user_id"], upload["kind"], item["external_id"])
    return found["language"] if found else None


def decide_new(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Check ids and quota, decide the plans, and bring the texts into the work folder."""
    manifest, catalogue, files = upload["manifest"], _catalogue(cur), _files(ctx, upload)
    made = TextPlan([], test_mode=manifest["test_mode"])
    for row in documents.of_upload(cur, upload["id"]):
        if objects.find(cur, upload["user_id"], upload["kind"], row["external_id"]):
            raise PackageError(f"document ID '{row['external_id']}' exists already; use /ingest/update")
        file = files.get(row["external_id"])
        plan = plan_new(manifest, file, manifest["language"], catalogue)
        document = DocumentPlan(row["position"], row["external_id"], row["hash"], plan, file)
        _write_own(ctx, upload, document, manifest)
        _to_rebuild(document)
        made.documents.append(document)
    words = sum(file["words"] for file in files.values())
    if not made.test_mode:
        _check_quota(cur, upload, len(made.documents), words)
    uploads.set_plan(cur, upload, made.as_json(), 0)
    documents.reserve_quota(cur, upload["id"], 0 if made.test_mode else len(made.documents), words)


def decide_update(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """The same for an update, which takes no quota: what each document has, what is sent, the plan made of both."""
    if outlived(cur, upload):
        notes = ["there was nothing left to do: the document was deleted meanwhile"]
        uploads.set_plan(cur, upload, TextPlan([], notes).as_json(), 0)
        return
    catalogue, files = _catalogue(cur), _files(ctx, upload)
    made = TextPlan([], test_mode=upload["test_mode"])
    for row in documents.of_upload(cur, upload["id"]):
        made.documents.append(_again(ctx, cur, upload, row, files.get(row["external_id"]), catalogue))
    uploads.set_plan(cur, upload, made.as_json(), 0)


def _again(
    ctx: Context, cur: Cursor, upload: Upload, row: Row, file: dict[str, Any] | None, catalogue: Catalogue
) -> DocumentPlan:
    manifest = upload["manifest"]
    found = objects.find(cur, upload["user_id"], upload["kind"], row["external_id"])
    if found is None:
        raise PackageError(f"document ID '{row['external_id']}' does not exist any more; use /ingest/new")
    texts = {text["language"]: text for text in dependents.texts(cur, found["id"])}
    existing = existing_of(cur, found, texts)
    document = DocumentPlan(row["position"], row["external_id"], found["hash"], Plan("", None, []), file)
    work = ctx.texts(upload, document.prefix)
    work.folder.mkdir(parents=True, exist_ok=True)
    base = documents.base(cur, found["id"])
    document.base, document.format = (base["path"], base["format"]) if base else (None, None)
    if "edited" in manifest:
        document.plan = regenerate.plan(cur, manifest, work, existing, texts, catalogue)
        edited = set(manifest["edited"]) - set(manifest["voiced"])
        document.rebuild = [s.node for s in document.plan.made_by("kept") if s.node in edited]
    else:
        document.plan = plan_again(manifest, file, catalogue, existing)
    if file:
        carry(document.plan, existing)
        _put_aside(work, existing, texts)
    _write_own(ctx, upload, document, manifest)
    write_kept(work, document.plan, texts)
    _to_rebuild(document)
    return document


def _put_aside(work: WorkTexts, existing: Existing, texts: dict[str, Row]) -> None:
    """What the document was until now: what people made of it is looked for there."""
    for language, text in texts.items():
        work.put("former" if language == existing.language else f"{language}.old", text["body"])


def _write_own(ctx: Context, upload: Upload, document: DocumentPlan, manifest: dict[str, Any]) -> None:
    """The text of the document itself, and the empty texts of test mode."""
    work = ctx.texts(upload, document.prefix)
    work.folder.mkdir(parents=True, exist_ok=True)
    for s in document.plan.made_by("client"):
        data = (ctx.folder(upload) / str(s.attachment)).read_bytes()
        text = DOCUMENT_FORMATS["dtlx"].read(data, s.language)
        work.write(s.node, replace(text, format=(document.file or {}).get("format")))
    own = document.plan.language
    for s in document.plan.made_by("test"):
        work.write(s.node, Document(s.language, source_language=None if s.language == own else own))


def _to_rebuild(document: DocumentPlan) -> None:
    """Add what is to be rebuilt: every translation that is made."""
    if document.file:
        document.format = document.file["rebuild"]
    if document.format is None or document.plan.test_mode:
        document.rebuild = []
        return
    made = (s for s in document.plan.subtitles.values() if s.stored and s.language != document.plan.language)
    document.rebuild += [s.node for s in made]


def _catalogue(cur: Cursor) -> Catalogue:
    return Catalogue(tuple(System(**row) for row in systems.all_rows(cur)))


def _files(ctx: Context, upload: Upload) -> dict[str, dict[str, Any]]:
    """What the job found of the files that were sent, by external id."""
    path = ctx.work(upload, "package.json")
    found = json.loads(path.read_text(encoding="utf-8"))["documents"] if path.is_file() else []
    return {file["external_id"]: file for file in found}


def _check_quota(cur: Cursor, upload: Upload, count: int, words: int) -> None:
    """Raise QuotaError when so many more documents, of so many words, are too much for the user (manual, 7.2)."""
    quota = documents.lock_quota(cur, upload["user_id"], upload["id"])
    for name, wanted in (("documents", count), ("words", words)):
        if quota[f"quota_{name}"] is None:
            continue
        left = max(0, quota[f"quota_{name}"] - quota[f"reserved_{name}"])
        if left < wanted:
            raise QuotaError(f"the upload quota does not suffice: {wanted} {name} were sent, {left} are left")
