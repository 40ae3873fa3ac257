"""What a mail server can do to a letter, and what becomes of it."""

from datetime import timedelta

import pytest
from psycopg import sql

from deploy.local.processes import free_port
from services.kernel.postgres import PostgresStore
from services.kernel.sealing import Sealer
from services.notifier.domain.outcome import MOST_ATTEMPTS
from tests.integration.notifier.mail_server import DROP, SILENT, MailServer
from tests.integration.notifier.office import Office, Status, connection, contact

FIRST_WAIT = timedelta(seconds=30)


def test_a_refused_recipient_is_suppressed_and_shown(office: Office, mail: MailServer):
    """550 at RCPT: nothing more is tried, the reason is on view without the address, nothing is announced."""
    mail.on_recipient = ["550 5.1.1 <anna@dupont.example> user unknown"]
    office.read(contact(), connection())
    assert 1 == office.work()
    office.clock.move(timedelta(days=30))
    assert 0 == office.work()
    assert Status("suppressed", "recipient_refused", 1, 0) == office.status()
    assert "550 5.1.1 (address) user unknown" == office.row()["detail"]
    assert [] == mail.received
    assert [] == office.announced()


def test_a_new_address_gives_a_suppressed_letter_another_chance(office: Office, mail: MailServer):
    """The contact is described anew: the letter goes there, under a Message-ID of its own."""
    mail.on_recipient = ["550 no such user"]
    office.read(contact("ana@dupont.example"), connection())
    office.work()
    first = office.row()["message_id"]
    office.read(contact("anna@dupont.example", version=2))
    assert 1 == office.work()
    assert ["ana@dupont.example", "anna@dupont.example"] == mail.asked_for
    assert Status("sent", None, 1, 0) == office.status()
    assert first != mail.message_ids[0]


@pytest.mark.parametrize("place", ["on_recipient", "on_message"])
def test_a_temporary_refusal_is_tried_again(office: Office, mail: MailServer, place: str):
    """451 now, 250 half a minute later."""
    setattr(mail, place, ["451 4.3.0 try again later"])
    office.read(contact(), connection())
    assert 1 == office.work()
    assert "reserved" == office.status().state
    assert "451 4.3.0 try again later" == office.row()["detail"]
    office.clock.move(FIRST_WAIT - timedelta(seconds=1))
    assert 0 == office.work()
    office.clock.move(timedelta(seconds=1))
    assert 1 == office.work()
    assert Status("sent", None, 2, 0) == office.status()
    assert 1 == len(office.announced())


def test_a_message_refused_for_ever_is_suppressed(office: Office, mail: MailServer):
    """554 after the message: the server read it and does not want it."""
    mail.on_message = ["554 5.7.1 content rejected"]
    office.read(contact(), connection())
    office.work()
    assert Status("suppressed", "message_refused", 1, 0) == office.status()


@pytest.mark.parametrize("misbehaviour", [DROP, SILENT])
def test_no_answer_after_the_message(office: Office, mail: MailServer, misbehaviour: str):
    """Nobody knows whether the server has it: sent once more under the same Message-ID, recorded, announced once."""
    mail.on_message = [misbehaviour]
    office.read(contact(), connection())
    assert 1 == office.work()
    assert Status("reserved", "no_answer_after_data", 1, 1) == office.status()
    office.clock.move(FIRST_WAIT)
    assert 1 == office.work()
    office.clock.move(timedelta(days=1))
    assert 0 == office.work()
    assert 2 == len(mail.message_ids)
    assert 1 == len(set(mail.message_ids))
    assert Status("sent", None, 2, 1) == office.status()
    assert 1 == len(office.announced())


def test_a_mail_server_that_is_away(store: PostgresStore):
    """Connection refused: waits double from attempt to attempt, nothing counts as perhaps delivered."""
    office = Office(store, smtp_port=free_port())
    office.read(contact(), connection())
    office.work()
    for wait in (FIRST_WAIT, FIRST_WAIT * 2):
        office.clock.move(wait - timedelta(seconds=1))
        assert 0 == office.work()
        office.clock.move(timedelta(seconds=1))
        assert 1 == office.work()
    assert Status("reserved", "no_answer", 3, 0) == office.status()


def test_a_letter_is_given_up_after_its_last_attempt(office: Office, mail: MailServer):
    """A mailbox that stays full: bounded, and shown with the last reason."""
    mail.on_recipient = ["452 mailbox full"] * 100
    office.read(contact(), connection())
    attempts = office.work()
    while office.status().state == "reserved":
        office.clock.move(timedelta(hours=6))
        attempts += office.work()
    assert MOST_ATTEMPTS == attempts
    assert Status("suppressed", "given_up", 40, 0) == office.status()
    assert "recipient_refused 452 mailbox full" == office.row()["detail"]


def test_an_address_sealed_with_an_unknown_key_waits_for_the_key(office: Office, mail: MailServer):
    """An operator's slip must not lose the letter: it is tried again, and shown meanwhile."""
    office.read(contact(sealer=Sealer({"k9": b"9" * 32}, "k9")), connection())
    office.work()
    assert Status("reserved", "seal_broken", 1, 0) == office.status()
    assert [] == mail.asked_for


def test_what_is_no_address_is_suppressed_without_asking_a_server(office: Office, mail: MailServer):
    """Two recipients in one, as an injected header would make them."""
    office.read(contact("anna@dupont.example\r\nBcc: eve@example.org"), connection())
    office.work()
    assert Status("suppressed", "address_invalid", 1, 0) == office.status()
    assert [] == mail.asked_for


def test_the_address_is_in_no_log_line_and_in_no_column(office: Office, mail: MailServer, capsys: pytest.CaptureFixture[str]):
    """Through a refusal that quotes it, a dropped connection and a delivery; the notifier's rows hold it sealed only."""
    mail.on_recipient, mail.on_message = ["451 <anna@dupont.example> later"], [DROP]
    office.read(contact(), connection())
    for _ in range(3):
        office.work()
        office.clock.move(timedelta(hours=1))
    assert "sent" == office.status().state
    written = "".join(capsys.readouterr())
    assert 3 == written.count("notification_tried")
    assert "anna@" not in written
    with office.store.connection() as database:
        for table in ("contact", "notification", "outbox", "inbox"):
            rows = database.execute(sql.SQL("select * from {}").format(sql.Identifier(table))).fetchall()
            assert rows
            assert "anna@" not in repr(rows)
