"""What the interfaces of edit sessions and revisions answer, as data (manual, Appendices E and F)."""

from __future__ import annotations

from api.openapi.schemas import (
    BOOL,
    INT,
    NUMBER,
    TEXT,
    TIME,
    Answer,
    Each,
    by_language,
    good,
    list_of,
    maybe,
    obj,
    one_of,
)

_TYPE = one_of("human", "computer")
_AUTHOR = {"author_id": TEXT, "author_conf": INT, "author_name": maybe(TEXT)}
_STARTED = {"session_id": INT, **_AUTHOR, "author_type": _TYPE, "started_at": TIME, "last_update": TIME}
_STATUS = {
    "started_at": TIME,
    "last_update": TIME,
    "last_alive": TIME,
    "ended_at": maybe(TIME),
    "ended_by_id": maybe(TEXT),
    "ended_by_name": maybe(TEXT),
    "ended_by_type": maybe(_TYPE),
}
_NO_SESSION = {1: "no such session", 2: "the session is about another object", 3: "not allowed with this session"}
_DETAIL = obj({"language": TEXT, "rcode": INT, "rcode_description": TEXT})
# segments with the part of the media that they cover, or sentences with the part of the document
_STATS = by_language({"type": "object", "additionalProperties": NUMBER})
_REVISED = {
    "requires_revision": BOOL,
    "revised": maybe(BOOL),
    "revised_at": maybe(TIME),
    "revised_by_id": maybe(TEXT),
    "revised_by_name": maybe(TEXT),
    "revised_via": maybe(one_of("mark_revised", "accept", "reject")),
    "revised_in_session_id": maybe(INT),
}
_EDITED = {"session_id": INT, **_AUTHOR, "timestamp": maybe(TIME), "edit_stats": _STATS}
_RESULTS = {
    0: "done",
    1: "no such session",
    2: "not allowed",
    3: "the session is still open",
    4: "it needed no revision",
    5: "it was revised before",
    6: "its edits could not be applied",
}


_REVISIONS = Each(
    speech=list_of(obj({"media_id": TEXT, **_EDITED})), text=list_of(obj({"document_id": TEXT, **_EDITED}))
)
_VERSION = {
    "version": INT,
    "created_at": TIME,
    "origin": TEXT,
    "author_id": maybe(TEXT),
    "author_name": maybe(TEXT),
    "sup_status": one_of(0, 1, 2, 3),
    "sup_ratio": NUMBER,
    "session_id": maybe(INT),
}
_EACH = Answer(list_of(obj({"session_id": INT, "rcode": one_of(*_RESULTS), "rcode_description": TEXT})))

SESSION_ANSWERS: dict[str, Answer] = {
    "start_session": Answer(
        good(_STARTED),
        {1: "no such object", 2: "it has no text yet", 3: "it is locked", 4: "somebody else has a session open"},
        also=_STARTED,
    ),
    "session_status": Answer(good(_STATUS), {**_NO_SESSION, 4: "the session has ended"}, also=_STATUS),
    "mod": Answer(
        good({}, {"details": list_of(_DETAIL)}),
        {
            **_NO_SESSION,
            4: "mods is empty",
            5: "no language could be saved",
            6: "the session has ended, and some languages have errors; what has none is kept aside",
            7: "the session has ended; the edits are kept aside",
            8: "some languages were saved, others have errors",
        },
        also={"details": list_of(_DETAIL)},
    ),
    "end_session": Answer(
        good({}, {"conflicts": by_language(list_of(INT))}),
        {
            1: "no such session",
            2: "the session is about another object",
            3: "it is the platform's own",
            4: "not allowed for this author",
        },
    ),
    "lock": Answer(good({}), {1: "no such object"}),
    "edit_history": Answer(good({"edit_history": list_of(obj({**_EDITED, **_REVISED}))}), {1: "no such object"}),
    "revisions": Answer(_REVISIONS),
    "mark_revised": Answer(
        good({}),
        {
            1: "no such object",
            2: "no such session",
            3: "the session is still open",
            4: "the session is about another object",
            5: "it needed no revision",
            6: "it was revised before",
            7: "no such revision session",
            8: "the revision session is about another object",
            9: "the revision session is another author's",
        },
    ),
    "accept": _EACH,
    "reject": _EACH,
    "versions": Answer(good({"versions": list_of(obj(_VERSION))}), {1: "no such object, or no text in this language"}),
    "restore": Answer(
        good({"version": INT}),
        {
            1: "no such object, or no text in this language",
            2: "no such version",
            3: "not allowed for this author",
            4: "somebody else has a session open",
        },
    ),
}
