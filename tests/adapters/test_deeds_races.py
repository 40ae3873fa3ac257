"""Two sessions at once on a real PostgreSQL: the second waits for the first, and every race has one winner."""

from datetime import date

from services.ledger.adapters.refusals import AlreadyReversed, AlreadySuperseded, AlreadyValidated, ChangedMeanwhile, MonthLocked
from tests.adapters.hands import Hands
from tests.integration.ledger.shelf import event
from tests.unit.ledger.documents import invoice

MARCH, APRIL = date(2026, 3, 10), date(2026, 4, 2)
RECODED = {"606400": "606300"}
LINES = "array['606300', '445660', '401000'], array[null, null, 'AMAZON'], array[10000, 2000, -12000]::bigint[], array[null, '20', null]"


def validate(entry: int) -> str:
    """The statement of somebody who is not done yet."""
    return f"select ledger.validate('C-1', 'AC', array[{entry}], 'M. Petit')"


def correct(entry: int) -> str:
    """As `validate`."""
    return f"select ledger.correct('C-1', {entry}, 'M. Petit', {LINES})"


def test_one_of_two_validations_gives_the_number(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    assert isinstance(hands.beside([validate(entry)], lambda: hands.deeds.validate("AC", [entry])), AlreadyValidated)
    assert [("AC", 2026, 1, entry, MARCH)] == hands.numbers()


def test_two_validations_of_a_journal_wait_for_each_other_and_leave_no_hole(hands: Hands):
    """The first is undone: the second has its number."""
    first, second = hands.book_invoices(MARCH, APRIL)
    assert hands.beside([validate(first)], lambda: hands.deeds.validate("AC", [second]), ends="rollback") is None
    assert [("AC", 2026, 1, second, APRIL)] == hands.numbers()


def test_what_is_superseded_meanwhile_is_not_validated(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    assert isinstance(hands.beside([correct(entry)], lambda: hands.deeds.validate("AC", [entry])), AlreadySuperseded)
    assert [] == hands.numbers()
    assert hands.todo() == hands.ids()[1:]


def test_what_is_validated_meanwhile_is_not_superseded(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    assert isinstance(hands.beside([validate(entry)], lambda: hands.deeds.recode(entry, RECODED)), AlreadyValidated)
    assert ([entry], []) == (hands.ids(), hands.todo())


def test_one_of_two_corrections_stands(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    assert isinstance(hands.beside([correct(entry)], lambda: hands.deeds.recode(entry, RECODED)), ChangedMeanwhile)
    assert [(entry, hands.ids()[1])] == hands.ask("select entry_id, by_entry from ledger.fate")


def test_one_of_two_reversals_stands(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [entry])
    first = [f"select ledger.reverse_entry('C-1', {entry}, 'M. Petit')"]
    assert isinstance(hands.beside(first, lambda: hands.deeds.reverse(entry)), AlreadyReversed)
    assert [1, 2] == [number for _, _, number, _, _ in hands.numbers()]


def test_a_validation_waits_for_a_close_and_goes_behind_it(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    close = ["select ledger.close_period('C-1', 2026::smallint, '2026-03-31', 'M. Petit', 1)"]
    assert hands.beside(close, lambda: hands.deeds.validate("AC", [entry])) is None
    assert [("AC", 2026, 1, entry, date(2026, 4, 1))] == hands.numbers()


def test_a_close_waits_for_a_validation_in_its_period(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    assert hands.beside([validate(entry)], lambda: hands.deeds.close(2026, date(2026, 3, 31), waiting=0)) is None
    assert [("AC", 2026, 1, entry, MARCH)] == hands.numbers()


def test_a_validation_waits_for_a_lock(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    lock = ["select ledger.lock_month('C-1', '2026-03-10', 'lock', 'M. Petit', 'TVA')"]
    assert isinstance(hands.beside(lock, lambda: hands.deeds.validate("AC", [entry])), MonthLocked)


def test_a_revision_that_a_person_outran_is_asked_again_and_not_parked(hands: Hands):
    """A correction and the invoice's next revision want the same version: the revision is made again, and the correction stands."""
    (entry,) = hands.book_invoices(MARCH)
    revision = event(invoice(number="FR-1", revision=2, orders=("406-2",)), n=2)
    assert hands.beside([correct(entry)], lambda: hands.book.receive(revision)) is None
    assert [(1, 1, entry), (2, 1, hands.ids()[1]), (3, 2, hands.ids()[1])] == hands.ask(
        "select version, revision, entry_id from ledger.invoice order by 1"
    )
    assert [(0,)] == hands.ask("select count(*) from ledger.parked_record")


def test_a_person_whom_a_revision_outran_reads_it_first(hands: Hands):
    (entry,) = hands.book_invoices(MARCH)
    blocked = hands.beside(
        [
            "insert into ledger.batch (book, n, topic_id, partition, epoch, from_offset, next_offset) "
            "select partition, 0, topic_id, partition, epoch, next_offset, next_offset + 1 from ledger.kafka_position",
            "insert into ledger.invoice (batch_id, record_offset, company_id, invoice_id, version, revision, outcome, entry_id, booked, "
            "posting, content, facts, event_id, event_time) select max(b.batch_id), 1, company_id, invoice_id, 2, 2, outcome, entry_id, "
            "false, posting, content, facts, 'E-2', event_time from ledger.invoice cross join ledger.batch as b group by 3, 4, 7, 8, "
            "posting, content, facts, event_time",
        ],
        lambda: hands.deeds.recode(entry, RECODED),
        url=hands.book.shelf.consumer_url,
    )
    assert isinstance(blocked, ChangedMeanwhile)
    assert [entry] == hands.ids() == hands.todo()
