"""Weeks and a quarter of one company: what the fetcher says is what the simulator sold, each document once, bytes by hash."""

import os
from dataclasses import fields, replace

import pytest

from deploy.local.amazon.seeded import Season
from deploy.local.amazon.settings import Settings, Ways
from deploy.local.amazon.trouble import CALM, DAILY, HARSH, Rates
from tests.e2e.amazon.comparing import Terms, differences, troubles_of
from tests.e2e.amazon.conftest import Begin
from tests.e2e.amazon.journey import COMPANY, Journey, settings_of

ORDERS_A_DAY = int(os.environ.get("ORDERS_A_DAY", "20"))
WEEK, MONTH, QUARTER, SETTLING = 7, 30, 91, 32
"""Days. After so many without purchases the month is invoiced, every late document is there, and a rung of each ladder was climbed."""

UNREADABLE = ("scanned", "locked", "marketplace", "sellers_own")
"""Rates of documents whose number our reader cannot read, or not in each layout."""

HARSH_AND_READABLE = replace(HARSH, **dict.fromkeys(UNREADABLE, 0.0))

EVERY_KIND = replace(DAILY, numberless=0.01, locked=0.005)

CLEAR_SKY = dict.fromkeys(("fatal", "cancelled", "odd_payloads", "server_error", "malformed", "truncated", "slow"), 0)


def season(seed: int, days: int, orders_a_day: int, rates: Rates, returned: float = 0.125) -> Settings:
    """Eight documents from before, then so many days of purchases, with returns for a share of the invoices."""
    return settings_of(seed, 8, Ways(season=Season(days, orders_a_day, returned), rates=rates))


def connected(begin: Begin, settings: Settings) -> Journey:
    """A journey whose company is connected."""
    journey = begin(settings)
    journey.connect()
    return journey


def lived(journey: Journey, days: int, rates: Rates) -> list[str]:
    """The differences at the end of a period, and those when all is settled."""
    pass_days(journey, days)
    found = compared(journey, journey.terms(troubles=troubles_of(rates)))
    journey.control("/rates", CLEAR_SKY)
    pass_days(journey, SETTLING)
    return [*found, *compared(journey, journey.terms(settled=True))]


def pass_days(journey: Journey, days: int) -> None:
    """Days, at the end of each of which a person looks whether she is asked something."""
    for _ in range(days):
        journey.live(days=1)
        decide(journey)


def decide(journey: Journey) -> None:
    """A person says whose purchases are the company's, as soon as she is asked: those of the first entity and of none."""
    choice = journey.settling.entities(COMPANY)
    if choice.ask and any(entity.ours is None for entity in choice.entities):
        own = journey.simulator.world.buyer.name
        journey.settling.choose_entities(COMPANY, [entity.name for entity in choice.entities if entity.name in ("", own)])
        journey.work_off()


def compared(journey: Journey, terms: Terms) -> list[str]:
    """The differences between what the fetcher has to show and the truth."""
    return differences(journey.simulator.world, journey.outcome(), terms)


def test_a_calm_week(begin: Begin):
    """Three orders a day and eight documents from before; two more days, and everything final is said."""
    journey = connected(begin, season(1, WEEK, 3, CALM))
    journey.live(days=WEEK + 2)
    assert [] == compared(journey, journey.terms(settled=True))


@pytest.mark.parametrize("rates", [DAILY, HARSH_AND_READABLE], ids=["daily", "harsh"])
def test_a_week_with_trouble(begin: Begin, rates: Rates):
    """At its end everything is said or held for its reason; a month later everything final is said, and the rest held for ever."""
    assert [] == lived(connected(begin, season(1, WEEK, 3, rates)), WEEK, rates)


def test_a_week_of_unreadable_documents(begin: Begin):
    """Scans, passwords and layouts our reader does not know, beside every other trouble."""
    assert [] == lived(connected(begin, season(1, WEEK, 3, HARSH)), WEEK, HARSH)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(1, 21))
def test_twenty_seeds_of_a_week(begin: Begin, seed: int):
    """`ORDERS_A_DAY` orders a day; even seeds have ordinary days, odd ones harsh ones."""
    rates = HARSH if seed % 2 else DAILY
    assert [] == lived(connected(begin, season(seed, WEEK, ORDERS_A_DAY, rates)), WEEK, rates)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(1, 21))
def test_twenty_seeds_of_readable_documents(begin: Begin, seed: int):
    """Every trouble at harsh rates but documents without a number to read."""
    assert [] == lived(connected(begin, season(seed, WEEK, ORDERS_A_DAY, HARSH_AND_READABLE)), WEEK, HARSH_AND_READABLE)


def test_every_kind_has_its_share():
    """The quarter leaves out no kind of trouble that the simulator knows."""
    assert [] == [field.name for field in fields(EVERY_KIND) if getattr(EVERY_KIND, field.name) == 0]


@pytest.mark.long
@pytest.mark.timeout(36_000)
def test_a_quarter(begin: Begin):
    """Three refunds in a hundred, every kind of trouble, one seed; compared each month, at the end, and when all is settled."""
    journey = connected(begin, season(1, QUARTER, ORDERS_A_DAY, EVERY_KIND, returned=0.03))
    for _ in range(QUARTER // MONTH):
        pass_days(journey, MONTH)
        assert [] == compared(journey, journey.terms(troubles=troubles_of(EVERY_KIND)))
        print(f"{journey.clock.now():%d %B}: {len(journey.said())} events, {journey.calls()}", flush=True)
    found = lived(journey, QUARTER % MONTH, EVERY_KIND)
    print(f"{len(journey.simulator.world.documents)} documents, {len(journey.said())} events, {journey.calls()}", *found, sep="\n")
    assert [] == found
