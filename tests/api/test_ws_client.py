"""ws-client.py against the real Web Service: what our own client sends is what our own server takes."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from stored_documents import CATALAN

from api.app import create_app
from api.families import FAMILIES, Family
from libtlp.config import SAMPLE
from libtlp.ws_command import main

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
both = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)
FORMS: dict[str, list[str]] = {"POST": [], "GET": ["-g"], "GET data": ["-g", "-D"]}


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr: that is the client's."""


@pytest.fixture
def url(instance: Any) -> Iterator[str]:
    """The application behind a real socket."""
    with make_server("127.0.0.1", 0, create_app(instance.config), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()
        thread.join()


@pytest.fixture
def ws(url: str, tmp_path: Path, capfdbinary: Any) -> Callable[..., Any]:
    """Run ws-client.py as tluser; gives what it printed, JSON read. It must end well."""
    config = SAMPLE.replace("http://my-tlp-server.com/api", url).replace(
        "akjsfd982323098qwjs209823id09321io3290d", SECRET
    )
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "config.ini").write_text(config)

    def run(*arguments: object) -> Any:
        code = main([str(argument) for argument in arguments], str(tmp_path / "client"))
        printed = capfdbinary.readouterr()
        assert code == 0, printed.err.decode()
        return json.loads(printed.out) if printed.out[:1] in (b"{", b"[") else printed.out

    return run


def _uploads(instance: Any) -> list[dict[str, Any]]:
    return list(instance.rows("SELECT * FROM uploads ORDER BY uploaded_on"))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@both
def test_what_reads_works_in_every_form(ws: Any, stored: Any, family: Family, form: list[str]) -> None:
    assert [item["id"] for item in ws(*form, family.path, "list")] == [stored.id]
    assert ws(*form, family.path, "uploadslist", "-o", stored.id) == []
    assert "mt" in ws(*form, family.path, "systems")
    assert ws(*form, family.path, "langs", stored.id)["rcode"] == 0
    assert ws(*form, family.path, "metadata", stored.id)["rcode"] == 0


@pytest.mark.parametrize("version", ["1", "2"])
@both
def test_what_reads_works_with_a_request_key(ws: Any, stored: Any, family: Family, version: str) -> None:
    for command in ("langs", "metadata"):
        assert ws("-k", "--key-version", version, family.path, command, stored.id)["rcode"] == 0


def test_a_translated_document_is_downloaded_in_each_form(ws: Any, document: Any) -> None:
    text = ws("-k", "text", "get", document.id, "ca", "-f", "txt")
    assert text.decode().splitlines()[0] == CATALAN[0]
    assert ws("text", "get", document.id, "ca", "-f", "dtlx").startswith(b"<?xml")
    assert ws("text", "get", document.id, "ca", "-f", "html").startswith(b"<!DOCTYPE html>")
    assert ws("text", "get", document.id, "en", "-f", "original") != b""


def test_documents_are_uploaded_in_one_package(ws: Any, instance: Any, tmp_path: Path) -> None:
    contents = {"a.html": b"<p>One</p>", "b.docx": b"two"}
    for name, body in contents.items():
        (tmp_path / name).write_bytes(body)
    both = [each for n, name in enumerate(contents) for each in ("-i", f"d{n}", "-d", tmp_path / name, "-t", f"T{n}")]
    answer = ws("text", "ingest", "new", "en", *both, "-p", "ca", "-p", "es", "-m", "ann@example.org")
    assert (answer["rcode"], answer["rcode_description"]) == (0, "Ingestion complete")
    (row,) = _uploads(instance)
    sums = [hashlib.md5(body).hexdigest() for body in contents.values()]
    assert [document["md5"] for document in row["manifest"]["documents"]] == sums
    assert (row["manifest"]["requested_langs"], row["manifest"]["email"]) == ({"ca": {}, "es": {}}, ["ann@example.org"])
    with zipfile.ZipFile(instance.uploads / row["package"]) as package:
        assert {name: package.read(name) for name in package.namelist()} == {
            f"{md5}.{name.partition('.')[2]}": body for md5, (name, body) in zip(sums, contents.items(), strict=True)
        }
    assert [item["object_id"] for item in ws("text", "uploadslist")] == ["d0", "d1"]
    assert ws("text", "status", answer["id"])["info"] == "Ingested, not processed yet."


def test_documents_are_translated_anew(ws: Any, instance: Any, document: Any) -> None:
    assert ws("text", "ingest", "update", "en", "-i", document.id, "-R", "-p", "fr")["rcode"] == 0
    (row,) = _uploads(instance)
    assert (row["operation"], row["manifest"]["re-generate"]) == ("update", ["tl"])


def test_a_media_is_generated_anew(ws: Any, instance: Any, lecture: Any) -> None:
    assert ws("speech", "ingest", "update", lecture.id, "-R", "tl", "-R", "tts", "-f")["rcode"] == 0
    (row,) = _uploads(instance)
    assert (row["manifest"]["re-generate"], row["manifest"]["force"]) == (["tl", "tts"], True)


@both
def test_an_object_is_deleted_and_an_upload_cancelled(ws: Any, instance: Any, stored: Any, family: Family) -> None:
    deletion = ws(family.path, "ingest", "delete", stored.id, "-x", "hard")["id"]
    assert ws("-g", family.path, "ingest", "cancel", deletion)["rcode"] == 0
    first, second = _uploads(instance)
    assert (first["operation"], first["manifest"]) == ("delete", {"mode": "hard"})
    assert (second["operation"], second["manifest"]) == ("cancel", {"upload": deletion})


def test_an_error_is_shown_in_the_servers_words(url: str, ws: Any, tmp_path: Path, capfdbinary: Any) -> None:
    assert main(["text", "ingest", "delete", "absent"], str(tmp_path / "client")) == 1
    assert b"Document ID [absent] does not exist" in capfdbinary.readouterr().err


def test_an_administrator_acts_as_another_user(ws: Any, document: Any) -> None:
    root = ["-I", "root:the-administrators-secret-key"]
    assert ws(*root, "text", "list") == []
    assert [item["id"] for item in ws(*root, "-B", "tluser", "text", "list")] == [document.id]
