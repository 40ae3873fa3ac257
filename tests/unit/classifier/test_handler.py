"""What is sent for each record: its answer, the marker passed on, or the parked record and its announcement."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from schemas.classification_held.v1 import ClassificationHeld
from schemas.collection_finished.v1 import CollectionFinished
from schemas.contract import EventData
from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_parked.v1 import InvoiceParked
from schemas.record_parked.v1 import RecordParked
from schemas.registry import topics_read_by, types_on
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.handler import DECISIONS, RETRY, answer, is_decision
from services.kernel.envelope import Delivery, Event, Outgoing, Record, RunPosition, decode, deliver, encode, event_id
from services.kernel.errors import MarkerRefused, Skipped
from tests.adapters.teachings import recoded
from tests.support.collected import COMPANY, domestic_invoice, settings, wrongly_charged_invoice

RULEBOOK = read_rulebook()
COLLECTED, CLASSIFIED, PARKED = "achats.collected.v1", "achats.classified.v1", "achats.parked.classifier.v1"
TYPES = types_on(topics_read_by("classifier"))
SAID = types_on([CLASSIFIED])
NOW = "2026-11-23T08:00:00.000000Z"
TIME = "2026-03-11T05:00:00.000000Z"
TIMESTAMP_MS = 1_773_205_200_000  # the same moment


def marker() -> CollectionFinished:
    """The end of a run of one event."""
    return CollectionFinished(
        company_id=COMPANY,
        connection_id="cn-1",
        run_id="run-1",
        kind="initial",
        emitted=1,
        waiting=(),
        window_from=date(2026, 3, 1),
        window_to=date(2026, 3, 11),
        settings=settings(),
    )


def event(data: EventData, **changes: Any) -> Event[Any]:
    """What the fetcher says."""
    usual: dict[str, Any] = {
        "id": "in-1",
        "source": "/achats/fetcher",
        "time": TIME,
        "data": data,
        "run": RunPosition("run-1", None if isinstance(data, CollectionFinished) else 1),
        "replay_id": "rp-1",
        "traceparent": "00-11111111111111111111111111111111-2222222222222222-01",
    }
    return Event(**{**usual, **changes})


def record(data: EventData, **changes: Any) -> Record:
    """The fetcher's event as the broker gives it."""
    sent = encode(event(data, **changes), COLLECTED)
    return Record(COLLECTED, 3, 42, TIMESTAMP_MS, sent.key, sent.value, sent.headers)


def without(original: Record, *names: str) -> Record:
    """The record without these headers."""
    return replace(original, headers=tuple(pair for pair in original.headers if pair[0] not in names))


def typed(original: Record, ce_type: bytes) -> Record:
    """The record as another type of event."""
    return replace(original, headers=tuple((name, ce_type if name == "ce_type" else value) for name, value in original.headers))


def answered(original: Record) -> tuple[Outgoing, ...]:
    """What must be sent for the record."""
    return answer(deliver(original, TYPES), RULEBOOK, NOW)


def said(outgoing: Outgoing) -> Event[Any]:
    """The event the next service reads."""
    read = decode(Record(outgoing.topic, 0, 0, 0, outgoing.key, outgoing.value, outgoing.headers), SAID)
    assert read is not None
    return read


def test_an_invoice_is_classified_under_its_own_key_and_run() -> None:
    """Goal: run, replay, trace and time travel on; the cause is the input; the id follows from input and rulebook."""
    (sent,) = answered(record(domestic_invoice()))
    heard = said(sent)
    assert isinstance(heard.data, InvoiceClassified)
    assert (CLASSIFIED, b"co-dupont") == (sent.topic, sent.key)
    assert event_id("/achats/classifier", "achats.invoice.classified.v1", "co-dupont/inv-1", "in-1 2026_11_4") == heard.id
    assert ("/achats/classifier", TIME, "in-1", "rp-1") == (heard.source, heard.time, heard.causation_id, heard.replay_id)
    assert RunPosition("run-1", 1) == heard.run
    assert "00-11111111111111111111111111111111-2222222222222222-01" == heard.traceparent


def test_what_cannot_be_booked_is_held_in_the_same_stream() -> None:
    """Case: French VAT of a German seller."""
    (sent,) = answered(record(wrongly_charged_invoice()))
    heard = said(sent)
    assert isinstance(heard.data, ClassificationHeld)
    assert ("vat_wrongly_charged", RunPosition("run-1", 1)) == (heard.data.reason, heard.run)


def test_a_repeat_is_the_same_bytes() -> None:
    """Goal: a redelivery after a crash is recognised as one."""
    assert answered(record(domestic_invoice())) == answered(record(domestic_invoice()))


def test_another_rulebook_makes_another_event() -> None:
    """Goal: a decision under new rules is a new fact."""
    delivery = deliver(record(domestic_invoice()), TYPES)
    (old,) = answer(delivery, RULEBOOK, NOW)
    (new,) = answer(delivery, RULEBOOK.model_copy(update={"version": "2026_12_1"}), NOW)
    assert said(old).id != said(new).id


def test_the_marker_is_passed_on() -> None:
    """Goal: same data, our source, no number in the run."""
    (sent,) = answered(record(marker()))
    heard = said(sent)
    assert (marker(), "/achats/classifier", RunPosition("run-1", None)) == (heard.data, heard.source, heard.run)
    assert (CLASSIFIED, "in-1") == (sent.topic, heard.causation_id)


def test_a_type_nobody_here_reads_is_skipped() -> None:
    """Goal: a new type on the topic breaks nothing."""
    assert () == answered(typed(record(domestic_invoice()), b"achats.invoice.deleted.v1"))


POISON: dict[str, tuple[Callable[[Record], Record], str]] = {
    "no JSON": (lambda it: replace(it, value=b"{"), "unreadable"),
    "tombstone": (lambda it: replace(it, value=None), "unreadable"),
    "no field": (lambda it: replace(it, value=b"{}"), "contract_broken"),
    "no id": (lambda it: without(it, "ce_id"), "header_missing"),
    "other key": (lambda it: replace(it, key=b"co-other"), "key_mismatch"),
}


@pytest.mark.parametrize(("spoil", "reason"), POISON.values(), ids=POISON)
def test_poison_is_parked_untouched_then_announced_in_its_run(spoil: Callable[[Record], Record], reason: str) -> None:
    """Goal: bytes and headers as they came, plus the reason; the run counts it, under the company's key."""
    original = spoil(record(domestic_invoice()))
    parked, announced = answered(original)
    assert (PARKED, original.key, original.value) == (parked.topic, parked.key, parked.value)
    assert original.headers == parked.headers[:-1]
    assert "achats-parked" == parked.headers[-1][0]
    heard = said(announced)
    assert InvoiceParked(company_id=COMPANY, service="classifier", reason=reason, topic=COLLECTED, partition=3, offset=42) == heard.data
    assert (CLASSIFIED, RunPosition("run-1", 1), TIME) == (announced.topic, heard.run, heard.time)
    assert "rp-1" == heard.replay_id


def test_an_announcement_repeats_as_the_same_event() -> None:
    """Goal: parked twice after a crash, counted once: only the parked record's date differs."""
    delivery = deliver(replace(record(domestic_invoice()), value=b"{"), TYPES)
    assert answer(delivery, RULEBOOK, NOW)[1] == answer(delivery, RULEBOOK, "2026-11-24T08:00:00.000000Z")[1]


def test_poison_of_nobody_is_parked_only() -> None:
    """Case: neither header nor key names a company."""
    original = replace(without(record(domestic_invoice()), "ce_companyid"), key=None, value=b"{")
    assert [PARKED] == [sent.topic for sent in answered(original)]


def test_poison_without_a_run_is_announced_without_one() -> None:
    """Case: an event outside any run."""
    original = replace(without(record(domestic_invoice()), "ce_runid", "ce_runseq"), value=b"{")
    assert said(answered(original)[1]).run is None


BROKEN_MARKERS: dict[str, Callable[[Record], Record]] = {
    "no JSON": lambda it: replace(it, value=b"{"),
    "other key": lambda it: replace(it, key=b"co-other"),
    "no id": lambda it: without(it, "ce_id"),
    "no type": lambda it: without(it, "ce_type"),
    "later version": lambda it: typed(it, b"achats.collection.finished.v2"),
}


@pytest.mark.parametrize("spoil", BROKEN_MARKERS.values(), ids=BROKEN_MARKERS)
def test_only_an_operator_parks_a_marker(spoil: Callable[[Record], Record]) -> None:
    """Goal: the one way past it. It is parked as it came and announced nowhere: it is no document of its run."""
    original = spoil(record(marker()))
    (kept,) = answer(Delivery(original, None, Skipped("ada", "bug 42")), RULEBOOK, NOW)
    assert (PARKED, original.key, original.value, original.headers) == (kept.topic, kept.key, kept.value, kept.headers[:-1])


@pytest.mark.parametrize("spoil", BROKEN_MARKERS.values(), ids=BROKEN_MARKERS)
def test_a_marker_that_was_given_back_in_vain_is_parked_again(spoil: Callable[[Record], Record]) -> None:
    """Goal: an operator parked it once; giving it back must not stop the service."""
    original = replace(spoil(record(marker())), topic=RETRY)
    (kept,) = answered(original)
    assert (PARKED, original.headers) == (kept.topic, kept.headers[:-1])


def test_a_document_that_was_given_back_in_vain_still_counts_in_its_run() -> None:
    """Goal: parked again with both reasons, announced like any other parked record."""
    first, _ = answered(replace(record(domestic_invoice()), value=b"{"))
    kept, announced = answered(replace(record(domestic_invoice()), topic=RETRY, value=b"{", headers=first.headers))
    assert ([COLLECTED, RETRY], first.headers) == ([why.topic for why in RecordParked.said_of(kept.headers, RETRY)], kept.headers[:-1])
    assert RunPosition("run-1", 1) == said(announced).run


def test_a_decision_that_was_given_back_is_one_and_in_vain_waits_for_no_run() -> None:
    """Goal: what comes on the retry topic is known by what it says, and by where it first came on."""
    event = Event("in-1", "/achats/classifier", TIME, recoded("d-1"))
    given = replace(record(domestic_invoice()), topic=RETRY, value=b"{")
    sent = encode(event, DECISIONS)
    came = Record(RETRY, 3, 42, 0, sent.key, sent.value, sent.headers)
    assert [True, False] == [is_decision(deliver(one, TYPES)) for one in (came, given)]
    (first,) = answered(replace(came, topic=DECISIONS, value=b"{"))
    (kept,) = answered(replace(came, value=b"{", headers=first.headers))
    assert PARKED == kept.topic


def test_a_skipped_record_counts_in_its_run() -> None:
    """Goal: parked unread, with who asked and why; announced like any other parked record."""
    kept, announced = answer(Delivery(record(domestic_invoice()), None, Skipped("ada", "bug 42")), RULEBOOK, NOW)
    assert b"An operator asked to skip this record: ada: bug 42" in (kept.headers[-1][1] or b"")
    assert ("skipped", RunPosition("run-1", 1)) == (said(announced).data.reason, said(announced).run)


ODD = {"binary": b"\xff\x00", "too long": b"x" * 300, "two words": b"two words", "empty": b"", "none": None}


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
@pytest.mark.parametrize("name", ["ce_id", "ce_replayid", "traceparent", "ce_companyid"])
def test_an_odd_header_of_poison_makes_no_event_that_nobody_can_read(name: str, value: bytes | None) -> None:
    """Goal: what is announced of a poison record reads well, whatever its headers hold. The key names the company in their place."""
    spoiled = replace(record(domestic_invoice()), value=b"{", timestamp_ms=10**18)
    original = replace(spoiled, headers=tuple((key, value if key == name else old) for key, old in spoiled.headers))
    kept, announced = answered(original)
    assert original.headers == kept.headers[:-1]
    heard = said(announced)
    assert (COMPANY, RunPosition("run-1", 1)) == (heard.data.company_id, heard.run)
    if name != "ce_companyid":
        assert None is {"ce_id": heard.causation_id, "ce_replayid": heard.replay_id, "traceparent": heard.traceparent}[name]


@pytest.mark.parametrize("spoil", BROKEN_MARKERS.values(), ids=BROKEN_MARKERS)
def test_a_marker_is_never_parked(spoil: Callable[[Record], Record]) -> None:
    """Goal: a run without its marker would never add up, so the service stops."""
    with pytest.raises(MarkerRefused):
        answered(spoil(record(marker())))
