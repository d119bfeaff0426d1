"""The command line of install.sh: verbs and options. Standard library only; it acts on nothing."""

from __future__ import annotations

import argparse
from pathlib import Path

from installer import ROOT

VERBS = {
    "demo": "install what is missing, start everything, upload a sample lecture and show what becomes of it",
    "stop": "stop what demo started",
    "status": "what runs, where, and which engines are offered or not, and why",
    "models": "fetch and check the models of the engines",
    "doctor": "what this machine lacks, and how to get it",
    "tests": "install what tests/run needs",
}


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The arguments; leaves with status 2 and a usage when they are wrong.

    `home` is absolute; `port` and `lang` are None when not given.
    """
    parser = argparse.ArgumentParser(prog="install.sh", description="Install and run the platform.", allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, words in VERBS.items():
        sub = verbs.add_parser(verb, help=words, description=words[0].upper() + words[1:] + ".", allow_abbrev=False)
        if verb in ("demo", "stop", "status"):
            sub.add_argument(
                "--home", type=_folder, default=ROOT / "var", metavar="DIR", help="where it lives (default ./var)"
            )
        if verb == "demo":
            _demo_options(sub)
        if verb in ("demo", "models", "tests"):
            sub.add_argument(
                "--models", type=_folder, metavar="DIR", help="a folder that already holds models (DIR/NAME/files)"
            )
    arguments = parser.parse_args(argv)
    if arguments.verb == "demo":
        _check_demo(parser, arguments)
    return arguments


def _demo_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, metavar="N", help="port of the web service (default 8080)")
    parser.add_argument("--media", type=Path, metavar="FILE", help="your own recording instead of the sample")
    parser.add_argument("--lang", metavar="xx", help="language spoken in --media, for example en")


def _check_demo(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    if (arguments.media is None) != (arguments.lang is None):
        parser.error("--media FILE and --lang xx go together: name the recording and the language spoken in it")
    if arguments.media is not None:
        if not arguments.media.is_file():
            parser.error(f"--media {arguments.media}: there is no such file")
        arguments.media = arguments.media.resolve()


def _folder(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _port(value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        raise argparse.ArgumentTypeError(f"{value} is not a port (1 to 65535)")
    return int(value)
