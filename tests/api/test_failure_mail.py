"""Failures of the Web Service reach the administrator by mail, and mail never gets in the way of a call."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import falcon.testing
import pytest
from aiosmtpd.controller import Controller

from api.app import create_app
from api.failures import FailureMail
from installer import postgres
from tlp.config import Mailing


class Inbox:
    """What a mail server on a free port of this machine was given."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.server = Controller(self, hostname="127.0.0.1", port=postgres.free_port(), ready_timeout=60)
        self.server.start()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(envelope)
        return "250 OK"

    def wait_for(self, count: int, seconds: float = 30) -> list[str]:
        deadline = time.monotonic() + seconds
        while len(self.mails) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return [mail.content.decode() for mail in self.mails]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    yield made
    made.server.stop()


def _settings(instance: Any, port: int) -> Mailing:
    return replace(
        instance.config.mailing,
        enabled=True,
        smtp_server=f"127.0.0.1:{port}",
        from_address="tlp@example.org",
        to_address="admin@example.org, second@example.org",
    )


def _failing(instance: Any, port: int) -> falcon.testing.TestClient:
    instance.run(lambda cur: cur.execute("ALTER TABLE systems RENAME TO away"))
    return falcon.testing.TestClient(create_app(replace(instance.config, mailing=_settings(instance, port))))


@pytest.fixture
def table_back(instance: Any) -> Iterator[None]:
    yield
    instance.run(lambda cur: cur.execute("ALTER TABLE IF EXISTS away RENAME TO systems"))


SECRET = "mhes28gfj7vfdg7ylnpapom26ksjfyvjmsoe"
CALL = {"user": "tluser", "auth_token": SECRET}


@pytest.mark.usefixtures("table_back")
def test_a_500_is_told_by_mail_with_its_request_id_and_without_secrets(instance: Any, inbox: Inbox) -> None:
    client = _failing(instance, inbox.server.port)
    answer = client.simulate_get("/api/speech/systems", params=CALL)
    assert answer.status_code == 500
    (mail,) = inbox.wait_for(1)
    assert inbox.mails[0].rcpt_tos == ["admin@example.org", "second@example.org"]
    assert "Subject: TLP Web Service: 1 x UndefinedTable at lib/tlp/db/systems.py:" in mail.replace("\r\n ", " ")
    assert f"{answer.headers['x-request-id']} GET /api/speech/systems" in mail
    assert SECRET not in mail and "tluser" not in mail


@pytest.mark.usefixtures("table_back")
def test_many_failures_of_a_kind_are_one_mail_and_no_answer_of_the_client_is_one(instance: Any, inbox: Inbox) -> None:
    client = _failing(instance, inbox.server.port)
    for _ in range(20):
        client.simulate_get("/api/speech/systems", params=CALL)
    client.simulate_get("/api/speech/systems", params={"user": "tluser", "auth_token": "wrong"})
    client.simulate_get("/api/speech/systems")
    assert len(inbox.wait_for(1)) == 1
    assert len(inbox.wait_for(2, 2)) == 1


def test_what_comes_within_the_minute_is_counted_in_the_next_mail(instance: Any, inbox: Inbox) -> None:
    mailer = FailureMail(_settings(instance, inbox.server.port), interval=2)
    for number in range(5):
        mailer.report(ValueError("a secret"), f"request-{number} GET /x")
        if not number:
            inbox.wait_for(1)
    first, second = inbox.wait_for(2)
    assert "Subject: TLP Web Service: 1 x ValueError" in first
    assert "Subject: TLP Web Service: 4 x ValueError" in second
    assert "request-1 GET /x" in second and "secret" not in first + second


def test_another_kind_of_failure_does_not_wait(instance: Any, inbox: Inbox) -> None:
    mailer = FailureMail(_settings(instance, inbox.server.port))
    mailer.report(ValueError(), "a GET /x")
    mailer.report(KeyError(), "b GET /x")
    assert len(inbox.wait_for(2)) == 2


@pytest.mark.usefixtures("table_back")
def test_a_dead_mail_server_costs_a_call_nothing_and_its_failures_are_told_later(
    instance: Any, caplog: pytest.LogCaptureFixture
) -> None:
    port = postgres.free_port()
    client = _failing(instance, port)
    assert client.simulate_get("/api/speech/systems", params=CALL).status_code == 500
    mailer = FailureMail(_settings(instance, port), interval=0.5)
    mailer.report(ValueError(), "first GET /x")
    deadline = time.monotonic() + 30
    while "no mail could be sent" not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    inbox = Inbox()
    inbox.server.stop()
    late = Controller(inbox, hostname="127.0.0.1", port=port, ready_timeout=60)
    late.start()
    try:
        (mail,) = inbox.wait_for(1)
    finally:
        late.stop()
    assert "first GET /x" in mail


@pytest.mark.usefixtures("table_back")
def test_a_mail_server_that_says_nothing_holds_up_no_call(instance: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = _failing(instance, silent.getsockname()[1])
        started = time.monotonic()
        for _ in range(3):
            assert client.simulate_get("/api/speech/systems", params=CALL).status_code == 500
        assert time.monotonic() - started < 8  # less than what it waits for the server


def test_without_mailing_nothing_runs(instance: Any) -> None:
    mailer = FailureMail(replace(_settings(instance, 1), enabled=False))
    mailer.report(ValueError(), "a GET /x")
    assert mailer._thread is None


@pytest.mark.usefixtures("table_back")
def test_where_no_thread_can_be_started_the_call_is_answered_and_the_next_failure_is_told(
    instance: Any, inbox: Inbox
) -> None:
    client = _failing(instance, inbox.server.port)
    size = threading.stack_size(1 << 46)  # more than there can be
    try:
        answer = client.simulate_get("/api/speech/systems", params=CALL)
    finally:
        threading.stack_size(size)
    assert answer.status_code == 500 and answer.json["error"]["request_id"]
    client.simulate_get("/api/speech/systems", params=CALL)
    (mail,) = inbox.wait_for(1)
    assert "2 x" in mail
