"""Papers as entries: literal lines by tables, and whatever a file says, balanced drafts or a sentence."""

from collections.abc import Mapping, Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.papers import refusals
from services.ledger.domain.papers.book import Book, Document, Draft, Item, Place, Waiting
from services.ledger.domain.papers.kinds import KINDS, read_paper
from services.ledger.domain.papers.lettering import Groups, Side
from services.ledger.domain.papers.refusals import PaperRefused
from services.ledger.domain.posting import Line
from services.ledger.domain.standing import FiscalYear
from services.ledger.domain.suppliers import Mergers
from tests.unit.ledger.documents import credit, debit

YEAR = FiscalYear(date(2026, 1, 1), date(2026, 12, 31), date(2025, 12, 31))
ACCOUNTS = (
    *("401000", "404000", "408100", "409100", "409700", "445660", "445663", "445713", "445801", "445860", "486000", "512000"),
    *("606400", "607000", "622400", "651100", "656000", "756000"),
)
SAID: Mapping[str, Mapping[str, str]] = {
    "payment": {"number": "BQ-1", "date": "2026-04-10", "supplier": "AMZEU", "paid": "120", "settles": "FR-1"},
    "advance": {"number": "AC-1", "date": "2026-03-01", "supplier": "AMZEU", "paid": "50,00"},
    "advance_use": {"number": "FR-1", "date": "2026-03-10", "supplier": "AMZEU", "advance": "AC-0", "invoice": "FR-1"},
    "bill": {"number": "T-1", "date": "2026-03-10", "supplier": "CARR1", "lines": "607000=20|622400=15,00@20"},
    "accrual": {"number": "FNP-1", "date": "2026-12-31", "supplier": "AMZEU", "lines": "606400=100.00@20"},
    "prepaid": {
        "number": "CCA-1", "date": "2026-12-31", "account": "651100", "cost": "1200", "from": "2026-04-01", "to": "2027-03-31",
    },
    "import_vat": {"number": "ATVAI-1", "date": "2026-03-31", "base": "430", "rate": "20", "vat": "86"},
    "transfer": {"number": "TR-1", "date": "2026-04-10", "supplier": "OLDEU", "settles": "FR-0"},
    "supplier_debit": {"number": "R-1", "date": "2026-12-31", "supplier": "AMZEU", "amount": "30"},
}  # fmt: skip


def owed(
    number: str, cents: int, account: str = "401000", entry: int = 7, *, of: str = "AMZEU", waiting: Sequence[Waiting] = ()
) -> Document:
    """A document of that supplier that stands with one line."""
    return Document(number, [Item(Place(entry, 3), of, account, cents)], tuple(waiting))


def a_book(*documents: Document, closed_through: date = YEAR.closed_through) -> Book:
    """A book of 2026 in which these documents stand, and OLDEU became AMZEU."""
    year = FiscalYear(YEAR.starts, YEAR.ends, closed_through)
    return Book([year], dict.fromkeys(ACCOUNTS, (None, None)), list(documents), mergers=Mergers({"OLDEU": "AMZEU"}))


def a_full_book() -> Book:
    """One in which every paper of SAID finds what it names."""
    return a_book(owed("FR-1", -120_00), owed("AC-0", 50_00, "409100", 8), owed("FR-0", -70_00, entry=6, of="OLDEU"))


def drafts(kind: str, book: Book | None = None, **changes: str) -> Sequence[Draft]:
    """What the paper of that kind, with these changes, puts into the book."""
    book = book or a_full_book()
    _, paper = read_paper({"kind": kind, **SAID[kind], **changes})
    book.enter(paper.post(book))
    return book.drafts


def shown(kind: str, book: Book | None = None, **changes: str) -> list[tuple[str, str, list[Line]]]:
    """Journal, day and lines of its drafts."""
    return [(draft.journal, draft.entry_date.isoformat(), list(draft.lines)) for draft in drafts(kind, book, **changes)]


def test_every_kind_has_a_case_here():
    assert SAID.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", SAID)
def test_each_kind_makes_balanced_entries_under_its_number(kind: str):
    made = drafts(kind)
    assert made
    assert {SAID[kind]["number"]} == {draft.piece_ref for draft in made}
    assert {0} == {sum(line.cents for line in draft.lines) for draft in made}


def test_a_payment():
    assert [("BQ", "2026-04-10", [debit("401000", 120_00, aux="AMZEU"), credit("512000", 120_00)])] == shown("payment")


def test_a_payment_from_another_bank_account():
    assert "606400" == drafts("payment", bank="606400")[0].lines[-1].account


@pytest.mark.parametrize(
    ("paid", "account", "gap"),
    [("227.27", "656000", 5_05), ("219.22", "756000", -3_00), ("222.22", None, 0)],
)
def test_a_payment_in_another_currency(paid: str, account: str | None, gap: int):
    """250.00 USD were booked at 222.22; what the bank took more or less is a loss or a gain on trade debts (PCG 1221-65)."""
    item = Item(Place(7, 2), "AMZEU", "401000", -222_22, "USD", -250_00)
    ((_, _, lines),) = shown("payment", a_book(Document("US-1", [item])), paid=paid, settles="US-1=250", currency="USD")
    assert Line("401000", "AMZEU", 222_22, None, "USD", 250_00) == lines[0]
    assert [(account, gap)] * bool(gap) == [(line.account, line.cents) for line in lines if line.account in ("656000", "756000")]


def test_the_parts_of_a_debt_in_another_currency_add_up_to_it():
    """222.22 for 250.00 USD in three parts: 74.07, 74.08, 74.07."""
    item = Item(Place(7, 2), "AMZEU", "401000", -222_22, "USD", -250_00)
    book = a_book(Document("US-1", [item]))
    for number, part in enumerate(("83.33", "83.33", "83.34"), 1):
        drafts("payment", book, number=f"BQ-{number}", paid="80", settles=f"US-1={part}", currency="USD")
    assert [74_07, 74_07, 74_08] == [draft.lines[0].cents for draft in book.drafts]


def test_vat_that_waits_is_deducted_with_each_part_of_the_payment():
    """36.00 with 6.00 of VAT, paid 12.00 then 24.00: 2.00 then 4.00 (CGI 269-2-c)."""
    book = a_book(owed("FR-1", -36_00, waiting=(Waiting("445660", "20", 6_00),)))
    drafts("payment", book, paid="12")
    drafts("payment", book, number="BQ-2", paid="24")
    assert [
        ("OD", [debit("445660", 2_00, rate="20"), credit("445801", 2_00, rate="20")]),
        ("OD", [debit("445660", 4_00, rate="20"), credit("445801", 4_00, rate="20")]),
    ] == [(draft.journal, list(draft.lines)) for draft in book.drafts[1::2]]


def test_an_advance_and_its_use():
    book = a_book(owed("FR-1", -120_00))
    drafts("advance", book)
    assert [
        ("BQ", "2026-03-01", [debit("409100", 50_00, aux="AMZEU"), credit("512000", 50_00)]),
        ("OD", "2026-03-10", [debit("401000", 50_00, aux="AMZEU"), credit("409100", 50_00, aux="AMZEU")]),
    ] == shown("advance_use", book, advance="AC-1")


def test_a_bill_of_a_carrier():
    """Duty without VAT and a fee with it (PCG 1221-60, 6224)."""
    lines = [debit("607000", 20_00), debit("622400", 15_00), debit("445660", 3_00, rate="20"), credit("401000", 38_00, aux="CARR1")]
    assert [("AC", "2026-03-10", lines)] == shown("bill")


def test_a_bill_in_another_currency_keeps_what_is_owed():
    ((_, _, lines),) = shown("bill", lines="607000=250.00", currency="USD", exchange_rate="1.125")
    assert [Line("607000", None, 222_22, None, "USD", 250_00), Line("401000", "CARR1", -222_22, None, "USD", -250_00)] == lines


def test_what_rounding_leaves_goes_to_the_largest_cost():
    """0.01 and 0.04 dollars are a cent and four, 0.05 are four in all: the first cost keeps its cent (it was left with nothing before)."""
    ((_, _, lines),) = shown("bill", lines="606400=0.01|607000=0.04", currency="USD", exchange_rate="1.125")
    assert [(1, 1), (3, 4), (-4, -5)] == [(line.cents, line.currency_cents) for line in lines]


def test_an_accrual_is_turned_round_on_the_next_day():
    lines = [debit("606400", 100_00), debit("445860", 20_00, rate="20"), credit("408100", 120_00, aux="AMZEU")]
    assert [("OD", "2026-12-31", lines), ("OD", "2027-01-01", [line._replace(cents=-line.cents) for line in lines])] == shown("accrual")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [("2026-12-31", 300_00), ("2027-01-01", -300_00)]),
        ({"to": "2028-03-31"}, [("2026-12-31", 750_00), ("2027-01-01", -750_00), ("2027-12-31", 150_00), ("2028-01-01", -150_00)]),
        ({"from": "2026-12-17", "to": "2027-01-15"}, [("2026-12-31", 600_00), ("2027-01-01", -600_00)]),
        ({"from": "2027-02-01", "to": "2027-02-28"}, [("2026-12-31", 1200_00), ("2027-01-01", -1200_00)]),
        (
            {"date": "2027-01-31", "every": "month"},
            [("2027-01-31", 200_00), ("2027-02-01", -200_00), ("2027-02-28", 100_00), ("2027-03-01", -100_00)],
        ),
    ],
)
def test_a_prepaid_cost_is_spread_over_its_closings(changes: dict[str, str], expected: list[tuple[str, int]]):
    """1,200.00 for a year from April; for two; for 30 days from the 17th (15 are left); for a month to come; month by month."""
    assert [(day, [Line("486000", None, cents, None), Line("651100", None, -cents, None)]) for day, cents in expected] == [
        (day, lines) for _, day, lines in shown("prepaid", None, **changes)
    ]


def test_import_vat():
    assert [("OD", "2026-03-31", [debit("445663", 86_00, rate="20"), credit("445713", 86_00, rate="20")])] == shown("import_vat")
    (_, _, lines), *_ = shown("import_vat", deducted="0", account="607000")
    assert [credit("445713", 86_00, rate="20"), debit("607000", 86_00)] == lines


def test_a_supplier_in_debit():
    lines = [debit("409700", 30_00, aux="AMZEU"), credit("401000", 30_00, aux="AMZEU")]
    assert [("OD", "2026-12-31", lines)] == shown("supplier_debit")


def test_a_transfer_moves_what_is_open_to_the_supplier_that_stays():
    """70.00 of FR-0 but for 20.00 that stay; the credit note AV-0 of 30.00 beside it; both kinds of account."""
    book = a_book(owed("FR-0", -70_00, entry=6, of="OLDEU"), owed("AV-0", 30_00, "404000", 5, of="OLDEU"))
    lines = [debit("401000", 50_00, aux="OLDEU"), credit("401000", 50_00, aux="AMZEU")]
    lines += [credit("404000", 30_00, aux="OLDEU"), debit("404000", 30_00, aux="AMZEU")]
    assert [("OD", "2026-04-10", lines)] == shown("transfer", book, settles="FR-0=50|AV-0")
    assert [-20_00, 0] == [document.items[0].left for document in book.documents[:2]]
    assert "Transfert OLDEU vers AMZEU TR-1" == book.drafts[0].label


def test_what_was_moved_is_paid_under_its_new_number():
    book = a_full_book()
    drafts("transfer", book)
    assert [("401000", "AMZEU"), ("512000", None)] == [line[:2] for line in drafts("payment", book, settles="TR-1", paid="70")[-1].lines]


def test_a_payment_to_the_supplier_that_stays_settles_the_other_s_documents_on_their_own_account():
    expected = [debit("401000", 120_00, aux="AMZEU"), debit("401000", 70_00, aux="OLDEU"), credit("512000", 190_00)]
    for supplier in ("AMZEU", "OLDEU"):
        assert [("BQ", "2026-04-10", expected)] == shown("payment", None, supplier=supplier, settles="FR-1|FR-0=70", paid="190")


def test_of_two_documents_of_one_number_the_supplier_s_own_is_meant():
    book = a_book(owed("FR-1", -120_00), owed("FR-1", -120_00, entry=6, of="OLDEU"))
    assert ["AMZEU", "OLDEU"] == [
        drafts("payment", book, number=supplier, supplier=supplier)[-1].lines[0].auxiliary for supplier in ("AMZEU", "OLDEU")
    ]


@pytest.mark.parametrize(("kind", "account"), [("bill", "401000"), ("advance", "409100"), ("accrual", "408100")])
def test_a_new_paper_goes_to_the_supplier_that_stays(kind: str, account: str):
    (line,) = [line for line in drafts(kind, None, supplier="OLDEU")[0].lines if line.auxiliary]
    assert (account, "AMZEU") == line[:2]


def test_what_has_vat_waiting_or_another_currency_is_not_moved():
    waiting = owed("FR-0", -70_00, of="OLDEU", waiting=[Waiting("445660", "20", 6_00)])
    with pytest.raises(refusals.VatWaits):
        drafts("transfer", a_book(waiting))
    with pytest.raises(refusals.OtherCurrency):
        drafts("transfer", a_book(Document("FR-0", [Item(Place(7, 2), "OLDEU", "401000", -222_22, "USD", -250_00)])))


def test_what_comes_late_goes_to_the_first_open_day_with_its_true_date():
    """March is closed: a payment and a statement of March are booked on 1 April (PCG 1031-4)."""
    book = a_book(owed("FR-1", -120_00), closed_through=date(2026, 3, 31))
    drafts("payment", book, date="2026-03-28")
    drafts("import_vat", book)
    assert [("2026-04-01", "2026-03-28"), ("2026-04-01", "2026-03-31")] == [
        (draft.entry_date.isoformat(), draft.piece_date.isoformat()) for draft in book.drafts
    ]
    assert ["opération du 28/03/2026", "opération du 31/03/2026"] == [draft.label.split(" — ")[-1] for draft in book.drafts]


REFUSED: Sequence[tuple[str, type[PaperRefused], dict[str, str]]] = [
    ("payment", refusals.FieldMissing, {"paid": " "}),
    ("payment", refusals.FieldUnknown, {"account": "606400"}),
    ("payment", refusals.ValueWrong, {"paid": "12.345"}),
    ("payment", refusals.ValueWrong, {"paid": "-1"}),
    ("payment", refusals.ValueWrong, {"paid": "1e9"}),
    ("payment", refusals.ValueWrong, {"date": "10/04/2026"}),
    ("payment", refusals.ValueWrong, {"date": "2026-02-30"}),
    ("payment", refusals.ValueWrong, {"number": "a\tb"}),
    ("payment", refusals.ValueWrong, {"number": "\ud800"}),
    ("payment", refusals.ValueWrong, {"supplier": "amazon eu"}),
    ("payment", refusals.ValueWrong, {"settles": "FR-1=|FR-2"}),
    ("payment", refusals.ValueWrong, {"settles": "|".join(["FR-1"] * 501)}),
    ("payment", refusals.ItemUnknown, {"settles": "FR-2"}),
    ("payment", refusals.ItemUnknown, {"supplier": "OTHER"}),
    ("payment", refusals.TooMuch, {"settles": "FR-1=120.01", "paid": "120.01"}),
    ("payment", refusals.TooMuch, {"settles": "FR-1=-10"}),
    ("payment", refusals.ItemTwice, {"settles": "FR-1=60|FR-1=60"}),
    ("payment", refusals.NotTheSum, {"settles": "FR-1=100", "paid": "120"}),
    ("payment", refusals.OtherCurrency, {"currency": "USD"}),
    ("payment", refusals.AccountMissing, {"bank": "512999"}),
    ("advance_use", refusals.TooMuch, {"amount": "50.01"}),
    ("bill", refusals.ValueWrong, {"lines": "218300=900@20"}),
    ("bill", refusals.ValueWrong, {"lines": "607000=12@x"}),
    ("bill", refusals.SumWrong, {"lines": "607000=12|606400=-12"}),
    ("bill", refusals.FieldMissing, {"currency": "USD"}),
    ("bill", refusals.ValueWrong, {"currency": "USD", "exchange_rate": "0"}),
    ("bill", refusals.ValueWrong, {"currency": "XYZ", "exchange_rate": "1.1"}),
    ("bill", refusals.SumWrong, {"currency": "USD", "exchange_rate": "9999999", "lines": "607000=1"}),
    ("bill", refusals.SumWrong, {"currency": "USD", "exchange_rate": "2", "lines": "606300=0.01|606400=0.01|607000=0.01"}),
    ("accrual", refusals.NotMonthEnd, {"date": "2026-12-30"}),
    ("accrual", refusals.PeriodClosed, {"date": "2025-12-31"}),
    ("accrual", refusals.AccountMissing, {"lines": "606999=10"}),
    ("prepaid", refusals.PeriodWrong, {"to": "2026-12-31"}),
    ("prepaid", refusals.PeriodWrong, {"from": "2027-04-01"}),
    ("prepaid", refusals.PeriodWrong, {"to": "2040-12-31", "every": "month"}),
    ("prepaid", refusals.ValueWrong, {"every": "week"}),
    ("prepaid", refusals.NotMonthEnd, {"date": "2026-12-30"}),
    ("import_vat", refusals.SumWrong, {"vat": "88"}),
    ("import_vat", refusals.SumWrong, {"deducted": "87"}),
    ("import_vat", refusals.FieldMissing, {"deducted": "80"}),
    ("transfer", refusals.NotMerged, {"supplier": "AMZEU", "settles": "FR-1"}),
    ("transfer", refusals.ItemUnknown, {"settles": "FR-1"}),
    ("transfer", refusals.TooMuch, {"settles": "FR-0=70.01"}),
    ("transfer", refusals.ItemTwice, {"settles": "FR-0=30|FR-0=40"}),
    ("supplier_debit", refusals.NotMonthEnd, {"date": "2026-12-30"}),
]


@pytest.mark.parametrize(("kind", "reason", "changes"), REFUSED)
def test_what_a_paper_may_not_say(kind: str, reason: type[PaperRefused], changes: dict[str, str]):
    with pytest.raises(reason) as refusal:
        drafts(kind, None, **changes)
    assert reason is type(refusal.value)
    assert str(refusal.value).endswith(reason.next_action)


def test_a_kind_is_known():
    with pytest.raises(refusals.KindUnknown):
        read_paper({"kind": "gift"})
    with pytest.raises(refusals.FieldMissing):
        read_paper({"number": "1"})


def test_two_documents_of_one_number_are_not_guessed():
    with pytest.raises(refusals.ItemAmbiguous):
        drafts("payment", a_book(owed("FR-1", -120_00), owed("FR-1", -30_00, entry=9)))


def test_what_is_lettered_is_not_paid_again():
    document = owed("FR-1", -120_00)
    document.items[0].is_lettered = True
    with pytest.raises(refusals.ItemLettered):
        drafts("payment", a_book(document))


def test_groups_hang_together_by_what_settles_them():
    """Two payments share an invoice: they are settled together with the last of them, in the order in which they were touched."""
    sides = {
        name: Side(Place(n, 1), "401000", "A", cents) for n, (name, cents) in enumerate({"a": -50, "b": -20, "p": 30, "q": 40}.items())
    }
    groups = Groups()
    groups.join(sides["p"], sides["a"])
    assert [] == groups.settled([sides["a"].place])
    groups.join(sides["q"], sides["a"])
    groups.join(sides["q"], sides["b"])
    assert [sorted(sides.values())] == groups.settled([sides["a"].place, sides["b"].place])


ANYTHING = (
    " 1 0 -1 0.01 12,50 120 250.00 99999999999.99 20 5.5 1.125 0.0001 month year x é| \x00 "
    "FR-1 AC-0 FR-0 FR-0=20 N-0 N-1 FR-1=60 FR-1=0.01|US-1 US-1=83.33 US-1 FR-1|FR-1 FR-1|FR-0 AMZEU OLDEU USD EUR 606400 512000 "
    "2026-04-10 2026-12-31 2026-02-28 2028-02-29 2030-06-30 "
    "606400=1@20|607000=2.55@5.5 607000=0.01@2.1 606400=-5@20|607000=7@20"
)
TEXTS = st.sampled_from(ANYTHING.split(" "))


@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.dictionaries(st.integers(0, 10), TEXTS)), max_size=6))
def test_whatever_a_file_says_drafts_balance_or_a_sentence_says_why(said: list[tuple[str, dict[int, str]]]):
    """Each paper of SAID with any of its fields changed; after each, nothing is settled beyond what it is."""
    abroad = Document("US-1", [Item(Place(9, 2), "AMZEU", "401000", -222_22, "USD", -250_00)])
    both = Document("FR-1", [Item(Place(7, 2), "AMZEU", "401000", -70_00), Item(Place(7, 3), "AMZEU", "404000", -50_00)])
    waiting = Document("FR-1", both.items, (Waiting("445660", "20", 19_99), Waiting("445660", "5.5", 3)))
    book = a_book(waiting, owed("AC-0", 50_00, "409100", 8), abroad, owed("FR-0", -70_00, entry=6, of="OLDEU"))
    for place, (kind, changes) in enumerate(said):
        names = sorted(KINDS[kind].fields)
        fields = {**SAID[kind], "number": f"N-{place}", **{names[n % len(names)]: text for n, text in changes.items()}}
        try:
            _, paper = read_paper({"kind": kind, **fields})
            book.enter(paper.post(book))
        except PaperRefused:
            continue
    for draft in book.drafts:
        assert 0 == sum(line.cents for line in draft.lines)
        assert 2 <= len(draft.lines)
        assert all(line.cents for line in draft.lines)
        for n in {part.n for part in draft.settles}:
            assert draft.lines[n - 1].cents == sum(part.cents for part in draft.settles if part.n == n)
    for item in (*both.items, *abroad.items):
        assert 0 <= -item.left <= -item.whole
        assert 0 <= item.taken_cents <= -item.cents
