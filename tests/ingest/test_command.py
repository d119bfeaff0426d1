"""core.py as people call it: its options, its words, its exit codes; --check-system; the generated table of states."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from world import World, dfxp

from ingest import command, machines


@pytest.fixture
def world(quick: World) -> World:
    return quick


def core(world: World, *options: str) -> tuple[int, str, str]:
    process = world.core(*options)
    out, errors = process.communicate(timeout=60)
    return process.returncode, out, errors


def test_the_options_are_those_of_the_manual_and_ours() -> None:
    text = command.options().format_help()
    for option in ("-h, --help", "-v, --verbose", "-d, --debug", "-C", "--config-file", "-D", "--database", "--watch"):
        assert option in text


def test_verbose_says_what_is_done_and_without_it_only_what_is_wrong(world: World) -> None:
    world.upload("m1", test_mode=True)
    assert core(world)[::2] == (0, "")
    world.upload("m2", test_mode=True)
    code, _, said = core(world, "-v")
    assert code == 0 and "received → packaging" in said and " INFO ingest: " in said


def test_another_database_can_be_named(world: World) -> None:
    code, _, errors = core(world, "-D", "no_such_database")
    assert code == 1
    assert errors.startswith("core.py: ") and "no_such_database" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[core]\nno_such_key = 1\n", "no_such_key is no key"),
        ("[core]\npoll_interval = soon\n", "poll_interval"),
        ("[scheduler]\nkind = magic\n", "there is no such scheduler"),
        ("[storage]\ndb_port = 1\n", "onnection"),
    ],
)
def test_what_is_wrong_with_the_configuration_is_said_in_one_line(world: World, text: str, words: str) -> None:
    section, _, rest = text.partition("\n")
    whole = world.config_file.read_text()
    new = whole.replace(section + "\n", section + "\n" + rest) if section in whole else whole + text
    if "db_port" in text:
        new = new.replace(f"db_port = {world.db['port']}\n", "")
    if "kind = magic" in text:
        new = new.replace("slots = 4\n", "")
    world.config_file.write_text(new)
    code, _, errors = core(world)
    assert code == 1
    assert errors.startswith("core.py: ") and words in errors and errors.count("\n") == 1


def test_keys_of_a_cluster_are_not_left_out_in_silence(world: World) -> None:
    whole = world.config_file.read_text()
    world.config_file.write_text(whole.replace("slots = 4\n", "slots = 4\nsubmit_scr = /opt/site/submit\n"))
    for options in ((), ("status",)):
        code, _, errors = core(world, *options)
        assert code == 0 and "submit_scr is not used" in errors
    world.config_file.write_text(whole)
    assert [core(world, *options)[2] for options in ((), ("status",))] == ["", ""]


def test_a_configuration_that_is_not_there_is_said(world: World) -> None:
    world.config_file.unlink()
    code, _, errors = core(world)
    assert code == 1 and str(world.config_file) in errors


def test_a_database_without_tables_is_said_with_what_to_do(world: World, db: dict[str, Any]) -> None:
    with closing(psycopg2.connect(**db)) as connection, connection, connection.cursor() as cur:
        cur.execute("DROP TABLE mount_points CASCADE")
    code, _, errors = core(world, "-D", db["dbname"])
    assert code == 1 and "load db/sql/schema.sql" in errors


def test_a_missing_mount_point_is_said(world: World) -> None:
    world.rows("DELETE FROM mount_points WHERE name = 'media'")
    code, _, errors = core(world)
    assert code == 1 and "mount point 'media'" in errors


def test_register_only_looks_at_the_systems(world: World) -> None:
    upload = world.upload("m1", test_mode=True)
    code, _, said = core(world, "-v", "--register")
    assert code == 0 and "(Hear, English) is offered" in said
    assert world.status(upload)["state"] == "received"


def test_the_table_of_states_in_the_documentation_is_current() -> None:
    document = Path(__file__).parents[2] / "docs" / "states.md"
    assert document.read_text(encoding="utf-8") == machines.table()


def test_every_state_leads_on_and_has_its_error_in_the_manuals_words() -> None:
    for machine in machines.MACHINES.values():
        names = [s.name for s in machine.states]
        assert len(set(names)) == len(names)
        for place, state in enumerate(machine.states):
            assert state.then in [*names[place + 1 :], machine.end.name]
            assert state.error in machine.errors and (state.limit is None or state.limit > 0)
            assert state.limit or state.jobs is None  # what runs for ever is found out


def check(world: World, folder: Path) -> tuple[int, str]:
    code, out, errors = core(world, "--check-system", str(folder))
    assert "Traceback" not in errors
    return code, out


def test_a_system_that_keeps_the_contract_passes_the_check(world: World) -> None:
    bodies = {
        "asr": '[ -f "$input" ] || { echo "no $input" >&2; exit 1; }; echo "50 half" >$TLP_PROGRESS; '
        'cp "$here/en.dfxp" "$output"',
        "mt": 'cp "$input" "$output" || { echo "no input" >&2; exit 1; }',
    }
    for kind, body in bodies.items():
        offers = "pairs = en-es" if kind == "mt" else "languages = en"
        code, said = check(world, world.system(f"good-{kind}", kind, body, offers))
        assert code == 0, said
        assert said.count("ok ") == len(said.splitlines()) and "a missing input is an error" in said


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("exit 0", "made no output"),
        ("echo 'out of memory' >&2; exit 3", "run ended with 3: out of memory"),
        ('cp "$here/one.dfxp" "$output"', "the same segment ids and times"),
        ('echo nonsense >"$output"', "DFXP"),
        ('[ -f "$input" ] || exit 0; cp "$input" "$output"', "when its input is missing"),
        ('[ -f "$input" ] || exit 1; cp "$input" "$output"', "a reason on stderr"),
    ],
    ids=["no output", "fails", "other segments", "no DFXP", "no error", "no reason"],
)
def test_a_system_that_breaks_the_contract_is_told_where(world: World, body: str, words: str) -> None:
    folder = world.system("bad", "mt", body, "pairs = en-es")
    (folder / "one.dfxp").write_bytes(dfxp("es", ["Una."]))
    code, said = check(world, folder)
    assert code == 1
    assert words in said.splitlines()[-1] and said.splitlines()[-1].startswith("wrong")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('[ -z "$segments" ] || { echo "no option --segments" >&2; exit 2; }; cat "$input" >"$output"',
         "run --segments ended with 2: no option --segments"),
        ('[ -n "$segments" ] || cat "$input" >"$output"', "run --segments ended with 0 but made no"),
        ('[ -n "$said" ] || cat "$input" >"$output"', "run --said ended with 0 but made no output"),
        ('cat "$input" >"$output"; [ -z "$said" ] || echo other >"$output"', "differs from that of a"),
    ],
    ids=["fails", "no said lines", "no track", "another track"],
)  # fmt: skip
def test_a_voice_that_cannot_be_said_in_parts_though_it_says_so_is_told(world: World, body: str, words: str) -> None:
    folder = world.system("bad", "tts", body, "languages = en", parts="yes")
    code, said = check(world, folder)
    assert code == 1
    assert words in said.splitlines()[-1]


def test_voices_in_parts_are_compared_with_the_whole_where_they_are_the_same_twice(world: World) -> None:
    fails = '[ -f "$input" ] || { echo "no input" >&2; exit 1; }; '
    folder = world.system("same", "tts", fails + 'cat "$input" >"$output"', "languages = en", parts="yes")
    assert "said by two runs, the track is the same" in check(world, folder)[1]
    folder = world.system("free", "tts", fails + 'echo $$ >"$output"', "languages = en", parts="yes")
    code, said = check(world, folder)
    assert code == 0 and "never the same twice" in said


def test_a_folder_that_is_no_system_or_lacks_something_is_told(world: World) -> None:
    (world.folder / "empty").mkdir()
    code, said = check(world, world.folder / "empty")
    assert code == 1 and "system.ini" in said
    folder = world.system("lacks", "mt", "", "pairs = en-es", _sections="[requires]\nprograms = no-such-program\n")
    code, said = check(world, folder)
    assert code == 1 and "lacks   en es: program 'no-such-program' is not on PATH" in said


def test_a_program_that_cannot_be_executed_is_told(world: World) -> None:
    folder = world.system("odd", "mt", "", "pairs = en-es")
    (folder / "run").write_bytes(b"\x7fELF nonsense")
    code, said = check(world, folder)
    assert code == 1 and said.splitlines()[-1].startswith("wrong")


def test_a_system_can_be_checked_where_no_service_is_installed(world: World) -> None:
    folder = world.system("good", "mt", 'cp "$input" "$output"', "pairs = en-es")
    world.config_file.unlink()
    assert check(world, folder)[0] == 0
