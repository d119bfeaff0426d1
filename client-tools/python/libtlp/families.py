"""The interfaces of the two sub-APIs as data (manual, Appendices E and F): names, parameters, kind of token.

Media and documents are called in the same way; what differs stands here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

SECRET_KEY = "secret key"  # a request key is not accepted
BASIC_KEY = "basic request key"
FULL_KEY = "full request key"  # its second half vouches for author_id and author_conf


@dataclass(frozen=True)
class Interface:
    """What a call takes. `token` is the strongest form of authentication that hides the secret key."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    token: str = BASIC_KEY
    post_only: bool = False
    about_sessions: bool = False  # its `id` is a list of session ids


@dataclass(frozen=True)
class Family:
    """A sub-API: its path, the names of its `format` numbers, its interfaces and its upload codes."""

    name: str
    object_name: str
    formats: dict[str, int]
    interfaces: dict[str, Interface] = field(repr=False)
    finished: frozenset[int] = frozenset()  # status codes of uploads that ended well

    def key_scope(self, interface: Interface) -> str:
        """What the `id` of a call names: it goes into request keys of version 2."""
        return f"{self.name}-sessions" if interface.about_sessions else self.name


_AUTHOR = ("author_id", "author_conf")
_SESSION = ("id", "session_id", *_AUTHOR)
_INGEST = Interface(("manifest",), token=SECRET_KEY, post_only=True)

_SHARED = {
    "systems": Interface(token=SECRET_KEY),
    "list": Interface(token=SECRET_KEY),  # no id, so there is nothing a request key could be bound to
    "uploadslist": Interface(optional=("object_id",), token=SECRET_KEY),
    "status": Interface(("id",), token=SECRET_KEY),
    "metadata": Interface(("id",), ("hash",)),
    "langs": Interface(("id",), ("hash",)),
    "get": Interface(("id", "lang"), ("format", "sel_data_policy", "session_id", "version", "hash")),
    "versions": Interface(("id", "lang"), ("hash",)),
    "restore": Interface(("id", "lang", "version", *_AUTHOR), ("author_name", "regenerate", "hash"), FULL_KEY),
    "start_session": Interface(("id", *_AUTHOR), ("author_name", "hash"), FULL_KEY),
    "session_status": Interface(_SESSION, ("alive", "hash"), FULL_KEY),
    "mod": Interface((*_SESSION, "mods"), ("author_name", "hash"), FULL_KEY),
    "end_session": Interface(_SESSION, ("author_name", "force", "hash"), FULL_KEY),
    "lock": Interface(("id", "lock", *_AUTHOR), ("hash",), FULL_KEY),
    "edit_history": Interface(("id",), ("hash",)),
    "revisions": Interface(token=SECRET_KEY),
    "mark_revised": Interface(_SESSION, ("author_name", "revision_session_id", "unmark", "hash"), FULL_KEY),
    "accept": Interface(("id", *_AUTHOR), ("author_name", "hash"), FULL_KEY, about_sessions=True),
    "reject": Interface(("id", *_AUTHOR), ("author_name", "hash"), FULL_KEY, about_sessions=True),
    "ingest/new": _INGEST,
    "ingest/update": _INGEST,
    "ingest/delete": Interface(("id",), ("mode",), SECRET_KEY),
    "ingest/cancel": Interface(("id",), token=SECRET_KEY),
}

_SPEECH_ONLY = {
    "get": Interface(
        ("id", "lang"),
        ("format", "sel_data_policy", "seg_filt_policy", "session_id", "pending_revs", "version", "hash"),
    ),
    "audiotrack": Interface(("id", "lang", "aid"), ("hash",)),
    "end_session": Interface(_SESSION, ("author_name", "force", "regenerate", "hash"), FULL_KEY),
}

SPEECH = Family(
    name="speech",
    object_name="media",
    formats={"dfxp": 0, "ttml": 1, "srt": 2, "vtt": 3, "text": 4},
    interfaces={**_SHARED, **_SPEECH_ONLY},
    finished=frozenset((6, 20, 30, 40)),
)
TEXT = Family(
    name="text",
    object_name="document",
    formats={"original": 0, "html": 1, "dtlx": 2, "txt": 3},
    interfaces=_SHARED,
    finished=frozenset((3, 20, 30, 40)),
)
FAMILIES = {family.name: family for family in (SPEECH, TEXT)}
