"""The configuration: defaults from config.ini.example, types from the dataclasses, errors in words."""

from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest
from configobj import ConfigObj

from tlp import config
from tlp.errors import ConfigError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.ini"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_configuration_has_the_defaults_of_the_example(tmp_path):
    loaded = config.load(written(tmp_path, ""))
    assert loaded.storage.db_name == "tldb"
    assert loaded.file_formats.required_video_formats == ["mp4"]
    assert loaded.systems.disabled == []


def test_every_key_of_the_example_is_one_of_the_dataclasses_and_the_reverse():
    example = ConfigObj(str(config.DEFAULTS), interpolation=False)
    sections = {n: t for n, t in get_type_hints(config.Config).items() if n not in ("path", "url_decoders")}
    assert {n: set(example[n]) for n in sections} == {n: {f.name for f in fields(t)} for n, t in sections.items()}
    assert set(example) == {*sections, "url_decoders"}


def test_every_key_of_the_example_has_a_comment_or_follows_one():
    lines = [line for line in config.DEFAULTS.read_text(encoding="utf-8").splitlines() if line.strip()]
    bare = [b for a, b in zip(lines, lines[1:], strict=False) if a.startswith("[") and "=" in b and b[0] != "#"]
    assert set(bare) <= {
        "db_name = tldb", "module_path = \"\"", "enabled = no"  # said by the section's name
    }  # fmt: skip


def test_the_site_overrides_the_default_and_a_single_word_is_a_list(tmp_path):
    loaded = config.load(
        written(tmp_path, "[file_formats]\nallowed_caption_formats = srt\n[core]\npoll_interval = 3\n")
    )
    assert loaded.file_formats.allowed_caption_formats == ["srt"]
    assert loaded.core.poll_interval == 3


@pytest.mark.parametrize("text", ["a,b", "a,  b", "--opt=a,b --x 'c,d'", "it's, so", 'say "no", twice', ",", "a,"])
def test_a_text_with_commas_is_what_was_written(tmp_path, text):
    loaded = config.load(
        written(tmp_path, f"[storage]\ndb_passwd = {text}  # secret\n[mailing]\nto_address = {text}\n")
    )
    assert loaded.storage.db_passwd == text
    assert loaded.mailing.to_address == text


def test_lists_and_url_decoders_take_quotes_and_commas(tmp_path):
    loaded = config.load(
        written(
            tmp_path,
            "[systems]\ndisabled = 'a', \"b\" ,c\n[url_decoders]\nexample.org = 'one two'\nother.org = x,y\n"
            "[storage]\ndb_passwd = a,b\n[mailing]\nto_address = 'Uni, Media'\n",
        )
    )
    assert loaded.systems.disabled == ["a", "b", "c"]
    assert (loaded.url_decoders["example.org"], loaded.url_decoders["other.org"]) == ("one two", "x,y")
    assert (loaded.storage.db_passwd, loaded.mailing.to_address) == ("a,b", "Uni, Media")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[core]\npoll_intervall = 3\n", r"\[core\] poll_intervall is no key"),
        ("[cors]\npoll_interval = 3\n", r"\[cors\] is no section"),
        ("[core]\npoll_interval = soon\n", r"\[core\] poll_interval = 'soon'"),
        ("[mailing]\nenabled = maybe\n", "must be yes or no"),
        ("[core\n", "cannot read the configuration"),
        ("[file_formats]\nallowed_packages = zip, tar\n", "allowed_packages: zip is the only kind"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_section_and_key(tmp_path, text, words):
    with pytest.raises(ConfigError, match=words):
        config.load(written(tmp_path, text))


def test_no_configuration_at_all_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.delenv("TLP_CONFIG", raising=False)
    with pytest.raises(ConfigError, match="TLP_CONFIG"):
        config.load()
    with pytest.raises(ConfigError, match="missing.ini"):
        config.load(tmp_path / "missing.ini")


def test_secrets_are_not_in_the_printed_configuration(tmp_path):
    text = "[storage]\ndb_passwd = hunter22\n[authentication]\nkey_generator = topsecret\n"
    printed = repr(config.load(written(tmp_path, text)))
    assert "hunter22" not in printed
    assert "topsecret" not in printed


def test_url_decoders_take_any_key(tmp_path):
    found = config.load(written(tmp_path, "[url_decoders]\nexample.org = /x/decode\nvimeo = ''\n")).url_decoders
    assert (found["example.org"], found["vimeo"], found["*"]) == ("/x/decode", "", "page")


MANUAL = """[scheduler]
localhost = my-tlp-server
status_cmd = qstat -u tluser
submit_scr = qsubmit
submit_opts = ""
job_name_prefix = TLP-job
"""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (MANUAL, "gridengine"),
        ("", "local"),
        ("[scheduler]\nsubmit_scr = /opt/site/qsub.sh\n", "gridengine"),
        ("[scheduler]\nstatus_cmd = '/usr/bin/squeue -h'\nsubmit_scr = /usr/local/bin/qsubmit\n", "slurm"),
        ("[scheduler]\nsubmit_scr = sbatch\n", "slurm"),
        (MANUAL + "kind = slurm\n", "slurm"),
    ],
)
def test_the_kind_of_the_scheduler_is_that_of_the_programs_where_it_is_not_said(tmp_path, text, kind):
    scheduler = config.load(written(tmp_path, text)).scheduler
    assert (scheduler.kind, scheduler.ignored) == (kind, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MANUAL + "kind = local\n", "localhost, status_cmd, submit_scr are not used"),
        ("[scheduler]\nsubmit_scr = /opt/site/submit\n", "submit_scr is not used"),
        ("[scheduler]\nqueue_asr = gpu\nnotify_command = true\n", "queue_asr, notify_command are not used"),
    ],
)
def test_keys_of_a_cluster_that_are_not_used_are_told(tmp_path, text, words):
    scheduler = config.load(written(tmp_path, text)).scheduler
    assert scheduler.kind == "local"
    assert words in scheduler.ignored and "kind = slurm" in scheduler.ignored


def test_a_file_in_another_encoding_is_refused_in_words(tmp_path):
    path = tmp_path / "config.ini"
    path.write_bytes("[storage]\ndb_passwd = contraseña\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="config.ini") as error:
        config.load(path)
    assert "contrase" not in str(error.value)


@pytest.mark.parametrize(
    "line", ["db_passwd hunter2", 'db_passwd = "hunter2', "db_passwd = hunter2\ndb_passwd = hunter2"]
)
def test_what_is_wrong_with_a_line_is_told_by_its_number_as_it_may_hold_a_password(tmp_path, line):
    with pytest.raises(ConfigError, match="config.ini: line [23]") as error:
        config.load(written(tmp_path, f"[storage]\n{line}\n"))
    assert "hunter2" not in str(error.value)
