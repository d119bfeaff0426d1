"""The commands of docs/api.md about edit sessions are one story, and it works as it stands there."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

API = Path(__file__).resolve().parents[2] / "docs" / "api.md"
SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
SETTING = 'curl() { command curl -sS "$@"; echo; }; AUTH="user=tluser&auth_token=$K"\n'


def _story() -> str:
    """The shell commands from the section about edit sessions on."""
    part = API.read_text(encoding="utf-8").partition("## Edit sessions")[2].partition("## Beside the API")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", part, re.DOTALL))


def _codes(line: str) -> Any:
    answer = json.loads(line)
    return [each.get("rcode") for each in answer] if isinstance(answer, list) else answer.get("rcode")


def test_the_story_of_edit_sessions_in_the_document_works(server: Any, lecture: Any, document: Any) -> None:
    story = _story().replace("ID=...", f"ID={lecture.id}", 1).replace("\nD=...", f"\nD={document.id}", 1)
    story = story.replace('"demo"', '"tluser"')
    environment = {"B": f"{server.url}/api", "K": SECRET, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(["bash", "-euc", SETTING + story], env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    printed = done.stdout.decode()
    answers = [_codes(line) for line in printed.splitlines() if line.startswith(("{", "["))]
    # start, status, mod, end, lock, history, revisions, marked, unmarked, each of media and of documents
    assert answers[:18] == [0] * 12 + [[None], [None]] + [0] * 4
    # accept, reject, versions, restore
    assert answers[18:] == [[0], [0, 1], [5, 1], [5], 0, 0, 0, 0]
    for edited in ("Winter is coming.", "Arriba l’hivern."):
        assert edited in printed, "of /get with the session"
