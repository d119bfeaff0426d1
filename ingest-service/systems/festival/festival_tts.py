"""Festival with the Catalan voice ona as an engine: one process a run, told what to say line by line."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
import unicodedata
import wave
from pathlib import Path

from tlp.errors import MediaError

_TIMEOUT = 60  # s for one segment
# (say "text" "file" rate) writes a WAV file and answers with one line. The voice itself has no option of rate but -r.
_PROGRAM = """
(voice_upc_ca_ona_hts)
(set! natural hts_engine_params)
(define (say text file rate)
  (set! hts_engine_params (append natural (list (list "-r" rate))))
  (utt.save.wave (utt.synth (eval (list 'Utterance 'Text text))) file 'riff)
  (format t "\\nsaid\\n")
  (fflush nil))
"""
_ENCODING = "iso-8859-15"
_SPELT = {"’": "'", "‘": "'", "–": "-", "—": ", ", "…": "...", "ŀ": "l·", "Ŀ": "L·", "“": " ", "”": " "}
_SILENT = set('"\\();`#')  # what has a meaning to Festival's reader and no sound


class Festival:
    """A `tlp.voice` engine. A process that dies or falls silent is replaced for the next call."""

    sample_rate = 16000
    workers = 1

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def say(self, text: str, rate: float) -> bytes:
        """Speech as mono 16 bit samples; b"" for a text without a sound. Raises MediaError."""
        words = latin(text)
        if not any(c.isalnum() for c in words):
            return b""
        with tempfile.TemporaryDirectory(prefix="ona") as folder:
            path = Path(folder) / "said.wav"
            self._command(f'(say "{words}" "{path}" {rate:.2f})\n')
            if not path.is_file():
                raise MediaError(f"festival wrote nothing for a text of {len(words)} characters")
            with wave.open(str(path)) as file:
                return bytes(file.readframes(file.getnframes()))

    def _command(self, command: str) -> None:
        process = self._running()
        assert process.stdin and process.stdout
        try:
            process.stdin.write(command.encode(_ENCODING))
            process.stdin.flush()
            self._await(process.stdout.fileno())
        except (OSError, MediaError) as error:
            process.kill()
            process.wait()
            self._process = None
            raise MediaError(f"festival: {error}") from error

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            # It ends when its stdin does, so also when this process is killed.
            self._process = subprocess.Popen(
                ["festival", "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            assert self._process.stdin
            self._process.stdin.write(_PROGRAM.encode(_ENCODING))
        return self._process

    def _await(self, stdout: int) -> None:
        """Wait for the answer to a command. Raises MediaError with what Festival said instead."""
        heard, deadline = b"", time.monotonic() + _TIMEOUT
        while not heard.endswith(b"\nsaid\n"):
            ready, _, _ = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise MediaError(f"no answer within {_TIMEOUT} s")
            block = os.read(stdout, 65536)
            heard += block
            if not block or b"ERROR" in heard:
                raise MediaError(" ".join(heard.decode(_ENCODING).split())[-300:] or "it ended")


def latin(text: str) -> str:
    """The text in letters that the voice knows, with nothing in it that could end a string of Scheme.

    Accents that ISO-8859-15 lacks are dropped from their letters, other letters it lacks become spaces.
    """
    spelt = "".join(_SPELT.get(c, c) for c in text)
    known = "".join(_known(c) for c in spelt)
    return " ".join("".join(" " if c in _SILENT or not c.isprintable() else c for c in known).split())


def _known(character: str) -> str:
    for form in (character, unicodedata.normalize("NFKD", character)):
        kept = form.encode(_ENCODING, errors="ignore").decode(_ENCODING)
        if kept:
            return kept
    return " "
