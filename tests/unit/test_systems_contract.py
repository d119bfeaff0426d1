"""The contract of a system folder, as `system.ini` states it and as a run sees it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tlp import systems
from tlp.errors import ConfigError
from tlp.systems import Offer

ASR = "[system]\nkind = asr\nname = Ears\nlanguages = en, es\npriority = 50\n"
TTS = "[system]\nkind = tts\nname = Voice\nlanguages = es, ca\n[voices]\nes.f = dora\nes.m = alex\n"
MT = (
    "[system]\nkind = mt\nname = Rules\n[pairs]\nen-es = eng-spa\nen-fr = eng-cat, cat-fra\n"
    "[requires]\npair_files = {folder}/{{}}.mode\n"
)


def folder(path: Path, ini: str) -> systems.SystemFolder:
    (path / "system.ini").write_text(ini, encoding="utf-8")
    (path / "run").write_text("#!/bin/sh\n")
    (path / "run").chmod(0o755)
    return systems.load(path, path / "models")


def test_an_asr_system_offers_each_of_its_languages(tmp_path):
    system = folder(tmp_path, ASR)
    assert system.offers == (Offer("en"), Offer("es"))
    assert (system.kind, system.name, system.priority) == ("asr", "Ears", 50)


def test_a_tts_system_offers_each_voice_and_a_language_without_voices_by_its_code(tmp_path):
    assert folder(tmp_path, TTS).offers == (
        Offer("es", None, "dora", "f"),
        Offer("es", None, "alex", "m"),
        Offer("ca", None, "ca", None),
    )


def test_a_voice_is_divided_only_when_its_system_says_that_it_can(tmp_path):
    assert not folder(tmp_path, TTS).parts
    assert folder(tmp_path, TTS.replace("name", "parts = yes\nname")).parts


def test_an_mt_system_may_just_list_its_pairs(tmp_path):
    system = folder(tmp_path, "[system]\nkind = mt\nname = M\npairs = en-es, es-en\n")
    assert system.offers == (Offer("en", "es"), Offer("es", "en"))
    assert system.missing(tmp_path, system.offers[0]) == []


def test_a_pair_is_missing_only_what_it_needs_itself(tmp_path):
    system = folder(tmp_path, MT.format(folder=tmp_path))
    (tmp_path / "eng-spa.mode").touch()
    (tmp_path / "eng-cat.mode").touch()
    spanish, french = system.offers
    assert french.uses == ("eng-cat", "cat-fra")
    assert system.missing(tmp_path) == []
    assert system.missing(tmp_path, spanish) == []
    assert system.missing(tmp_path, french) == [f"file {tmp_path}/cat-fra.mode does not exist"]


def test_what_the_folder_lacks_every_offer_lacks(tmp_path):
    system = folder(tmp_path, ASR + "[requires]\nprograms = no-such-program\nmodules = no_such_module\n")
    lacks = system.missing(tmp_path, system.offers[0])
    assert lacks == system.missing(tmp_path)
    assert lacks == ["program 'no-such-program' is not on PATH", "Python module 'no_such_module' is not installed"]


def test_a_run_that_is_not_executable_is_reported(tmp_path):
    system = folder(tmp_path, ASR)
    (tmp_path / "run").chmod(0o644)
    assert system.missing(tmp_path) == [f"{tmp_path}/run is not an executable file"]


def test_pairs_from_models_are_none_without_models_and_the_reason_is_given(tmp_path):
    system = folder(tmp_path, "[system]\nkind = mt\nname = M\npairs_from = mt\n")
    assert system.offers == ()
    assert system.missing(tmp_path / "models") == [
        f"there is no translation model under {tmp_path}/models/mt; see docs/systems.md"
    ]


def test_pairs_from_models_are_those_the_models_claim(tmp_path):
    model = tmp_path / "models" / "mt" / "one"
    model.mkdir(parents=True)
    (model / "pair.ini").write_text("from = en\nto = es\n")
    system = folder(tmp_path, "[system]\nkind = mt\nname = M\npairs_from = mt\n")
    assert system.offers == (Offer("en", "es"),)
    assert system.missing(tmp_path / "models") == []
    [reason] = system.missing(tmp_path / "models", system.offers[0])
    assert "'one'" in reason and "neither an opus-mt, an NLLB nor an Argos model" in reason


@pytest.mark.parametrize(
    ("ini", "words"),
    [
        ("[system]\nname = M\n", "'kind' is missing"),
        ("[system]\nkind = ocr\nname = M\n", "must be one of asr, mt, tts"),
        ("[system]\nkind = mt\nname = M\n", "'pairs' is missing"),
        ("[system]\nkind = mt\nname = M\npairs = enes,\n", "not enough values"),
        ("[system]\nkind = asr\nname = M\nlanguages = en\npriority = high\n", "high"),
        ("[system]\nkind = tts\nname = V\nlanguages = en\nparts = 2\n", "parts = 2: must be yes or no"),
    ],
)
def test_a_bad_system_ini_is_refused_by_name(tmp_path, ini, words):
    with pytest.raises(ConfigError, match=words) as error:
        folder(tmp_path, ini)
    assert str(tmp_path / "system.ini") in str(error.value)


def test_a_change_of_this_installation_wins_and_the_rest_stays_as_it_ships(tmp_path):
    (tmp_path / "system.local.ini").write_text(
        "[resources]\ngpus = 1\nhours = 4\n[options]\nmodel = /srv/models/large, v3\n[requires]\nmodels =\n"
    )
    shipped = "[resources]\ncpus = 4\nhours = 24\n[options]\nmodel = small\nbeam = 5\n[requires]\nmodels = small\n"
    system = folder(tmp_path, ASR + shipped)
    assert (system.gpus, system.hours, system.cpus, system.name) == (1, 4, 4, "Ears")
    assert system.options == {"model": "/srv/models/large, v3", "beam": "5"}
    assert system.requires == {"models": []}


def test_a_bad_change_of_this_installation_is_refused_by_name(tmp_path):
    (tmp_path / "system.local.ini").write_text("[resources]\nhours = many\n")
    with pytest.raises(ConfigError, match=r"system\.ini with system\.local\.ini: hours = many: must be a whole number"):
        folder(tmp_path, ASR)
    (tmp_path / "system.local.ini").write_text("[resources\n")
    with pytest.raises(ConfigError, match=r"system\.local\.ini: line 1"):
        folder(tmp_path, ASR)


def test_texts_with_commas_are_what_was_written(tmp_path):
    system = folder(tmp_path, ASR.replace("name = Ears", "name = Ears,both\ndescription = Listens,  and hears"))
    assert (system.name, system.description) == ("Ears,both", "Listens,  and hears")


def test_a_folder_without_system_ini_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigError, match=r"system\.ini"):
        systems.load(tmp_path)


def test_progress_is_one_line_of_percent_and_words(tmp_path, monkeypatch):
    monkeypatch.setenv("TLP_PROGRESS", str(tmp_path / "progress"))
    progress = systems.Progress()
    progress.report(1, 3, "translating")
    assert (tmp_path / "progress").read_text() == "33 translating\n"
    progress.report(9, 3)
    assert (tmp_path / "progress").read_text() == "100 \n"


def test_granted_processors_are_at_least_one(monkeypatch):
    monkeypatch.setenv("TLP_CPUS", "3")
    assert systems.granted_cpus() == 3
    monkeypatch.setenv("TLP_CPUS", "0")
    assert systems.granted_cpus() == 1


@pytest.mark.parametrize(
    ("body", "code", "last"),
    [
        ("pass", 0, None),
        ("raise ModelError('model gone:\\n  fetch it')", systems.LACKS, "model gone: fetch it"),
        ("import no_such_module", systems.LACKS, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise KeyError('x')", 1, "KeyError: 'x'"),
    ],
)
def test_a_program_ends_with_its_reason_as_the_last_line(body, code, last):
    script = (
        f"from tlp import systems\nfrom tlp.errors import ModelError\ndef main():\n    {body}\nsystems.program(main)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == code
    assert (done.stderr.splitlines() or [None])[-1] == last
