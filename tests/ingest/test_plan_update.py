"""What an update will do, by rules alone: which system, which way, which source (manual, Appendix E)."""

from __future__ import annotations

from typing import Any

import pytest

from ingest.plan import Catalogue, Plan, System
from ingest.plan_update import Existing, Text, Voice, plan_update
from tlp.errors import PackageError

SYSTEMS = Catalogue(
    (
        System(1, "asr", "hear", "Hear", "en"),
        System(2, "mt", "turn", "Turn", "en", "es", priority=50),
        System(3, "mt", "other", "Other", "en", "es"),
        System(4, "mt", "turn", "Turn", "es", "ca"),
        System(5, "mt", "turn", "Turn", "en", "ca"),
        System(6, "tts", "say", "Say", "es", voice="a", voice_gender="f", priority=50),
        System(7, "tts", "say", "Say", "es", voice="b", voice_gender="m"),
    )
)


def plan(existing: Existing, package: dict[str, Any] | None = None, **keys: Any) -> Plan:
    manifest = {"media": None, "attachments": [], "requested_langs": {}, "generate": True, "re-generate": [],
                "force": False, "test_mode": False, "metadata": {"language": None, "speakers": None}}  # fmt: skip
    return plan_update({**manifest, **keys}, package or {}, SYSTEMS, existing)


def has(*languages: str, supervised: str = "", voices: tuple[Voice, ...] = (), **sources: str) -> Existing:
    texts = {
        lang: Text(lang, n, 1, lang in supervised.split(), sources.get(lang)) for n, lang in enumerate(languages, 1)
    }
    return Existing("en", texts, voices)


def made(plan: Plan) -> dict[str, tuple[str, int | None, str | None]]:
    return {n: (s.origin, s.system, s.source) for n, s in plan.subtitles.items() if s.origin != "kept"}


def test_nothing_asked_nothing_done():
    assert plan(has("en", "es", es="en")).subtitles == {}


def test_a_media_without_a_transcription_gets_one_as_the_manual_says():
    assert made(plan(has())) == {"en": ("asr", 1, None)}


def test_a_system_asked_for_by_id_makes_the_intermediate_language_too():
    wanted = {"es": {"sub": {"sid": 3}}}
    found = made(plan(has("en", "es", "ca", es="en", ca="es"), requested_langs=wanted, **{"re-generate": ["tl"]}))
    assert found == {"en.es-3": ("mt", 3, "en"), "en.es-3.ca": ("mt", 4, "en.es-3")}


def test_a_new_translation_by_way_of_an_existing_one_takes_it_as_it_is():
    wanted = {"ca": {"sub": {"tlpath": [{"l": "es"}, {"l": "ca"}]}}}
    found = plan(has("en", "es", es="en", supervised="es"), requested_langs=wanted)
    assert made(found) == {"es.ca": ("mt", 4, "es")}
    assert list(found.subtitles) == ["es", "es.ca"]


def test_a_new_transcription_is_what_new_translations_are_made_from():
    found = made(plan(has("en", "es", es="en"), **{"re-generate": ["tx", "tl"]}))
    assert found == {"en": ("asr", 1, None), "en.es": ("mt", 2, "en")}


def test_each_voice_is_made_again_by_its_own_system_and_two_that_became_one_are_one():
    voices = (Voice("es", "f", 6), Voice("es", "m", 7), Voice("es", "m", 99))
    found = plan(has("en", "es", es="en", voices=voices), **{"re-generate": ["tts"]})
    assert [(t.name, t.system, t.source) for t in found.tracks] == [("es.f", 6, "es"), ("es.m", 7, "es")]


def test_sources_that_go_in_a_circle_end():
    found = plan(has("en", "es", "ca", es="ca", ca="es"), **{"re-generate": ["tl"]})
    assert {s.language for s in found.subtitles.values() if s.stored} <= {"es", "ca"}


def test_what_was_there_is_noted_so_that_changes_meanwhile_are_seen():
    found = plan(has("en", "es", es="en"), **{"re-generate": ["tl"]})
    assert (found.subtitles["en.es"].content, found.subtitles["en.es"].version) == (2, 1)
    assert Plan.from_json(found.as_json()) == found


def test_an_unknown_system_is_refused():
    with pytest.raises(PackageError, match="does not exist"):
        plan(has("en"), requested_langs={"es": {"sub": {"sid": 77}}})
