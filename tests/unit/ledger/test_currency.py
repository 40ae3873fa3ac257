"""Documents in another currency: the entry in euros, each line with the document's own amount (PCG 420-1); cases, and properties."""

import json
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.invoice_classified.v1 import ClassifiedVat, InvoiceClassified
from services.ledger.domain.facts import Facts, facts_json
from services.ledger.domain.holds import TooSmallInEuros
from services.ledger.domain.posting import Entry, Line, NoEntry, post
from services.ledger.domain.standing import Outcome, judge
from tests.unit.ledger.documents import Row, entry_of, invoice, lines
from tests.unit.ledger.test_posting import documents

RATES = st.sampled_from(["1.1250", "0.85", "1", "160.37", "27000", "0.001"])


def abroad(rows: list[Row], rate: str = "1.25", **changes: object) -> InvoiceClassified:
    """An invoice in dollars."""
    return invoice(rows, currency="USD", exchange_rate=rate, **changes)


def both(document: InvoiceClassified) -> list[tuple[str, int, int | None]]:
    """Account, cents of a euro, cents of a dollar."""
    return [(line.account, line.cents, line.currency_cents) for line in lines(document)]


def test_every_line_has_both_amounts():
    """125.00 dollars at 1.25 and 20 % of it: 100.00 and 20.00 euros; owed are 150.00 dollars, 120.00 euros."""
    assert [
        Line("606400", None, 100_00, None, "USD", 125_00),
        Line("445660", None, 20_00, "20", "USD", 25_00),
        Line("401000", "AMAZON", -120_00, None, "USD", -150_00),
    ] == lines(abroad([("606400", 125_00, "20")]))


def test_a_credit_note_is_the_same_on_the_other_side():
    """Both amounts change their side."""
    document = abroad([("606400", 125_00, "20")], type="credit_note")
    assert [("606400", -100_00, -125_00), ("445660", -20_00, -25_00), ("401000", 120_00, 150_00)] == both(document)


def test_what_rounding_leaves_goes_to_the_largest_expense():
    """A third of 12.00 is 4.00, the thirds of 1.00, 10.00 and 1.00 are 3.99: the cent is the second account's, not the first's."""
    document = abroad([("606300", 1_00, None), ("606400", 10_00, None), ("624100", 1_00, None)], "3")
    assert [("606300", 33, 1_00), ("606400", 3_34, 10_00), ("624100", 33, 1_00), ("401000", -4_00, -12_00)] == both(document)


def test_vat_and_what_is_owed_are_converted_as_they_stand():
    """VAT of 20.00 dollars at 3 is 6.67 euros, 120.00 owed are 40.00; the expense has what is left between them."""
    document = abroad([("606400", 100_00, "20")], "3")
    assert [("606400", 33_33, 100_00), ("445660", 6_67, 20_00), ("401000", -40_00, -120_00)] == both(document)


def test_what_is_worth_no_cent_joins_the_largest_expense():
    """A rounding gap of a hundredth of a yen at 160: no line of its own, and the yen still add up."""
    document = invoice([("607000", 1000_00, None)], gross_cents=1000_01, currency="JPY", exchange_rate="160")
    assert [("607000", 6_25, 1000_01), ("401000", -6_25, -1000_01)] == both(document)


def test_a_document_worth_no_cent_has_no_entry():
    """Half a yen."""
    assert NoEntry() == post(invoice([("607000", 50, None)], currency="JPY", exchange_rate="160"))


def test_a_document_too_small_for_its_lines_is_held():
    """Three cents of a dollar on three accounts at 2: each half a cent, rounded up to three, and two are owed."""
    document = abroad([("606300", 1, None), ("606400", 1, None), ("624100", 1, None)], "2")
    with pytest.raises(TooSmallInEuros):
        post(document)
    verdict = judge(document, [])
    assert verdict.hold is not None
    assert (Outcome.HELD, "too_small_in_euros") == (verdict.outcome, verdict.hold.reason)


def test_a_document_in_dollars_is_booked():
    """Decision 0084: there is room for it. Case: reverse charge, whose VAT is in no total."""
    owed_by_us = ClassifiedVat(rate="20", base_cents=125_00, vat_cents=25_00, regime="reverse_charge")
    document = abroad([("606400", 125_00, None)], vat=(owed_by_us,), gross_cents=125_00)
    assert Outcome.RECORDED == judge(document, []).outcome
    assert [("606400", 100_00), ("445664", 20_00), ("445714", -20_00), ("401000", -100_00)] == [one[:2] for one in both(document)]


def test_another_rate_is_another_posting():
    """A revision that prints another rate conflicts with the entry that stands; the same in euros is the same."""
    one, other = (entry_of(abroad([("606400", 125_00, "20")], rate)) for rate in ("1.25", "1.26"))
    assert one.digest == entry_of(abroad([("606400", 125_00, "20")])).digest
    assert one.digest != other.digest


def test_the_rate_is_kept_with_the_facts():
    """Where the document is in euros they say nothing of it, not even that."""
    assert "1.25" == Facts.model_validate_json(facts_json(abroad([("606400", 125_00, "20")]))).exchange_rate
    assert "exchange_rate" not in json.loads(facts_json(invoice()))
    assert Facts.model_validate_json(facts_json(invoice())).exchange_rate is None


@given(documents(), RATES)
def test_every_entry_balances_in_both_currencies(document: InvoiceClassified, rate: str):
    """Each line has both amounts on one side; the supplier is owed the gross, converted once; VAT is what it is by itself."""
    converted = document.model_copy(update={"currency": "USD", "exchange_rate": rate})
    try:
        entry = post(converted)
    except TooSmallInEuros:
        return
    if not isinstance(entry, Entry):
        return
    assert 0 == sum(line.cents for line in entry.lines)
    assert 0 == sum(line.currency_cents or 0 for line in entry.lines)
    assert all(line.cents * (line.currency_cents or 0) > 0 for line in entry.lines)
    side = 1 if document.type == "invoice" else -1
    if any(line.account.startswith(("6", "7", "471")) for line in entry.lines):
        owed = -side * sum(line.cents for line in entry.lines if line.account == "401000")
        assert _euros(document.totals.gross_cents, rate) == owed
        printed = {line.vat_rate: line.cents for line in lines(document) if line.account == "445660"}
        found = {line.vat_rate: line.cents for line in entry.lines if line.account == "445660"}
        assert {rate_of: cents for rate_of, vat in printed.items() if (cents := _euros(vat, rate))} == found


@given(documents(), RATES)
def test_a_return_in_a_currency_is_the_mirror_of_its_invoice(document: InvoiceClassified, rate: str):
    """Whatever rounding does, it does on both sides."""
    other = "credit_note" if document.type == "invoice" else "invoice"
    one, back = (document.model_copy(update={"currency": "USD", "exchange_rate": rate, "type": kind}) for kind in (document.type, other))
    try:
        said = both(one)
    except TooSmallInEuros:
        with pytest.raises(TooSmallInEuros):
            post(back)
        return
    assert [(account, -cents, -(there or 0)) for account, cents, there in said] == both(back)


def _euros(cents: int, rate: str) -> int:
    return int((Decimal(cents) / Decimal(rate)).quantize(Decimal(1), ROUND_HALF_UP))
