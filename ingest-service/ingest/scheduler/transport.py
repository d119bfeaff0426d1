"""Where the commands of a job management system run: on this machine, or on another one over SSH (see `ssh`)."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tlp.errors import SchedulerError

TIMEOUT_S = 30  # Slurm's own patience with a controller that is away ends after 9 s
# What a command of ours has of the environment of the service; what a job gets is said in its script.
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "SLURM_CONF", "LD_LIBRARY_PATH")
_PREFIXES = ("SGE_",)
_SPEAKER = re.compile(r"[\w-]+: (?:error|fatal): ")


@dataclass(frozen=True)
class Answer:
    """What a command gave."""

    code: int
    stdout: str
    stderr: str

    @property
    def words(self) -> str:
        """What it says went wrong: its last two lines of errors, else its last line.

        Shells, wrappers and plugins of a site speak first, about other things.
        """
        lines = [line.strip() for line in (self.stderr or self.stdout).splitlines()]
        lines = [line for line in lines if line not in ("", "Exiting.")]  # so a qsub ends
        errors = [_SPEAKER.sub("", line, count=1) for line in lines if "error" in line.lower()]
        return "; ".join(errors[-2:] or lines[-1:]) or f"exit code {self.code}"


class Transport(Protocol):
    """Raises SchedulerError when the command could not be run, or did not end in time; not when it fails."""

    @property
    def user(self) -> str:
        """The name under which commands run."""
        ...

    def run(self, argv: Sequence[str]) -> Answer:
        """Run a command without input and wait for it."""
        ...


class Here:
    """This machine."""

    @property
    def user(self) -> str:
        """See Transport. Not by the environment, which `runuser -u` and `setpriv` leave as it was."""
        try:
            return pwd.getpwuid(os.geteuid()).pw_name
        except KeyError:  # as in a container: a number is a name to the queues as well
            return str(os.geteuid())

    def run(self, argv: Sequence[str]) -> Answer:
        """See Transport."""
        try:
            result = subprocess.run(
                list(argv), stdin=subprocess.DEVNULL, capture_output=True, env=_environment(), timeout=TIMEOUT_S,
                text=True, errors="replace",
            )  # fmt: skip
        except FileNotFoundError as error:
            where = "" if "/" in argv[0] else f" (PATH of the service: {os.environ.get('PATH', '')})"
            raise SchedulerError(f"the program '{argv[0]}' is not there{where}") from error
        except subprocess.TimeoutExpired as error:
            raise SchedulerError(f"{argv[0]} did not answer within {TIMEOUT_S} s") from error
        except (OSError, ValueError) as error:
            raise SchedulerError(f"{argv[0]}: {error}") from error
        return Answer(result.returncode, result.stdout, result.stderr)


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k in _PASSED_ON or k.startswith(_PREFIXES)}
