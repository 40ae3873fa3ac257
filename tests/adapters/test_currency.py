"""A document in dollars on a real PostgreSQL, through its whole life: both amounts of each line go with it (PCG 420-1)."""

import re
from collections.abc import Generator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from schemas.invoice_classified.v1 import InvoiceClassified
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.papers.files import Row
from services.ledger.adapters.papers.taking import Papers
from services.ledger.adapters.reading import Reading
from services.ledger.adapters.refusals import CurrencyMismatched, DeedRefused, refusal_of
from services.ledger.adapters.reports import Period, Reports
from tests.adapters.hands import ACTOR, Hands
from tests.adapters.sealed_books import verified
from tests.adapters.test_deeds_announced import read
from tests.integration.ledger.shelf import event
from tests.integration.ledger.validated import SIREN, export
from tests.unit.ledger.documents import COMPANY, invoice

NARROW = "\u202f"
BOTH = "select account, debit_cents - credit_cents, currency, currency_cents from ledger.line where entry_id = {} order by n"
DOLLARS = [("606400", 1_000_00, "USD", 1_250_00), ("445660", 200_00, "USD", 250_00), ("401000", -1_200_00, "USD", -1_500_00)]


def in_dollars(**changes: Any) -> InvoiceClassified:
    """1,250.00 dollars and 20 % of VAT at 1.25: 1,000.00 and 200.00 euros."""
    return invoice([("606400", 1_250_00, "20")], currency="USD", exchange_rate="1.25", **changes)


def turned(lines: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The lines of the mirror."""
    return [(account, -cents, currency, -abroad) for account, cents, currency, abroad in lines]


@pytest.fixture(name="store")
def store_of(hands: Hands) -> Generator[PostgresStore]:
    """A session of a person's."""
    with closing(PostgresStore(hands.book.shelf.url, "ledger", pool_size=1)) as store:
        yield store


def test_it_is_booked_sealed_and_verified(hands: Hands):
    (entry,) = hands.book_documents(in_dollars())
    assert DOLLARS == hands.ask(BOTH.format(entry))
    assert [("1.25", None)] == hands.ask("select facts ->> 'exchange_rate', hold_reason from ledger.invoice")
    assert [] == verified(hands.book.shelf).differences


def test_in_euros_there_is_nothing_of_a_currency(hands: Hands):
    """Two nulls in the row, no word in the facts."""
    hands.book_documents(invoice())
    assert [(None, None)] == hands.ask("select currency, currency_cents from ledger.entry")
    assert [(False,)] == hands.ask("select facts ? 'exchange_rate' from ledger.invoice")


def test_it_is_announced_with_both_amounts(hands: Hands):
    hands.book_documents(in_dollars())
    recorded, described = map(read, hands.book.announced())
    assert ("USD", "1.25", 1_500_00) == (recorded.currency, recorded.exchange_rate, recorded.totals.gross_cents)
    assert [(1_000_00, 0, 1_250_00), (200_00, 0, 250_00), (0, 1_200_00, -1_500_00)] == [
        (line.debit_cents, line.credit_cents, line.currency_cents) for line in recorded.lines
    ]
    assert recorded.lines == described.lines


def test_a_reversal_is_its_mirror_in_both_currencies(hands: Hands):
    (entry,) = hands.book_documents(in_dollars())
    hands.deeds.validate("AC", [entry])
    hands.book.announced()
    mirror = hands.deeds.reverse(entry)
    assert turned(DOLLARS) == hands.ask(BOTH.format(mirror.entry_id))
    said, _ = map(read, hands.book.announced())
    assert ("USD", [-1_250_00, -250_00, 1_500_00]) == (said.currency, [line.currency_cents for line in said.lines])
    assert [] == verified(hands.book.shelf).differences


def test_a_correction_keeps_the_amounts_before_and_after_validation(hands: Hands):
    (first,) = hands.book_documents(in_dollars())
    second = hands.deeds.recode(first, {"606400": "606300"})
    hands.deeds.validate("AC", [second])
    third = hands.deeds.recode(second, {"606300": "606800"})
    corrected = [("606300", *DOLLARS[0][1:]), *DOLLARS[1:]]
    assert corrected == hands.ask(BOTH.format(second))
    assert turned(corrected) == hands.ask(BOTH.format(third - 1))
    assert [("606800", *DOLLARS[0][1:]), *DOLLARS[1:]] == hands.ask(BOTH.format(third))
    assert [] == verified(hands.book.shelf).differences


CORRECT = "select ledger.correct('C-1', {}, 'me', '{{606400,401000}}', '{{null,AMAZON}}', '{{{},-{}}}', '{{null,null}}'{})"


def refused(hands: Hands, deed: str) -> DeedRefused | None:
    """Why the book refuses the deed of a person's role."""
    with hands.session() as session:
        try:
            session.execute(deed.encode())
            session.execute("set constraints all immediate")
        except psycopg.DatabaseError as error:
            return refusal_of(error)
    return None


def test_a_correction_by_other_amounts_has_them_in_the_currency_too(hands: Hands):
    """The euros alone, or dollars for an entry in euros: refused, with a sentence. Both: as given."""
    dollars, euros = hands.book_documents(in_dollars(), invoice(invoice_id="I-2", number="FR-2"))
    refusal = refused(hands, CORRECT.format(dollars, 900, 900, ""))
    assert isinstance(refusal, CurrencyMismatched)
    assert (
        f"Les nouvelles lignes ne sont pas dans la devise de cette écriture : {dollars}. "
        "Donner à chaque ligne son montant dans la devise de la pièce ; aucun si elle est en euros."
    ) == str(refusal)
    assert isinstance(refused(hands, CORRECT.format(euros, 900, 900, ", '{1125,-1125}'")), CurrencyMismatched)
    with hands.session() as session:
        (new,) = session.execute(CORRECT.format(dollars, 900, 900, ", '{1125,-1125}'").encode()).fetchall()[0]
        session.commit()
    assert [("606400", 900, "USD", 1125), ("401000", -900, "USD", -1125)] == hands.ask(BOTH.format(new))


@pytest.mark.parametrize("abroad", ["{1125,-1124}", "{-1125,1125}", "{1125}", "{1125,null}", "{{1125,-1125}}"])
def test_a_correction_whose_amounts_do_not_fit_is_not_written(hands: Hands, abroad: str):
    """The second look at commit, whatever the function was given."""
    (entry,) = hands.book_documents(in_dollars())
    with pytest.raises(psycopg.DatabaseError, match=r"amounts in a currency|entry_arrays_check"), hands.session() as session:
        session.execute(CORRECT.format(entry, 900, 900, f", '{abroad}'").encode())
        session.commit()
    assert [entry] == hands.ids()


@pytest.mark.parametrize("bent", ["currency = 'GBP'", "currency = null, currency_cents = null", "currency_cents = array[-1, -2, 3]"])
def test_a_mirror_of_the_euros_alone_is_none(hands: Hands, bent: str):
    """Planted: the function's own mirror is bent before the check, which only a superuser with triggers off could do."""
    (entry,) = hands.book_documents(in_dollars())
    hands.deeds.validate("AC", [entry])
    with psycopg.connect(hands.book.shelf.admin_url) as superuser:
        superuser.execute("select ledger.reverse_entry('C-1', %s, 'me')", [entry])
        superuser.execute("set local session_replication_role = replica")
        superuser.execute(f"update ledger.entry set {bent} where entry_id <> {entry}".encode())
        superuser.execute("set local session_replication_role = origin")
        with pytest.raises(psycopg.DatabaseError, match="no mirror"):
            superuser.execute("set constraints all immediate")


def test_another_rate_of_a_booked_document_is_a_conflict(hands: Hands):
    """The same rate is a duplicate; another one brings other euros, and the first entry stands."""
    hands.book_documents(in_dollars())
    again = in_dollars(revision=2).model_copy(update={"exchange_rate": "1.26"})
    hands.book.receive(event(again, n=2))
    assert [("recorded", None), ("held", "conflict")] == hands.ask("select outcome, hold_reason from ledger.invoice order by version")


def test_it_is_paid_in_dollars(hands: Hands, store: PostgresStore):
    """1,500.00 dollars owed at 1,200.00 euros cost 1,190.00: 10.00 of gain (PCG 1221-65), and a letter."""
    hands.book_documents(in_dollars())
    pay = {"kind": "payment", "number": "BQ-1", "date": "2026-04-10", "supplier": "AMAZON", "currency": "USD"}
    imported = Papers(store, COMPANY, ACTOR).take([Row(1, {**pay, "settles": "FR-1=1500,00", "paid": "1190,00"})])
    ((_, (paid,)),) = imported.papers
    assert [("401000", 1_200_00, 1_500_00), ("756000", -10_00, None), ("512000", -1_190_00, None)] == [
        (account, cents, abroad) for account, cents, _, abroad in hands.ask(BOTH.format(paid))
    ]
    assert ["AA"] == [given.letter for given in imported.letters]
    assert [] == verified(hands.book.shelf).differences


def test_it_is_read_with_both_amounts(hands: Hands, store: PostgresStore):
    """In the terminal behind the euros, as JSON, and in each report of lines."""
    hands.book_documents(in_dollars(), invoice(invoice_id="I-2", number="FR-2"))
    _, expense, _, owed = Reading(store).answer("entry", "I-1", as_json=False)
    assert [f"1{NARROW}000,00", f"1{NARROW}250,00", "USD"] == re.split(" +", expense)[-3:]
    assert [f"1{NARROW}200,00", f"-1{NARROW}500,00", "USD"] == re.split(" +", owed)[-3:]
    _, euros, *_ = Reading(store).answer("entry", "I-2", as_json=False)
    assert euros.endswith("100,00" + " " * 13)
    assert [("USD", 1_250_00), ("USD", 250_00), ("USD", -1_500_00)] == [
        (row["currency"], row["currency_cents"]) for row in Reading(store).entry("I-1")
    ]
    period = Period(COMPANY, date(2026, 1, 1), date(2026, 12, 31), None, None)
    for report in ("journal", "ledger", "supplier"):
        rows = [row for row in Reports(store).rows(report, period) if row["piece_ref"] == "FR-1" and row["account"] == "401000"]
        assert [("USD", -1_500_00)] == [(row["currency"], row["currency_cents"]) for row in rows]


def test_the_fec_has_both_amounts(hands: Hands, tmp_path: Path):
    """Montantdevise without sign, Idevise; a document in euros has neither; the file passes its check."""
    entries = hands.book_documents(in_dollars(), invoice(invoice_id="I-2", number="FR-2"))
    hands.deeds.validate("AC", entries)
    hands.deeds.reverse(entries[0])
    said = export(hands.book.shelf, tmp_path, provisional=False)
    rows = [line.split("\t") for line in (tmp_path / f"{SIREN}FEC20261231.txt").read_text(encoding="utf-8").splitlines()[1:]]
    dollars, euros, mirror = rows[:3], rows[3:6], rows[6:]
    assert [("1000,00", "0,00"), ("200,00", "0,00"), ("0,00", "1200,00")] == [(row[11], row[12]) for row in dollars]
    assert [("1250,00", "USD"), ("250,00", "USD"), ("1500,00", "USD")] == [(row[16], row[17]) for row in dollars]
    assert [("", "")] * 3 == [(row[16], row[17]) for row in euros]
    assert [("1250,00", "USD"), ("250,00", "USD"), ("1500,00", "USD")] == [(row[16], row[17]) for row in mirror]
    assert "Contrôle : aucun constat." == said[-1]
