"""What every release must pass, one scenario each: whose account it is, whose purchase, and for how long we may read it."""

from collections.abc import Callable
from dataclasses import dataclass

from services.fetcher.domain.waiting import Waiting
from tests.e2e.amazon.conftest import Begin
from tests.e2e.amazon.journey import COMPANY, Journey, settings_of
from tests.e2e.amazon.test_scenarios import connected, everything_is_said, invoiced, said, waits

DOCUMENTS = 12


def states(journey: Journey) -> list[tuple[str, str]]:
    """State and trouble of the company's connections, oldest first."""
    return [(row["state"], row["trouble"] or "") for row in journey.rows("select state, trouble from connection order by opened_at")]


def withdraw(journey: Journey) -> None:
    """The company removes our application from its account."""
    journey.control(f"/accounts/{journey.simulator.accounts.first.id}", {"withdraw": "fr"})


@dataclass
class Afterwards:
    """Does something once, at a certain call."""

    calls: int
    then: Callable[[], None]

    def __call__(self) -> None:
        """One call."""
        self.calls -= 1
        if self.calls == 0:
            self.then()


def test_the_token_is_revoked_in_the_middle_of_a_scan(begin: Begin):
    """Pages of three payments, and the consent ends before the third: the run stops and says nothing; the same account goes on there."""
    journey = begin(settings_of(invoices=DOCUMENTS))
    journey.simulator.assumed.set({"page_size": 3})
    journey.connect()
    journey.check_stopping = Afterwards(3, lambda: withdraw(journey))
    journey.work_off()
    assert ([("broken", "consent_withdrawn")], []) == (states(journey), said(journey))
    assert [2] == [row["pages"] for row in journey.rows("select pages from scan")]
    asked = journey.calls()
    journey.live(days=2)
    assert asked == journey.calls()
    journey.connect()
    journey.live(days=1)
    assert DOCUMENTS == len(said(journey))
    assert [] == everything_is_said(journey)


def test_the_same_account_is_connected_again(begin: Begin):
    """What was bought meanwhile is said, and what was said before is not."""
    journey = connected(begin, invoices=DOCUMENTS)
    withdraw(journey)
    journey.live(days=2)
    number = invoiced(journey, journey.do(deed="place"))
    journey.live(days=1)
    assert ([("broken", "consent_withdrawn")], DOCUMENTS) == (states(journey), len(said(journey)))
    journey.connect()
    journey.live(days=2)
    assert (DOCUMENTS + 1, [(number, 1)]) == (len(said(journey)), said(journey)[DOCUMENTS:])
    assert [] == everything_is_said(journey)


def test_another_account_is_connected_after_a_break(begin: Begin):
    """Its purchases of before are not ours to import: a new connection begins on its own day, and the old one is closed with its data."""
    journey = connected(begin, invoices=DOCUMENTS)
    journey.control("/accounts", {"name": "Atelier acme", "seed": 5})
    withdraw(journey)
    journey.live(days=2)
    journey.connect(account=1)
    journey.work_off()
    assert ["closed", "initialising"] == [state for state, _ in states(journey)]
    before = len(said(journey))
    assert DOCUMENTS == before
    other = journey.simulator.accounts.all[1].id
    [order_id] = journey.control("/deeds", {"account": other, "deeds": [{"deed": "place"}]})
    [shipment_id] = journey.control("/deeds", {"account": other, "deeds": [{"deed": "ship", "order_id": order_id}]})
    [number] = journey.control("/deeds", {"account": other, "deeds": [{"deed": "invoice", "shipment_id": shipment_id}]})
    journey.live(days=2)
    assert [(number, 1)] == said(journey)[before:]


def test_a_second_legal_entity_appears(begin: Begin):
    """The one there was stays the company's; what the new one bought is held, first until a person has chosen, then as another's."""
    journey = connected(begin)
    numbers = [invoiced(journey, journey.do(deed="place"))]
    journey.live(days=1)
    journey.do(deed="add_entity", name="Atelier Services SARL")
    numbers += [invoiced(journey, journey.do(deed="place", entity=entity)) for entity in (0, 1)]
    journey.live(days=1)
    own, theirs = journey.simulator.world.buyer.name, numbers.pop()
    assert [(number, 1) for number in numbers] == said(journey)
    assert [(theirs, Waiting.ENTITY_UNKNOWN)] == waits(journey)
    choice = journey.settling.entities(COMPANY)
    assert (True, [own, "Atelier Services SARL"]) == (choice.ask, sorted(entity.name for entity in choice.entities))
    journey.settling.choose_entities(COMPANY, [own])
    journey.live(days=1)
    assert [(number, 1) for number in numbers] == said(journey)
    assert [(theirs, Waiting.OTHER_ENTITY)] == waits(journey)
    assert [] == everything_is_said(journey)
