"""The examples of the manual's Appendices E and F: their addresses, letter for letter, and how answers are compared."""

from __future__ import annotations

from typing import Any

import falcon.testing

HOST = "my-tlp-server.com"
TOKEN = "edbab44c3a3f1ca8db4de8277a3b"
_WHO = f"user=tluser&auth_token={TOKEN}"
_JON, _EDDARD = "author_id=jsnow21&author_conf=90", "author_id=lord_stark1&author_conf=100"
_MODS = {
    "speech": (
        "eyAiZW4iOiB7InR4dCI6WyB7InNJIjoxNiwgImIiOjg3Ljk2LCAiZSI6OTEuMzcsICJ0IjoiU2hlIHRvbGQgbWU6IFlvdSBrbm93IG5vdGhp"
        "bmcsIEpvaG4gU25vdyJ9IF0sICJkZWwiOlszLDddfSwgImVzIjogeyJkZWwiOls5XSwgInR4dCI6W119IH0="
    ),
    "text": (
        "eyAiY2EiOiB7InR4dCI6WyB7InNJIjoxNiwgInQiOiJTaGUgdG9sZCBtZTogWW91IGtub3cgbm90aGluZywgSm9obiBTbm93In0gXX0gfQ=="
    ),
}
SPEECH, TEXT = "speech", "text"
ID = {SPEECH: "MEDIA-ID-1234", TEXT: "DOCUMENT-ID-1234"}
# Of each interface the numbers of its example under /speech and /text, and its query without the credentials.
_EXAMPLES = {
    "ingest/delete": (5, 25, "id={id}"),
    "ingest/cancel": (6, 26, "id=UPLOAD-ID-1234"),
    "uploadslist": (7, 27, ""),
    "status": (8, 28, "id=UPLOAD-ID-1234"),
    "systems": (9, 29, ""),
    "list": (10, 30, ""),
    "metadata": (11, 31, "id={id}"),
    "langs": (12, 32, "id={id}"),
    "get": (13, 33, "id={id}&lang={lang}&format=2"),
    "audiotrack": (14, None, "id={id}&lang=en&aid=428"),
    "start_session": (15, 34, f"id={{id}}&{_JON}"),
    "session_status": (16, 35, f"id={{id}}&session_id=8&{_JON}"),
    "mod": (17, 36, f"id={{id}}&session_id=8&language=en&{_JON}&mod={{mod}}"),
    "end_session": (18, 37, f"id={{id}}&session_id=8&{_JON}"),
    "lock": (19, 38, f"id={{id}}&lock=1&{_EDDARD}"),
    "edit_history": (20, 39, "id={id}"),
    "revisions": (21, 40, ""),
    "mark_revised": (22, 41, f"id={{id}}&session_id=8&{_EDDARD}&revision_session_id=12"),
    "accept": (23, 42, f"id=27,43,82,121&&{_EDDARD}&revision_session_id=12"),
    "reject": (24, 43, f"id=27,43,82,121&&{_EDDARD}&revision_session_id=12"),
}


def numbers() -> dict[str, dict[str, int]]:
    """The number of its example by interface, for each sub-API."""
    found: dict[str, dict[str, int]] = {SPEECH: {}, TEXT: {}}
    for interface, (speech, text, _) in _EXAMPLES.items():
        found[SPEECH][interface] = speech
        if text is not None:
            found[TEXT][interface] = text
    return found


def address(family: str, interface: str) -> tuple[str, str]:
    """Path and query of the example."""
    query = _EXAMPLES[interface][2].format(id=ID[family], mod=_MODS[family], lang={SPEECH: "en", TEXT: "ca"}[family])
    return f"/api/{family}/{interface}", f"{query}&{_WHO}" if query else _WHO


class Manual:
    """Asks as the manual does, of an instance on which its user has its token."""

    def __init__(self, client: falcon.testing.TestClient, family: str) -> None:
        self.client, self.family = client, family

    def ask(self, interface: str) -> falcon.testing.Result:
        """The example of an interface."""
        path, query = address(self.family, interface)
        return self.client.simulate_get(path, query_string=query, host=HOST)

    def ask_for(self, interface: str, **params: str) -> falcon.testing.Result:
        """Another call, for an example that shows an answer only."""
        credentials = {"user": "tluser", "auth_token": TOKEN}
        return self.client.simulate_get(f"/api/{self.family}/{interface}", params={**credentials, **params}, host=HOST)


def holds(answer: Any, example: Any) -> bool:
    """Whether an answer has every key of the example with its value, in lists in the same places; it may have more."""
    if isinstance(example, dict):
        return isinstance(answer, dict) and all(key in answer and holds(answer[key], example[key]) for key in example)
    if isinstance(example, list):
        return isinstance(answer, list) and len(answer) == len(example) and all(map(holds, answer, example))
    return type(answer) in (type(example), {int: float}.get(type(example))) and bool(answer == example)
