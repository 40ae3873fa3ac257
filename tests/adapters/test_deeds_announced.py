"""What a person did is announced from the same chain: in its order, once, under ids that follow from the rows."""

from collections.abc import Sequence
from contextlib import closing
from datetime import date
from typing import Any

import pytest

from schemas.entry_recorded.v1 import EntryRecorded
from schemas.entry_reversed.v1 import EntryReversed
from schemas.entry_superseded.v1 import EntrySuperseded
from schemas.entry_validated.v1 import EntryValidated
from schemas.invoice_described.v1 import InvoiceDescribed
from services.kernel.envelope import Outgoing
from services.kernel.errors import Refused, Unavailable
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.reading import Reading
from services.ledger.handler import SERVICE
from tests.adapters.hands import ACTOR, Hands
from tests.integration.ledger.shelf import Broker, event
from tests.support.kernel import headers
from tests.unit.ledger.documents import invoice

MARCH, APRIL = date(2026, 3, 10), date(2026, 4, 2)
CONTRACTS: dict[str, Any] = {one.ce_type: one for one in (EntryRecorded, EntryReversed, EntrySuperseded, EntryValidated, InvoiceDescribed)}


def read(message: Outgoing) -> Any:
    """The message as its contract's class."""
    return CONTRACTS[headers(message)["ce_type"].decode()].model_validate_json(message.value or b"")


def test_a_validation_is_said_entry_by_entry_in_the_order_of_the_numbers(hands: Hands):
    april, march = hands.book_invoices(APRIL, MARCH)
    hands.book.announced()
    hands.deeds.validate("AC", [april, march])
    first, second, *views = map(read, hands.book.announced())
    assert isinstance(first, EntryValidated)
    assert [("I-1", 2, "validated", str(april)), ("I-2", 2, "validated", str(march))] == [
        (view.invoice_id, view.version, view.status, view.entry_id) for view in views
    ]
    assert (str(march), "I-2", "AC", 2026, 1, MARCH, "K-1") == (
        *(first.entry_id, first.invoice_id, first.journal, first.fiscal_year, first.number, first.entry_date, first.connection_id),
    )
    assert (str(april), 2, APRIL) == (second.entry_id, second.number, second.entry_date)


def test_a_correction_is_said_with_the_entry_that_stands_now(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    hands.book.announced()
    new = hands.deeds.recode(entry, {"606400": "606300"})
    superseded, recorded, described = map(read, hands.book.announced())
    assert (EntrySuperseded, str(entry), str(new)) == (type(superseded), superseded.entry_id, superseded.by_entry_id)
    assert (str(new), "606300") == (recorded.entry_id, recorded.lines[0].account)
    assert (2, "to_process", str(new), recorded.lines) == (described.version, described.status, described.entry_id, described.lines)


def test_a_correction_after_validation_is_said_as_a_reversal_and_a_new_entry(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    hands.book.announced()
    new = hands.deeds.recode(entry, {"606400": "606300"})
    mirror, recorded, described = map(read, hands.book.announced())
    assert isinstance(mirror, EntryReversed)
    assert (str(entry), str(new - 1), 2, "FR-1") == (mirror.entry_id, mirror.by_entry_id, mirror.number, mirror.piece_ref)
    assert [("606400", 0, 100_00), ("445660", 0, 20_00), ("401000", 120_00, 0)] == [
        (line.account, line.debit_cents, line.credit_cents) for line in mirror.lines
    ]
    assert (str(new), str(new), 4, "to_process") == (recorded.entry_id, described.entry_id, described.version, described.status)


def views(hands: Hands) -> list[tuple[int, str, str | None]]:
    """Version, status and entry of each view that is said now."""
    said = [message for message in hands.book.announced() if headers(message)["ce_type"].decode() == InvoiceDescribed.ce_type]
    assert [b"C-1/I-1"] * len(said) == [message.key for message in said]
    return [(view.version, view.status, view.entry_id) for view in map(read, said)]


def test_the_view_of_an_invoice_follows_its_whole_life(hands: Hands):
    """Recorded, validated, facts only, reversed; a later conflict needs somebody's eye again. The version only grows."""
    (entry,) = hands.book_invoices(MARCH)
    assert [(1, "to_process", str(entry))] == views(hands)
    hands.deeds.validate("AC", [entry])
    assert [(2, "validated", str(entry))] == views(hands)
    hands.book.receive(event(invoice(number="FR-1", revision=2), n=2))
    assert [(3, "validated", str(entry))] == views(hands)
    hands.deeds.reverse(entry)
    assert [(4, "reversed", str(entry))] == views(hands)
    hands.book.receive(event(invoice([("606300", 1_00, "20")], number="FR-1", revision=3), n=3))
    assert [(5, "to_process", str(entry))] == views(hands)
    assert [] == views(hands)


def test_a_correction_after_validation_can_be_validated_in_its_turn(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    new = hands.deeds.recode(entry, {"606400": "606300"})
    hands.deeds.validate("AC", [new])
    assert [(1, "to_process", str(entry)), (2, "validated", str(entry)), (4, "to_process", str(new)), (5, "validated", str(new))] == views(
        hands
    )


def test_a_view_that_is_late_is_that_of_its_moment(hands: Hands):
    """Nobody announces for a while: each view is as the invoice was when its batch was sealed, so a repeat is the same event."""
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    hands.book.receive(event(invoice(number="FR-1", revision=2), n=2))
    hands.deeds.reverse(entry)
    relay, said = hands.book.new_relay(), Broker([0])
    relay.turn(500, said.send)
    assert [(1, "to_process"), (2, "validated"), (3, "validated"), (4, "reversed")] == [view[:2] for view in views(hands)]


def test_the_compacted_topic_has_what_the_list_shows(hands: Hands):
    """Four invoices with four fates: the last view of each key says the status that Achats shows."""
    waiting, validated, turned, fixed = hands.book_invoices(MARCH, MARCH, APRIL, APRIL)
    hands.deeds.validate("AC", [validated, turned, fixed])
    hands.deeds.reverse(turned)
    hands.deeds.recode(fixed, {"606400": "606300"})
    last = {
        message.key: read(message) for message in hands.book.announced() if headers(message)["ce_type"] == InvoiceDescribed.ce_type.encode()
    }
    shown = {"À traiter": "to_process", "Validée": "validated", "Contre-passée": "reversed"}
    with closing(PostgresStore(hands.book.shelf.url, SERVICE, pool_size=1)) as store:
        rows = Reading(store).purchases("C-1")
    assert {f"C-1/{row['invoice_id']}".encode(): (shown[row["status"]], str(row["entry_id"])) for row in rows} == {
        key: (view.status, view.entry_id) for key, view in last.items()
    }
    assert "to_process" == last[b"C-1/I-1"].status
    assert waiting


def test_what_is_said_names_nobody(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    hands.deeds.reverse(entry)
    assert [] == [message for message in hands.book.announced() if ACTOR.encode() in (message.value or b"")]


def test_periods_and_what_was_undone_say_nothing(hands: Hands):
    """A month locked, a validation rolled back, a deed refused; then what comes behind them is said."""
    first, second = hands.book_invoices(MARCH, APRIL)
    hands.book.announced()
    hands.deeds.lock(MARCH, "lock", "TVA")
    with hands.session() as undone:
        undone.execute("select ledger.validate('C-1', 'AC', array[%s::bigint], 'me')", [second])
    assert [] == hands.book.announced()
    hands.deeds.validate("AC", [second])
    assert [str(second)] * 2 == [read(message).entry_id for message in hands.book.announced()]
    assert [first] == hands.todo()


def test_a_deed_that_could_not_be_announced_is_not_done(hands: Hands):
    """Where the invoice came from was altered to what no contract takes: neither correction nor reversal is sealed."""
    waiting, final = hands.book_invoices(MARCH, APRIL)
    hands.deeds.validate("AC", [final])
    hands.book.shelf.tamper('update ledger.invoice set facts = facts || \'{"connection_id": "é"}\'')
    before = hands.ask("select count(*) from ledger.chain")
    with pytest.raises(Refused):
        hands.deeds.recode(waiting, {"606400": "606300"})
    with pytest.raises(Refused):
        hands.deeds.reverse(final)
    assert before == hands.ask("select count(*) from ledger.chain")


def test_a_relay_that_dies_says_the_same_again(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    hands.deeds.recode(entry, {"606400": "606300"})
    dying = Broker()

    def send_and_die(messages: Sequence[Outgoing]) -> int:
        dying.send(messages)
        raise Unavailable("the process ends here")

    with pytest.raises(Unavailable):
        hands.book.new_relay().turn(500, send_and_die)
    assert dying.messages == hands.book.announced()
    ids = dying.said("ce_id")
    assert (7, 7) == (len(ids), len(set(ids)))
