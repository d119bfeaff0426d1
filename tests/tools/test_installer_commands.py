"""The command line of install.sh, and what its bootstrap knows before there is an environment."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from installer import ROOT, commands, environment, packages
from installer.report import DONE, FAILED, USAGE, Report


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "install.sh", *arguments], capture_output=True, text=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "VERB"),
        (["frob"], "invalid choice: 'frob'"),
        (["demo", "--prot", "80"], "unrecognized arguments: --prot 80"),
        (["demo", "--port", "99999"], "99999 is not a port"),
        (["demo", "--media", "/nowhere.mp4", "--lang", "en"], "there is no such file"),
        (["demo", "--media", "/etc/hostname"], "go together"),
        (["stop", "--port", "80"], "unrecognized arguments"),
    ],
)
def test_a_wrong_command_line_ends_with_usage_and_status_2(arguments: list[str], words: str):
    ended = run(*arguments)
    assert ended.returncode == USAGE
    assert "usage: install.sh" in ended.stderr
    assert words in ended.stderr


def test_the_home_defaults_to_var_in_the_project_and_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert commands.parse(["demo"]).home == ROOT / "var"
    assert commands.parse(["stop", "--home", "here"]).home == tmp_path / "here"


def test_every_verb_is_told_in_the_help():
    shown = run("--help").stdout
    assert all(verb in shown for verb in commands.VERBS)
    assert shown.count("usage:") == 1


def test_stop_and_status_of_a_folder_without_an_instance_say_so(tmp_path: Path):
    for verb in ("stop", "status"):
        ended = run(verb, "--home", str(tmp_path / "nothing"))
        assert ended.returncode == FAILED
        assert "there is no instance" in ended.stderr
        assert not (tmp_path / "nothing").exists()


def test_the_first_stage_needs_nothing_but_the_standard_library():
    code = "import sys, installer.bootstrap as b; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '{ROOT}'); {code}"],
                            capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert "'installer'" in loaded
    assert not re.search(r"'(configobj|psycopg2|tlp)'", loaded)


def test_packages_that_the_distribution_does_not_know_are_found_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(packages.PURPOSES, "server", ("dpkg", "tlp-no-such-package"))
    assert packages.missing(("server",)) == ["tlp-no-such-package"]


def test_without_root_or_sudo_missing_packages_are_named_with_the_command_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(packages.PURPOSES, "server", ("tlp-no-such-package",))
    monkeypatch.setattr(packages, "privilege", lambda: None)
    report = Report()
    assert packages.ensure(("server",), report) == ["tlp-no-such-package"]
    assert report.exit_code == DONE
    assert "apt-get install tlp-no-such-package" in capsys.readouterr().out


def test_where_apt_has_no_chromium_another_way_to_get_one_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setitem(packages.PURPOSES, "tests", ("chromium", "tlp-no-such-package"))
    monkeypatch.setitem(packages.STANDS_IN, "chromium", ())
    monkeypatch.setattr(packages, "privilege", lambda: None)
    monkeypatch.setenv("PATH", "/nowhere")
    assert "chromium" in packages.ensure(("tests",), Report())
    told = capsys.readouterr().out
    assert "apt-get install tlp-no-such-package\n" in told
    assert "playwright install --with-deps chromium" in told


def test_a_changed_lock_file_is_noticed(tmp_path: Path):
    lock = tmp_path / "base.lock"
    lock.write_text("falcon==1\n")
    before = environment.digest(lock)
    assert before == environment.digest(lock)
    lock.write_text("falcon==2\n")
    assert before != environment.digest(lock)


def test_every_lock_file_pins_each_package_by_hash():
    locks = sorted((ROOT / "requirements").glob("*.lock"))
    assert {"base.lock", "engines.lock", "dev.lock", "postgres.lock", "npm.lock"} <= {lock.name for lock in locks}
    for lock in locks:
        entries = re.findall(r"^[\w.-]+==\S+(?: \\\n    --hash=sha256:[0-9a-f]{64})+", lock.read_text(), re.M)
        assert len(entries) == len(re.findall(r"^[\w.-]+==", lock.read_text(), re.M)) > 0
