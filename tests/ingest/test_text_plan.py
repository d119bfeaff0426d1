"""Plans of documents: which go through the systems together, and what is said at the end; pure."""

from __future__ import annotations

from typing import Any

from ingest.plan import Catalogue, Plan, System
from ingest.plan_text import DocumentPlan, TextPlan, carry, plan_again, plan_new, runs
from ingest.plan_update import Existing, Text

PAIRS = ("en-es", "es-ca", "en-fr")
SYSTEMS = Catalogue(
    tuple(System(n, "mt", "turn", "Turn", *pair.split("-")) for n, pair in enumerate(PAIRS, 1))  # type: ignore[misc]
)
FILE = {"dtlx": "work/1.dtlx", "words": 10}
HAS = Existing("en", {
    "en": Text("en", 1, 4, False, None), "es": Text("es", 2, 3, True, "en"), "ca": Text("ca", 3, 2, False, "es"),
})  # fmt: skip


def manifest(**keys: Any) -> dict[str, Any]:
    return {
        "language": None, "requested_langs": {}, "generate": True, "re-generate": [], "force": False,
        "test_mode": False, **keys,
    }  # fmt: skip


def made(plan: Plan) -> dict[str, tuple[str, str | None]]:
    """Origin and source of what will be stored, by language."""
    return {s.language: (s.origin, s.source) for s in plan.subtitles.values() if s.stored}


def document(number: int, plan: Plan) -> DocumentPlan:
    return DocumentPlan(number, f"d{number}", "0" * 21, plan, FILE)


def test_the_language_of_the_document_is_never_translated() -> None:
    plan = plan_new(manifest(requested_langs={"en": {}, "es": {}}), FILE, "en", SYSTEMS)
    assert made(plan) == {"en": ("client", None), "es": ("mt", "en")}


def test_a_new_file_has_each_translation_made_by_its_old_way_or_by_the_one_that_is_asked_for() -> None:
    plan = plan_again(manifest(), FILE, SYSTEMS, HAS)
    assert made(plan) == {"en": ("client", None), "es": ("mt", "en"), "ca": ("mt", "en.es")}
    assert {s.language: (s.content, s.version) for s in plan.subtitles.values()} == {
        "en": (1, 4), "es": (2, 3), "ca": (3, 2),
    }  # fmt: skip
    wished = plan_again(manifest(requested_langs={"es": {"sid": 1}}), FILE, SYSTEMS, HAS)
    assert made(wished)["es"] == ("mt", "en") and "en.es-1" in wished.subtitles


def test_what_a_new_file_leaves_without_a_system_is_carried() -> None:
    plan = plan_again(manifest(generate=False), FILE, SYSTEMS, HAS)
    carry(plan, HAS)
    assert made(plan) == {"en": ("client", None), "es": ("carry", "en"), "ca": ("carry", "en")}


def test_regeneration_without_a_file_keeps_what_people_supervised_and_starts_from_it() -> None:
    plan = plan_again(manifest(**{"re-generate": ["tl"]}), None, SYSTEMS, HAS)
    assert made(plan) == {"ca": ("mt", "es")}
    assert plan.notes == ["the translations in 'es' were kept: people have worked on them, and force is not set"]
    forced = plan_again(manifest(force=True, **{"re-generate": ["tl"]}), None, SYSTEMS, HAS)
    assert made(forced) == {"es": ("mt", "en"), "ca": ("mt", "en.es")}


def test_documents_that_need_the_same_go_through_the_systems_together_and_others_apart() -> None:
    both = manifest(requested_langs={"es": {}, "fr": {}})
    documents = [document(n, plan_new(both, FILE, "en", SYSTEMS)) for n in range(3)]
    documents += [document(3, plan_again(manifest(), FILE, SYSTEMS, HAS)), document(4, Plan("en", None, []))]
    found = runs(documents)
    assert [(run.prefix, [d.position for d in run.documents], run.roots) for run in found] == [
        ("run0.", [0, 1, 2], ["en"]), ("run1.", [3], ["en"]),
    ]  # fmt: skip
    assert [len(run.documents) for run in runs(documents, most=2)] == [2, 1, 1]


def test_a_note_is_said_once_and_names_the_documents_where_it_is_not_about_all() -> None:
    plans = [Plan("en", None, []), Plan("en", None, [])]
    for plan in plans:
        plan.note_none("et", "no MT system from 'en' to 'et'")
    plans[1].noun = "translations"
    plans[1].note_kept("es", "people have worked on them")
    row = TextPlan([document(n, plan) for n, plan in enumerate(plans, 1)]).as_json()
    assert row["notes"] == [
        "no subtitles in 'et': no MT system from 'en' to 'et'",
        "the translations in 'es' were kept: people have worked on them (of d2)",
    ]
    assert TextPlan.from_json(row).as_json()["notes"] == row["notes"]
