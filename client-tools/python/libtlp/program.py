"""What the three programs share: running to an exit code, errors as `[EE] …`, debug lines, their common options."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, Callable

from .config import SAMPLE
from .errors import ClientError
from .keys import VERSIONS
from .option import option, switch
from .version import VERSION


def run(program: Callable[[], None]) -> int:
    """Run it; the exit code: 0, 1 after an error (told on stderr), 130 after an interruption."""
    try:
        program()
    except ClientError as error:
        print(f"[EE] {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of stdout has gone, which is its right; the interpreter must not complain at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def debug(line: str) -> None:
    """A debug message. The caller has masked its secrets."""
    print(f"[DD] {line}", file=sys.stderr)


class PrintSample(argparse.Action):
    """-C: print the sample and leave, even if arguments are missing."""

    def __init__(self, option_strings: Any, dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        sys.stdout.write(SAMPLE)
        parser.exit()


DEBUG = switch("-d", "--debug", value=True, help="Print debug information")
CONFIG_FILE = option("-c", "--config-file", metavar="<file>", help="Config file. Default: config.ini")
PRINT_SAMPLE = option("-C", "--print-sample-config-file", action=PrintSample, help="Print sample config file and exit")
KEY_VERSION = option(
    "--key-version",
    type=int,
    choices=VERSIONS,
    default=2,
    help="Version of request keys; 1 for servers older than this tool. Default: 2",
)
SHOW_VERSION = option("--version", action="version", version=f"%(prog)s {VERSION}")
