"""What clients and administrators get by mail about their uploads, through a real mail server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from costs import plan_of
from mail_server import MailServer, mail_server, page, text
from notifying import ADMIN, CLIENT, mailing, news, settled, world_with
from operations import Person, delete, lecture, update
from tiny_media import Media
from world import World

from ingest import ending
from ingest.tick import tick
from tlp.db import contents, notifications, objects, uploads


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as made:
        yield made


@pytest.fixture
def options() -> dict[str, Any]:
    """More keys of [mailing]; tests parametrise this."""
    return {}


@pytest.fixture
def world(tmp_path: Path, clean_db: dict[str, Any], server: MailServer, options: dict[str, Any]) -> Iterator[World]:
    made = world_with(tmp_path / "world", clean_db, mailing=mailing(server.port, **options))
    yield made
    settled()
    made.end_jobs()


def finish(world: World, *uploads: str) -> list[dict[str, Any]]:
    rows = world.finish(*uploads)
    settled()
    return rows


def subjects(server: MailServer, address: str) -> list[str]:
    return sorted(mail["Subject"] for mail in server.to(address))


def test_started_and_finished_go_to_the_client_the_administrator_and_the_list_of_the_manifest(
    world: World, server: MailServer
) -> None:
    finish(world, world.upload("m1", test_mode=True, email=["ann@example.org", "bob@example.org"]))
    expected = ["A lecture is being processed", "A lecture is ready"]
    for address in (CLIENT, ADMIN, "ann@example.org", "bob@example.org"):
        assert subjects(server, address) == expected
    assert len(server.mails) == 8
    for mail in server.mails:
        assert (mail["From"], mail["Auto-Submitted"]) == ("tlp@example.org", "auto-generated")
        assert mail.get_content_type() == "multipart/alternative"
        assert "ann@example.org" not in text(mail) + page(mail)  # nobody learns who else is told


@pytest.mark.parametrize("options", [{"admin_address_finished": f"Second@example.org, {CLIENT.title()}"}])
def test_no_address_gets_a_mail_twice(world: World, server: MailServer) -> None:
    finish(world, world.upload("m1", test_mode=True, email=[CLIENT, CLIENT.upper(), "second@example.org"]))
    told = zip(server.receivers, server.mails, strict=True)
    ready = [to[0].casefold() for to, mail in told if "ready" in mail["Subject"]]
    assert sorted(ready) == [CLIENT, "second@example.org"]


def test_the_mail_that_a_lecture_is_ready_says_what_was_made_and_what_was_left_out(
    world: World, server: MailServer, recordings: Media
) -> None:
    wanted = {"es": {"sub": {}, "tts": {}}, "fr": {"sub": {}}}
    finish(world, world.upload("m1", {"media.mp3": recordings["mp3"]}, requested_langs=wanted))
    mail = next(each for each in server.to(CLIENT) if "ready" in each["Subject"])
    for body in (text(mail), page(mail)):
        assert "English (en). Subtitles: automatic transcription" in body
        assert "Español (es). Subtitles: automatic translation" in body
        assert "Español (es). Voice: synthesised" in body
        assert "no subtitles in 'fr'" in body.replace("&#x27;", "'")
        assert "m1" in body and world.rows("SELECT hash FROM objects")[0]["hash"] in body
    assert "User" not in text(mail) and "User:      someone" in text(server.to(ADMIN)[-1])


def test_the_mail_of_a_failure_gives_the_reason_in_words_what_to_do_and_whom_to_ask(
    world: World, server: MailServer
) -> None:
    row = finish(world, world.upload("m1", {"media.mp4": b"no video at all"}))[0]
    mail = next(each for each in server.to(CLIENT) if "could not be processed" in each["Subject"])
    assert row["info"] in text(mail) and f"status {row['status_code']}" in text(mail)
    assert "What to do" in text(mail) and f"write to {ADMIN}" in text(mail)
    assert "What to do" in page(mail)


@pytest.mark.parametrize("options", [{"link_url": "https://example.org/lectures/{object_id}?of={hash}"}])
def test_a_page_about_the_object_is_linked_where_the_site_has_one(world: World, server: MailServer) -> None:
    upload = finish(world, world.upload("a/b&c", test_mode=True))[0]
    mail = next(each for each in server.to(CLIENT) if "ready" in each["Subject"])
    link = f"https://example.org/lectures/a%2Fb%26c?of={upload['hash']}"
    assert link in text(mail) and f'href="{link}"' in page(mail)


def test_test_mode_tells_like_any_upload_and_says_that_it_is_a_test(world: World, server: MailServer) -> None:
    finish(world, world.upload("m1", test_mode=True))
    assert all("test mode" in text(mail) for mail in server.mails)


@pytest.mark.parametrize("title", ["A lecture\r\nBcc: everybody@example.org", "A\x07B\x1b[2J\u2028C", "x" * 3000])
def test_a_title_can_add_no_header_and_no_line(world: World, server: MailServer, title: str) -> None:
    finish(world, world.upload("m1", test_mode=True, metadata={"title": title}))
    assert {to for receivers in server.receivers for to in receivers} == {CLIENT, ADMIN}
    for mail in server.mails:
        assert mail["Bcc"] is None and len(mail["Subject"]) <= 200
        assert not mail.defects
        assert not [c for c in text(mail) if not c.isprintable() and c != "\n"]


def test_a_title_in_any_script_arrives_and_what_looks_like_html_is_shown_as_it_is(
    world: World, server: MailServer
) -> None:
    title = "Прошлое <script>alert('ñ')</script> & 日本語 العربية"
    finish(world, world.upload("<b>m1", test_mode=True, metadata={"title": title}))
    mail = next(each for each in server.to(CLIENT) if "ready" in each["Subject"])
    assert mail["Subject"] == f"{title} is ready"
    assert title in text(mail)
    assert "<script>" not in page(mail) and "&lt;script&gt;" in page(mail) and "&lt;b&gt;m1" in page(mail)


def test_an_update_and_a_deletion_are_told_by_their_names_and_a_deletion_does_not_start(
    world: World, server: MailServer
) -> None:
    lecture(world)
    finish(world, update(world, "m1", metadata={"title": "Another title"}))
    finish(world, delete(world, "m1"))
    told = subjects(server, CLIENT)
    assert told[0] == "Another title has been deleted"
    assert told[1].endswith("has been updated") and told[2].endswith("is being updated") and len(told) == 3


def test_what_people_s_edits_cause_is_no_news_unless_it_fails(world: World, server: MailServer) -> None:
    lecture(world)
    Person(world).edit("en", (0, 0, 400, "Good evening.")).end()
    finish(world)
    assert server.mails == []
    world.system("turn", "mt", "echo broken >&2; exit 1", "pairs = en-es, es-ca")
    Person(world).edit("en", (0, 0, 400, "Good night.")).end()
    finish(world)
    assert subjects(server, CLIENT) == ["A lecture could not be updated"]


@pytest.mark.parametrize(
    "options",
    [{f"send_{who}_{event}_mail": "no" for who, event in (("client", "started"), ("admin", "finished"))}],
)
def test_each_mail_can_be_switched_off(world: World, server: MailServer) -> None:
    finish(world, world.upload("m1", test_mode=True))
    assert subjects(server, CLIENT) == ["A lecture is ready"]
    assert subjects(server, ADMIN) == ["A lecture is being processed"]


@pytest.mark.parametrize("options", [{"enabled": "no"}])
def test_without_mailing_nothing_is_queued(world: World, server: MailServer) -> None:
    finish(world, world.upload("m1", test_mode=True))
    assert news(world, "mail") == [] and server.mails == []


@pytest.mark.parametrize("options", [{"send_client_finished_mail": "yes", "admin_address_started": "nobody at all"}])
def test_an_address_that_is_none_is_left_out_and_told_in_the_log(
    world: World, server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    finish(world, world.upload("m1", test_mode=True))
    assert "'nobody at all' is no mail address" in caplog.text
    assert subjects(server, ADMIN) == ["A lecture is ready"]


@pytest.fixture
def site(tmp_path: Path, options: dict[str, Any]) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    options["templates"] = folder
    return folder


def test_a_site_replaces_the_templates_that_it_wants(site: Path, world: World, server: MailServer) -> None:
    (site / "finished.txt").write_text("Subject: Done: $title\n\n?notes never\nFor $object_id, costs $$0\n")
    finish(world, world.upload("m1", test_mode=True))
    mail = next(each for each in server.to(CLIENT) if each["Subject"] == "Done: A lecture")
    assert text(mail) == "For m1, costs $0\n"
    assert "<h1" in page(mail)


def test_a_template_that_is_wrong_is_told_in_words_and_harms_no_upload(
    site: Path, world: World, server: MailServer
) -> None:
    (site / "finished.html").write_text("<p>$title\n<p>$nonsense")
    row = finish(world, world.upload("m1", test_mode=True))[0]
    assert row["status_code"] == 6
    waiting = [each for each in news(world, "mail") if each["event"] == "finished"]
    assert len(waiting) == 2 and all(each["sent_at"] is None for each in waiting)
    assert "template finished.html, line 2: there is no 'nonsense'" in waiting[0]["last_error"]
    assert len(server.mails) == 2


def test_an_upload_of_several_documents_is_told_in_one_mail_that_names_them_all(
    world: World, server: MailServer
) -> None:
    named = [
        {"external_id": f"d{n}", "title": title, "hash": str(n) * 21} for n, title in enumerate(["First", "Second"])
    ]
    manifest = {"documents": named, "language": "en", "email": []}
    row = {"id": "up-text", "user_id": world.user, "kind": "text", "operation": "new", "external_id": "d0",
           "hash": "0" * 21, "manifest": manifest, "package": None, "test_mode": False, "info": ""}  # fmt: skip
    with world.cursor() as cur:
        uploads.create(cur, row, named)
        for each in named:
            values = {"user_id": world.user, "kind": "text", "language": "en", **each}
            object_id = objects.create(cur, values)
            text_of = {"body": "x", "status": 1, "sup_ratio": 0, "origin": "mt", "upload_id": "up-text"}
            contents.add_version(cur, object_id, "ca", text_of)
    with world.service() as (ctx, db):
        with db.cursor() as cur:
            ending.end(ctx, cur, row, "done", 3, "Document(s) successfully processed.")
        db.commit()
        tick(ctx, db)
    settled()
    (mail,) = server.to(CLIENT)
    assert mail["Subject"] == "First and 1 more is ready"
    for body in (text(mail), page(mail)):
        assert "d0: Català (ca). Text: automatic translation" in body and "d1: Català (ca)" in body


def test_what_a_tick_asks_is_answered_from_partial_indexes(world: World) -> None:
    world.upload("m1", test_mode=True)
    fill = (
        "INSERT INTO notifications (id, upload_id, channel, event, target, receiver, body, sent_at) "
        "SELECT 'nt-' || n, u.id, 'mail', 'finished', 'a@example.org', '', '{}', now() "
        "FROM uploads AS u, generate_series(1, 20000) AS n"
    )
    world.rows(fill)
    world.rows("ANALYZE notifications")
    for call in (
        lambda cur: notifications.due(cur, ["mail", "callback"]),
        lambda cur: notifications.claim(cur, "mail"),
    ):
        plan = plan_of(world, call)
        assert "notifications_due" in plan and "Seq Scan on notifications" not in plan, plan
