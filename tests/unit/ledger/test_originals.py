"""What a credit note takes from its original: each rule in sight, amounts by hand."""

from datetime import date

import pytest

from services.ledger.domain.originals import credit_of, post_credit
from services.ledger.domain.posting import Entry
from services.ledger.domain.standing import Outcome, content_of, judge
from tests.unit.ledger.credits import (
    BOOK,
    HALF,
    LAMP,
    LAMP_BACK,
    PAPER,
    PAPER_BACK,
    booked,
    corrected,
    deducted,
    expense,
    flags_of,
    lines_of,
    owed_by_us,
    returned,
    titled,
    titled_return,
    vat_row,
)
from tests.unit.ledger.documents import credit, debit, entry_of, held, invoice


def test_what_a_person_made_of_the_invoice_is_turned_round():
    """
    FR-1, 100.00 on 606400, which a person put on 606300; AV-1 gives it all back, classified on 606400
    """
    note = returned([("606400", 100_00, "20")])
    assert [credit("606300", 100_00), credit("445660", 20_00, rate="20"), debit("401000", 120_00, aux="AMAZON")] == lines_of(
        note, booked(invoice(), a606400="606300")
    )
    assert () == flags_of(note, booked(invoice(), a606400="606300"))


def test_all_of_it_is_turned_round_however_a_person_parted_it():
    """
    FR-1, 100.00 that a person parted: 70.01 on 606300, 29.99 on 618100, and 12.00 of the VAT not deducted
    """
    parted = (debit("606300", 70_01), debit("618100", 41_99), debit("445660", 8_00, rate="20"), credit("401000", 120_00, aux="AMAZON"))
    assert [
        credit("606300", 70_01),
        credit("618100", 41_99),
        credit("445660", 8_00, rate="20"),
        debit("401000", 120_00, aux="AMAZON"),
    ] == lines_of(returned([("606400", 100_00, "20")]), corrected(invoice(), *parted))


def test_what_comes_back_is_owed_by_the_supplier_of_the_credit_note():
    """The seller has another auxiliary since."""
    seller = invoice().supplier.model_copy(update={"auxiliary": "LYON"})
    assert debit("401000", 120_00, aux="LYON") == lines_of(returned([("606400", 100_00, "20")], supplier=seller), booked(invoice()))[-1]


def test_all_of_it_comes_back_from_a_company_that_deducts_less_now():
    """The original says nothing of deduction: all."""
    note = returned([("606400", 100_00, "20")], settings=HALF, **deducted(100_00, 20_00, 10_00))
    assert [credit("606400", 100_00), credit("445660", 20_00, rate="20"), debit("401000", 120_00, aux="AMAZON")] == lines_of(
        note, booked(invoice())
    )


def test_what_printing_rounded_away_is_no_account_of_the_invoice():
    """FR-1 is a cent dearer than its lines: 658000. AV-1 gives back a quarter, under another title."""
    original = booked(invoice(gross_cents=120_01), a606400="606300")
    assert ["606300"] == expense(titled_return([("Retour", "606400", 25_00, "20")]), original)


def test_a_part_goes_where_all_of_the_invoice_is():
    assert [credit("606300", 30_00), credit("445660", 6_00, rate="20"), debit("401000", 36_00, aux="AMAZON")] == lines_of(
        returned([("607000", 30_00, "20")]), booked(invoice(), a606400="606300")
    )


def test_a_line_follows_the_line_of_its_title():
    """
    FR-1: paper on 606400, a lamp on 606300, a book on 618100; a person put the lamp on 615500
    AV-1: a third of the paper; AV-1: the lamp; both classified on 607000
    """
    original = booked(titled([PAPER, LAMP, BOOK]), a606300="615500")
    assert [["606400"], ["615500"]] == [expense(titled_return([row]), original) for row in (PAPER_BACK, LAMP_BACK)]


def test_of_two_lines_with_one_title_it_is_the_one_of_the_same_net():
    original = booked(titled([PAPER, ("Papier", "606300", 20_00, "20")]))
    assert ["606300"] == expense(titled_return([PAPER_BACK]), original)


def test_without_a_title_the_net_and_the_rate_tell_the_line():
    original = booked(titled([PAPER, LAMP, BOOK]), a606300="615500")
    assert ["615500"] == expense(titled_return([("Retour", "607000", 40_00, "20")]), original)


def test_two_accounts_that_a_person_put_together_are_one():
    """The lamp went to the account of the paper; the book stays on its own."""
    original = booked(titled([PAPER, LAMP, BOOK]), a606300="606400")
    assert [["606400"], ["606400"]] == [expense(titled_return([row]), original) for row in (PAPER_BACK, LAMP_BACK)]


def test_two_accounts_that_a_person_changed_are_told_by_their_amounts():
    original = booked(titled([PAPER, LAMP, BOOK]), a606300="615500", a606400="602200")
    assert [["602200"], ["615500"]] == [expense(titled_return([row]), original) for row in (PAPER_BACK, LAMP_BACK)]


def test_lines_of_one_account_that_a_person_parted_are_told_by_their_amounts():
    """
    FR-1: paper 60.00 and a lamp 40.00, both on 606400, a book on 618100; a person put 40.00 of 606400 on 606300
    """
    original = titled([PAPER, ("Lampe", "606400", 40_00, "20"), BOOK])
    parted = (debit("606300", 40_00), debit("606400", 60_00), *entry_of(original).lines[1:])
    assert [["606400"], ["606300"]] == [expense(titled_return([row]), corrected(original, *parted)) for row in (PAPER_BACK, LAMP_BACK)]


def test_the_share_of_vat_that_was_deducted_then():
    """
    FR-1 100.00 + 20.00 by a company that deducted 12.00; AV-1 50.00 + 10.00 when it deducts all: 6.00 back, 54.00 of cost
    """
    original = booked(invoice(**deducted(100_00, 20_00, 12_00)))
    assert [credit("606400", 54_00), credit("445660", 6_00, rate="20"), debit("401000", 60_00, aux="AMAZON")] == lines_of(
        returned([("606400", 50_00, "20")]), original
    )


def test_a_company_that_deducts_less_now_gives_back_what_it_deducted():
    """
    FR-1 100.00 + 20.00, all deducted; AV-1 50.00 + 10.00, of which the company would deduct 5.00 now
    """
    note = returned([("606400", 50_00, "20")], settings=HALF, **deducted(50_00, 10_00, 5_00))
    assert [credit("606400", 50_00), credit("445660", 10_00, rate="20"), debit("401000", 60_00, aux="AMAZON")] == lines_of(
        note, booked(invoice())
    )


@pytest.mark.parametrize("net", [50_00, 100_00])
def test_what_was_bought_without_deduction_comes_back_whole(net: int):
    """A company in franchise then (CGI 293 B), which deducts now: a half, and all of it."""
    original = booked(invoice(**deducted(100_00, 20_00, 0)))
    gross = net * 6 // 5
    assert [credit("606400", gross), debit("401000", gross, aux="AMAZON")] == lines_of(returned([("606400", net, "20")]), original)


def test_vat_that_a_person_put_into_the_cost_comes_back_as_cost():
    """The VAT line recoded to the expense: nothing was deducted."""
    original = booked(invoice(), a445660="606400")
    assert [credit("606400", 60_00), debit("401000", 60_00, aux="AMAZON")] == lines_of(returned([("606400", 50_00, "20")]), original)


def test_the_regime_is_that_of_the_original():
    """
    FR-1, an intra-EU acquisition of 100.00; AV-1 of 50.00, classified as CGI 283-1
    """
    original = booked(invoice(**owed_by_us(100_00, "intra_eu")))
    note = returned([("606400", 50_00, "20")], **owed_by_us(50_00, "reverse_charge"))
    assert [
        credit("606400", 50_00),
        credit("445662", 10_00, rate="20"),
        debit("445200", 10_00, rate="20"),
        debit("401000", 50_00, aux="AMAZON"),
    ] == lines_of(note, original)
    assert "intra_eu" == credit_of(note, [original]).document.vat[0].regime


def test_the_regime_is_that_of_the_entry_when_a_person_changed_it():
    """
    FR-1, classified as CGI 283-1, put on the accounts of an intra-EU acquisition by a person
    """
    original = booked(invoice(**owed_by_us(100_00, "reverse_charge")), a445664="445662", a445714="445200")
    note = returned([("606400", 50_00, "20")], **owed_by_us(50_00, "reverse_charge"))
    assert [credit("445662", 10_00, rate="20"), debit("445200", 10_00, rate="20")] == lines_of(note, original)[1:3]


def test_vat_that_waits_for_payment_waits_there_too():
    """FR-1's VAT is on 445801 until it is paid; AV-1's until it is settled (CGI 269-2-c)."""
    original = booked(invoice(vat=(vat_row(100_00, 20_00, waits_for="payment"),)))
    assert credit("445801", 10_00, rate="20") == lines_of(returned([("606400", 50_00, "20")]), original)[1]


def test_vat_that_a_person_no_longer_lets_wait_is_given_back_at_once():
    original = booked(invoice(vat=(vat_row(100_00, 20_00, waits_for="payment"),)), a445801="445660")
    assert credit("445660", 10_00, rate="20") == lines_of(returned([("606400", 50_00, "20")]), original)[1]


def test_the_largest_line_takes_the_cents_that_rounding_leaves():
    """
    FR-1 100.00 + 20.00, 10.00 deducted; AV-1 0.05 + 0.05 + 0.15, VAT 0.05: 0.03 deducted, 0.02 of cost
    """
    original = booked(invoice(**deducted(100_00, 20_00, 10_00)))
    note = returned([("606400", 5, "20"), ("606400", 5, "20"), ("606400", 15, "20")])
    assert [None, None, 17] == [line.cost_cents for line in credit_of(note, [original]).document.lines]


def test_lines_that_net_to_zero_as_classified_and_not_on_the_original_have_an_entry():
    """An exchange: 10.00 of the paper come back, 10.00 more of the lamp; both classified on one account."""
    note = titled_return([("Papier", "607000", 10_00, None), ("Lampe", "607000", -10_00, None)])
    original = booked(titled([(*PAPER[:3], None), (*LAMP[:3], None)]))
    assert [debit("606300", 10_00), credit("606400", 10_00)] == lines_of(note, original)


def test_an_asset_is_given_back_as_one():
    """
    FR-1: a computer 900.00 on 218300, paper 100.00 on 606400, both at 20 %; AV-1: the computer, classified on 606300
    """
    vat = (vat_row(100_00, 20_00), vat_row(900_00, 180_00, asset=True))
    original = booked(titled([(*PAPER[:2], 100_00, "20"), ("Ordinateur", "218300", 900_00, "20")], vat=vat))
    note = titled_return([("Ordinateur", "606300", 900_00, "20")])
    assert [credit("218300", 900_00), credit("445620", 180_00, rate="20"), debit("404000", 1_080_00, aux="AMAZON")] == lines_of(
        note, original
    )
    assert (vat_row(900_00, 180_00, asset=True, deductible_cents=180_00),) == credit_of(note, [original]).document.vat


def test_the_vat_of_a_rate_is_parted_between_assets_and_the_rest():
    """
    FR-1: a computer 900.00 and paper 300.00; AV-1: the computer and 100.00 of the paper, both classified on 606300, VAT 200.00
    """
    vat = (vat_row(300_00, 60_00), vat_row(900_00, 180_00, asset=True))
    original = booked(titled([("Papier", "606400", 300_00, "20"), ("Ordinateur", "218300", 900_00, "20")], vat=vat))
    note = titled_return([("Papier", "606300", 100_00, "20"), ("Ordinateur", "606300", 900_00, "20")])
    assert [
        credit("218300", 900_00),
        credit("606400", 100_00),
        credit("445620", 180_00, rate="20"),
        credit("445660", 20_00, rate="20"),
        debit("401000", 120_00, aux="AMAZON"),
        debit("404000", 1_080_00, aux="AMAZON"),
    ] == lines_of(note, original)


def test_a_later_rebate_follows_the_account_of_the_purchase():
    """Goods for resale, on 607000 by a person: 609700; not the purchase turned round, even when all of it is given (A10.8)."""
    original = booked(invoice(), a606400="607000")
    assert [["609700"], ["609700"]] == [expense(returned([("609600", net, "20")]), original) for net in (10_00, 100_00)]


def test_the_reason_of_a_line_is_the_entry_it_follows():
    (line,) = credit_of(returned([("606400", 50_00, "20")]), [booked(invoice(), a606400="606300")]).document.lines
    assert ("606300", "original", "écriture de la facture FR-1") == (line.account, line.rule, line.because)


def test_a_correction_of_the_original_makes_no_other_posting_of_its_credit_note():
    """The digest is that of the document alone; another amount makes another."""
    note = returned([("606400", 50_00, "20")])
    before, after = (post_credit(note, credit_of(note, [booked(invoice(), **codes)])) for codes in ({}, {"a606400": "606300"}))
    assert isinstance(before, Entry)
    assert isinstance(after, Entry)
    assert before.lines != after.lines
    assert entry_of(note).digest == before.digest == after.digest
    assert before.digest != entry_of(returned([("606400", 50_01, "20")])).digest


def test_a_credit_note_is_judged_as_any_document():
    """Its day, a closed year, a hold; what it says is what it said."""
    note = returned([("606400", 50_00, "20")])
    taken = credit_of(note, [booked(invoice(), a606400="606300")])
    assert content_of(note) != content_of(taken.document)
    assert Outcome.RECORDED is judge(note, [], credit=taken).outcome
    assert Outcome.ARCHIVED is judge(note.model_copy(update={"issue_date": date(2025, 1, 1)}), [], credit=taken).outcome
    assert Outcome.HELD is judge(note, [], bearer="I-9", credit=taken).outcome
    assert Outcome.HELD is judge(held(), []).outcome
