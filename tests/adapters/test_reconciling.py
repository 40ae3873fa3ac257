"""The daily comparison on a real book: a planted loss, a planted double, what is under way, and what is said of it, once."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from schemas.emissions_counted.v1 import EmissionsCounted
from schemas.emissions_reconciled.v1 import EmissionsReconciled
from schemas.registry import topic_for
from services.fetcher.domain.auditing import Emission, counted_by_day
from services.kernel.clock import ScaledClock
from services.kernel.envelope import Event, encode
from services.kernel.postgres import Outbox, PostgresStore
from services.ledger.adapters.daily.counts import Count
from services.ledger.adapters.daily.reconciling import Reconciling
from services.ledger.handler import SERVICE
from tests.adapters.hands import Hands
from tests.integration.ledger.shelf import TOPIC, Broker, event
from tests.integration.ledger.test_runs import marker, seven
from tests.unit.ledger.documents import invoice

NOW = datetime(2026, 3, 11, 2, tzinfo=UTC)
DAY = date(2026, 3, 10)
type Comparing = Callable[..., Reconciling]


def counted(*keys: tuple[str, int], run: str = "R-1", day: date = DAY) -> EmissionsCounted:
    """The fetcher's own count of these invoices and revisions, numbered from 1."""
    (count,) = counted_by_day("C-1", [Emission(day, run, number, *key) for number, key in enumerate(keys, 1)])
    return count


def said_in_run(*numbers: int, run: str = "R-1") -> list[Event[Any]]:
    """Invoices I-1, I-2, … under these numbers of the run."""
    return [event(invoice(invoice_id=f"I-{n}", number=f"FR-{n}"), run=(run, n)) for n in numbers]


@pytest.fixture
def store(hands: Hands) -> Generator[PostgresStore]:
    """A session of the book's."""
    with closing(PostgresStore(hands.book.shelf.url, SERVICE, pool_size=1)) as one:
        yield one


@pytest.fixture
def comparing(store: PostgresStore) -> Comparing:
    """The command at two o'clock, over counts that reached the topic so long ago."""

    def at(*counts: EmissionsCounted, ago: timedelta = timedelta(hours=3)) -> Reconciling:
        said: Sequence[Count] = [Count(count, NOW - ago) for count in counts]
        return Reconciling(store, lambda since: [one for one in said if one.at >= since], ScaledClock(NOW, speed=0.0))

    return at


def announced(hands: Hands) -> list[EmissionsReconciled]:
    """What a relay says now."""
    broker = Broker()
    with closing(PostgresStore(hands.book.shelf.consumer_url, SERVICE, pool_size=1)) as store:
        while Outbox(store).turn(500, broker.send):
            pass
    assert {message.topic for message in broker.messages} <= {topic_for(SERVICE, EmissionsReconciled)}
    return [EmissionsReconciled.model_validate_json(message.value or b"") for message in broker.messages]


THREE = counted(("I-1", 1), ("I-2", 1), ("I-3", 1))


def test_a_day_that_is_equal_is_said_once(hands: Hands, store: PostgresStore, comparing: Comparing):
    """Three documents and the end of their run; compared twice."""
    hands.book.receive(*said_in_run(1, 2, 3), marker(3))
    for _ in range(2):
        today = comparing(THREE)
        assert ["C-1 au 10/03/2026 : 3 annoncés, 3 dans le livre, contenu identique."] == list(today.compare(None))
        assert 0 == today.found
    (said,) = announced(hands)
    assert (DAY, 3, 3, 0, 0, 0, "equal") == (
        *(said.day, said.counted, said.booked, said.missing, said.too_many, said.under_way, said.content),
    )


def test_a_planted_loss_is_named(hands: Hands, store: PostgresStore, comparing: Comparing):
    """The second of three never came, and the run's end did."""
    hands.book.receive(*said_in_run(1, 3), marker(3))
    today = comparing(THREE)
    assert ["C-1 au 10/03/2026 : 3 annoncés, 2 dans le livre, MANQUENT 1 : R-1 n° 2, contenu non comparable."] == list(today.compare(DAY))
    assert 1 == today.found
    assert [("R-1", 2, 2)] == [(run.run_id, run.first, run.last) for said in announced(hands) for run in said.missing_numbers]


def test_a_loss_behind_the_triggers_is_named(hands: Hands, comparing: Comparing):
    """All three came; a superuser takes one out of the book, its outcome with it."""
    hands.book.receive(*said_in_run(1, 2, 3), marker(3))
    hands.book.shelf.tamper("delete from ledger.outcome where runseq = 3")
    assert "MANQUENT 1 : R-1 n° 3" in next(comparing(THREE).compare(DAY))


def test_a_planted_double_is_named(hands: Hands, store: PostgresStore, comparing: Comparing):
    """A fourth and a fifth of a run of three."""
    hands.book.receive(*said_in_run(1, 2, 3, 4, 5), marker(3))
    today = comparing(THREE)
    assert ["C-1 au 10/03/2026 : 3 annoncés, 3 dans le livre, EN TROP 2 : R-1 n° 4 à 5, contenu identique."] == list(today.compare(DAY))
    assert (1, 2) == (today.found, announced(hands)[0].too_many)


def test_another_document_in_the_place_of_one_is_seen(hands: Hands, comparing: Comparing):
    """The count is right, what it speaks of is not."""
    hands.book.receive(*said_in_run(1, 2), event(invoice(invoice_id="I-9", number="FR-9"), run=("R-1", 3)), marker(3))
    today = comparing(THREE)
    assert ["C-1 au 10/03/2026 : 3 annoncés, 3 dans le livre, CONTENU DIFFÉRENT."] == list(today.compare(DAY))
    assert 1 == today.found


def test_what_has_not_been_read_yet_is_not_missing(hands: Hands, store: PostgresStore, comparing: Comparing):
    """One of three so far, no end of the run: under way; two days later it is missing; when it comes, the day is equal."""
    hands.book.receive(*said_in_run(1))
    today = comparing(THREE)
    assert ["C-1 au 10/03/2026 : 3 annoncés, 1 dans le livre, 2 pas encore, contenu non comparable."] == list(today.compare(DAY))
    assert 0 == today.found
    earlier = counted(("I-1", 1), ("I-2", 1), ("I-3", 1), day=date(2026, 3, 8))
    late = comparing(earlier, ago=timedelta(hours=49))
    assert ["C-1 au 08/03/2026 : 3 annoncés, 1 dans le livre, MANQUENT 2 : R-1 n° 2 à 3, contenu non comparable."] == list(
        late.compare(date(2026, 3, 8))
    )
    assert [] == list(late.compare(None))  # nothing was counted since yesterday
    hands.book.receive(*said_in_run(2, 3), marker(3))
    assert ["C-1 au 10/03/2026 : 3 annoncés, 3 dans le livre, contenu identique."] == list(comparing(THREE).compare(DAY))
    assert {(2, 0), (0, 2), (0, 0)} == {(said.under_way, said.missing) for said in announced(hands)}


def test_every_outcome_counts(hands: Hands, comparing: Comparing):
    """A run of seven with one of each: held, archived, parked here and upstream, a repeat; the book keeps no content of three of them."""
    hands.book.receive(*seven())
    seven_counted = counted(*((f"I-{n}", 1) for n in range(1, 8)))
    assert ["C-1 au 10/03/2026 : 7 annoncés, 7 dans le livre, contenu non comparable."] == list(comparing(seven_counted).compare(DAY))


def test_what_was_parked_and_given_back_is_part_of_the_content(hands: Hands, comparing: Comparing):
    """The second of three is parked: its content is not known. Given back and booked, the day is equal."""
    one, two, three = said_in_run(1, 2, 3)
    hands.book.receive(one, replace(encode(two, TOPIC), value=b"{"), three, marker(3))
    assert ["C-1 au 10/03/2026 : 3 annoncés, 3 dans le livre, contenu non comparable."] == list(comparing(THREE).compare(DAY))
    hands.book.receive(two)
    assert ["C-1 au 10/03/2026 : 3 annoncés, 3 dans le livre, contenu identique."] == list(comparing(THREE).compare(DAY))


def test_a_revision_that_came_too_late_is_part_of_the_content(hands: Hands, comparing: Comparing):
    """Revision 2 before revision 1: the first is noted, not booked; both were said."""
    two, one = (event(invoice(revision=n), n=n, run=("R-1", n)) for n in (2, 1))
    hands.book.receive(two, one, marker(2))
    both = counted(("I-1", 1), ("I-1", 2))
    assert ["C-1 au 10/03/2026 : 2 annoncés, 2 dans le livre, contenu identique."] == list(comparing(both).compare(DAY))


def test_only_the_wanted_day(hands: Hands, comparing: Comparing):
    """Two days of one run; a company that the book does not know."""
    hands.book.receive(*said_in_run(1), marker(1))
    first = counted(("I-1", 1))
    other = counted(("I-8", 1), day=date(2026, 3, 11))
    assert 1 == len(list(comparing(first, other).compare(DAY)))
    assert 2 == len(list(comparing(first, other).compare(None)))
    stranger = first.model_copy(update={"company_id": "C-404"})
    assert ["C-404 au 10/03/2026 : 1 annoncés, 0 dans le livre, 1 pas encore, contenu non comparable."] == list(
        comparing(stranger).compare(DAY)
    )
