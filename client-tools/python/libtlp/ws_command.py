"""ws-client.py: its global options (manual, Appendix H), and the way from a command line to a call and its output."""

from __future__ import annotations

import argparse
import os
from typing import Any

from .client import DATA, POST, QUERY, Answer, Client
from .config import read_config
from .errors import ClientError
from .families import FAMILIES, Family
from .ingest_command import ingest, pack, wait, write_package
from .notation import minutes
from .option import add_options, option, switch
from .output import deliver
from .program import CONFIG_FILE, DEBUG, KEY_VERSION, PRINT_SAMPLE, SHOW_VERSION, debug, run
from .subcommands import add_subcommands

_DOWNLOADS = ("get", "audiotrack")  # an answer in JSON means that there is nothing to download

_GLOBAL = (
    DEBUG,
    switch("-g", "--use-get-query", value=True, help="Use GET HTTP queries instead of POST when possible"),
    switch(
        *("-D", "--use-data-param"),
        value=True,
        help="Use a single base64-encoded JSON 'data' GET parameter instead of multiple GET parameters",
    ),
    CONFIG_FILE,
    PRINT_SAMPLE,
    option(
        *("-I", "--api-client-auth"),
        metavar="<user_tuple>",
        help="API client user name and authentication token, in the following format: USERNAME:AUTH_TOKEN. "
        "Default: from config file.",
    ),
    switch("-k", "--use-request-key", value=True, help="Use request-key as auth_token instead of secret_key."),
    option(
        *("-K", "--request-key-lifetime"),
        type=minutes,
        help="Set request key lifetime in minutes. Default: from config file.",
    ),
    KEY_VERSION,
    option(
        *("-B", "--su"),
        metavar="<username>",
        help="su (substitute user) option: specify username. Only for admin users.",
    ),
    option(*("-f", "--store-output-file"), metavar="<dest>", help="Store the Web Service response in a file."),
    SHOW_VERSION,
)


def main(argv: list[str], folder: str) -> int:
    """Run a command line; `folder` is where config.ini is looked for. Returns the exit code."""
    arguments = parser().parse_args(argv)
    return run(lambda: _execute(arguments, folder))


def parser() -> argparse.ArgumentParser:
    """Everything the manual's help shows, and each sub-command of both families."""
    top = argparse.ArgumentParser(prog="ws-client.py", description="ws-client.py: TLP Web Service API client tool.")
    add_options(top, _GLOBAL)
    families = top.add_subparsers(
        dest="family", metavar="{speech,text}", title="TLP APIs", description="TLP APIs", required=True
    )
    for family in FAMILIES.values():
        summary = f"/{family.name} API"
        add_subcommands(families.add_parser(family.name, help=summary, description=summary), family)
    return top


def _execute(arguments: argparse.Namespace, folder: str) -> None:
    family = FAMILIES[arguments.family]
    if getattr(arguments, "no_ingest", None):
        _pack_only(family, arguments)
        return
    client = _client(family, arguments, folder)
    if arguments.command == "ingest":
        answer = ingest(client, arguments)
    else:
        answer = client.call(arguments.command, **_parameters(family, arguments))
        _check_download(arguments, answer)
    deliver(answer, arguments.store_output_file)
    if getattr(arguments, "wait", None):
        wait(client, answer)


def _client(family: Family, arguments: argparse.Namespace, folder: str) -> Client:
    config = read_config(arguments.config_file or os.path.join(folder, "config.ini"))
    return Client(
        config.with_credentials(arguments.api_client_auth),
        family,
        form=DATA if arguments.use_data_param else QUERY if arguments.use_get_query else POST,
        key_version=arguments.key_version if arguments.use_request_key else None,
        lifetime=arguments.request_key_lifetime,
        su=arguments.su,
        **({"log": debug} if arguments.debug else {}),
    )


def _pack_only(family: Family, arguments: argparse.Namespace) -> None:
    manifest, package = pack(family, arguments)
    if arguments.debug:
        debug(f"manifest: {manifest}")
    print(write_package(package))


def _parameters(family: Family, arguments: argparse.Namespace) -> dict[str, Any]:
    """The parameters of the API that were given: options are named after them."""
    interface = family.interfaces[arguments.command]
    names = interface.required + interface.optional
    parameters = {name: getattr(arguments, name, None) for name in names}
    return _modifications(arguments, parameters) if arguments.command == "mod" else parameters


def _modifications(arguments: argparse.Namespace, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters of `mod`: from -D (edits, or a whole call with `mods` in it), then from the single options."""
    data = arguments.data or {}
    call = data if "mods" in data else {"mods": data}
    if not isinstance(call["mods"], dict):
        raise ClientError("-D: mods must be a JSON dictionary, as in the manual")
    given = {name: value for name, value in parameters.items() if value is not None}
    return {**call, **given, "mods": {**call["mods"], **_edits(arguments, call["mods"])}}


def _edits(arguments: argparse.Namespace, known: dict[str, Any]) -> dict[str, Any]:
    """What -t and -r say, added to what is known of their language."""
    if not arguments.txt_json and not arguments.del_segm_id:
        return {}
    if not arguments.language:
        raise ClientError("-t and -r need -l, the language that is edited")
    edits = known.get(arguments.language) or {}
    changed = [segment for segments in arguments.txt_json or () for segment in segments]
    deleted = arguments.del_segm_id or []
    return {
        arguments.language: {
            "txt": [*edits.get("txt", []), *changed],
            "del": [*edits.get("del", []), *deleted],
        }
    }


def _check_download(arguments: argparse.Namespace, answer: Answer) -> None:
    """Scripts must see that there is no file: they get no file, the answer on stdout and exit code 1."""
    if arguments.command in _DOWNLOADS and isinstance(answer.data, dict) and answer.data.get("rcode"):
        deliver(answer, None)
        words = answer.data.get("rcode_description", "")
        raise ClientError(f"nothing to download: rcode {answer.data['rcode']}: {words}")
