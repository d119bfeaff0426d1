"""A tiny recogniser that hears beeps, each a word named by its pitch, and the recordings that it listens to.

Also a program, with the command line of an ASR system.
"""

from __future__ import annotations

import argparse
import math
import random
import wave
from array import array
from pathlib import Path

from tlp.captions import CURRENT, UNFILTERED, Captions, Made, Segment, Word
from tlp.formats import FORMATS

RATE = 16000
PITCHES = (400, 500, 600, 800, 1000, 1200)
STEP = 10  # ms
LOUD = 2500  # of the peak of a step


def beeping(path: Path, length: int, seed: int, noise: int = 0) -> list[tuple[int, int]]:
    """Write `length` ms of beeps in sentences, with short gaps within and long ones between; returns their times."""
    draw = random.Random(seed)
    samples = (
        array("h", (draw.randint(-noise, noise) for _ in range(length * 16)))
        if noise
        else array("h", bytes(length * 32))
    )
    times, at = [], draw.randrange(100, 900)
    while at + 400 < length:
        for _ in range(draw.randint(2, 4)):
            beep = draw.randrange(100, 300, STEP)
            if at + beep > length:
                break
            pitch = draw.choice(PITCHES)
            for n in range(at * 16, (at + beep) * 16):
                samples[n] += int(9000 * math.sin(2 * math.pi * pitch * n / RATE))
            times.append((at, at + beep))
            at += beep + draw.randrange(60, 200)
        at += draw.randrange(700, 1500)
    with wave.open(str(path), "wb") as wav:
        wav.setparams((1, 2, RATE, 0, "NONE", ""))
        wav.writeframes(samples.tobytes())
    return times


def heard_in(path: Path) -> Captions:
    """A segment for each beep, with its pitch as its word; the sound decides, wherever it is in the file."""
    with wave.open(str(path)) as wav:
        samples = array("h", wav.readframes(wav.getnframes()))
    size = RATE * STEP // 1000
    loud = [max(map(abs, samples[n : n + size])) > LOUD for n in range(0, len(samples), size)]
    runs, begin = [], None
    for n, on in enumerate([*loud, False]):
        if on and begin is None:
            begin = n
        elif not on and begin is not None:
            runs.append((begin * size, n * size))
            begin = None
    segments = []
    for number, (first, last) in enumerate(runs):
        beep = samples[first:last]
        crossings = sum(1 for a, b in zip(beep, beep[1:], strict=False) if (a < 0) != (b < 0))
        pitch = min(PITCHES, key=lambda p: abs(p - crossings * RATE / 2 / len(beep)))
        times = first // 16, last // 16
        segments.append(Segment(number, *times, [Word(f"{pitch}", *times, Made(confidence=0.75))]))
    return Captions("en", segments, made=Made("automatic", "Beeps"), end=len(samples) // 16)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("lang", "input", "output"):
        parser.add_argument(f"--{name}")
    asked, _ = parser.parse_known_args()
    Path(asked.output).write_bytes(FORMATS["dfxp"].write(heard_in(Path(asked.input)), CURRENT, UNFILTERED))
