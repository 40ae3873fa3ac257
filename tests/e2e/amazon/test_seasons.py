"""Weeks and a quarter of one company: what the fetcher says is what the simulator sold, each document once, bytes by hash."""

import os

import pytest

from deploy.local.amazon.seeded import Season
from deploy.local.amazon.settings import Ways
from deploy.local.amazon.trouble import CALM, DAILY, HARSH, Rates
from tests.e2e.amazon.comparing import Terms, differences
from tests.e2e.amazon.conftest import Begin
from tests.e2e.amazon.journey import settings_of


def test_a_calm_week(begin: Begin):
    """Three orders a day and eight documents from before; two more days, and everything final is said."""
    journey = begin(settings_of(seed=1, invoices=8, ways=Ways(season=Season(7, 3), rates=CALM)))
    journey.connect()
    journey.live(days=9)
    assert [] == differences(journey.simulator.world, journey.outcome(), Terms(journey.clock.now(), settled=True))


@pytest.mark.parametrize("rates", [DAILY, HARSH], ids=["daily", "harsh"])
def test_a_week_with_trouble(begin: Begin, rates: Rates):
    journey = begin(settings_of(seed=int(os.environ.get("S", "1")), invoices=8, ways=Ways(season=Season(7, 3), rates=rates)))
    journey.connect()
    journey.live(days=9)
    for one in differences(journey.simulator.world, journey.outcome(), Terms(journey.clock.now())):
        print("AT 9", one)
    journey.control("/rates", {name: 0 for name in ("fatal", "cancelled", "odd_payloads", "server_error", "malformed", "truncated", "slow")})
    journey.live(days=32)
    found = differences(journey.simulator.world, journey.outcome(), Terms(journey.clock.now(), settled=True))
    print(*found, sep="\n")
    assert [] == found
