"""What every release must pass, one scenario each: documents that are late, many, corrected or gathered."""

from dataclasses import replace

import pytest

from deploy.local.amazon.seeded import Season
from deploy.local.amazon.settings import Ways
from services.fetcher.domain.waiting import Waiting
from tests.e2e.amazon.comparing import differences
from tests.e2e.amazon.conftest import Begin
from tests.e2e.amazon.journey import Journey, settings_of


def everything_is_said(journey: Journey) -> list[str]:
    """The differences from the truth when nothing may be left: none is right."""
    return differences(journey.simulator.world, journey.outcome(), journey.terms(settled=True))


def waits(journey: Journey) -> list[tuple[str, str]]:
    """Number and reason of what waits."""
    return [(held.number, held.reason.value) for held in journey.outcome().held]


def said(journey: Journey) -> list[tuple[str | None, int]]:
    """Number and revision of each event."""
    return [(event.data.stated.number and event.data.stated.number.value, event.data.revision) for event in journey.said()]


def connected(begin: Begin, invoices: int = 0) -> Journey:
    """A connected company on a calm sky, its first import over."""
    journey = begin(settings_of(invoices=invoices))
    journey.connect()
    journey.work_off()
    return journey


def shipped(journey: Journey, **place: object) -> str:
    """An order of one article that was shipped and charged now; its shipment."""
    return journey.do(deed="ship", order_id=journey.do(deed="place", **place))


def test_a_quiet_day(begin: Begin):
    """Nothing was bought: the daily run reads the payments, asks for no number and no document, and says nothing."""
    journey = connected(begin, invoices=8)
    before = journey.calls()
    journey.live(days=1)
    asked = {name for name, counts in journey.calls().items() if counts != before.get(name)}
    assert ({"getTransactions", "token"}, 8) == (asked, len(journey.said()))
    assert [] == everything_is_said(journey)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_day_of_five_hundred_orders(begin: Begin):
    """All that is final is there the day after, and Amazon never had to say that we ask too fast. Some orders are never invoiced."""
    journey = begin(settings_of(ways=Ways(season=Season(1, 500))))
    journey.connect()
    journey.live(days=2, hours=12)
    assert [] == everything_is_said(journey)
    assert 400 <= len({document.order_id for document in journey.simulator.world.documents})
    assert 400 <= len(journey.said())
    assert [] == [name for name, counts in journey.calls().items() if "429" in counts]


def test_an_order_of_three_sellers_and_four_invoices(begin: Begin):
    """One report brings all four; each invoice is said with its own charges."""
    journey = connected(begin)
    order_id = journey.do(deed="place", seller="branch", products=(0, 1))
    numbers = [invoiced(journey, order_id, most=1), invoiced(journey, order_id)]
    numbers += [invoiced(journey, also_from(journey, order_id, seller)) for seller in ("stationer", "electronics")]
    journey.live(days=2)
    assert sorted((number, 1) for number in numbers) == sorted(said(journey))
    assert [{order_id}] * 4 == [{charge.order_id for charge in event.data.stated.charges} for event in journey.said()]
    assert [] == everything_is_said(journey)


def invoiced(journey: Journey, order_id: str, most: int = 99) -> str:
    """The next lines of the order, shipped and invoiced now; the number."""
    return journey.do(deed="invoice", shipment_id=journey.do(deed="ship", order_id=order_id, most=most))


def also_from(journey: Journey, order_id: str, seller: str) -> str:
    """One more article of another seller in the same order."""
    world = journey.simulator.world
    added = world.open_orders.pop(journey.do(deed="place", seller=seller))
    added.order = replace(added.order, order_id=order_id)
    world.open(added)
    return order_id


def test_the_seller_uploads_after_six_days(begin: Begin):
    """Missing, then the seller's fault from the fifth day on; the rung after the upload brings it, once."""
    journey = connected(begin)
    number = journey.do(deed="invoice", shipment_id=shipped(journey), uploaded=False)
    journey.live(days=2)
    assert [(number, Waiting.DOCUMENT_MISSING)] == waits(journey)
    journey.live(days=4)
    assert [(number, Waiting.SELLER_LATE)] == waits(journey)
    journey.do(deed="upload", number=number)
    journey.live(days=3)
    assert ([(number, 1)], []) == (said(journey), waits(journey))
    assert [] == everything_is_said(journey)


def test_a_credit_note_forty_days_after_the_invoice(begin: Begin):
    """The invoice is not said again."""
    journey = connected(begin)
    number = journey.do(deed="invoice", shipment_id=shipped(journey))
    journey.live(days=40)
    note = journey.do(deed="refund", number=number)
    journey.live(days=2)
    assert [(number, 1), (note, 1)] == said(journey)
    assert [] == everything_is_said(journey)


def test_an_authorisation_that_is_corrected_after_the_export(begin: Begin):
    """Said with the authorised amounts; once settled, the same document and PDF are said as revision 2 with the true ones."""
    journey = connected(begin)
    shipment_id = shipped(journey)
    journey.do(deed="authorise", shipment_id=shipment_id, percent=120, days=3)
    journey.do(deed="amend", shipment_id=shipment_id, percent=120)
    number = journey.do(deed="invoice", shipment_id=shipment_id)
    journey.live(days=3)
    journey.do(deed="amend", shipment_id=shipment_id, percent=100)
    journey.live(days=2)
    assert [(number, 1), (number, 2)] == said(journey)
    first, second = journey.said()
    assert (first.data.invoice_id, first.data.document) == (second.data.invoice_id, second.data.document)
    assert [[1308 * 120 // 100], [1308]] == [[charge.total_cents for charge in event.data.stated.charges] for event in (first, second)]
    assert [] == everything_is_said(journey)


def test_a_consolidated_month(begin: Begin):
    """Three orders wait for the number of one invoice; it is asked for by that number, once, and said once for all three."""
    journey = connected(begin)
    parcels = [shipped(journey) for _ in range(3)]
    number = journey.do(deed="consolidate", shipment_ids=parcels, days=20)
    journey.live(days=5)
    assert [("", Waiting.NUMBER_PENDING)] * 3 == waits(journey)
    journey.live(days=17)
    assert ([(number, 1)], []) == (said(journey), waits(journey))
    assert [(number, "fetched")] == [(row["number"], row["state"]) for row in journey.rows("select number, state from report")]
    assert 3 == len(journey.said()[0].data.stated.orders)
    assert [] == everything_is_said(journey)
