"""Every kind of poison is refused for its reason, and parked as it came: nothing in it can break the record that says why."""

import pytest

from schemas.record_parked.v1 import RecordParked
from services.kernel.envelope import deliver, parked
from tests.support.kernel import TIME, TYPES, outgoing, record
from tests.support.poison import KINDS, Kind


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_poison_is_refused_and_can_be_parked(kind: Kind):
    """Key, value and headers in order; one header more with the reason and the place."""
    spoiled = record(kind.spoil(outgoing("things", 1)), 7)
    refusal = deliver(spoiled, TYPES).refusal
    assert refusal is not None
    kept = parked(spoiled, refusal, "sample", "parked", TIME)
    said = RecordParked.model_validate_json(kept.headers[-1][1] or b"")
    assert (spoiled.key, spoiled.value, spoiled.headers) == (kept.key, kept.value, kept.headers[:-1])
    assert (kind.reason, "things", 0, 7) == (said.reason, said.topic, said.partition, said.offset)
