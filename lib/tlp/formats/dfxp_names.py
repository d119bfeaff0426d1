"""The tags and attributes of DFXP, long name to short (manual, Appendix I; `v h d lI` are beyond it). No code."""

from __future__ import annotations

_LONG_TAGS = {
    "document": "d",
    "current": "c",
    "origin": "o",
    "original": "o",
    "segment": "s",
    "alt": "a",
    "group": "g",
    "word": "w",
}
# Tag as lxml names it → its short name
TAGS = {f"{{translectures.eu}}{name}": s for long, s in _LONG_TAGS.items() for name in (long, s)}
LONG_ATTRIBUTES = {
    "version": "v",
    "videoId": "vI",
    "segmentId": "sI",
    "authorType": "aT",
    "authorId": "aI",
    "authorConf": "aC",
    "wordSegId": "wS",
    "timeStamp": "tS",
    "confMeasure": "cM",
    "begin": "b",
    "end": "e",
    "elapsedTime": "eT",
    "modelID": "mI",
    "modelId": "mI",
    "processingSteps": "pS",
    "audioLength": "aL",
    "status": "st",
    "highlight": "h",
    "deleted": "d",
    "alignId": "lI",
}
