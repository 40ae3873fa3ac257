"""The way to a person, in memory and by SMTP to a real server: what comes of a letter, and what arrives."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import pytest

from schemas.values import RunCounts
from services.notifier.domain.letter import Addressee, integration_active
from services.notifier.domain.outcome import ACCEPTED, Outcome, Stage, Verdict
from tests.adapters.desks import activation
from tests.adapters.posts import Arrived, SmtpStreet, Street, arrived
from tests.integration.notifier.mail_server import MailServer
from tests.simulation.memory.notifier import MemoryPost

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
COUNTS = RunCounts(collected=3, recorded=3, no_entry=0, archived=0, held=0, parked=0, duplicates=0)
LETTER = integration_active(activation().data, COUNTS, Addressee("Dupont", "DUPONT"), NINE, "https://achats.example.org")
ANNA, MESSAGE = "anna@dupont.example", "<1@example.org>"
AT_ANNA_S = Arrived(ANNA, MESSAGE, "[DUPONT] Amazon Business\u00a0: intégration active", NINE)

UNCLEAR = Outcome(Verdict.UNCLEAR, "no_answer_after_data")
AWAY = Outcome(Verdict.DEFERRED, "no_answer")


@pytest.fixture
def server() -> Generator[MailServer]:
    """A mail server that accepts everything until it is told otherwise."""
    with MailServer() as server:
        yield server


@pytest.fixture(params=["memory", "real"])
def street(request: pytest.FixtureRequest, server: MailServer) -> Street:
    """A way to a person."""
    return MemoryPost() if request.param == "memory" else SmtpStreet(server)


def send(street: Street, message: str = MESSAGE, at: datetime = NINE) -> Outcome:
    """Send Anna her letter."""
    return street.send(LETTER, ANNA, message, at)


def test_a_letter_arrives_as_it_was_sent(street: Street, server: MailServer):
    """Goal: a person gets the letter. Case: address, Message-ID, subject and date of two sendings."""
    later = NINE + timedelta(hours=1)
    assert [ACCEPTED, ACCEPTED] == [send(street), send(street, "<2@example.org>", later)]
    assert [AT_ANNA_S, AT_ANNA_S._replace(message_id="<2@example.org>", date=later)] == arrived(street, server)


@pytest.mark.parametrize(
    ("stage", "code", "outcome"),
    [
        (Stage.RECIPIENT, 550, Outcome(Verdict.REFUSED, "recipient_refused", "550 (address) says no")),
        (Stage.RECIPIENT, 451, Outcome(Verdict.DEFERRED, "recipient_refused", "451 (address) says no")),
        (Stage.MESSAGE, 554, Outcome(Verdict.REFUSED, "message_refused", "554 (address) says no")),
        (Stage.MESSAGE, 452, Outcome(Verdict.DEFERRED, "message_refused", "452 (address) says no")),
    ],
)
def test_a_refused_letter_does_not_arrive(street: Street, server: MailServer, stage: Stage, code: int, outcome: Outcome):
    """Goal: for ever and for now are told apart, without the address. Case: 4xx and 5xx, at recipient and message; the next is accepted."""
    street.refuse(stage, code, f"<{ANNA}> says no")
    assert outcome == send(street)
    assert [] == arrived(street, server)
    assert ACCEPTED == send(street)
    assert [AT_ANNA_S] == arrived(street, server)


def test_a_swallowed_letter_arrives_though_nobody_says_so(street: Street, server: MailServer):
    """Goal: perhaps is not no. Case: the connection drops after the last byte; sent again, it is there twice, recognisable."""
    street.swallow()
    assert [UNCLEAR, ACCEPTED] == [send(street), send(street)]
    assert [AT_ANNA_S, AT_ANNA_S] == arrived(street, server)


def test_a_letter_that_meets_nobody_is_for_later(street: Street, server: MailServer):
    """Goal: a mail server may restart. Case: nobody listens, then somebody does."""
    street.close()
    assert [AWAY, ACCEPTED] == [send(street), send(street)]
    assert [AT_ANNA_S] == arrived(street, server)


def test_answers_come_in_the_order_they_were_told(street: Street, server: MailServer):
    """Goal: a seed's faults can be told beforehand. Case: two refusals, told before the first sending."""
    street.refuse(Stage.RECIPIENT, 451, "later")
    street.refuse(Stage.RECIPIENT, 550, "never")
    assert ["451 later", "550 never", ""] == [send(street).detail for _ in range(3)]
    assert [AT_ANNA_S] == arrived(street, server)
