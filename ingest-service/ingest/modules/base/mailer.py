"""Mailer Module: writes the mails about uploads from their templates (manual, section 7; Appendix A, [mailing]).

Who gets one and when is said elsewhere (`ingest.notify`, `ingest.notify_send`).
"""

from __future__ import annotations

import html
import json
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ingest.modules.base.mail_templates import Value, fill
from tlp import mail
from tlp.config import Config, Mailing
from tlp.errors import ConfigError, NotSent

TEMPLATES = Path(__file__).with_name("templates")
LONGEST_TITLE = 100
MOST_LISTED = 50
Row = dict[str, Any]

_HEADLINES = {
    ("new", "started"): "is being processed",
    ("new", "error"): "could not be processed",
    ("new", "finished"): "is ready",
    ("update", "started"): "is being updated",
    ("update", "error"): "could not be updated",
    ("update", "finished"): "has been updated",
    ("delete", "error"): "could not be deleted",
    ("delete", "finished"): "has been deleted",
}
_MADE = {
    "asr": "{text}: automatic transcription",
    "mt": "{text}: automatic translation",
    "client": "{text}, as sent",
    "edit": "{text}",
    "restore": "{text}",
    "test": "{text}, empty: test mode",
    "tts": "Voice: synthesised",
    "rec": "Voice: recording, as sent",
}


def facts(upload: Row, event: str, made: list[Row]) -> dict[str, Value]:
    """What the templates may say of an upload, as texts and lists of texts. Rows: of `tlp.db.notifications`."""
    plan, several = upload["plan"] or {}, len(upload["object_ids"]) > 1
    return {
        "event": event,
        "title": one_line(_title(upload)),
        "headline": _HEADLINES[upload["operation"], event],
        "test": "test" if upload["test_mode"] else "",
        "kind": "media" if upload["kind"] == "speech" else "document",
        "operation": upload["operation"],
        "object_id": one_line(upload["external_id"]),
        "object_ids": _listed([one_line(each) for each in upload["object_ids"]]),
        "hash": upload["hash"] or "",
        "upload_id": upload["id"],
        "uploaded_on": upload["uploaded_on"].astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        "status_code": str(upload["status_code"]),
        "info": one_line(upload["info"], 4000),
        "made": _listed([_what(row, upload["kind"], several) for row in made]),
        "notes": _listed([one_line(note, 1000) for note in plan.get("notes") or []]),
    }


def one_line(text: str, limit: int = LONGEST_TITLE) -> str:
    """Text fit for a header: no line break, no control character, nothing that turns the direction of writing."""
    kept = "".join(c if c.isprintable() or c in "\u200c\u200d" else " " for c in text)
    kept = " ".join(kept.split())
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"


def _title(upload: Row) -> str:
    manifest = upload["manifest"]
    titles = [document.get("title") for document in manifest.get("documents") or []]
    first = (manifest.get("metadata") or {}).get("title") or next(filter(None, titles), None)
    title = str(first or upload["title"] or upload["external_id"])
    others = len(upload["object_ids"]) - 1
    return f"{title[:LONGEST_TITLE]} and {others} more" if others else title


def _what(row: Row, kind: str, several: bool) -> str:
    text = "Subtitles" if kind == "speech" else "Text"
    what = _MADE.get(row["what"], "{text}").format(text=text)
    system = f" ({row['system']})" if row["system"] else ""
    of = f"{row['external_id']}: " if several else ""
    return one_line(f"{of}{row['name']} ({row['language']}). {what}{system}", 1000)


def _listed(items: list[str]) -> list[str]:
    more = len(items) - MOST_LISTED
    return [*items[:MOST_LISTED], f"and {more} more"] if more > 0 else items


def send(config: Config, row: Row) -> None:
    """Write and hand over the mail of a claimed notification. Raises NotSent."""
    try:
        message = write(config.mailing, row)
    except (ConfigError, OSError, ValueError) as error:
        raise NotSent(f"the mail cannot be written: {error}") from error
    mail.send(config.mailing, message)


def write(settings: Mailing, row: Row) -> EmailMessage:
    """The mail of a notification: id, target, event, body. Raises ConfigError, OSError for a template."""
    values: dict[str, Value] = json.loads(row["body"])
    values["link"] = _link(settings.link_url, values)
    values["contact"] = one_line(settings.admin_address_error)
    subject, _, text = _filled(settings, f"{row['event']}.txt", values).partition("\n")
    message = EmailMessage()
    message["From"], message["To"] = settings.from_address, row["target"]
    message["Subject"] = one_line(subject.removeprefix("Subject:"), 200)
    message["Date"] = formatdate()
    # The same in every attempt: whoever gets it twice can tell.
    message["Message-ID"] = f"<{row['id']}@{_domain(settings.from_address)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text.lstrip("\n"))
    message.add_alternative(_filled(settings, f"{row['event']}.html", values), subtype="html")
    return message


def _filled(settings: Mailing, name: str, values: dict[str, Value]) -> str:
    """A template with its values; one of the site's folder takes the place of ours."""
    site = Path(settings.templates) / name if settings.templates else None
    path = site if site and site.is_file() else TEMPLATES / name
    escape = html.escape if name.endswith(".html") else str
    return fill(path.read_text(encoding="utf-8"), values, escape, name)


def _link(pattern: str, values: dict[str, Value]) -> str:
    """The page of an object, where the site has one: `{object_id}`, `{hash}`, `{kind}`, `{upload_id}` filled in."""
    for name in ("object_id", "hash", "kind", "upload_id"):
        pattern = pattern.replace(f"{{{name}}}", quote(str(values[name]), safe=""))
    return pattern


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2].strip(" <>")
    return domain if domain and domain.isascii() and domain.replace("-", "").replace(".", "").isalnum() else "localhost"
