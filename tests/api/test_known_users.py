"""Accounts kept for a second: what changes in them is heeded in time, and what writes asks the database each time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from api.known_users import KEEP
from tlp.db import accounts, users

NEW = "another-secret-key-of-this-account"


@pytest.fixture
def account(instance: Any, api: Any) -> Iterator[Any]:
    """Changes the account that the calls are made for, and puts it back."""
    assert api.get("list").status_code == 200
    before = instance.run(lambda cur: users.by_name(cur, "tluser"))

    def change(**values: Any) -> None:
        instance.run(lambda cur: accounts.change(cur, before["id"], values))

    yield change
    change(secret_key=before["secret_key"], enabled=True, is_admin=before["is_admin"])
    time.sleep(KEEP)


def refused_after(api: Any, interface: str, **params: Any) -> float:
    """Seconds until a call is a 401; it must not take longer than what is kept may live."""
    began = asked = time.monotonic()
    while api.get(interface, **params).status_code != 401:
        assert asked < began + KEEP
        time.sleep(0.02)
        asked = time.monotonic()
    return asked - began


def test_an_account_that_is_switched_off_reads_for_a_second_at_most(account: Any, api: Any) -> None:
    account(enabled=False)
    refused_after(api, "list")


def test_the_old_key_reads_for_a_second_at_most_and_the_new_one_at_once(account: Any, api: Any) -> None:
    account(secret_key=NEW)
    assert api.get("list", auth_token=NEW).status_code == 200
    assert api.get("list").status_code == 401  # what was looked up for the new key is what counts for all


def test_what_changes_something_asks_the_database_each_time(account: Any, api: Any) -> None:
    assert api.get("list").status_code == 200
    account(enabled=False)
    assert api.get("ingest/cancel", id="up-none").status_code == 401


def test_a_busy_account_is_looked_up_once_a_second(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    by_name = users.by_name
    monkeypatch.setattr(users, "by_name", lambda cur, name: asked.append(name) or by_name(cur, name))
    time.sleep(KEEP)
    began = time.monotonic()
    for _ in range(20):
        assert api.get("list").status_code == 200
    assert len(asked) <= 1 + (time.monotonic() - began) // KEEP < 20


def test_a_wrong_key_is_looked_up_like_an_unknown_name(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the number of questions nor that of checks tells a stranger which names exist."""
    asked: list[str] = []
    by_name = users.by_name
    monkeypatch.setattr(users, "by_name", lambda cur, name: asked.append(name) or by_name(cur, name))
    assert api.get("list").status_code == 200
    asked.clear()
    assert api.get("list", auth_token="wrong").status_code == 401
    assert api.get("list", user="nobody", auth_token="wrong").status_code == 401
    assert asked == ["tluser", "nobody"]
