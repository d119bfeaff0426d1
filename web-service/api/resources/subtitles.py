"""The text of subtitles in the format that was asked for (manual, Appendix E, /get)."""

from __future__ import annotations

from api.answers import Text
from api.call import Call
from api.params import Param
from tlp.captions import CURRENT, FILTERED
from tlp.db import contents
from tlp.errors import ReturnCode
from tlp.formats import API_NUMBERS, FORMATS

OPTIONS = (
    Param(
        "format", "int", default=0, choices=tuple(API_NUMBERS), about="0 extended DFXP, 1 DFXP, 2 SRT, 3 VTT, 4 text"
    ),
    Param("sel_data_policy", "int", default=CURRENT, choices=(0, 1, 2), about="0 all (DFXP only), 1 former, 2 current"),
    Param("seg_filt_policy", "int", default=FILTERED, choices=(-1, 0, 1), about="-1 no text, 0 all words, 1 filtered"),
    Param("session_id", "int", about="show the edits of this session"),
    Param("pending_revs", "bool", default=False, about="include edits that wait for revision"),
)


def get(call: Call) -> Text:
    """Give the subtitles of a media in a language."""
    found = call.object()
    if found is None:
        raise ReturnCode(1, f"{call.family.noun} ID [{call['id']}] does not exist")
    content = contents.current(call.cur, found["id"], call["lang"])
    if content is None:
        raise ReturnCode(1, f"{call.family.noun} ID [{call['id']}] has no subtitles in language [{call['lang']}]")
    if call["session_id"] is not None:
        raise ReturnCode(2, f"Session ID [{call['session_id']}] does not exist")
    captions = FORMATS["dfxp"].read(content["body"].encode())
    written = FORMATS[API_NUMBERS[call["format"]]].write(captions, call["sel_data_policy"], call["seg_filt_policy"])
    return Text(written, call.family.get_types[call["format"]])
