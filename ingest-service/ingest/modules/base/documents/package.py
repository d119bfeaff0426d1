"""Document Package Processing (manual, Appendix F): from a request to checked files and their sentences.

Decides nothing about what is done with them; knows no database. The sister of `base.package`, which is for media.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.modules.base import url_downloader
from ingest.modules.base.archive import Archive
from ingest.modules.base.documents import DOCUMENTS, opened
from ingest.modules.base.documents.kinds import found_format
from ingest.modules.base.documents.office import CONVERTED, Converter
from ingest.modules.base.documents.opened import extracted
from ingest.modules.base.file_formats import Formats
from ingest.modules.base.sent import sent
from tlp.errors import PackageError
from tlp.formats import DOCUMENT_FORMATS
from tlp.systems import Progress, write_aside

_DOCUMENT = 2  # type code
_NO_TEXT = "the document holds no text; a scanned one needs to be recognised first"


@dataclass
class DocumentPackage:
    """One run of the job in the folder of an upload. `request`: as for the package of a media."""

    request: dict[str, Any]
    upload: Path

    def process(self) -> dict[str, Any]:
        """Do all of it; returns the job's result. Raises PackageError that names the document and the cause."""
        with sent(self.request, self.upload) as archive:
            return self._result(archive)

    def _result(self, archive: Archive | None) -> dict[str, Any]:
        documents = self.request["manifest"]["documents"]
        progress, made = Progress(), []
        for number, item in enumerate(documents, 1):
            progress.report(number - 1, len(documents), f"document {number} of {len(documents)}")
            if not item.get("url") and not item.get("filename"):
                continue  # an update that leaves the file as it is
            try:
                made.append(self._document(archive, number, item))
            except PackageError as error:
                raise PackageError(f"document '{item['external_id']}': {error}") from error
        return {"documents": made}

    def _document(self, archive: Archive | None, number: int, item: dict[str, Any]) -> dict[str, Any]:
        entry = self._downloaded(number, item["url"]) if item.get("url") else self._packed(archive, number, item)
        base, rebuild = self._readable(entry["file"], entry["format"])
        language = item.get("language") or self.request["manifest"].get("language") or "und"
        document = extracted(opened(self.upload / base, language), language)
        if not any(sentence.current and sentence.current.text for sentence in document.sentences):
            raise PackageError(_NO_TEXT)
        document.document_id, document.format = item["external_id"], entry["format"]
        document.title = item.get("title") or document.title
        write_aside(self.upload / f"work/{number}.dtlx", DOCUMENT_FORMATS["dtlx"].write(document))
        counts = document.counts._asdict()
        about = {"external_id": item["external_id"], "url": item.get("url"), "title": document.title}
        return {**about, **entry, "base": base, "rebuild": rebuild, "dtlx": f"work/{number}.dtlx", **counts}

    def _readable(self, file: str, code: str) -> tuple[str, str]:
        """The file whose text is taken out, converted where that must be; and the format that is given back."""
        if code in DOCUMENTS:
            return file, code
        if code not in CONVERTED:
            known = ", ".join(sorted([*DOCUMENTS, *CONVERTED]))
            raise PackageError(f"a document of the format '{code}' cannot be translated: {known}")
        form, back = CONVERTED[code]
        base = Path(file).with_suffix(f".{form}")
        self._converter.convert(self.upload / file, self.upload / base)
        return str(base), back

    @property
    def _converter(self) -> Converter:
        """As the section [documents] of the configuration says, where the request has it."""
        said = self.request.get("documents")
        return Converter(said["office_converter"], said["convert_timeout"]) if said else Converter()

    @property
    def _formats(self) -> Formats:
        return Formats(self.request["formats"], self.request["allowed"])

    def _packed(self, archive: Archive | None, number: int, item: dict[str, Any]) -> dict[str, Any]:
        name = item["filename"]
        code = self._formats.allowed_code(item["fileformat"], _DOCUMENT, name)
        if archive is None:
            raise PackageError(f"the manifest names the file '{name}', but no package was sent")
        path = self.upload / f"files/document-{number}.{code}"
        md5 = archive.extract(name, item.get("md5"), path)
        real = found_format(path)
        if real == "encrypted":
            raise PackageError(f"'{name}' is encrypted; send it without a password")
        if real != code and (real, code) != ("html", "txt"):
            raise PackageError(f"'{name}' is no {code} file{_said_of(path, real)}")
        return {"file": f"files/{path.name}", "format": code, "md5": md5, "size": path.stat().st_size}

    def _downloaded(self, number: int, url: str) -> dict[str, Any]:
        path = self.upload / f"files/document-{number}.download"
        got = url_downloader.download(url, path, url_downloader.Rules(**self.request["downloads"]))
        real = found_format(path)
        codes = self._formats.codes(_DOCUMENT)
        if real == "encrypted":
            raise PackageError(f"{url}: the file is encrypted; a document with a password cannot be read")
        if real is None or real not in codes:
            said = f"its format '{real}' is not taken" if real else "its format is not known"
            raise PackageError(f"{url}: {said}: {', '.join(codes)}")
        path = path.rename(path.with_suffix(f".{real}"))
        return {"file": f"files/{path.name}", "format": real, "md5": got.md5, "size": got.size}


def _said_of(path: Path, real: str | None) -> str:
    """What the file is instead."""
    if not path.stat().st_size:
        return ": it is empty"
    with path.open("rb") as file:
        damaged = real is None and file.read(2) == b"PK"
    return f": its real format is {real}" if real else ": it is damaged or not complete" if damaged else ""
