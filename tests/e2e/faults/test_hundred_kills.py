"""A hundred kills in one run, and a long mixture of kills and freezes: the promises of the main job, all at once."""

from random import Random

import pytest

from tests.e2e.faults.ground import SEED, Ground
from tests.e2e.faults.mixture import Mixture, Stream

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
KILLS, AT_ONCE = 100, 3


@pytest.mark.parametrize(("blows", "frozen"), [(KILLS, 0), (40, 20)], ids=["kills", "kills_and_freezes"])
def test_every_document_once_whatever_is_killed(shared: Ground, undisturbed: str, blows: int, frozen: int):
    """
    Goal: every document once, every run adds up, one letter per company. Case, from FAULT_SEED, over the four services alike:
      100 kills · 20 kills and 20 freezes beyond the session timeout
    Three imports of 200 documents are under way at any time.
    """
    stream = Stream(shared, f"long_{blows}", AT_ONCE)
    Mixture(shared, Random(SEED), f"seed {SEED}", stream).strike(blows, frozen)
    print(f"{blows} blows fell on {len(stream.imports)} imports")
    shared.check(*stream.imports, undisturbed=undisturbed)
