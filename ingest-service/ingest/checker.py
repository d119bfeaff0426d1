"""`core.py --check-system FOLDER`: does a system keep the contract of docs/systems.md? Runs it on a tiny real input."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path

from tlp import systems as contract
from tlp.captions import CURRENT, UNFILTERED, Captions, Segment
from tlp.config import Config
from tlp.errors import TlpError
from tlp.formats import FORMATS

TEXTS = ["This is a test.", "One two three.", "Thank you."]
LIMIT = 600  # seconds for one run

Run = Callable[..., subprocess.CompletedProcess[str]]  # of the arguments after the options


def check(folder: Path, config: Config) -> int:
    """Print a line a check; returns 0 when all hold, 1 when one does not."""
    models = Path(config.systems.models) if config.systems.models else contract.models_dir()
    try:
        system = contract.load(folder.resolve(), models)
        print(f"ok      system.ini: {system.kind}, {len(system.offers)} offers")
        usable = [offer for offer in system.offers if not system.missing(models, offer)]
        for offer in system.offers:
            lacks = "; ".join(system.missing(models, offer))
            if lacks:
                print(f"lacks   {offer.source_lang} {offer.target_lang or offer.voice or ''}: {lacks}")
        if not usable:
            raise TlpError("nothing of it can run on this machine: " + "; ".join(system.missing(models)))
        with tempfile.TemporaryDirectory() as work:
            for line in _run(system, usable[0], models, Path(work)):
                print(f"ok      {line}")
    except (TlpError, OSError) as error:
        print(f"wrong   {error}")
        return 1
    except subprocess.TimeoutExpired:
        print(f"wrong   run took longer than {LIMIT} s for a tiny input")
        return 1
    return 0


def _run(system: contract.SystemFolder, offer: contract.Offer, models: Path, work: Path) -> list[str]:
    source, output, options = _input(system, offer, work)
    progress = work / "progress"
    environment = {
        **os.environ, "TLP_MODELS": str(models), "TLP_CPUS": "1", "TLP_PROGRESS": str(progress), "TMPDIR": str(work),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
    }  # fmt: skip

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(system.run), *options, *map(str, arguments)], env=environment, cwd=work, capture_output=True,
            text=True, timeout=LIMIT, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    _succeeds(run, "--input", source, "--output", output)
    lines = [f"run: {' '.join(options)} ended with 0"]
    if not output.is_file():
        raise TlpError("run ended with 0 but made no output")
    if system.kind != "tts":
        lines.append(_compare(system, source, output))
    elif system.parts:
        lines.append(_in_parts(run, source, output))
    lines.append(
        "progress was reported" if progress.is_file() else "no progress was reported (it may, in TLP_PROGRESS)"
    )
    broken = run("--input", work / "missing", "--output", work / "none")
    if broken.returncode == 0 or not broken.stderr.strip():
        raise TlpError("run must end with another code than 0 and a reason on stderr when its input is missing")
    return [*lines, f"a missing input is an error: {broken.stderr.strip().splitlines()[-1]}"]


def _succeeds(run: Run, *arguments: object) -> None:
    done = run(*arguments)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it wrote no reason to stderr"])[-1]
        with_what = " ".join(word for word in map(str, arguments) if word in ("--segments", "--said"))
        raise TlpError(f"run {with_what}".rstrip() + f" ended with {done.returncode}: {last}")


def _in_parts(run: Run, source: Path, output: Path) -> str:
    """A track whose segments were said by two runs must be that of a single run."""
    said = [output.with_name(name) for name in ("1.said", "2.said")]
    joined, again = (output.with_name(name) for name in ("joined.mp3", "again.mp3"))
    half = len(TEXTS) // 2
    for file, span in zip(said, [f"0-{half}", f"{half}-{len(TEXTS)}"], strict=True):
        _succeeds(run, "--input", source, "--output", file, "--segments", span)
        if not file.is_file():
            raise TlpError("run --segments ended with 0 but made no output")
    _succeeds(run, "--input", source, "--output", joined, "--said", said[0], "--said", said[1])
    if not joined.is_file():
        raise TlpError("run --said ended with 0 but made no output")
    if joined.read_bytes() == output.read_bytes():
        return "parts = yes: said by two runs, the track is the same"
    _succeeds(run, "--input", source, "--output", again)
    if again.read_bytes() == output.read_bytes():
        raise TlpError("parts = yes, but a track that two runs have said differs from that of a single one")
    return "parts = yes: two runs say it; the voice is never the same twice, so the tracks were not compared"


def _input(system: contract.SystemFolder, offer: contract.Offer, work: Path) -> tuple[Path, Path, list[str]]:
    if system.kind == "asr":
        audio = work / "in.wav"
        with wave.open(str(audio), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(bytes(2 * 16000 * 3))
        return audio, work / "out.dfxp", ["--lang", offer.source_lang]
    segments = [Segment(i + 1, 4000 * i, 4000 * i + 3500, [text]) for i, text in enumerate(TEXTS)]
    source = work / "in.dfxp"
    source.write_bytes(FORMATS["dfxp"].write(Captions(offer.source_lang, segments), CURRENT, UNFILTERED))
    if system.kind == "mt":
        return source, work / "out.dfxp", ["--source", offer.source_lang, "--target", offer.target_lang or ""]
    return source, work / "out.mp3", ["--lang", offer.source_lang, *(["--voice", offer.voice] if offer.voice else [])]


def _compare(system: contract.SystemFolder, source: Path, output: Path) -> str:
    """What a DFXP output must be: readable, and for MT the same segments at the same times."""
    result: Captions = FORMATS["dfxp"].read(output.read_bytes())
    if system.kind == "mt":
        given = [(s.id, s.begin, s.end) for s in FORMATS["dfxp"].read(source.read_bytes()).current]
        if [(s.id, s.begin, s.end) for s in result.current] != given:
            raise TlpError("the translation must have the same segment ids and times as its source")
    return f"output: {len(result.current)} segments"
