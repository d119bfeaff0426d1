"""Updates and deletes of one media, then of one document, one after the other, under kill -9 at random points.

Operation by operation and point by point: test_faults_kill.
"""

from __future__ import annotations

import random

from faults import killed_at_random
from operations import TURN_DOCUMENT, Person, delete, documents, files, lecture, update
from tiny_media import Media
from world import World

STORY = "She told me something. You know nothing.\n\nA second paragraph.\n"
NEWER = "You know nothing. She told me a lot.\n"


def codes(world: World) -> list[int]:
    return sorted(row["status_code"] for row in world.rows("SELECT status_code FROM uploads"))


def test_updates_and_deletes_of_one_media_survive_kills_at_random_moments(quick: World, recordings: Media) -> None:
    """Whatever the moments, they go one after the other: regenerated twice, recorded anew, deleted."""
    lecture(quick, recordings["mp3"])
    Person(quick).edit("en", (1, 500, 900, "We talk about music.")).end()
    update(quick, "m1", {"media.wav": recordings["wav"]}, requested_langs={"es": {"sub": {}}})
    update(quick, "m1", force=True, **{"re-generate": ["tx", "tl", "tts"]})
    delete(quick, "m1")
    assert killed_at_random(quick, random.Random(4)) > 5
    assert codes(quick) == [20, 20, 20, 20, 30], quick.rows("SELECT state, info FROM uploads")
    [last] = quick.rows("SELECT info FROM uploads WHERE manifest -> 'edited' = '[\"es\"]'")
    assert "nothing left to do" in last["info"]
    assert all(name.endswith("!") for name in files(quick))
    assert not [p for p in quick.mounts["media"].rglob("*") if p.name.endswith(".part")]


def test_what_is_done_with_one_document_survives_kills_at_random_moments(quick: World) -> None:
    quick.system("turn", "mt", TURN_DOCUMENT, "pairs = en-es, es-ca")
    with quick.service():
        pass  # so that the systems are known
    wanted = {"es": {}, "ca": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}
    documents(quick, {"d1": STORY, "d2": STORY}, requested_langs=wanted)
    documents(quick, {"d1": NEWER, "d2": None}, "update", requested_langs={"es": {}}, **{"re-generate": True})
    documents(quick, {"d1": None}, "update", force=True, **{"re-generate": True})
    delete(quick, "d1", kind="text")
    assert killed_at_random(quick, random.Random(5)) > 5
    assert codes(quick) == [3, 20, 20, 30], quick.rows("SELECT state, info FROM uploads")
    assert len([name for name in files(quick) if not name.endswith("!")]) == 3  # d2: as it came, es, ca
    assert not [path for path in quick.mounts["media"].rglob("*") if path.name.endswith(".part")]
