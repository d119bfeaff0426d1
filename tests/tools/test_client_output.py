"""What ws-client.py prints, stores and exits with; what it never shows."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from recording_server import Reply

from libtlp import SPEECH, Client, ClientError, ServerError, read_config
from libtlp.config import SAMPLE

TOOLS = Path(__file__).parents[2] / "client-tools/python"
SECRET = "akjsfd982323098qwjs209823id09321io3290d"  # the one of the sample configuration
SRT = "1\n00:00:00,000 --> 00:00:01,000\nAixò és\n".encode()


def test_json_is_laid_out_for_reading_with_letters_as_they_are(ws, server):
    server.replies = [Reply({"rcode": 0, "title": "Àlgebra"})]
    outcome = ws("speech", "metadata", "M-1")
    assert outcome.stdout.decode() == '{\n    "rcode": 0,\n    "title": "Àlgebra"\n}\n'


def test_other_bodies_pass_through_byte_for_byte(ws, server):
    server.replies = [Reply(SRT, content_type="application/x-subrip")]
    assert ws("speech", "get", "M-1", "ca", "-f", "srt").stdout == SRT


def test_a_body_can_be_stored_in_a_file(ws, server, folder):
    track = bytes(range(256)) * 1000
    server.replies = [Reply(track, content_type="audio/mpeg")]
    outcome = ws("-f", folder / "track.mp3", "speech", "audiotrack", "M-1", "es", "3")
    assert (outcome.code, outcome.stdout, (folder / "track.mp3").read_bytes()) == (0, b"", track)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_subtitles_that_do_not_exist_are_an_error_and_leave_the_old_file(ws, server, folder):
    (folder / "old.srt").write_bytes(SRT)
    server.replies = [Reply({"rcode": 1, "rcode_description": "No such subtitles"})]
    outcome = ws("-f", folder / "old.srt", "speech", "get", "M-1", "xx")
    assert (outcome.code, outcome.stderr) == (1, "[EE] nothing to download: rcode 1: No such subtitles\n")
    assert json.loads(outcome.stdout)["rcode"] == 1
    assert (folder / "old.srt").read_bytes() == SRT


def test_a_return_code_of_another_call_is_an_answer_and_no_error(ws, server):
    server.replies = [Reply({"rcode": 4, "rcode_description": "Somebody else edits"})]
    outcome = ws("speech", "start_session", "M-1", "me", "50")
    assert (outcome.code, outcome.stderr, json.loads(outcome.stdout)["rcode"]) == (0, "", 4)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (400, {"rcode_description": "lang is missing"}, "400 Bad Request: lang is missing"),
        (401, {"title": "401 Unauthorized", "description": "no such user"}, "401 Unauthorized: no such user"),
        (500, {"title": "Internal error"}, "500 Internal Server Error: Internal error"),
        (500, b"<h1>\x1b[2Jbroken</h1>", "500 Internal Server Error: <h1> [2Jbroken</h1>"),
        (404, b"", "404 Not Found"),
    ],
)
def test_a_refusal_is_told_with_its_status_and_the_servers_words(ws, server, status, body, told):
    server.replies = [Reply(body, status=status)]
    outcome = ws("speech", "langs", "M-1")
    assert (outcome.code, outcome.stdout, outcome.stderr) == (1, b"", f"[EE] {told}\n")


def test_an_expired_key_is_told_though_419_has_no_standard_name(ws, server):
    server.replies = [Reply({"message": "the key has expired"}, status=419)]
    outcome = ws("-k", "speech", "langs", "M-1")
    assert outcome.code == 1
    assert outcome.stderr.startswith("[EE] 419 ") and outcome.stderr.endswith(": the key has expired\n")


def test_a_redirect_is_not_followed_because_the_token_would_go_along(ws, server):
    server.replies = [Reply(status=307, headers={"Location": "http://elsewhere.example/api?auth_token=x"})]
    outcome = ws("-g", "speech", "list")
    assert outcome.stderr == (
        "[EE] 307 Temporary Redirect: the server redirects to http://elsewhere.example/api; "
        "set web_service_url accordingly\n"
    )
    assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_told_without_the_token(ws, server):
    server.shutdown()
    server.server_close()
    outcome = ws("-g", "speech", "list")
    assert (outcome.code, outcome.stderr) == (1, f"[EE] cannot call {server.url}/speech/list: Connection refused\n")


def test_broken_json_is_told(ws, server):
    server.replies = [Reply(b"{")]
    assert ws("speech", "list").stderr == "[EE] the server answered with broken JSON\n"


@pytest.mark.parametrize("form", [[], ["-g"], ["-D"]])
@pytest.mark.parametrize("key", [[], ["-k"]])
def test_debug_lines_show_the_request_on_stderr_and_no_token(ws, server, form, key):
    outcome = ws("-d", *form, *key, "speech", "langs", "M-1")
    sent = server.last.json() if server.last.body else server.last.data() if form == ["-D"] else server.last.query
    assert json.loads(outcome.stdout) == {"rcode": 0}
    assert f"[DD] {server.last.method} {server.url}/speech/langs" in outcome.stderr
    assert '"auth_token": "********"' in outcome.stderr
    assert sent["auth_token"] not in outcome.stderr and SECRET not in outcome.stderr


def test_debug_lines_of_an_upload_show_the_manifest(ws, folder):
    (folder / "v.mp4").write_bytes(b"video")
    outcome = ws("-d", *["speech", "ingest", "new", "M-1", "-l", "en", "-t", "T", "-M"], folder / "v.mp4")
    assert '"external_id": "M-1"' in outcome.stderr and SECRET not in outcome.stderr


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("web_service_url = http", "web_service_url = gopher"), "[general] web_service_url must be an http(s) URL"),
        (("username = tluser", "username ="), "[api_client_auth] needs username and secret_key"),
        (("secret_key = ", "key = "), "[api_client_auth] needs username and secret_key"),
        (("lifetime = 1440", "lifetime = soon"), "[api_client_auth] request_key_expire_lifetime must be a number"),
        (("enabled = no", "enabled = perhaps"), "[http_auth] enabled must be yes or no"),
        (("user_confidence = 100", "user_confidence = nan"), "[player_user_info] user_confidence must be a number"),
        (("secret_key = ", "secret_key "), "is not a configuration file"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told_without_the_secret(ws, server, folder, change, told):
    path = folder / "config.ini"
    text = path.read_text(encoding="utf-8")
    assert change[0] in text
    path.write_text(text.replace(*change), encoding="utf-8")
    outcome = ws("speech", "list")
    assert (outcome.code, server.requests) == (1, [])
    assert outcome.stderr.startswith(f"[EE] {path}") and told in outcome.stderr
    assert SECRET not in outcome.stderr


def test_a_missing_configuration_is_told_with_what_to_do(ws):
    outcome = ws("-c", "/nowhere.ini", "speech", "list")
    assert outcome.stderr == (
        "[EE] cannot read the configuration /nowhere.ini: No such file or directory. "
        "Give one with -c; -C prints a sample\n"
    )


def test_both_names_of_the_lifetime_are_read(folder):
    path = folder / "config.ini"
    path.write_text(path.read_text().replace("request_key_expire_lifetime = 1440", "url_lifetime = 5"))
    assert read_config(path).lifetime == 5


def test_the_sample_configuration_is_printed_and_ships_beside_the_programs(ws, capfdbinary):
    with pytest.raises(SystemExit) as left:
        ws("-C")
    assert (left.value.code, capfdbinary.readouterr().out.decode()) == (0, SAMPLE)
    assert (TOOLS / "config.ini").read_text(encoding="utf-8") == SAMPLE


def test_a_wrong_command_line_ends_with_2(ws, capfdbinary):
    with pytest.raises(SystemExit) as left:
        ws("speech", "get", "M-1", "en", "-f", "doc")
    assert left.value.code == 2
    assert b"'doc' is none of dfxp, ttml, srt, vtt, text" in capfdbinary.readouterr().err


def test_the_program_runs_from_anywhere_and_reads_the_configuration_it_is_given(server, folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    line = [sys.executable, TOOLS / "ws-client.py", "-c", folder / "config.ini", "text", "list"]
    done = subprocess.run(line, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, '{\n    "rcode": 0\n}\n', "")


def test_the_library_answers_with_data_and_refuses_what_the_manual_does_not_have(server, folder):
    client = Client(read_config(folder / "config.ini"), SPEECH)
    server.replies = [Reply([{"id": "M-1"}]), Reply({"rcode_description": "no"}, status=401)]
    assert client.call("list").data == [{"id": "M-1"}]
    with pytest.raises(ServerError) as refused:
        client.call("list")
    assert (refused.value.status, refused.value.message) == (401, "no")
    with pytest.raises(ClientError, match="/speech has no interface 'lists'"):
        client.call("lists")
    with pytest.raises(ClientError, match="/speech/get needs lang"):
        client.call("get", id="M-1")
    with pytest.raises(ClientError, match="/speech/get does not know language"):
        client.call("get", id="M-1", lang="en", language="en")
