"""The job that collects text about a lecture and chooses the terms for its recogniser. A thin command line.

`python -m ingest.jobs.text_retrieval --request request.json --terms terms.txt --result retrieval.json`
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ingest.jobs import limit_memory
from ingest.modules.tl.text_retrieval.retrieve import Retrieval
from tlp.systems import program, write_aside


def main() -> None:
    """Retrieve; the terms file is written only where there are terms."""
    parser = argparse.ArgumentParser(prog="python -m ingest.jobs.text_retrieval", description=__doc__)
    parser.add_argument("--request", type=Path, required=True, help="what there is, see docs/retrieval.md")
    parser.add_argument("--terms", type=Path, required=True, help="the file for the recogniser")
    parser.add_argument("--result", type=Path, required=True, help="notes and counts, as JSON")
    asked = parser.parse_args()
    limit_memory()
    retrieval = Retrieval(json.loads(asked.request.read_text(encoding="utf-8")))
    asked.terms.unlink(missing_ok=True)  # of an earlier run that was killed
    terms = retrieval.run()
    if terms:
        write_aside(asked.terms, terms.encode())
    counts = [{"kind": s.kind, "name": s.name, "pages": len(s.pages)} for s in retrieval.sources]
    result = {"notes": retrieval.notes, "sources": counts, "terms": terms.count("\n")}
    write_aside(asked.result, json.dumps(result, ensure_ascii=False, indent=1).encode())


if __name__ == "__main__":
    program(main)
