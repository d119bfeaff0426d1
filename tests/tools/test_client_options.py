"""The command lines of the manual (Appendix H) and of its successor: every sub-command with each of its options."""

import ast
import re
from pathlib import Path

import pytest

from libtlp.url_command import EDITOR, PLAYER
from libtlp.url_command import parser as url_parser
from libtlp.ws_command import parser

TOOLS = Path(__file__).parents[2] / "client-tools/python"


def each(text: str) -> list[str]:
    """The alternatives of a text, which are separated by bars and line ends."""
    return [option.strip() for option in re.split(r"[|\n]", text) if option.strip()]


HASH = each("-H h | --hash-id h")
NAME = each("-n N | --author-name N")
WAIT = ["--wait"]
SHARED_UPLOAD = each(
    """-n | --no-ingest | -X | --test-mode | -m a@b.c | --mail a@b.c | -L {} | --requested-languages-json {}
    -T | --disable-generate-opt | --wait"""
)
FORCE = each("-f | --enable-force-opt")
MEDIA = each(
    """-l en | --language en | -t T | --title T | -S 1::: | --speaker-info 1:N:M:a@b.c | -k K | --keywords K
    -i T | --topic T | -M F | --media-file F | -u | --use-media-as-slides-file | -A F | --extra-media-file F
    -s F | --slides-file F | -r F | --docs-file F | -b en:F:1 | --subtitle-file en:F | -K en:F:0
    --audiotrack-file en:F: | -a F | --thumbnail-file F | -p en | --requested-languages-subs en:3
    -P en:3 | --requested-languages-tts en | --date D"""
)
DOCUMENTS = each(
    """-d F | --document-file F | -i I | --document-id I | -t T | --document-title T
    -p ca | --requested-translation-langs ca:3"""
)
GET = each(
    "-D 0 | -D 1 | -D 2 | --select-data-policy 1 | -s 1 | --session-id 1 | -v 2 | --version 2 | -H h | --hash-id h"
)
MOD = each(
    """-D {} | --data {} | -s 1 | --session-id 1 | -i I | --media-id I | -l en | --language en | -a A
    --author-id A | -c 1 | --author-conf 1 | -t {} | --txt-json {} | -r 1 | --del-segm-id 1
    -n N | --author-name N | -H h | --hash-id h"""
)
REVISED = each("-r 2 | --revision-session-id 2 | -f | --unmark | -n N | --author-name N | -H h | --hash-id h")
DELETE = each("-x soft | -x hard | --delete-mode hard | --wait")
END = each("-f | --force | -n N | --author-name N | -H h | --hash-id h")

BOTH = {
    "systems": [],
    "list": [],
    "revisions": [],
    "uploadslist": each("-o I | --object_id I"),
    "status U": [],
    "langs M": HASH,
    "metadata M": HASH,
    "edit_history M": HASH,
    "versions M en": HASH,
    "restore M en 2 A 1": each("-r | --do-not-regenerate") + NAME + HASH,
    "start_session M A 1": NAME + HASH,
    "session_status M 1 A 1": each("-a | --alive") + HASH,
    "mod": MOD,
    "lock M A 1": each("-u | --unlock") + HASH,
    "mark_revised M 1 A 1": REVISED,
    "accept 1,2 A 1": NAME + HASH,
    "reject 1,2 A 1": NAME + HASH,
    "ingest delete M": DELETE,
    "ingest cancel U": WAIT,
}
SPEECH = {
    "get M en": GET
    + each("-r | --pending-revs | -S -1 | -S 0 | --segment-filtering-policy 1 | -f 0 | -f 4 | --format srt")
    + each("-f dfxp | -f ttml | -f srt | -f vtt | -f text"),
    "audiotrack M en 1": HASH,
    "end_session M 1 A 1": END + each("-r | --do-not-regenerate"),
    "ingest new M": MEDIA + SHARED_UPLOAD + FORCE,
    "ingest update M": MEDIA + SHARED_UPLOAD + FORCE + each("-R tx | -R tl | --re-generate-opt tts"),
}
TEXT = {
    "get D en": GET + each("-f original | -f html | -f dtlx | -f txt | -f 3 | --format txt"),
    "end_session D 1 A 1": END,
    "ingest new en": DOCUMENTS + SHARED_UPLOAD,
    "ingest update en": DOCUMENTS + SHARED_UPLOAD + FORCE + each("-R | --re-generate-opt"),
}
TABLES = {"speech": {**BOTH, **SPEECH}, "text": {**BOTH, **TEXT}}
COMMANDS = [(f"{family} {command}", options) for family, table in TABLES.items() for command, options in table.items()]


def _sub_parsers(top):
    """Every parser at the end of a path of sub-commands, by its path."""
    branches = [action for action in top._actions if hasattr(action, "choices") and isinstance(action.choices, dict)]
    if not branches:
        return {"": top}
    found = {}
    for name, branch in branches[0].choices.items():
        found.update({f"{name} {path}".strip(): leaf for path, leaf in _sub_parsers(branch).items()})
    return found


@pytest.mark.parametrize(("command", "options"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_sub_command_parses_with_each_of_its_options(command, options):
    top = parser()
    for option in ["", *options]:
        assert top.parse_args([*command.split(), *option.split()]).family == command.split()[0]


def test_the_table_above_misses_no_sub_command_and_no_option():
    for path, leaf in _sub_parsers(parser()).items():
        listed = next(options for command, options in COMMANDS if command == path or command.startswith(f"{path} "))
        flags = {flag for action in leaf._actions for flag in action.option_strings} - {"-h", "--help"}
        aliases = {"--document-id"} if path.endswith(" mod") else set()
        assert flags - aliases == {option.split()[0] for option in listed}, path


def test_text_has_no_audio_tracks_and_no_segment_policy():
    for line in ("text audiotrack D en 1", "text get D en -S 0", "text end_session D 1 A 1 -r"):
        with pytest.raises(SystemExit):
            parser().parse_args(line.split())


MANUAL_WS = """-h --help -d --debug -g --use-get-query -D --use-data-param -c --config-file -C
    --print-sample-config-file -I --api-client-auth -k --use-request-key -K --request-key-lifetime
    -B --su -f --store-output-file"""
MANUAL_EDITOR = """-h --help -d --debug -C --print-sample-config-file -c --config-file -S --session-id -t --time-slot
    -a --author-id -n --author-name -k --author-conf -I --api_user"""
MANUAL_PLAYER = MANUAL_EDITOR + " -s --start-time -l --language"


@pytest.mark.parametrize(
    ("top", "options"),
    [(parser(), MANUAL_WS), (url_parser(PLAYER), MANUAL_PLAYER), (url_parser(EDITOR), MANUAL_EDITOR)],
    ids=["ws-client", "player", "editor"],
)
def test_the_help_shows_every_option_of_the_manual(top, options):
    shown = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", top.format_help()))
    assert set(options.split()) <= shown


@pytest.mark.parametrize(
    "wrong",
    ["-S :N", "-S 1:N:X", "-b en", "-b :F", "-p en:x", "-p :3", "-L []", "-L {", "-L @/nowhere.json", "-R xx"],
)
def test_a_malformed_notation_is_a_usage_error(wrong):
    with pytest.raises(SystemExit) as left:
        parser().parse_args(["speech", "ingest", "update", "M", *wrong.split()])
    assert left.value.code == 2


@pytest.mark.parametrize("confidence", ["-1", "101", "x"])
def test_a_confidence_is_between_0_and_100(confidence):
    with pytest.raises(SystemExit):
        parser().parse_args(["speech", "lock", "M", "A", confidence])


def test_the_tools_are_written_for_python_3_8():
    sources = [*TOOLS.glob("*.py"), *TOOLS.glob("libtlp/*.py")]
    assert len(sources) > 15
    for source in sources:
        ast.parse(source.read_text(encoding="utf-8"), str(source), feature_version=(3, 8))
