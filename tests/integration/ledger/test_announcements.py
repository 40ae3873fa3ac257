"""The book is the outbox: what is sealed is announced in order, with the same ids after any crash, and never when it was altered."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from schemas.booking_held.v1 import BookingHeld
from schemas.entry_recorded.v1 import EntryLine, EntryRecorded
from schemas.import_finished.v1 import ImportFinished
from schemas.invoice_classified.v1 import ClassifiedVat
from schemas.invoice_described.v1 import InvoiceDescribed
from schemas.record_parked.v1 import RecordParked
from services.kernel.envelope import Outgoing, encode
from services.kernel.errors import Unavailable
from services.ledger.adapters.announcements import Altered
from tests.integration.ledger.shelf import TOPIC, Broker, Shelf, event
from tests.integration.ledger.test_runs import marker
from tests.support.kernel import headers
from tests.unit.ledger.documents import SETTINGS, held, invoice

RECORDED, HELD, DESCRIBED = EntryRecorded.ce_type, BookingHeld.ce_type, InvoiceDescribed.ce_type


def announced(shelf: Shelf) -> list[Outgoing]:
    """All that a relay which meets no trouble says."""
    broker, announcements = Broker(), shelf.new_announcements()
    while announcements.turn(500, broker.send):
        pass
    return broker.messages


def test_an_entry_is_announced_with_the_invoice_as_it_stands(shelf: Shelf):
    cause = event(invoice(flags=("asset_suspected",)), run=("R-1", 1))
    shelf.receive(replace(cause, traceparent="00-aa-bb-01"))
    recorded, described = announced(shelf)
    said = EntryRecorded.model_validate_json(recorded.value or b"")
    assert ("achats.booked.v1", b"C-1", "achats.invoices.v1", b"C-1/I-1") == (recorded.topic, recorded.key, described.topic, described.key)
    assert ("AC", "FR-1", 120_00, "to_process") == (said.journal, said.piece_ref, said.totals.gross_cents, said.status)
    assert (
        EntryLine(account="606400", auxiliary=None, debit_cents=100_00, credit_cents=0, vat_rate=None),
        EntryLine(account="445660", auxiliary=None, debit_cents=20_00, credit_cents=0, vat_rate="20"),
        EntryLine(account="401000", auxiliary="AMAZON", debit_cents=0, credit_cents=120_00, vat_rate=None),
    ) == said.lines
    assert ("K-1", None, ("406-1",), ("asset_suspected",), "r1", False) == (
        said.connection_id,
        said.credited_number,
        said.orders,
        said.flags,
        said.rulebook_version,
        said.test_environment,
    )
    assert (ClassifiedVat(rate="20", base_cents=100_00, vat_cents=20_00, regime="domestic"),) == said.vat
    view = InvoiceDescribed.model_validate_json(described.value or b"")
    assert ("K-1", said.vat, said.flags, None, False) == (
        view.connection_id,
        view.vat,
        view.flags,
        view.credited_number,
        view.test_environment,
    )
    assert (1, 1, "to_process", "recorded", said.entry_id, said.lines, None) == (
        view.version,
        view.revision,
        view.status,
        view.outcome,
        view.entry_id,
        view.lines,
        view.hold,
    )
    said = headers(recorded)
    assert (cause.id.encode(), b"R-1", b"1", b"00-aa-bb-01") == tuple(
        said[name] for name in ("ce_causationid", "ce_runid", "ce_runseq", "traceparent")
    )


def test_a_test_environment_is_said_everywhere(shelf: Shelf):
    """A credit note that is booked, a document that is held, and the end of their run."""
    testing = SETTINGS.model_copy(update={"test_environment": True})
    credit = invoice(type="credit_note", number="AV-1", credited_number="FR-1", settings=testing)
    end = marker(2)
    shelf.receive(event(credit, run=("R-1", 1)), event(held(invoice_id="I-2", settings=testing), run=("R-1", 2)))
    shelf.receive(replace(end, data=end.data.model_copy(update={"settings": testing})))
    said = [json.loads(message.value or b"") for message in announced(shelf)]
    assert [True] * 5 == [one["test_environment"] for one in said]
    assert ["FR-1", "FR-1"] == [one["credited_number"] for one in said[:2]]


def test_a_hold_is_announced_with_its_reason_and_a_conflict_shows_the_entry_that_stands(shelf: Shelf):
    shelf.receive(event(held(invoice_id="I-2")), event(invoice()), event(invoice([("606300", 100_00, "20")], revision=2), n=2))
    messages = announced(shelf)
    assert [HELD, DESCRIBED, RECORDED, DESCRIBED, HELD, DESCRIBED] == [headers(one)["ce_type"].decode() for one in messages]
    first, conflict = (BookingHeld.model_validate_json(messages[place].value or b"") for place in (0, 4))
    assert ("classification", "issue_date_missing", "Relever la date sur le PDF et la saisir.") == (
        first.stage,
        first.reason,
        first.next_action,
    )
    assert ("K-1", "invoice", None, "EUR", None, "Amazon Business", ("406-1",)) == (
        first.connection_id,
        first.type,
        first.issue_date,
        first.currency,
        first.totals,
        first.supplier.name,
        first.orders,
    )
    assert (120_00, invoice().issue_date) == (conflict.totals and conflict.totals.gross_cents, conflict.issue_date)
    assert ("booking", "conflict", 2) == (conflict.stage, conflict.reason, conflict.revision)
    view = InvoiceDescribed.model_validate_json(messages[5].value or b"")
    assert (2, "held", "606400") == (view.version, view.outcome, view.lines[0].account)


def test_facts_without_an_entry_are_announced_as_a_view_only(shelf: Shelf):
    nothing = [("606400", 10_00, "20"), ("606400", -10_00, "20")]
    shelf.receive(event(invoice(nothing)), event(invoice(nothing, invoice_id="I-2", issue_date=invoice().issue_date.replace(year=2025))))
    views = [InvoiceDescribed.model_validate_json(message.value or b"") for message in announced(shelf)]
    assert [("no_entry", "archived", ()), ("archived", "archived", ())] == [(view.outcome, view.status, view.lines) for view in views]


def test_a_finished_run_is_announced_after_its_entries(shelf: Shelf):
    shelf.receive(marker(1), event(invoice(), run=("R-1", 1)))
    messages = announced(shelf)
    assert [RECORDED, DESCRIBED, ImportFinished.ce_type] == [headers(one)["ce_type"].decode() for one in messages]
    finished = ImportFinished.model_validate_json(messages[-1].value or b"")
    assert ("R-1", 1, 1, 1, "number_pending", "K-1") == (
        finished.run_id,
        finished.revision,
        finished.counts.collected,
        finished.counts.recorded,
        finished.waiting[0].reason,
        finished.connection_id,
    )
    assert (b"R-1", None) == (headers(messages[-1])["ce_runid"], headers(messages[-1]).get("ce_runseq"))


def test_a_parked_record_goes_out_untouched_with_its_reason_in_its_turn(shelf: Shelf):
    original = encode(event(invoice(invoice_id="I-2")), TOPIC)
    original = replace(original, value=b"{\xff", headers=(*original.headers, ("odd", None), ("odd", b"")))
    shelf.receive(event(invoice()), original, event(invoice(invoice_id="I-3")))
    messages = announced(shelf)
    assert ["achats.booked.v1", "achats.invoices.v1", "achats.parked.ledger.v1", "achats.booked.v1", "achats.invoices.v1"] == [
        one.topic for one in messages
    ]
    parked = messages[2]
    reason = json.loads(headers(parked)[RecordParked.header_name])
    assert (original.key, original.value, original.headers) == (parked.key, parked.value, parked.headers[:-1])
    assert ("ledger", "unreadable", TOPIC, 3, 1) == tuple(reason[name] for name in ("service", "reason", "topic", "partition", "offset"))


def test_a_relay_that_dies_between_sending_and_marking_is_followed_by_one_that_says_the_same(shelf: Shelf):
    shelf.receive(event(invoice()))
    shelf.receive(event(invoice(invoice_id="I-2")))
    dying = Broker()

    def send_and_die(messages: Sequence[Outgoing]) -> int:
        dying.send(messages)
        raise Unavailable("the process ends here")

    with pytest.raises(Unavailable):
        shelf.new_announcements().turn(500, send_and_die)
    assert dying.messages == announced(shelf)
    assert [] == announced(shelf)


def test_what_was_not_acknowledged_is_sent_again_from_there(shelf: Shelf):
    for n in range(3):
        shelf.receive(event(invoice(invoice_id=f"I-{n}a")), event(invoice(invoice_id=f"I-{n}b")))
    broker, announcements = Broker(limits=[3, 0, 6, 1]), shelf.new_announcements()
    assert [3, 0, 6, 1, 2, 0] == [announcements.turn(500, broker.send) for _ in range(6)]
    ids = broker.said("ce_id")
    assert (12, 12) == (len(ids), len(set(ids)))
    assert [f"C-1/I-{n}{letter}" for n in range(3) for letter in "ab" for _ in "12"] == broker.said("ce_subject")


def test_a_turn_stops_at_its_limit_after_a_whole_batch(shelf: Shelf):
    for n in range(3):
        shelf.receive(event(invoice(invoice_id=f"I-{n}")))
    broker, announcements = Broker(), shelf.new_announcements()
    assert [4, 2, 0] == [announcements.turn(3, broker.send) for _ in range(3)]


def test_two_relays_never_send_one_book_at_the_same_time(shelf: Shelf):
    shelf.receive(event(invoice()))
    first, second, late = shelf.new_announcements(), shelf.new_announcements(), Broker()

    def send_while_another_tries(messages: Sequence[Outgoing]) -> int:
        assert 0 == second.turn(500, late.send)
        return len(messages)

    assert 2 == first.turn(500, send_while_another_tries)
    assert [] == late.messages


@pytest.mark.parametrize(
    "deed",
    [
        "update ledger.entry set cents = array[1::bigint, 2, -3]",
        "update ledger.entry set label = 'other'",
        'update ledger.invoice set facts = facts || \'{"number": "FR-2"}\'',
        "delete from ledger.invoice",
        "update ledger.batch set recorded_at = recorded_at - interval '1 day'",
        "update ledger.chain set digest = '\\x00'",
        "update ledger.chain set prev = '\\x01'",
        "delete from ledger.chain",
    ],
)
def test_what_a_superuser_altered_is_not_announced(shelf: Shelf, deed: str):
    shelf.receive(event(invoice()))
    shelf.tamper(deed)
    broker = Broker()
    with pytest.raises(Altered, match="book 3, place 1"):
        shelf.new_announcements().turn(500, broker.send)
    assert [] == broker.messages


def test_each_seal_holds_the_one_before(shelf: Shelf):
    for n in range(3):
        shelf.receive(event(invoice(invoice_id=f"I-{n}")))
    rows = shelf.ask("select seq, batch_id, digest || marks, prev, hash from ledger.chain order by seq")
    assert [1, 2, 3] == [row[0] for row in rows]
    assert [b"\0", *(row[4] for row in rows[:-1])] == [row[3] for row in rows]
    for seq, batch_id, said, prev, sealed in rows:
        assert hashlib.sha256(prev + seq.to_bytes(8) + batch_id.to_bytes(8) + said).digest() == sealed
    assert [(3, rows[-1][4])] == shelf.ask("select seq, hash from ledger.chain_head where book = 3")
