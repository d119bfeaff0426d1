"""A whole edit session with ws-client.py against the service as it runs, with request keys of version 2 and without."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from editing import FIRST, LANG, edit

from api.families import FAMILIES
from libtlp.ws_command import main

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)

SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"


@pytest.fixture
def ws(server: Any, family: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run ws-client.py, in this process; gives the JSON it prints."""
    config = tmp_path / "config.ini"
    config.write_text(
        f"[general]\nweb_service_url = {server.url}/api\n"
        f"[api_client_auth]\nusername = tluser\nsecret_key = {SECRET}\nrequest_key_expire_lifetime = 10\n"
    )

    def run(*arguments: object, options: tuple[str, ...] = ()) -> Any:
        code = main([*options, family.path, *map(str, arguments)], str(tmp_path))
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return json.loads(printed.out)

    return run


@pytest.mark.parametrize("options", [(), ("-k",), ("-k", "-g")], ids=["secret key", "request key", "request key, GET"])
def test_a_session_from_start_to_langs(ws: Any, stored: Any, family: Any, options: tuple[str, ...]) -> None:
    lang, author = LANG[family.path], ("lord_stark1", 100)

    def status() -> int:
        langs = ws("langs", stored.id, options=options)["langs"]
        return int(next(row["sup_status"] for row in langs if row["lang_code"] == lang))

    before = status()
    started = ws("start_session", stored.id, *author, "-n", "Eddard Stark", options=options)
    assert (started["rcode"], started["author_conf"]) == (0, 100)
    session = started["session_id"]
    item = json.dumps(edit(family, FIRST[family.path], "L'hivern ha arribat: “ñ”"))
    who = ("-s", session, "-i", stored.id, "-a", author[0], "-c", author[1])
    assert ws("mod", *who, "-l", lang, "-t", item, options=options)["rcode"] == 0
    assert ws("session_status", stored.id, session, *author, options=options)["rcode"] == 0
    assert status() == before
    assert ws("end_session", stored.id, session, *author, options=options)["rcode"] == 0
    assert status() == before + 1
    history = ws("edit_history", stored.id, options=options)["edit_history"]
    assert [(row["session_id"], row["requires_revision"]) for row in history] == [(session, False)]


def test_a_revision_is_locked_out_listed_and_accepted(ws: Any, stored: Any, family: Any) -> None:
    session = ws("start_session", stored.id, "jsnow21", 50)["session_id"]
    mods = {LANG[family.path]: {"txt": [edit(family, FIRST[family.path], "x")], "del": []}}
    who = ("-s", session, "-i", stored.id, "-a", "jsnow21", "-c", 50)
    assert ws("mod", *who, "-D", json.dumps(mods), options=("-k",))["rcode"] == 0
    assert ws("end_session", stored.id, session, "jsnow21", 50)["rcode"] == 0
    assert [row["session_id"] for row in ws("revisions")] == [session]
    assert ws("mark_revised", stored.id, session, "lord_stark1", 100)["rcode"] == 0
    assert ws("mark_revised", stored.id, session, "lord_stark1", 100, "-f")["rcode"] == 0
    assert ws("accept", f"{session},999", "lord_stark1", 100, options=("-k",))[0]["rcode"] == 0
    assert ws("reject", session, "lord_stark1", 100)[0]["rcode"] == 5
    assert ws("lock", stored.id, "lord_stark1", 100)["rcode"] == 0
    assert ws("start_session", stored.id, "jsnow21", 50)["rcode"] == 3
    assert ws("lock", stored.id, "lord_stark1", 100, "-u")["rcode"] == 0
