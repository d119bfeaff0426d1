"""A mail server that is down, slow or refuses: no upload and no tick waits, and no mail is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mail_server import certificate, mail_server, silent_server
from notifying import ADMIN, CLIENT, due_now, mailing, news, over_at_once, send, settled, world_with
from operations import cancel
from world import World, wait_until

from ingest import notify_send
from ingest.tick import tick
from installer.postgres import free_port
from tlp import mail
from tlp.db import notifications

Made = Callable[..., World]


@pytest.fixture
def world_at(tmp_path: Path, clean_db: dict[str, Any]) -> Iterator[Made]:
    """Makes a world whose mail server is at a port."""
    made: list[World] = []

    def make(port: int, **options: Any) -> World:
        made.append(world_with(tmp_path / "world", clean_db, mailing=mailing(port, **options)))
        return made[0]

    yield make
    settled()
    for each in made:
        each.end_jobs()


def test_a_dead_mail_server_holds_up_nothing_and_gets_all_mail_when_it_is_back(world_at: Made) -> None:
    port = free_port()
    world = world_at(port)
    assert world.finish(over_at_once(world))[0]["status_code"] == 101
    settled()
    waiting = news(world, "mail")
    assert len(waiting) == 4 and not any(row["sent_at"] for row in waiting)
    # One attempt shows it; the others wait with it, and theirs are not counted.
    tried = [row for row in waiting if row["attempts"]]
    assert tried and f"127.0.0.1:{port} cannot be used" in tried[0]["last_error"]
    assert all(30 < row["due_in"] < 61 for row in waiting)
    due_now(world)
    with mail_server(port=port) as server:
        send(world, "mail")
    assert len(server.mails) == 4
    sent = {mail["Message-ID"] for mail in server.mails}
    assert sent == {f"<{row['id']}@example.org>" for row in waiting}


def test_a_mail_server_that_says_nothing_costs_a_tick_nothing(world_at: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_S", 30.0)
    with silent_server() as port:
        world = world_at(port)
        over_at_once(world)
        with world.service() as (ctx, db):
            while world.unfinished():
                tick(ctx, db)
            in_talks = [thread for thread in threading.enumerate() if thread.name == "tlp mail"]
            assert in_talks
            for _ in range(20):
                tick(ctx, db)
            assert all(thread.is_alive() for thread in in_talks), "no tick has waited for what they wait for"
    settled()  # the server has hung up


def test_a_mail_server_that_says_nothing_is_given_up_in_words(world_at: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_S", 0.5)
    with silent_server() as port:
        world = world_at(port)
        world.finish(over_at_once(world))
        settled()
    assert any("timed out" in (row["last_error"] or "") for row in news(world, "mail"))


def test_core_py_as_cron_runs_it_lets_go_of_its_lock_before_it_waits_for_a_mail_server(world_at: Made) -> None:
    with silent_server() as port:
        world = world_at(port, send_client_started_mail="no", send_client_error_mail="no",
                         send_admin_error_mail="no")  # fmt: skip
        over_at_once(world)
        first = world.core("-v")
        wait_until(lambda: any(row["attempts"] for row in news(world, "mail")))
        held = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database "
        held += "WHERE datname = current_database())"
        wait_until(lambda: not world.rows(held))
        cancel(world, "up-unknown")  # something to do for the next run
        said = world.core("-v").communicate(timeout=30)[1]
        assert "received → failed" in said, said
        assert first.poll() is None  # it still waits for the mail server
    assert first.wait(60) == 0
    assert "127.0.0.1" in first.communicate()[1]


def test_core_py_as_cron_runs_it_sends_before_it_leaves(world_at: Made) -> None:
    with mail_server() as server:
        world = world_at(server.port)
        over_at_once(world)
        world.core_until_finished()
        wait_until(lambda: len(server.mails) == 4)


def test_the_resident_service_sends_at_once(world_at: Made) -> None:
    with mail_server() as server:
        world = world_at(server.port)
        service = world.core("--watch")
        try:
            over_at_once(world)
            wait_until(lambda: len(server.mails) == 4)
        finally:
            service.terminate()
            assert service.wait(30) == 0
            service.communicate()


def test_an_address_that_is_refused_for_good_is_given_up_and_the_others_get_theirs(world_at: Made) -> None:
    with mail_server() as server:
        server.refused = {CLIENT: "550 no such user", "full@example.org": "452 mailbox full"}
        world = world_at(server.port)
        world.finish(over_at_once(world, email=["full@example.org"]))
        settled()
    assert len(server.to(ADMIN)) == 2
    by_target = {row["target"]: row for row in news(world, "mail")}
    assert by_target[CLIENT]["gave_up_at"] and "550 no such user" in by_target[CLIENT]["last_error"]
    full = by_target["full@example.org"]
    assert full["gave_up_at"] is None and full["due_in"] > 30 and "452 mailbox full" in full["last_error"]


def test_delays_grow_from_a_minute_until_a_mail_is_given_up_after_more_than_a_day(world_at: Made) -> None:
    with mail_server() as server:
        server.answer = "451 not now"
        world = world_at(server.port, send_client_started_mail="no", send_admin_started_mail="no",
                         send_client_error_mail="no")  # fmt: skip
        world.finish(over_at_once(world))
        settled()
        delays = []
        while not (row := news(world, "mail")[0])["gave_up_at"]:
            delays.append(round(row["due_in"] / 60))
            due_now(world)
            send(world, "mail")
    assert delays == [2**n for n in range(notify_send.MOST_ATTEMPTS - 1)]
    assert sum(delays) > 24 * 60
    assert row["last_error"] == "Given up after 12 attempts: the mail server answered 451 not now"


def test_a_sender_that_was_killed_is_replaced_and_the_mail_keeps_its_id(world_at: Made) -> None:
    world = world_at(free_port(), send_client_started_mail="no", send_admin_started_mail="no",
                     send_client_error_mail="no")  # fmt: skip
    world.finish(over_at_once(world))
    settled()
    due_now(world)
    with world.cursor() as cur:
        claimed = notifications.claim(cur, "mail")  # and the process dies, before or after the mail has left
        assert claimed
    with mail_server(port=world.config.mailing.smtp_port) as server:
        send(world, "mail")
        assert server.mails == []  # it may still be on its way
        due_now(world)  # LEASE_S later
        send(world, "mail")
        send(world, "mail")
    assert [each["Message-ID"] for each in server.mails] == [f"<{claimed['id']}@example.org>"]


def test_senders_at_once_send_each_mail_once(world_at: Made) -> None:
    world = world_at(free_port(), send_client_started_mail="no", send_admin_started_mail="no")
    world.finish(over_at_once(world, email=[f"a{n}@example.org" for n in range(28)]))
    settled()
    due_now(world)
    with mail_server(port=world.config.mailing.smtp_port) as server, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: send(world, "mail"), range(4)))
    assert len(server.mails) == len({each["Message-ID"] for each in server.mails}) == 30


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # the server does not see that all is TLS
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_goes_over_tls_with_a_login_where_the_server_wants_it(
    world_at: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    pem = certificate(tmp_path)
    with mail_server(certificate=pem, starttls=security == "starttls", login="tlp:s3cret") as server:
        world = world_at(server.port, smtp_security=security, smtp_user="tlp", smtp_password="s3cret")
        world.finish(over_at_once(world))
        settled()
        assert server.mails == []
        assert any("certificate verify failed" in (row["last_error"] or "") for row in news(world, "mail"))
        monkeypatch.setenv("SSL_CERT_FILE", f"{pem}.crt")
        due_now(world)
        send(world, "mail")
    assert len(server.mails) == 4


def test_a_password_is_never_sent_in_the_clear(world_at: Made) -> None:
    with mail_server() as server:
        world = world_at(server.port, smtp_user="tlp", smtp_password="s3cret")
        world.finish(over_at_once(world))
        settled()
    assert server.mails == []
    assert any("smtp_security" in (row["last_error"] or "") for row in news(world, "mail"))
    assert "s3cret" not in repr(world.config)
