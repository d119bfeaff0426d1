"""The Document Module: the text of documents taken out by sentence, and put back translated (manual, section 7).

One module a format; `DOCUMENTS` is the table. To add one: a module with `read`, a line here, a section in
docs/formats.md.
"""

from __future__ import annotations

from ingest.modules.base.documents import docx, html, pptx, txt
from ingest.modules.base.documents.opened import FileFormat

DOCUMENTS: dict[str, FileFormat] = {"txt": txt, "html": html, "docx": docx, "pptx": pptx}
