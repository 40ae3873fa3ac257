"""The book in other programs' languages: what is written, and that beancount loads whatever a label says."""

from datetime import date
from decimal import Decimal

from beancount import loader
from beancount.core.data import Transaction
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.plaintext.beancount import beancount
from services.ledger.domain.plaintext.hledger import hledger
from services.ledger.domain.reports import Movement

DAY = date(2026, 3, 10)
LINE = Movement("AC", 12, DAY, date(2026, 4, 1), "606400", "Fournitures", None, "FR-1", DAY, "Amazon — FR-1", 100_05, 0, 7)
OTHER = LINE._replace(account="401000", account_label="Fournisseurs", auxiliary="AMAZON_2", debit_cents=0, credit_cents=100_05)


def test_an_entry_for_beancount():
    """Final: a star; its number as metadata, for amounts of one entry stay together; accounts open on the year's first day."""
    assert [
        'option "operating_currency" "EUR"',
        'option "inferred_tolerance_default" "*:0"',
        'option "inferred_tolerance_default" "EUR:0.00001"',
        "",
        '2026-03-10 * "Amazon — FR-1"',
        '  code: "AC-12"',
        '  piece: "FR-1"',
        "  Expenses:606400  100.05 EUR",
        "  Liabilities:401000  -100.05 EUR",
        '    auxiliary: "AMAZON_2"',
        "",
        "2026-01-01 open Expenses:606400 EUR",
        '  label: "Fournitures"',
        "",
        "2026-01-01 open Liabilities:401000 EUR",
        '  label: "Fournisseurs"',
    ] == list(beancount([LINE, OTHER], date(2026, 1, 1)))


def test_an_entry_for_hledger_and_ledger():
    """One that waits: an exclamation mark, and the entry in the place of its number; what would begin a comment or name a day does not."""
    waiting = [line._replace(number=None, label="a; [2020-01-01] b", validated_on=None) for line in (LINE, OTHER)]
    assert [
        "; 2026",
        "",
        "2026-03-10 ! (7) a, (2020-01-01) b",
        "    ; piece: FR-1",
        "    606400  100.05 EUR",
        "    401000:AMAZON_2  -100.05 EUR",
    ] == list(hledger(waiting, date(2026, 1, 1)))


def test_an_amount_in_dollars_has_its_whole_price_in_euros():
    """The programs balance what the book balances; a line in euros beside it stays plain; accounts say which currencies they hold."""
    bought = LINE._replace(currency="USD", currency_cents=125_06)
    owed = OTHER._replace(currency="USD", currency_cents=-125_06, credit_cents=100_00)
    rest = OTHER._replace(credit_cents=5)
    said = list(beancount([bought, owed, rest], DAY))
    assert "  Expenses:606400  125.06 USD @@ 100.05 EUR" in said
    assert "  Liabilities:401000  -125.06 USD @@ 100.00 EUR" in said
    assert "  Liabilities:401000  -0.05 EUR" in said
    assert f"{DAY} open Expenses:606400 USD" in said
    assert f"{DAY} open Liabilities:401000 EUR,USD" in said
    assert [] == loader.load_string("\n".join(said))[1]
    assert "    401000:AMAZON_2  -125.06 USD @@ 100.00 EUR" in list(hledger([bought, owed, rest], DAY))


@given(
    cents=st.lists(st.tuples(st.integers(1, 10**13), st.integers(1, 10**13)), min_size=1, max_size=6),
)
def test_beancount_balances_prices_to_the_cent(cents: list[tuple[int, int]]):
    """It keeps a price per unit, of which 28 digits are there: the cent is not lost, nor one found."""
    here, there = (sum(column) for column in zip(*cents, strict=True))
    lines = [LINE._replace(debit_cents=euros, currency="USD", currency_cents=dollars) for euros, dollars in cents]
    for missing in (0, 1):
        owed = OTHER._replace(credit_cents=here + missing, currency="USD", currency_cents=-there)
        assert bool(missing) == bool(loader.load_string("\n".join(beancount([*lines, owed], DAY)))[1])


@given(
    label=st.text(min_size=1),
    piece=st.text(min_size=1),
    cents=st.integers(1, 10**15),
    account=st.from_regex(r"[1-9][0-9]{5}", fullmatch=True),
)
def test_beancount_loads_any_label_and_amount(label: str, piece: str, cents: int, account: str):
    """The same label, the same cents, and no complaint."""
    lines = [
        LINE._replace(label=label, piece_ref=piece, debit_cents=cents),
        OTHER._replace(account=account, label=label, piece_ref=piece, credit_cents=cents),
    ]
    found, errors, _ = loader.load_string("\n".join(beancount(lines, DAY)))
    assert [] == errors
    (entry,) = [one for one in found if isinstance(one, Transaction)]
    amounts = [posting.units.number for posting in entry.postings if posting.units]
    assert [Decimal(cents) / 100, Decimal(-cents) / 100] == amounts
