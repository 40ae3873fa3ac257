"""One connection, one letter: whatever comes twice, late, or after a crash."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schemas.notification_sent.v1 import NotificationSent
from schemas.registry import parked_topic, topic_for
from services.kernel.envelope import Outgoing
from services.kernel.errors import Unavailable
from services.notifier.adapters.desk import QUERIES
from services.notifier.handler import LEASE, SERVICE, Due
from tests.integration.notifier.mail_server import MailServer
from tests.integration.notifier.office import Office, Status, breakage, connection, contact, end_of_contact
from tests.support.kernel import headers


def test_a_letter_from_event_to_announcement(office: Office, mail: MailServer):
    """connection.changed and contact.described → one e-mail to the address, one notification.sent that does not name it."""
    office.read(contact(), connection())
    assert 1 == office.work()
    (message,) = mail.received
    assert "anna@dupont.example" == message["To"]
    assert "[DUPONT] Amazon Business\u00a0: intégration active" == message["Subject"]
    body = message.get_body(("plain",))
    assert body is not None
    assert "3\u00a0documents collectés, 2\u00a0importés dans Achats avec le statut «\u00a0À traiter\u00a0»." in body.get_content()
    (said,) = office.announced()
    assert topic_for(SERVICE, NotificationSent) == said.topic
    assert {
        "company_id": "dupont",
        "notification_id": office.row()["notification_id"],
        "kind": "integration_active",
        "about": "dupont/c1",
        "channel": "email",
        "message_id": message["Message-ID"],
        "sent_at": "2026-11-23T09:00:00.000000Z",
    } == json.loads(said.value or b"")
    assert headers(connection())["ce_id"] == headers(said)["ce_causationid"]
    assert Status("sent", None, 1, 0) == office.status()


def test_events_that_come_again_mail_nobody(office: Office, mail: MailServer):
    """The same record twice in a batch, once more after the mail, and another event about the same connection."""
    office.read(contact(), connection(), connection())
    office.work()
    office.read(connection(), connection(2))
    assert 0 == office.work()
    assert 1 == len(mail.received)
    assert 1 == len(office.announced())


def test_replays_and_other_changes_mail_nobody(office: Office, mail: MailServer):
    """A replayed event, and a change to another state than active."""
    office.read(contact(), connection(replay_id="replay-1"), connection(2, to_state="broken"))
    assert 0 == office.work()
    assert [] == mail.received


def test_an_activation_without_counts_is_parked(office: Office, mail: MailServer):
    """A letter that could not say what was imported is not written; the record is kept with the reason."""
    office.read(contact(), connection(counts=None))
    (parked,) = office.announced()
    assert parked_topic(SERVICE) == parked.topic
    assert "counts_missing" == json.loads(headers(parked)["achats-parked"])["reason"]
    assert 0 == office.work()


def test_an_activation_at_no_readable_time_is_parked(office: Office):
    """`ce_time` that is no time of day with a zone would stop the letter later: it is refused at the door."""
    for time in (b"yesterday", b"2026-11-23T08:12:00", b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59.999-14:00"):
        broken = connection()
        office.read(replace(broken, offset=len(time), headers=(*((k, v) for k, v in broken.headers if k != "ce_time"), ("ce_time", time))))
    assert ["header_missing"] * 4 == [json.loads(headers(one)["achats-parked"])["reason"] for one in office.announced()]


def test_an_end_of_nobody_s_contact_is_parked(office: Office):
    """A key with NUL in a tombstone is no company's name: no database would take it."""
    office.read(replace(end_of_contact(), key=b"dup\x00ont"), contact())
    assert ["header_missing"] == [json.loads(headers(one)["achats-parked"])["reason"] for one in office.announced()]


def test_a_contact_that_comes_later(office: Office, mail: MailServer):
    """The letter waits in its row, says so, and goes out as soon as the contact is known."""
    office.read(connection())
    assert 0 == office.work()
    assert Status("waiting_for_contact", None, 0, 0) == office.status()
    office.clock.move(timedelta(days=3))
    office.read(contact())
    assert 1 == office.work()
    assert ["anna@dupont.example"] == mail.asked_for


def test_an_older_contact_does_not_replace_a_newer_one(office: Office, mail: MailServer):
    """Version 1 redelivered by another partition owner after version 2."""
    office.read(contact("new@dupont.example", 2), contact("old@dupont.example", 1), connection())
    office.work()
    assert ["new@dupont.example"] == mail.asked_for


def test_the_end_of_a_contact_forgets_the_address(office: Office, mail: MailServer):
    """After the tombstone, which may come again, no address is left and the letter waits; what follows in the batch is handled."""
    office.read(contact(), end_of_contact(), connection(), end_of_contact())
    assert 0 == office.work()
    assert Status("waiting_for_contact", None, 0, 0) == office.status()
    with office.store.connection() as database:
        assert [(0,)] == database.execute("select count(*) from contact").fetchall()


def test_a_crash_between_reserving_and_sending(office: Office, mail: MailServer):
    """The process that took the letter died: after its lease another takes it, and the attempt nobody saw end is recorded."""
    office.read(contact(), connection())
    now = office.clock.now()
    assert office.desk.take(now, now + LEASE) is not None
    assert 0 == office.work()
    office.clock.move(LEASE)
    assert 1 == office.work()
    assert 1 == len(mail.received)
    assert Status("sent", None, 2, 1) == office.status()


def test_a_database_that_is_away_after_the_250(office: Office, mail: MailServer):
    """What could not be written down is written down by the next turn: no second mail, one announcement."""

    class AwayOnce:
        """The office's desk, away the first time a letter is to be marked sent."""

        def __init__(self) -> None:
            self.away = True
            self.take, self.bind = office.desk.take, office.desk.bind
            self.postpone, self.suppress = office.desk.postpone, office.desk.suppress

        def sent(self, due: Due, message: str, at: datetime, announcement: Outgoing) -> None:
            """Away once, then there."""
            if self.away:
                self.away = False
                raise Unavailable("PostgreSQL")
            office.desk.sent(due, message, at, announcement)

    office.read(contact(), connection())
    deliver = office.deliverer(AwayOnce())
    with pytest.raises(Unavailable):
        deliver.turn()
    office.clock.move(LEASE * 2)
    assert not deliver.turn()
    assert 1 == len(mail.received)
    assert 1 == len(office.announced())
    assert Status("sent", None, 1, 0) == office.status()


def test_a_letter_that_another_process_is_taking_is_left_to_it(office: Office):
    """Before the other's transaction ends, and without waiting for it."""
    office.read(contact(), connection())
    now = office.clock.now()
    with ThreadPoolExecutor(1) as elsewhere, office.store.connection() as taking:
        assert QUERIES.take(taking, now=now, lease_until=now + LEASE)
        assert elsewhere.submit(office.desk.take, now, now + LEASE).result(timeout=30) is None


def test_eight_processes_deliver_one_letter_once(office: Office, mail: MailServer):
    """Eight turns at once, by eight deliverers: one mail."""
    office.read(contact(), connection())
    with ThreadPoolExecutor(8) as pool:
        turns = [pool.submit(office.deliverer(office.desk).turn) for _ in range(8)]
    assert 1 == sum(turn.result() for turn in turns)
    assert 1 == len(mail.received)


def test_one_letter_for_each_breakage(office: Office, mail: MailServer):
    """The same breakage said twice and replayed, then another: two letters, each with its next action, beside that of the activation."""
    office.read(contact(), connection(), breakage(1), breakage(1), breakage(2), breakage(3, replay_id="replay-1"))
    office.work()
    office.read(breakage(4, since="2027-01-04T10:00:00Z"))
    office.work()
    subjects = sorted(str(message["Subject"]) for message in mail.received)
    assert ["connexion interrompue", "connexion interrompue", "intégration active"] == [subject.partition(": ")[2] for subject in subjects]
    kinds = sorted((said["kind"], said["about"]) for said in (json.loads(one.value or b"") for one in office.announced()))
    assert [
        ("connection_broken", "dupont/c1/2026-11-23T08:12:00Z"),
        ("connection_broken", "dupont/c1/2027-01-04T10:00:00Z"),
        ("integration_active", "dupont/c1"),
    ] == kinds
