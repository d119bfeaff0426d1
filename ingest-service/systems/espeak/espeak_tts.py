"""The espeak-ng program as an engine: one call a segment, text through stdin, samples through stdout."""

from __future__ import annotations

import os
import subprocess

NATURAL = 165  # words a minute at rate 1
_TIMEOUT = 60  # s
# It looks for a sound server though it plays nothing. In a new home that draws random numbers, of which its voices make
# their breath, so that a text would not sound the same in another job. This server is never there.
_SILENT = {"PULSE_SERVER": "unix:/dev/null"}


class Espeak:
    """A `tlp.voice` engine. Text never stands on the command line, and markup is not interpreted."""

    sample_rate = 22050
    workers = 1  # thousands of times faster than speech

    def __init__(self, voice: str) -> None:
        self._argv = ["espeak-ng", "-b", "1", "-z", "--stdin", "--stdout", "-v", voice]

    def say(self, text: str, rate: float) -> bytes:
        """Speech as mono 16 bit samples. Raises CalledProcessError or TimeoutExpired."""
        argv = [*self._argv, "-s", str(round(NATURAL * rate))]
        result = subprocess.run(
            argv, input=text.encode(), capture_output=True, timeout=_TIMEOUT, check=True, env={**os.environ, **_SILENT}
        )
        # A WAV file of unknown length: what follows the header of its last chunk are samples.
        _, _, data = result.stdout.partition(b"data")
        return data[4:]
