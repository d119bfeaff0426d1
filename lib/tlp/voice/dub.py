"""The course of a TTS run: captions in, every segment said and placed at its time, one mp3 out.

Or a part of that: some of the segments said, for a run that is given the speech of all parts and makes the track of it.
The track grows on disk, so that hours of it take no memory.
Processes are started only through `execute`, which `run` passes in (`subprocess.run`).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tlp import systems
from tlp.captions import Captions
from tlp.errors import ConfigError, FormatError, SystemUnavailable
from tlp.formats import FORMATS
from tlp.systems import Progress, SystemFolder
from tlp.voice import commands, fit, said
from tlp.voice.lines import Line, end_of, lines
from tlp.voice.said import Said
from tlp.voice.speak import Engine, Speaker, Speech, Spoken, told, warn
from tlp.voice.squeeze import Execute, Squeezer, finished
from tlp.voice.track import Track, cut

LOUDNESS, BITRATE = "-16", "64k"  # `loudness` (LUFS) and `bitrate` of [options]


def run(folder: Path, start: Callable[[SystemFolder, str, str], Engine], execute: Execute) -> None:
    """The whole of a system's `run`; `start(system, language, voice)` loads its engine, once.

    Raises TlpError when there is no track to be had.
    """
    args = systems.arguments("tts")
    system = systems.load(folder)
    voice = voice_for(system, args.lang, args.voice)
    limits = fit.Limits.from_options(system.options)
    captions, output = FORMATS["dfxp"].read(args.input.read_bytes()), args.output.resolve()
    speech = Said(args.said) if args.said else Speaker(start(system, args.lang, voice), limits)
    if args.segments:
        say(captions, args.segments, speech, Squeezer(speech.sample_rate, limits, execute), output)
    else:
        Dubber(speech, limits, execute).dub(captions, output, system.options)


def say(captions: Captions, span: Sequence[int], speech: Speech, squeezer: Squeezer, output: Path) -> None:
    """Write what is said of the segments from FIRST up to, not including, LAST, as they stand in the captions, from 0.

    Raises FormatError when the captions have not so many, MediaError when nothing of them can be said: another machine
    may have what is missing here. On its last attempt it leaves them silent, as a run that says all segments would.
    """
    first, last = span
    if not 0 <= first < last <= len(captions.current):
        raise FormatError(f"there are no segments {first} to {last} in captions of {len(captions.current)}")
    todo = [line for line in lines(captions) if first <= line.number < last]
    progress = Progress()
    ready = map(squeezer.ahead, speech.of(todo))
    said.write(output, speech.sample_rate, told(ready, len(todo), progress, systems.LAST_ATTEMPT in os.environ))
    progress.report(1, 1, f"{len(todo)} segments said")


def voice_for(system: SystemFolder, lang: str, voice: str | None) -> str:
    """The voice asked for, else the first of the language. Raises SystemUnavailable when there is no such voice."""
    voices = [offer.voice for offer in system.offers if offer.source_lang == lang and offer.voice]
    if not voices or voice not in [None, *voices]:
        raise SystemUnavailable(f"{system.name} has no voice '{voice or 'any'}' for language '{lang}'")
    return voice or voices[0]


class Dubber:
    """Lays the speech of lines into a track."""

    def __init__(self, speech: Speech, limits: fit.Limits, execute: Execute) -> None:
        self._speech = speech
        self._limits = limits
        self._execute = execute
        self._squeezer = Squeezer(speech.sample_rate, limits, execute)
        self._progress = Progress()

    def dub(self, captions: Captions, output: Path, options: dict[str, str]) -> None:
        """Write the mp3 of the captions to `output`, aside and then renamed; before it where each line is in it."""
        todo = lines(captions)
        with tempfile.TemporaryDirectory(prefix="track") as folder:
            raw = Path(folder) / "track.s16"
            with raw.open("wb") as file:
                track = Track(file, self._speech.sample_rate)
                places = self._lay(todo, track)
                track.finish(max(end_of(captions), 100))
            self._progress.report(97, 100, "encoding the track")
            systems.write_aside(places_of(output), json.dumps(places).encode())
            self._encode(raw, output, options)
        self._progress.report(1, 1, f"{len(todo)} segments said")

    def _lay(self, todo: list[Line], track: Track) -> list[tuple[int, int, int]]:
        """Places the lines; returns the id of each and where its speech begins and ends, in ms."""
        free, places = 0, []
        for spoken in told(self._speech.of(todo), len(todo), self._progress):
            begin, free = self._place(spoken, track, free)
            if begin is not None:
                places.append((spoken.line.id, begin, free))
        return places

    def _place(self, spoken: Spoken, track: Track, free: int) -> tuple[int | None, int]:
        """Where the speech begins, None where there is nothing to hear, and from when on the track is free."""
        line = spoken.line
        if not spoken.samples:
            return None, free
        slot = fit.slot(line.begin, line.until, free, self._limits, line.last)
        samples = self._squeezer.fitted(spoken, slot.room)
        kept = cut(samples, self._speech.sample_rate, slot.most)
        if len(kept) < len(samples):
            warn(f"segment {line.id} is cut after {slot.most} ms: its text is too long for its time")
        return (slot.start, track.place(slot.start, kept)) if kept else (None, free)

    def _encode(self, raw: Path, output: Path, options: dict[str, str]) -> None:
        sample_rate, wanted = self._speech.sample_rate, _loudness(options)
        gain = 0.0
        for _ in range(2):  # the second time makes up for what the limiter takes from the peaks
            answer = finished(self._execute, commands.loudness(raw, sample_rate, gain)).stderr.decode(errors="replace")
            gain = commands.gain(commands.parse_loudness(answer), wanted, gain)
        aside = output.with_name(output.name + ".part")
        finished(self._execute, commands.encode(raw, sample_rate, gain, options.get("bitrate", BITRATE), aside))
        aside.replace(output)


def places_of(track: Path) -> Path:
    """The file beside a track that says where each line is in it: a JSON list of [segment id, begin, end], in ms."""
    return track.with_suffix(".places.json")


def _loudness(options: dict[str, str]) -> float:
    try:
        return float(options.get("loudness", LOUDNESS))
    except ValueError as error:
        raise ConfigError(f"[options] loudness = {options['loudness']}: must be a number of LUFS") from error
