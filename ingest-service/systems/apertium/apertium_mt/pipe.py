"""One Apertium translator as a running pipeline: blocks in, their answers out, each ended by NUL.

It knows neither the stream format nor captions. The stages are started without a shell and stay in the process group
of the run, so that whoever ends the run ends them too.
"""

from __future__ import annotations

import os
import select
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tlp.errors import SystemUnavailable

_BLOCK = 1 << 16


class PipeBroken(Exception):
    """The translator ended or gave no answer in time; start it again."""


def stages(mode: Path) -> list[list[str]]:
    """The programs of a mode file with their arguments, flushing at each NUL and marking unknown words."""
    done = subprocess.run(["apertium-wblank-mode", "-z", str(mode)], capture_output=True, text=True, timeout=30)
    if done.returncode or not done.stdout.strip():
        raise SystemUnavailable(f"apertium-wblank-mode cannot read {mode}: {done.stderr.strip()[-200:]}")
    found: list[list[str]] = [[]]
    for word in shlex.split(done.stdout):
        if word == "|":
            found.append([])
        elif word != "$2":  # $1 is how words are generated: -g with marks; $2 asks for a trace
            found[-1].append("-g" if word == "$1" else word)
    return found


class Pipe:
    """A running translator; a context manager that ends it."""

    def __init__(self, commands: list[list[str]], timeout: float) -> None:
        self._timeout = timeout
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the pipe
        self._processes: list[subprocess.Popen[bytes]] = []
        upstream: int | None = None
        for command in commands:
            try:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE if upstream is None else upstream,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                )
            except OSError as error:
                self.close()
                raise SystemUnavailable(f"Apertium's {command[0]} cannot be started: {error}") from error
            if self._processes and (before := self._processes[-1].stdout):
                before.close()  # the next stage alone holds it, so that the end of one ends them all
            self._processes.append(process)
            upstream = process.stdout.fileno() if process.stdout else None
        first, last = self._processes[0].stdin, self._processes[-1].stdout
        assert first is not None and last is not None
        self._input, self._output = first.fileno(), last.fileno()
        os.set_blocking(self._input, False)
        os.set_blocking(self._output, False)

    def __enter__(self) -> Pipe:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answers(self, blocks: Sequence[bytes]) -> Iterator[bytes]:
        """The answer to each block, in their order, both without the NUL. Raises PipeBroken.

        Blocks go in as fast as the first stage takes them: a dozen stages that wait for the whole way of one text
        spend a third of their time on waiting and waking.
        """
        waiting, begun, left = memoryview(b"".join(block + b"\0" for block in blocks)), b"", len(blocks)
        deadline = time.monotonic() + self._timeout
        while left:
            patience = max(0.0, deadline - time.monotonic())
            can_read, can_write, _ = select.select([self._output], [self._input] if waiting else [], [], patience)
            if not can_read and (not can_write or not patience):
                raise PipeBroken(f"no answer in {self._timeout:g} s")
            if can_write:
                waiting = waiting[self._write(waiting) :]
            if can_read:
                *whole, begun = (begun + self._read()).split(b"\0")
                left -= len(whole)
                if left < 0 or (begun and not left):
                    raise PipeBroken("the answers are out of step")
                yield from whole
                deadline = time.monotonic() + self._timeout if whole else deadline

    def _write(self, data: memoryview) -> int:
        """How much of the data is done with: all of it where nobody takes any, as there may be answers to read yet."""
        try:
            return os.write(self._input, data[:_BLOCK])
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            return len(data)

    def _read(self) -> bytes:
        data = os.read(self._output, _BLOCK)
        if not data:
            raise PipeBroken(self._why())
        return data

    def _why(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", errors="replace").strip().splitlines()
        return f"the translator ended: {lines[-1] if lines else 'it said nothing'}"

    def close(self) -> None:
        """End every stage and wait for it."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            for end in (process.stdin, process.stdout):
                if end is not None:
                    end.close()
        self._errors.close()
