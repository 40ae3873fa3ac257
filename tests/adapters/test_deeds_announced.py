"""What a person did is announced from the same chain: in its order, once, under ids that follow from the rows."""

from collections.abc import Sequence
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
from tests.adapters.hands import ACTOR, Hands
from tests.integration.ledger.shelf import Broker
from tests.support.kernel import headers

MARCH, APRIL = date(2026, 3, 10), date(2026, 4, 2)
CONTRACTS: dict[str, Any] = {one.ce_type: one for one in (EntryRecorded, EntryReversed, EntrySuperseded, EntryValidated, InvoiceDescribed)}


def read(message: Outgoing) -> Any:
    """The message as its contract's class."""
    return CONTRACTS[headers(message)["ce_type"].decode()].model_validate_json(message.value or b"")


def test_a_validation_is_said_entry_by_entry_in_the_order_of_the_numbers(hands: Hands):
    april, march = hands.book_invoices(APRIL, MARCH)
    hands.book.announced()
    hands.deeds.validate("AC", [april, march])
    first, second = map(read, hands.book.announced())
    assert isinstance(first, EntryValidated)
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
    assert (2, str(new), recorded.lines) == (described.version, described.entry_id, described.lines)


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
    assert (str(new), str(new)) == (recorded.entry_id, described.entry_id)


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
    assert [str(second)] == [read(message).entry_id for message in hands.book.announced()]
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
    assert (6, 6) == (len(ids), len(set(ids)))
