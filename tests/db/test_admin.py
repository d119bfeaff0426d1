"""db/admin.py as people call it, on a real database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from db import admin
from tlp.administration import quotas_from, time_in_words
from tlp.errors import ParameterError
from tlp.terminal import wide

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def config(db: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "config.ini"
    path.write_text(
        f"[storage]\ndb_name = {db['dbname']}\ndb_user = {db['user']}\ndb_passwd = {db['password']}\n"
        f"db_host = {db['host']}\ndb_port = {db['port']}\n"
    )
    return path


@pytest.fixture
def run(config: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        code = admin.main(["-C", str(config), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def rows(db: dict[str, Any], statement: str, *values: Any) -> list[Any]:
    with closing(psycopg2.connect(**db)) as connection, connection, connection.cursor() as cur:
        cur.execute(statement, values)
        return list(cur.fetchall()) if cur.description else []


def test_a_user_is_added_with_a_key_that_is_shown_and_can_be_renewed(run: Run, db: dict[str, Any]) -> None:
    code, out, _ = run("--json", "users", "add", "ada", "--email", "ada@example.org")
    key = json.loads(out)[0]["secret_key"]
    assert code == 0 and rows(db, "SELECT secret_key, email, is_admin FROM users") == [(key, "ada@example.org", False)]
    assert key in run("keys", "show", "ada")[1]
    other = json.loads(run("--json", "keys", "renew", "ada")[1])[0]["secret_key"]
    assert other != key and len(other) == 48
    assert rows(db, "SELECT secret_key FROM users") == [(other,)]


def test_a_list_of_users_and_a_user_show_no_key(run: Run) -> None:
    key = json.loads(run("--json", "users", "add", "ada")[1])[0]["secret_key"]
    for words in (["users", "list"], ["users", "show", "ada"], ["--json", "users", "list"]):
        code, out, _ = run(*words)
        assert code == 0 and "ada" in out and key not in out


def test_a_second_user_of_the_same_name_is_refused_and_the_first_keeps_its_key(run: Run, db: dict[str, Any]) -> None:
    run("users", "add", "ada")
    before = rows(db, "SELECT secret_key FROM users")
    code, _, err = run("users", "add", "ada")
    assert code == 1 and "there is a user 'ada' already" in err and err.count("\n") == 1
    assert rows(db, "SELECT secret_key FROM users") == before


@pytest.mark.parametrize("name", ["", "a b", "-x", "a/b", "ñ", "x" * 65])
def test_a_name_that_could_be_mistaken_is_refused(run: Run, name: str) -> None:
    with pytest.raises(SystemExit) if name == "-x" else _nothing():
        code, _, err = run("users", "add", name)
        assert code == 1 and "cannot be a user name" in err


class _nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def test_a_short_key_is_refused(run: Run) -> None:
    assert "at least 16" in run("users", "add", "ada", "--key", "short")[2]


def test_a_user_is_disabled_enabled_and_made_an_administrator(run: Run, db: dict[str, Any]) -> None:
    run("users", "add", "ada")
    flags = "SELECT enabled, is_admin FROM users"
    for verb, expected in [("disable", (False, False)), ("enable", (True, False)), ("set-admin", (True, True)),
                           ("unset-admin", (True, False))]:  # fmt: skip
        code, out, _ = run("users", verb, "ada")
        assert code == 0 and "ada is" in out
        assert rows(db, flags) == [expected]


def test_a_priority_is_set_and_one_out_of_range_refused(run: Run, db: dict[str, Any]) -> None:
    run("users", "add", "ada")
    assert run("users", "set-priority", "ada", "-3")[:2] == (0, "ada has the priority -3\n")
    assert rows(db, "SELECT priority FROM users") == [(-3,)]
    code, _, err = run("users", "set-priority", "ada", "11")
    assert code == 1 and "from -10 to 10" in err


@pytest.mark.parametrize("words", [["users", "disable"], ["keys", "renew"], ["quotas", "show"], ["users", "show"]])
def test_a_user_that_does_not_exist_is_said_in_one_line(run: Run, words: list[str]) -> None:
    code, out, err = run(*words, "nobody")
    assert (code, out) == (1, "") and "no user 'nobody'" in err and err.count("\n") == 1


QUOTAS = "SELECT quota_media, quota_media_ms, quota_documents, quota_words FROM users"


def test_quotas_are_set_added_to_taken_from_and_lifted_one_by_one(run: Run, db: dict[str, Any]) -> None:
    run("users", "add", "ada")
    assert run("quotas", "set", "ada", "--media", "10", "--media-time", "1h30m")[0] == 0
    assert rows(db, QUOTAS) == [(10, 5_400_000, None, None)]
    run("quotas", "add", "ada", "--media", "5", "--media-time=-30m", "--documents", "7")
    assert rows(db, QUOTAS) == [(15, 3_600_000, None, None)]  # no limit stays no limit
    run("quotas", "add", "ada", "--media=-100", "--media-time=-100h")
    assert rows(db, QUOTAS) == [(0, 0, None, None)]
    run("quotas", "set", "ada", "--media", "unlimited", "--words", "5000")
    assert rows(db, QUOTAS) == [(None, 0, None, 5000)]
    out = run("quotas", "show", "ada")[1]
    shown = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (shown["quota_media"], shown["quota_media_ms"], shown["quota_words"]) == ("unlimited", "0s", "5000")


def test_what_unfinished_uploads_have_reserved_is_shown(run: Run, db: dict[str, Any]) -> None:
    run("users", "add", "ada")
    rows(
        db,
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, quota_ms, finished_at) "
        "SELECT 'up-' || n, id, 'speech', 'new', 'm', 'h', '{}', 60000, CASE WHEN n = 3 THEN now() END "
        "FROM users, generate_series(1, 3) AS n",
    )
    [shown] = json.loads(run("--json", "quotas", "show", "ada")[1])
    assert (shown["reserved_media"], shown["reserved_media_ms"], shown["reserved_words"]) == (2, 120_000, 0)
    assert "unfinished_uploads  2" in run("users", "show", "ada")[1]


@pytest.mark.parametrize(
    "words",
    [["set"], ["set", "--media", "many"], ["set", "--media=-1"], ["set", "--media-time", "90"],
     ["set", "--media", "99999999999"], ["add", "--media", "unlimited"], ["set", "--media-time", "h"]],
)  # fmt: skip
def test_a_quota_that_makes_no_sense_is_refused_and_nothing_changes(
    run: Run, db: dict[str, Any], words: list[str]
) -> None:
    run("users", "add", "ada")
    code, _, err = run("quotas", words[0], "ada", *words[1:])
    assert code == 1 and err.startswith("admin.py: ") and err.count("\n") == 1
    assert rows(db, QUOTAS) == [(None, None, None, None)]


@pytest.mark.parametrize("text", ["0s", "45s", "1m30s", "2m00s", "1h00m", "120h05m"])
def test_a_time_that_is_shown_can_be_given_again(text: str) -> None:
    amount = quotas_from({"quota_media_ms": text})["quota_media_ms"]
    assert amount is not None and time_in_words(amount) == text


def test_a_time_of_many_digits_is_refused_and_not_an_error_of_the_database() -> None:
    with pytest.raises(ParameterError):
        quotas_from({"quota_media_ms": "9" * 20 + "h"})


@pytest.mark.parametrize("column", ["quota_media", "quota_words"])
def test_a_number_of_many_digits_is_too_large_and_not_no_number(column: str) -> None:
    with pytest.raises(ParameterError, match="is too large; `unlimited` is no limit"):
        quotas_from({column: "9" * 20})


def test_what_is_no_mail_address_is_refused_before_mail_is_lost(run: Run, db: dict[str, Any]) -> None:
    code, _, err = run("users", "add", "ada", "--email", "ada at example")
    assert (code, err) == (1, "admin.py: --email must be a mail address\n")
    assert rows(db, "SELECT username FROM users") == []


@pytest.fixture
def system(db: dict[str, Any]) -> int:
    add = "INSERT INTO systems (kind, folder, source_lang, name, priority) VALUES ('asr', 'hear', 'en', 'Hear', 10)"
    return int(rows(db, add + " RETURNING id")[0][0])


def test_a_system_is_disabled_at_once_and_enabled_when_the_service_has_looked(
    run: Run, db: dict[str, Any], system: int
) -> None:
    state = "SELECT disabled, available, checked_at = '-infinity' FROM systems"
    assert run("systems", "disable", str(system))[0] == 0
    assert rows(db, state) == [(True, False, False)]
    assert "disabled by the administrator" in run("--json", "systems", "list")[1]
    assert run("systems", "enable", str(system))[0] == 0
    assert rows(db, state) == [(False, False, True)]


def test_systems_are_listed_by_kind_language_and_whether_they_can_run(run: Run, db: dict[str, Any]) -> None:
    rows(
        db,
        "INSERT INTO systems (kind, folder, source_lang, target_lang, name, priority, available, disabled) VALUES "
        "('asr', 'hear', 'en', NULL, 'a', 1, true, false), ('mt', 'turn', 'en', 'es', 'b', 1, false, false), "
        "('mt', 'turn', 'es', 'ca', 'c', 1, false, true)",
    )

    def names(*words: str) -> list[str]:
        return [row["name"] for row in json.loads(run("systems", "list", *words, "--json")[1])]

    assert names() == ["a", "b", "c"]
    assert (names("--kind", "mt"), names("--language", "es"), names("--folder", "hear")) == (
        ["b", "c"], ["b", "c"], ["a"],
    )  # fmt: skip
    assert (names("--missing"), names("--disabled"), names("--kind", "asr", "--missing")) == (["b"], ["c"], [])
    assert run("systems", "list", "--folder", "none")[1] == "There is none.\n"


@pytest.mark.parametrize(
    "words",
    [["--json", "users", "list"], ["users", "--json", "list"], ["users", "list", "--json"],
     ["users", "show", "ada", "--json"], ["users", "show", "--json", "ada"]],
)  # fmt: skip
def test_json_may_be_asked_for_anywhere(run: Run, words: list[str]) -> None:
    run("users", "add", "ada")
    assert json.loads(run(*words)[1])[0]["username"] == "ada"


def test_configuration_and_database_may_stand_behind_the_command(config: Path, capsys: Any) -> None:
    assert admin.main(["users", "list", "-C", str(config)]) == 0
    assert admin.main(["users", "list", "-C", str(config), "-D", "no_such_database"]) == 1
    assert "no_such_database" in capsys.readouterr().err


def test_all_systems_of_a_folder_are_disabled_and_enabled_together(run: Run, db: dict[str, Any], system: int) -> None:
    rows(db, "INSERT INTO systems (kind, folder, source_lang, name) VALUES ('asr', 'hear', 'es', 'b'), "
             "('asr', 'other', 'es', 'c')")  # fmt: skip
    state = "SELECT folder, bool_and(disabled), bool_or(disabled) FROM systems GROUP BY 1 ORDER BY 1"
    assert run("systems", "disable", "--folder", "hear")[0] == 0
    assert rows(db, state) == [("hear", True, True), ("other", False, False)]
    assert run("systems", "enable", "--folder", "hear")[1].count("is offered again when it can run") == 2
    assert rows(db, state) == [("hear", False, False), ("other", False, False)]
    for words in (["--folder", "none"], []):
        code, _, err = run("systems", "disable", *words)
        assert code == 1 and err.count("\n") == 1


def test_a_system_gets_a_priority_and_a_name_and_loses_them_again(run: Run, db: dict[str, Any], system: int) -> None:
    run("systems", "priority", str(system), "99")
    run("systems", "rename", str(system), "The good one")
    given = "SELECT priority, name, given_priority, given_name FROM systems"
    assert rows(db, given) == [(99, "The good one", 99, "The good one")]
    run("systems", "priority", str(system))
    run("systems", "rename", str(system))
    assert rows(db, given) == [(99, "The good one", None, None)]  # until the service looks at the folder


def test_a_system_that_does_not_exist_is_said_and_the_others_named_stay_as_they_are(
    run: Run, db: dict[str, Any], system: int
) -> None:
    code, _, err = run("systems", "disable", str(system), "12345")
    assert code == 1 and "no system 12345" in err
    assert rows(db, "SELECT disabled FROM systems") == [(False,)]


def test_uploads_are_listed_newest_first_and_by_how_they_ended(run: Run, db: dict[str, Any]) -> None:
    run("users", "add", "ada")
    rows(
        db,
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, uploaded_on, finished_at, "
        "state, error_code, failed_in) SELECT 'up-' || n, id, 'speech', 'new', 'm' || n, 'h', '{}', "
        "now() + n * interval '1 s', CASE WHEN n < 3 THEN now() END, 'x', CASE n WHEN 1 THEN 102 END, 'y' "
        "FROM users, generate_series(1, 3) AS n",
    )

    def ids(*words: str) -> list[str]:
        return [row["id"] for row in json.loads(run("--json", "uploads", "list", *words)[1])]

    assert ids() == ["up-3", "up-2", "up-1"]
    assert (ids("--failed"), ids("--unfinished"), ids("-n", "1")) == (["up-1"], ["up-3"], ["up-3"])
    assert ids("--user", "ada") == ids() and "no user" in run("uploads", "list", "--user", "x")[2]
    assert run("uploads", "list")[1].splitlines()[1].startswith("up-3")


def test_what_an_upload_waits_for_and_a_system_lacks_is_shown_to_its_end(
    run: Run, db: dict[str, Any], system: int
) -> None:
    run("users", "add", "ada")
    words = "Transcription in progress. It may take several hours for it to finish. Waiting: the server's disk is full."
    rows(
        db,
        "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, info) "
        "SELECT 'up-' || n, id, 'speech', 'new', 'm', 'h', '{}', %s FROM users, generate_series(1, 2) AS n", words,
    )  # fmt: skip
    for line in run("uploads", "list")[1].splitlines()[1:]:
        assert line.endswith(words)
    rows(db, "UPDATE systems SET available = false, reason = %s", "it lacks " + "x" * 80)
    rows(db, "INSERT INTO systems (kind, folder, source_lang, name) VALUES ('asr', 'other', 'es', 'b')")
    assert ("it lacks " + "x" * 80) in run("systems", "list")[1]


@pytest.mark.parametrize("command", [["db/admin.py"], ["-m", "db.admin"]])
def test_it_runs_as_a_script_and_as_a_module(config: Path, command: list[str]) -> None:
    root = Path(admin.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, *command, "-C", str(config), "users", "list"],
        cwd=root, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "There is none.", "")


def test_a_database_that_does_not_answer_is_said_in_one_line(run: Run) -> None:
    code, _, err = run("-D", "no_such_database", "users", "list")
    assert code == 1 and "no_such_database" in err and err.count("\n") == 1


def test_what_a_client_has_sent_moves_no_cursor_and_no_column(run: Run, db: dict[str, Any]) -> None:
    run("users", "add", "ada")
    for number, name in enumerate(("講義 1", "\x1b[2J\x1b[31mgone\n", "lecture")):
        rows(db, "INSERT INTO uploads (id, user_id, kind, operation, external_id, hash, manifest, state, info) SELECT "
             "%s, id, 'speech', 'new', %s, %s, '{}', 'received', 'words' FROM users RETURNING id",
             f"up-{number}", name, f"h{number}")  # fmt: skip
    lines = run("uploads", "list")[1].splitlines()
    assert len(lines) == 4 and not any("\x1b" in line for line in lines)
    assert len({wide(line[: line.index(" words") + 1]) for line in lines[1:]}) == 1
    assert "\x1b" not in run("uploads", "list", "-n", "1")[1]
