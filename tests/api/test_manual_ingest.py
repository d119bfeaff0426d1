"""The examples of the manual for deleting and cancelling (5, 6, 25 and 26), asked as they are."""

from __future__ import annotations

from typing import Any

import pytest
from manual import TOKEN, Manual

from api.families import FAMILIES, TEXT, Family
from tlp.db import uploads, users

pytestmark = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.path)


@pytest.fixture
def manual(client: Any, instance: Any, family: Family) -> Manual:
    instance.run(lambda cur: users.create(cur, "tluser", TOKEN))
    return Manual(client, family.path)


def _is_taken(instance: Any, answer: Any, operation: str) -> None:
    assert (answer["rcode"], answer["rcode_description"], list(answer)) == (
        0, "Ingestion complete", ["rcode", "rcode_description", "id", "hash"],
    )  # fmt: skip
    taken = instance.rows(f"SELECT id FROM uploads WHERE operation = '{operation}'")
    assert list(map(dict, taken)) == [{"id": answer["id"]}]


@pytest.mark.usefixtures("stored")
def test_examples_5_and_25_delete_an_object(manual: Manual, instance: Any) -> None:
    _is_taken(instance, manual.ask("ingest/delete").json, "delete")


def test_examples_6_and_26_cancel_an_upload(manual: Manual, instance: Any, family: Family) -> None:
    values = {
        "id": "UPLOAD-ID-1234", "user_id": 1, "kind": family.kind, "operation": "new", "external_id": "one",
        "hash": "433e11c295c51b94a074a", "manifest": {}, "package": None, "test_mode": False, "info": "",
    }  # fmt: skip
    documents = [{"external_id": "one", "hash": "433e11c295c51b94a074a"}] if family is TEXT else []
    instance.run(lambda cur: uploads.create(cur, values, documents))
    _is_taken(instance, manual.ask("ingest/cancel").json, "cancel")
