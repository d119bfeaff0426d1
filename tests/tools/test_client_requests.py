"""What ws-client.py sends: each command line against the request a server receives (manual, Appendix D)."""

import base64
import hashlib
import hmac
import json
import time

import pytest

from libtlp.keys import request_key
from libtlp.version import CLIENT_NAME

SECRET = "akjsfd982323098qwjs209823id09321io3290d"  # the one of the sample configuration
SENT_WITH_ALL = {"user": "tluser", "auth_token": SECRET, "client": CLIENT_NAME}
MODS = {"en": {"txt": [{"sI": 16, "b": 87.96, "e": 91.37, "t": "Això, «no»"}], "del": [3, 7]}}
AUTHOR = {"author_id": "jsnow21", "author_conf": 90}

# command line → interface, parameters; what stands under both families is the same in both
BOTH = [
    ("systems", "systems", {}),
    ("list", "list", {}),
    ("revisions", "revisions", {}),
    ("uploadslist", "uploadslist", {}),
    ("uploadslist -o M-1", "uploadslist", {"object_id": "M-1"}),
    ("uploadslist --object_id M-1", "uploadslist", {"object_id": "M-1"}),
    ("status up-1", "status", {"id": "up-1"}),
    ("langs M-1", "langs", {"id": "M-1"}),
    ("metadata M-1 -H abc", "metadata", {"id": "M-1", "hash": "abc"}),
    ("edit_history M-1 --hash-id abc", "edit_history", {"id": "M-1", "hash": "abc"}),
    ("get M-1 es", "get", {"id": "M-1", "lang": "es"}),
    (
        "get M-1 es -f 3 -D 0 -s 5",
        "get",
        {"id": "M-1", "lang": "es", "format": 3, "sel_data_policy": 0, "session_id": 5},
    ),
    ("get M-1 es -v 2", "get", {"id": "M-1", "lang": "es", "version": 2}),
    ("versions M-1 es", "versions", {"id": "M-1", "lang": "es"}),
    ("restore M-1 es 2 jsnow21 90 -r", "restore", {"id": "M-1", "lang": "es", "version": 2, **AUTHOR, "regenerate": 0}),
    ("start_session M-1 jsnow21 90 -n John", "start_session", {"id": "M-1", **AUTHOR, "author_name": "John"}),
    ("session_status M-1 8 jsnow21 90", "session_status", {"id": "M-1", "session_id": 8, **AUTHOR}),
    ("session_status M-1 8 jsnow21 90 -a", "session_status", {"id": "M-1", "session_id": 8, **AUTHOR, "alive": 1}),
    ("end_session M-1 8 jsnow21 90 -f", "end_session", {"id": "M-1", "session_id": 8, **AUTHOR, "force": 1}),
    ("lock M-1 jsnow21 90", "lock", {"id": "M-1", "lock": 1, **AUTHOR}),
    ("lock M-1 jsnow21 90 -u", "lock", {"id": "M-1", "lock": 0, **AUTHOR}),
    (
        "mark_revised M-1 8 jsnow21 90 -r 12 -f",
        "mark_revised",
        {"id": "M-1", "session_id": 8, **AUTHOR, "revision_session_id": 12, "unmark": 1},
    ),
    ("accept 27,43 jsnow21 90", "accept", {"id": "27,43", **AUTHOR}),
    ("reject 27,43 jsnow21 90 -n John", "reject", {"id": "27,43", **AUTHOR, "author_name": "John"}),
    ("ingest delete M-1", "ingest/delete", {"id": "M-1"}),
    ("ingest delete M-1 -x hard", "ingest/delete", {"id": "M-1", "mode": "hard"}),
    ("ingest cancel up-1", "ingest/cancel", {"id": "up-1"}),
]
ONE = [
    ("speech get M-1 es -f srt", "get", {"id": "M-1", "lang": "es", "format": 2}),
    ("speech get M-1 es -f dfxp", "get", {"id": "M-1", "lang": "es", "format": 0}),
    ("speech get M-1 es -f ttml", "get", {"id": "M-1", "lang": "es", "format": 1}),
    ("speech get M-1 es -f vtt", "get", {"id": "M-1", "lang": "es", "format": 3}),
    ("speech get M-1 es --format text", "get", {"id": "M-1", "lang": "es", "format": 4}),
    ("speech get M-1 es -S -1 -r", "get", {"id": "M-1", "lang": "es", "seg_filt_policy": -1, "pending_revs": 1}),
    ("speech audiotrack M-1 en 428", "audiotrack", {"id": "M-1", "lang": "en", "aid": 428}),
    (
        "speech end_session M-1 8 jsnow21 90 -r",
        "end_session",
        {"id": "M-1", "session_id": 8, **AUTHOR, "regenerate": 0},
    ),
    ("text get D-1 ca -f original", "get", {"id": "D-1", "lang": "ca", "format": 0}),
    ("text get D-1 ca -f html", "get", {"id": "D-1", "lang": "ca", "format": 1}),
    ("text get D-1 ca -f dtlx", "get", {"id": "D-1", "lang": "ca", "format": 2}),
    ("text get D-1 ca -f txt", "get", {"id": "D-1", "lang": "ca", "format": 3}),
]
CALLS = [(f"{family} {line}", name, sent) for family in ("speech", "text") for line, name, sent in BOTH] + ONE


@pytest.mark.parametrize(("line", "name", "sent"), CALLS, ids=[call[0] for call in CALLS])
def test_each_call_is_a_post_of_one_json_dict(ws, server, line, name, sent):
    outcome = ws(*line.split())
    assert outcome.code == 0, outcome.stderr
    assert (server.last.method, server.last.path) == ("POST", f"/api/{line.split()[0]}/{name}")
    assert server.last.headers["Content-Type"] == "application/json"
    assert server.last.json() == {**sent, **SENT_WITH_ALL}


@pytest.mark.parametrize(("line", "name", "sent"), CALLS, ids=[call[0] for call in CALLS])
def test_each_call_can_be_a_get_with_one_data_parameter(ws, server, line, name, sent):
    assert ws("-D", *line.split()).code == 0
    assert (server.last.method, server.last.path) == ("GET", f"/api/{line.split()[0]}/{name}")
    assert list(server.last.query) == ["data"]
    assert server.last.data() == {**sent, **SENT_WITH_ALL}


@pytest.mark.parametrize(("line", "name", "sent"), CALLS, ids=[call[0] for call in CALLS])
def test_each_call_can_be_a_get_with_many_parameters(ws, server, line, name, sent):
    assert ws("-g", *line.split()).code == 0
    assert (server.last.method, server.last.path) == ("GET", f"/api/{line.split()[0]}/{name}")
    assert server.last.query == {key: str(value) for key, value in {**sent, **SENT_WITH_ALL}.items()}


MOD = ["-s", "8", "-i", "M-1", "-a", "jsnow21", "-c", "90"]


@pytest.mark.parametrize("family", ["speech", "text"])
def test_edits_are_sent_as_the_manual_writes_them(ws, server, family):
    segment = json.dumps(MODS["en"]["txt"][0])
    ws(family, "mod", *MOD, "-l", "en", "-t", segment, "-r", "3", "-r", "7")
    assert server.last.json() == {"id": "M-1", "session_id": 8, **AUTHOR, "mods": MODS, **SENT_WITH_ALL}


def test_edits_can_be_given_whole_or_as_a_whole_call_or_in_a_file(ws, server, folder):
    ws("speech", "mod", *MOD, "-D", json.dumps(MODS))
    whole = server.last.json()
    ws("speech", "mod", "-D", json.dumps({"id": "M-1", "session_id": 8, **AUTHOR, "mods": MODS}))
    (folder / "edits.json").write_text(json.dumps(MODS), encoding="utf-8")
    ws("speech", "mod", *MOD, "-D", f"@{folder / 'edits.json'}")
    assert whole["mods"] == MODS
    assert [request.json() for request in server.requests] == [whole] * 3


def test_edits_travel_in_base64_through_get_parameters(ws, server):
    ws("-g", "speech", "mod", *MOD, "-D", json.dumps(MODS))
    assert json.loads(base64.b64decode(server.last.query["mods"])) == MODS


def test_edits_of_a_language_are_added_to_those_given_whole(ws, server):
    ws("speech", "mod", *MOD, "-D", json.dumps(MODS), "-l", "en", "-r", "9")
    assert server.last.json()["mods"]["en"] == {"txt": MODS["en"]["txt"], "del": [3, 7, 9]}


def test_edits_without_a_language_are_refused_before_anything_is_sent(ws, server):
    outcome = ws("speech", "mod", *MOD, "-r", "9")
    assert (outcome.code, server.requests) == (1, [])
    assert outcome.stderr == "[EE] -t and -r need -l, the language that is edited\n"


def test_the_client_on_the_command_line_wins_over_the_configuration(ws, server):
    ws("-I", "other:to:ken", "-B", "somebody", "speech", "list")
    sent = server.last.json()
    assert (sent["user"], sent["auth_token"], sent["su"]) == ("other", "to:ken", "somebody")


def test_http_authentication_is_sent_only_when_enabled(ws, server, folder):
    ws("speech", "list")
    config = (folder / "config.ini").read_text(encoding="utf-8")
    config = config.replace("enabled = no\nusername =\npassword =", "enabled = yes\nusername = web\npassword = p%w")
    (folder / "config.ini").write_text(config, encoding="utf-8")
    ws("speech", "list")
    expected = "Basic " + base64.b64encode(b"web:p%w").decode()
    assert [request.headers["Authorization"] for request in server.requests] == [None, expected]


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def test_a_request_key_takes_the_place_of_the_secret_key(ws, server):
    before = int(time.time())
    ws("-k", "-K", "10", "speech", "langs", "M-1")
    sent = server.last.json()
    assert before + 600 <= sent["expire"] <= time.time() + 600
    message = "9:tlp-basic6:speech" + "3:M-1" + f"10:{sent['expire']}" + "6:tluser"
    assert sent["auth_token"] == "v2:" + hmac.new(SECRET.encode(), message.encode(), "sha256").hexdigest()
    assert SECRET not in server.last.body.decode()


@pytest.mark.parametrize("family", ["speech", "text"])
@pytest.mark.parametrize("command", ["accept", "reject"])
def test_keys_for_revisions_are_of_sessions_and_not_of_an_object(ws, server, family, command):
    ws("-k", family, command, "27,43", "ann", "100")
    sent = server.last.json()
    key = request_key(SECRET, "tluser", sent["expire"], f"{family}-sessions", "27,43", ("ann", 100))
    assert sent["auth_token"] == key


def test_the_lifetime_of_request_keys_comes_from_the_configuration(ws, server):
    before = int(time.time())
    ws("-k", "speech", "langs", "M-1")
    assert before + 1440 * 60 <= server.last.json()["expire"] <= time.time() + 1440 * 60


FULL = [
    "start_session M-1 jsnow21 90",
    "session_status M-1 8 jsnow21 90",
    "end_session M-1 8 jsnow21 90",
    "lock M-1 jsnow21 90",
    "mark_revised M-1 8 jsnow21 90",
    "accept M-1 jsnow21 90",
    "reject M-1 jsnow21 90",
    "mod -i M-1 -s 8 -a jsnow21 -c 90 -D {}",
]
BASIC = ["langs M-1", "metadata M-1", "get M-1 en", "edit_history M-1"]


@pytest.mark.parametrize("line", FULL)
def test_calls_of_an_author_carry_the_full_key(ws, server, line):
    ws("-k", "--key-version", "1", "text", *line.split())
    sent = server.last.json()
    basic = _sha1(f"M-1{sent['expire']}tluser{SECRET}")
    assert sent["auth_token"] == basic + _sha1(f"jsnow2190{sent['expire']}tluser{SECRET}")


@pytest.mark.parametrize("line", BASIC)
def test_other_calls_carry_the_basic_key(ws, server, line):
    ws("-k", "--key-version", "1", "-g", "speech", *line.split())
    assert server.last.query["auth_token"] == _sha1(f"M-1{server.last.query['expire']}tluser{SECRET}")


@pytest.mark.parametrize("line", ["systems", "list", "revisions", "uploadslist", "status u", "ingest cancel u"])
def test_a_secret_key_is_not_sent_where_a_request_key_was_asked_for(ws, server, line):
    outcome = ws("-k", "speech", *line.split())
    assert (outcome.code, server.requests) == (1, [])
    assert "takes no request key: call it without -k" in outcome.stderr
