"""Translation of documents (manual, 7.1.2 step 2): runs of MT systems over many of them, and files rebuilt of each."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest import merge_documents
from ingest.context import Context
from ingest.modules.base.documents.share import share, wanted
from ingest.plan import Subtitles
from ingest.plan_text import DocumentPlan, Run, TextPlan, runs
from ingest.steps import engines, regenerate
from ingest.steps.package import job
from ingest.work_texts import WorkTexts
from tlp.db.rows import Cursor
from tlp.documents import NOT_TRANSLATED, Document
from tlp.errors import TlpError

Upload = dict[str, Any]
TO_REBUILD = "{}.out"  # node of a text as it is put into its file
PURE = "{}.pure"  # node of a translation without what people wrote in its former version


def plan_of(upload: Upload) -> TextPlan:
    """The plan that `decide_new` or `decide_update` has made."""
    return TextPlan.from_json(upload["plan"])


def translation_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """One MT job a translation for all the documents that need the same: a system loads its model once a job."""
    planned = []
    for run in runs(plan_of(upload).documents):
        together = ctx.texts(upload, run.prefix)
        for node in run.roots:
            texts = [ctx.texts(upload, document.prefix).read(node) for document in run.documents]
            together.write(node, merge_documents.joined(texts))
        planned += engines.mt_jobs(ctx, cur, run.plan, together)
    return planned


def finish_translations(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Bring what the systems made to each document, put it together with what stays, and see that it suffices."""
    plan = plan_of(upload)
    for run in runs(plan.documents):
        _part(ctx, upload, run)
    for document in plan.documents:
        work = ctx.texts(upload, document.prefix)
        regenerate.put_together(work, document.plan)
        if document.file:
            _keep_work(work, document, upload["manifest"]["force"])
        for s in document.plan.subtitles.values():
            if s.stored and s.origin in ("mt", "merge"):
                _check_share(ctx, document, s, work.read(s.node))


def _part(ctx: Context, upload: Upload, run: Run) -> None:
    """Each translation stands beside the text that it is one of, as far as the object has that."""
    together = ctx.texts(upload, run.prefix)
    works = [ctx.texts(upload, document.prefix) for document in run.documents]
    for s in run.plan.made_by("mt"):
        beside = run.plan.source_of(s) or s.source or ""
        sources = [work.read(beside) for work in works]
        made = engines.made_text(together, s)
        for work, source, part in zip(works, sources, merge_documents.parted(made, sources), strict=True):
            work.write(s.node, replace(merge_documents.translation(source, part), language=s.language))


def _keep_work(work: WorkTexts, document: DocumentPlan, force: bool) -> None:
    """What is still right of the translations of the former file: all of it where nothing is made anew."""
    own = work.read(document.plan.language)
    for s in document.plan.subtitles.values():
        if not work.path(f"{s.language}.old").is_file():
            continue
        if s.origin == "carry":
            new = merge_documents.untranslated(own, s.language)
            work.write(s.node, kept(work, document, new, work.body(f"{s.language}.old"), people_only=False))
        elif s.stored and s.origin == "mt" and not force:
            new = work.read(s.node)
            carried = kept(work, document, new, work.body(f"{s.language}.old"))
            if carried != new:
                work.write(PURE.format(s.node), new)
                work.write(s.node, carried)


def kept(work: WorkTexts, document: DocumentPlan, new: Document, old: str, people_only: bool = True) -> Document:
    """A translation with what `old`, the body of a former one, has for the sentences that have not changed."""
    if not work.path("former").is_file():
        return new
    pairs = merge_documents.same_sentences(work.read("former"), work.read(document.plan.language))
    return merge_documents.carried(new, work.of_kind.read(old), pairs, people_only)


def _check_share(ctx: Context, document: DocumentPlan, s: Subtitles, text: Document) -> None:
    """A document that could not be translated is an error, never the same file back."""
    least, reached = ctx.config.documents.min_translated_share, share(text)
    if reached < least:
        count = len(wanted(text))
        raise TlpError(
            f"document '{document.external_id}': only {round(reached * count)} of {count} sentences were translated "
            f"into '{s.language}' by system {s.system}, {100 * reached:.0f} %; at least {100 * least:g} % must be"
        )


def rebuilding_jobs(ctx: Context, cur: Cursor, upload: Upload) -> list[dict[str, Any]]:
    """The jobs that put the translations into the files; none for a text of which nothing is translated."""
    planned = []
    for document in plan_of(upload).documents:
        work = ctx.texts(upload, document.prefix)
        for node in dict.fromkeys(document.rebuild):
            text = work.read(node)
            if text.status == NOT_TRANSLATED:
                continue
            # A translation of a translation: its file is still in the document's own language.
            own = None if text.language == document.plan.language else document.plan.language
            work.write(TO_REBUILD.format(node), replace(text, source_language=own))
            planned.append(_rebuilding(ctx, upload, document, node))
    return planned


def _rebuilding(ctx: Context, upload: Upload, document: DocumentPlan, node: str) -> dict[str, Any]:
    work = ctx.texts(upload, document.prefix)
    if document.file:
        base = ctx.folder(upload) / document.file["base"]
    else:
        base = ctx.storage.path("media", document.base or "")
    command = [sys.executable, "-m", "ingest.jobs.document", "rebuild", "--base", str(base)]
    command += ["--format", document.format or "", "--translation", str(work.path(TO_REBUILD.format(node)))]
    command += ["--output", str(rebuilt_path(ctx, upload, document, node))]
    office = ctx.config.documents
    command += ["--converter", office.office_converter, "--timeout", str(office.convert_timeout)]
    return job(f"{document.prefix}{node}", "document", command)


def rebuilt_path(ctx: Context, upload: Upload, document: DocumentPlan, node: str) -> Path:
    """Where the file of a node is rebuilt."""
    return ctx.work(upload, f"{document.prefix}{node}.{document.format}")


def being_rebuilt(work: WorkTexts, document: DocumentPlan) -> list[str]:
    """The nodes for which there is a job: those of which anything is translated."""
    nodes = dict.fromkeys(document.rebuild)
    return [node for node in nodes if work.path(TO_REBUILD.format(node)).is_file()]


def check_rebuilt(ctx: Context, cur: Cursor, upload: Upload) -> None:
    """Every file is there."""
    for document in plan_of(upload).documents:
        for node in being_rebuilt(ctx.texts(upload, document.prefix), document):
            path = rebuilt_path(ctx, upload, document, node)
            if not path.is_file() or path.stat().st_size == 0:
                raise TlpError(f"document '{document.external_id}' could not be rebuilt as {document.format}")
