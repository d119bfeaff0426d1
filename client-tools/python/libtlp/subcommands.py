"""The sub-commands of ws-client.py as tables: what can be written after `speech` and `text`. Parses, calls nothing.

An argument's `dest` is the name of a parameter of the API, so that a sub-command needs no code, and a family's table
of interfaces decides which sub-commands and options it has. (`mod` and `ingest` build their parameters elsewhere.)
"""

from __future__ import annotations

import argparse

from .families import Family
from .ingest_options import ingest_commands
from .notation import confidence, json_list, json_object, output_format
from .option import Option, add_options, option, switch

_UPLOAD = option("id", metavar="upload_id", help="upload ID")
_OBJECT = option("id", metavar="object_id", help="ID of the media or document")
_LANGUAGE = option("lang", metavar="language", help="language code, such as en")
_TRACK = option("aid", metavar="audiotrack_id", type=int, help="audio track ID, from metadata or langs")
_SESSION = option("session_id", type=int, help="session ID")
_SESSIONS = option("id", metavar="session_id_list", help="session IDs with commas between them, such as 27,43")
_AUTHOR = (
    option("author_id", help="author's ID"),
    option("author_conf", type=confidence, help="author's confidence level [0-100]"),
)
_AUTHOR_NAME = option("-n", "--author-name", metavar="NAME", help="author's full name")
_HASH = option("-H", "--hash-id", dest="hash", metavar="HASH", help="hash of the object, as given by ingest")

_GET = (
    option(
        *("-D", "--select-data-policy"),
        dest="sel_data_policy",
        type=int,
        choices=(0, 1, 2),
        help="0: former and current contents, 1: former (automatic), 2: current (default)",
    ),
    option(
        *("-S", "--segment-filtering-policy"),
        dest="seg_filt_policy",
        type=int,
        choices=(-1, 0, 1),
        help="-1: empty all segments, 0: no filter, 1: leave special annotations out (default)",
    ),
    option("-s", "--session-id", type=int, metavar="ID", help="with the edits of this session"),
    switch("-r", "--pending-revs", value=1, help="with the edits that wait for revision"),
    option("-v", "--version", type=int, metavar="N", help="this version, of those that versions lists"),
    _HASH,
)
_MARK = (
    _AUTHOR_NAME,
    option("-r", "--revision-session-id", type=int, metavar="ID", help="session in which it was revised"),
    switch("-f", "--unmark", value=1, help="take the mark away"),
    _HASH,
)
_NO_REGENERATION = switch(
    *("-r", "--do-not-regenerate"), dest="regenerate", value=0, help="make no translations and tracks anew"
)
_END = (
    _AUTHOR_NAME,
    switch("-f", "--force", value=1, help="end it even if it is another author's"),
    _NO_REGENERATION,
    _HASH,
)
_MOD = (
    option(
        *("-D", "--data"),
        type=json_object,
        metavar="JSON",
        help="all edits as in the manual, or all parameters of the call: JSON or @FILE",
    ),
    option("-s", "--session-id", type=int, metavar="ID", help="session ID"),
    option("-i", "--media-id", "--document-id", dest="id", metavar="ID", help="ID of the media or document"),
    option("-l", "--language", metavar="LANG", help="the language that -t and -r are about"),
    option("-a", "--author-id", metavar="ID", help="author's ID"),
    option("-c", "--author-conf", type=confidence, metavar="N", help="author's confidence level [0-100]"),
    _AUTHOR_NAME,
    option(
        *("-t", "--txt-json"),
        type=json_list,
        action="append",
        metavar="JSON",
        help='an edited segment, such as {"sI":16,"b":87.96,"e":91.37,"t":"Yes."}: JSON or @FILE; repeatable',
    ),
    option("-r", "--del-segm-id", type=int, action="append", metavar="ID", help="a deleted segment; repeatable"),
    _HASH,
)

# name: (what it does, its arguments)
_COMMANDS: dict[str, tuple[str, tuple[Option, ...]]] = {
    "systems": ("list the systems that can be asked for", ()),
    "list": ("list all your media or documents", ()),
    "uploadslist": (
        "list your uploads",
        (option("-o", "--object_id", metavar="ID", help="only this upload, or the uploads of this object"),),
    ),
    "status": ("progress of an upload", (_UPLOAD,)),
    "metadata": ("metadata and files of an object", (_OBJECT, _HASH)),
    "langs": ("languages of an object", (_OBJECT, _HASH)),
    "get": ("download subtitles or a translation", (_OBJECT, _LANGUAGE, *_GET)),
    "versions": ("list the versions of a text", (_OBJECT, _LANGUAGE, _HASH)),
    "restore": (
        "make a former version of a text the current one again",
        (
            _OBJECT,
            _LANGUAGE,
            option("version", type=int, metavar="VERSION", help="its number, from versions"),
            *_AUTHOR,
            _AUTHOR_NAME,
            switch(
                "-r", "--do-not-regenerate", dest="regenerate", value=0, help="make no translations and tracks anew"
            ),
            _HASH,
        ),
    ),
    "audiotrack": ("download an audio track", (_OBJECT, _LANGUAGE, _TRACK, _HASH)),
    "start_session": ("start an edit session", (_OBJECT, *_AUTHOR, _AUTHOR_NAME, _HASH)),
    "session_status": (
        "status of an edit session",
        (_OBJECT, _SESSION, *_AUTHOR, switch("-a", "--alive", value=1, help="no edits, only alive"), _HASH),
    ),
    "mod": ("send edits", _MOD),
    "end_session": ("end an edit session", (_OBJECT, _SESSION, *_AUTHOR, *_END)),
    "lock": (
        "close an object to regular editors, or open it again",
        (_OBJECT, *_AUTHOR, switch("-u", "--unlock", dest="lock", value=0, default=1, help="open it"), _HASH),
    ),
    "edit_history": ("list the edit sessions of an object", (_OBJECT, _HASH)),
    "revisions": ("list the edit sessions that wait for revision", ()),
    "mark_revised": ("mark an edit session as revised", (_OBJECT, _SESSION, *_AUTHOR, *_MARK)),
    "accept": ("accept edits without revising them", (_SESSIONS, *_AUTHOR, _AUTHOR_NAME, _HASH)),
    "reject": ("reject edits without revising them", (_SESSIONS, *_AUTHOR, _AUTHOR_NAME, _HASH)),
}


def add_subcommands(parser: argparse.ArgumentParser, family: Family) -> None:
    """Add every sub-command of a family to its parser."""
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="interfaces", required=True)
    for name, (summary, options) in _COMMANDS.items():
        if name in family.interfaces:
            command = commands.add_parser(name, help=summary, description=summary)
            add_options(command, options if name == "mod" else _known(family, name, options))
            if name == "get":
                add_options(command, [_format(family)])
    summary = "upload, update or delete, or cancel an upload"
    ingest = commands.add_parser("ingest", help=summary, description=summary)
    operations = ingest.add_subparsers(dest="operation", metavar="OPERATION", title="operations", required=True)
    for name, (summary, options) in ingest_commands(family).items():
        add_options(operations.add_parser(name, help=summary, description=summary), options)


def _known(family: Family, name: str, options: tuple[Option, ...]) -> list[Option]:
    interface = family.interfaces[name]
    return [each for each in options if each.dest in interface.required + interface.optional]


def _format(family: Family) -> Option:
    return option(
        *("-f", "--format"),
        type=output_format(family.formats),
        metavar="{" + ",".join(family.formats) + "}",
        help=f"name or number of the format; 0, the default, is {next(iter(family.formats))}",
    )
