"""player-url-generator.py and tl-editor-url-generator.py (manual, Appendix H): a command line → a URL on stdout."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import dataclass

from .config import Config, read_config
from .errors import ClientError
from .families import SPEECH, TEXT, Family
from .keys import expiry
from .notation import confidence, minutes
from .option import Option, add_options, option, switch
from .page_url import page_parameters, page_url
from .program import CONFIG_FILE, DEBUG, KEY_VERSION, PRINT_SAMPLE, SHOW_VERSION, debug, run


@dataclass(frozen=True)
class Page:
    """A page that URLs are made for: where its program and its address are called what, what it shows, its options."""

    program: str
    name: str
    url_key: str
    family: Family
    options: tuple[Option, ...]


_MEDIA_ID = option("media_id", help="Media ID")
PLAYER = Page(
    "player-url-generator.py",
    "Player",
    "player_url",
    SPEECH,
    (
        _MEDIA_ID,
        option("-s", "--start-time", type=float, help="Start time in seconds."),
        option("-l", "--language", help="Subtitles language."),
    ),
)
EDITOR = Page(
    "tl-editor-url-generator.py",
    "Translation Editor",
    "translation_editor_url",
    TEXT,
    (
        _MEDIA_ID,
        option("language", nargs="?", help="Translation language."),
        # The manual's usage has the language as an argument, its example as an option: both work.
        option("-l", "--language", dest="language_option", metavar="LANGUAGE", help="The same as an option."),
    ),
)
_SHARED = (
    DEBUG,
    PRINT_SAMPLE,
    CONFIG_FILE,
    option(
        *("-S", "--session-id"),
        type=int,
        help="Review subtitle modifications made under the given Session ID.",
    ),
    option("-t", "--time-slot", type=minutes, help="Time slot for editing in minutes. Default: from config file."),
    option("-a", "--author-id", help="Author ID ('author_id'). Default: from config file."),
    option("-n", "--author-name", help="Author Name. Default: from config file."),
    option(
        *("-k", "--author-conf"),
        type=confidence,
        help="Author confidence level [0-100]. Default: from config file.",
    ),
    option(
        *("-I", "--api_user"),
        metavar="<user_tuple>",
        help="User name and authentication token, in the following format: USERNAME:AUTH_TOKEN. "
        "Default: from config file.",
    ),
    switch("--read-only", value=True, help="No author, so that nothing can be edited with the URL."),
    KEY_VERSION,
    SHOW_VERSION,
)


def main(page: Page, argv: list[str], folder: str) -> int:
    """Run a command line; `folder` is where config.ini is looked for. Returns the exit code."""
    arguments = parser(page).parse_args(argv)
    return run(lambda: _print_url(page, arguments, folder))


def parser(page: Page) -> argparse.ArgumentParser:
    """The options of the manual's help, and ours."""
    described = f"{page.program}: Generate valid URLs for calling the TLP {page.name}."
    top = argparse.ArgumentParser(prog=page.program, description=described)
    add_options(top, (*_SHARED, *page.options))
    return top


def _print_url(page: Page, arguments: argparse.Namespace, folder: str) -> None:
    config = read_config(arguments.config_file or os.path.join(folder, "config.ini"))
    config = config.with_credentials(arguments.api_user)
    user, secret = config.credentials()
    author_name = config.author_name if arguments.author_name is None else arguments.author_name
    parameters = page_parameters(
        user,
        secret,
        page.family.name,
        arguments.media_id,
        expiry(config.lifetime if arguments.time_slot is None else arguments.time_slot),
        _author(config, arguments),
        author_name,
        _language(page, arguments),
        arguments.session_id,
        arguments.key_version,
    )
    if arguments.debug:
        # All of it is in the URL anyway: the key in it is no secret to whoever gets the URL.
        debug(json.dumps(parameters, indent=4, ensure_ascii=False))
    print(page_url(config.url(page.url_key), parameters, getattr(arguments, "start_time", None)))


def _author(config: Config, arguments: argparse.Namespace) -> tuple[str, int] | None:
    author_id = arguments.author_id or config.author_id
    if arguments.read_only or not author_id:
        return None
    return author_id, config.author_conf if arguments.author_conf is None else arguments.author_conf


def _language(page: Page, arguments: argparse.Namespace) -> str | None:
    language: str | None = getattr(arguments, "language_option", None) or arguments.language
    if page is EDITOR and not language:
        raise ClientError("which language? usage: tl-editor-url-generator.py media_id language")
    return language
