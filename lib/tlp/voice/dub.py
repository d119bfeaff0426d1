"""The course of a TTS run: captions in, every segment said and placed at its time, one mp3 out.

The engine is called from `engine.workers` threads, a few segments ahead; the track grows on disk, so that hours
of it take no memory.
Processes are started only through `execute`, which `run` passes in (`subprocess.run`).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tlp import systems
from tlp.captions import Captions
from tlp.errors import ConfigError, MediaError, SystemUnavailable
from tlp.formats import FORMATS
from tlp.systems import Progress, SystemFolder
from tlp.voice import commands, fit
from tlp.voice.lines import Line, end_of, lines
from tlp.voice.track import Track, cut, length, trimmed

LOUDNESS, BITRATE = "-16", "64k"  # `loudness` (LUFS) and `bitrate` of [options]

Execute = Callable[..., Any]  # subprocess.run or its like


class Engine(Protocol):
    """What a TTS engine is to this module. Any exception of `say` costs its segment only, after one more try."""

    sample_rate: int
    workers: int

    def say(self, text: str, rate: float) -> bytes:
        """Speech of one line as mono 16 bit samples; `rate` 1 is natural, 1.4 is 1.4 times as fast."""


@dataclass(frozen=True)
class Spoken:
    """A line said by the engine, trimmed; `problem` says why there is none."""

    line: Line
    samples: bytes
    problem: str | None = None


def run(folder: Path, start: Callable[[SystemFolder, str, str], Engine], execute: Execute) -> None:
    """The whole of a system's `run`; `start(system, language, voice)` loads its engine, once.

    Raises TlpError when there is no track to be had.
    """
    args = systems.arguments("tts")
    system = systems.load(folder)
    voice = voice_for(system, args.lang, args.voice)
    limits = fit.Limits.from_options(system.options)
    captions = FORMATS["dfxp"].read(args.input.read_bytes())
    Dubber(start(system, args.lang, voice), limits, execute).dub(captions, args.output.resolve(), system.options)


def voice_for(system: SystemFolder, lang: str, voice: str | None) -> str:
    """The voice asked for, else the first of the language. Raises SystemUnavailable when there is no such voice."""
    voices = [offer.voice for offer in system.offers if offer.source_lang == lang and offer.voice]
    if not voices or voice not in [None, *voices]:
        raise SystemUnavailable(f"{system.name} has no voice '{voice or 'any'}' for language '{lang}'")
    return voice or voices[0]


class Dubber:
    """Says lines with an engine and lays them into a track."""

    def __init__(self, engine: Engine, limits: fit.Limits, execute: Execute) -> None:
        self._engine = engine
        self._limits = limits
        self._execute = execute
        self._progress = Progress()

    def dub(self, captions: Captions, output: Path, options: dict[str, str]) -> None:
        """Write the mp3 of the captions to `output`, aside and then renamed; before it where each line is in it."""
        todo = lines(captions)
        with tempfile.TemporaryDirectory(prefix="track") as folder:
            raw = Path(folder) / "track.s16"
            with raw.open("wb") as file:
                track = Track(file, self._engine.sample_rate)
                places = self._lay(todo, track)
                track.finish(max(end_of(captions), 100))
            self._progress.report(97, 100, "encoding the track")
            systems.write_aside(places_of(output), json.dumps(places).encode())
            self._encode(raw, output, options)
        self._progress.report(1, 1, f"{len(todo)} segments said")

    def _lay(self, todo: list[Line], track: Track) -> list[tuple[int, int, int]]:
        """Says the lines; returns the id of each and where its speech begins and ends, in ms."""
        free, problems, places = 0, [], []
        with ThreadPoolExecutor(self._engine.workers) as pool:
            for at, spoken in enumerate(_ahead(pool, self._say, todo, 3 * self._engine.workers), 1):
                if spoken.problem:
                    problems.append(spoken.problem)
                    _warn(f"segment {spoken.line.id} is left silent: {spoken.problem}")
                else:
                    begin, free = self._place(spoken, track, free)
                    if begin is not None:
                        places.append((spoken.line.id, begin, free))
                self._progress.report(96 * at, 100 * len(todo), f"segment {at} of {len(todo)}")
        if problems and len(problems) == len(todo):
            raise MediaError(f"the engine said none of {len(todo)} segments: {problems[-1]}")
        return places

    def _say(self, line: Line) -> Spoken:
        try:
            samples = self._samples(line.text, 1.0)
            room = fit.slot(line.begin, line.until, 0, self._limits, line.last).room
            rate = fit.rate(length(samples, self._engine.sample_rate), room, self._limits)
            if rate > 1.0:
                samples = self._samples(line.text, rate)
            return Spoken(line, samples)
        except Exception as error:  # whatever an engine does wrong stays with its segment
            return Spoken(line, b"", f"{type(error).__name__}: {' '.join(str(error).split())}")

    def _samples(self, text: str, rate: float) -> bytes:
        try:
            samples = self._engine.say(text, rate)
        except Exception as error:
            _warn(f"one more try after {type(error).__name__}: {' '.join(str(error).split())}")
            samples = self._engine.say(text, rate)
        return trimmed(samples, self._engine.sample_rate)

    def _place(self, spoken: Spoken, track: Track, free: int) -> tuple[int | None, int]:
        """Where the speech begins, None where there is nothing to hear, and from when on the track is free."""
        line, samples, sample_rate = spoken.line, spoken.samples, self._engine.sample_rate
        if not samples:
            return None, free
        slot = fit.slot(line.begin, line.until, free, self._limits, line.last)
        tempo = fit.tempo(length(samples, sample_rate), slot.room, self._limits)
        if tempo > 1.0:
            samples = self._run(commands.tempo(sample_rate, tempo), samples).stdout
        kept = cut(samples, sample_rate, slot.most)
        if len(kept) < len(samples):
            _warn(f"segment {line.id} is cut after {slot.most} ms: its text is too long for its time")
        return (slot.start, track.place(slot.start, kept)) if kept else (None, free)

    def _encode(self, raw: Path, output: Path, options: dict[str, str]) -> None:
        sample_rate, wanted = self._engine.sample_rate, _loudness(options)
        gain = 0.0
        for _ in range(2):  # the second time makes up for what the limiter takes from the peaks
            answer = self._run(commands.loudness(raw, sample_rate, gain)).stderr.decode(errors="replace")
            gain = commands.gain(commands.parse_loudness(answer), wanted, gain)
        aside = output.with_name(output.name + ".part")
        self._run(commands.encode(raw, sample_rate, gain, options.get("bitrate", BITRATE), aside))
        aside.replace(output)

    def _run(self, argv: list[str], data: bytes = b"") -> Any:
        result = self._execute(argv, input=data, capture_output=True)
        if result.returncode:
            said = result.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {result.returncode}"]
            raise MediaError(f"{argv[0]}: {said[-1]}")
        return result


def places_of(track: Path) -> Path:
    """The file beside a track that says where each line is in it: a JSON list of [segment id, begin, end], in ms."""
    return track.with_suffix(".places.json")


def _loudness(options: dict[str, str]) -> float:
    try:
        return float(options.get("loudness", LOUDNESS))
    except ValueError as error:
        raise ConfigError(f"[options] loudness = {options['loudness']}: must be a number of LUFS") from error


def _ahead(
    pool: ThreadPoolExecutor, say: Callable[[Line], Spoken], todo: Iterable[Line], most: int
) -> Iterator[Spoken]:
    """What `say` gives for each line, in order, with at most `most` lines under way or waiting."""
    waiting: deque[Future[Spoken]] = deque()
    for line in todo:
        waiting.append(pool.submit(say, line))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _warn(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
