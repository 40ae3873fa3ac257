"""What a credit note takes from its original: each rule in sight, amounts by hand."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat, InvoiceClassified
from schemas.values import Supplier
from services.ledger.domain.originals import Credit, Original, credit_of, original_of, post_credit
from services.ledger.domain.posting import Entry, Line
from services.ledger.domain.standing import Outcome, content_of, judge
from tests.unit.ledger.documents import SETTINGS, credit, debit, entry_of, held, invoice

HALF = SETTINGS.model_copy(update={"deduction_coefficient": "0.5"})
REMARK = ("credited_unknown",)

type Titled = tuple[str, str, int, str | None]  # title, account, net cents, VAT rate


def titled(rows: Sequence[Titled], kind: str = "invoice", **changes: Any) -> InvoiceClassified:
    """A document whose lines have titles of their own."""
    document = invoice([row[1:] for row in rows], type=kind, **changes)
    lines = tuple(line.model_copy(update={"label": row[0]}) for row, line in zip(rows, document.lines, strict=True))
    return document.model_copy(update={"lines": lines})


def returned(rows: Sequence[tuple[str, int, str | None]], **changes: Any) -> InvoiceClassified:
    """A credit note that names FR-1."""
    return invoice(rows, **{"type": "credit_note", "invoice_id": "A-1", "number": "AV-1", "credited_number": "FR-1", **changes})


def titled_return(rows: Sequence[Titled], **changes: Any) -> InvoiceClassified:
    """A credit note that names FR-1 and gives back lines with these titles."""
    return titled(rows, "credit_note", invoice_id="A-1", number="AV-1", credited_number="FR-1", **changes)


def booked(document: InvoiceClassified, **recoded: str) -> Original:
    """The document in the book, once a person has put lines on other accounts (`a606400="606300"`)."""
    return corrected(document, *(line._replace(account=recoded.get(f"a{line.account}", line.account)) for line in entry_of(document).lines))


def corrected(document: InvoiceClassified, *lines: Line) -> Original:
    """The document in the book, once a person has made these lines of its entry."""
    return original_of(document, lines)


def lines_of(note: InvoiceClassified, *named: Original) -> list[Line]:
    """The lines of the credit note's entry."""
    entry = post_credit(note, credit_of(note, named))
    assert isinstance(entry, Entry)
    return list(entry.lines)


def flags_of(note: InvoiceClassified, *named: Original) -> tuple[str, ...]:
    """Its remarks."""
    return credit_of(note, named).document.flags


def deducted(net: int, vat: int, part: int, account: str = "606400", regime: str = "domestic") -> dict[str, Any]:
    """One line at 20 %, of whose VAT only a part was deducted."""
    line = ClassifiedLine(
        label="Ramette A4",
        net_cents=net,
        vat_rate="20",
        nature="supplies",
        account=account,
        rule="word",
        because="ramette",
        cost_cents=net + vat - part,
    )
    return {"lines": (line,), "vat": (vat_row(net, vat, regime=regime, deductible_cents=part),)}


def vat_row(net: int, vat: int, **said: Any) -> ClassifiedVat:
    """A row at 20 %."""
    row: dict[str, Any] = {"rate": "20", "base_cents": net, "vat_cents": vat, "regime": "domestic", **said}
    return ClassifiedVat(**row)


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


def test_a_part_goes_where_all_of_the_invoice_is():
    assert [credit("606300", 30_00), credit("445660", 6_00, rate="20"), debit("401000", 36_00, aux="AMAZON")] == lines_of(
        returned([("607000", 30_00, "20")]), booked(invoice(), a606400="606300")
    )


PAPER, LAMP, BOOK = ("Papier", "606400", 60_00, "20"), ("Lampe", "606300", 40_00, "20"), ("Livre", "618100", 30_00, "5.5")
PAPER_BACK, LAMP_BACK = ("papier ", "607000", 20_00, "20"), ("Lampe", "607000", 40_00, "20")


def expense(note: InvoiceClassified, original: Original) -> list[str]:
    """The accounts that the credit note credits, apart from VAT."""
    return [line.account for line in lines_of(note, original) if line.cents < 0 and not line.account.startswith("445")]


def test_a_line_follows_the_line_of_its_title():
    """
    FR-1: paper on 606400, a lamp on 606300, a book on 618100; a person put the lamp on 615500
    AV-1: a third of the paper; AV-1: the lamp; both classified on 607000
    """
    original = booked(titled([PAPER, LAMP, BOOK]), a606300="615500")
    assert [["606400"], ["615500"]] == [expense(titled_return([row]), original) for row in (PAPER_BACK, LAMP_BACK)]


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


@pytest.mark.parametrize(
    ("parted", "given_back"),
    [
        ((debit("606300", 50_00), debit("606400", 50_00)), PAPER_BACK),
        ((debit("606300", 40_00), debit("606400", 60_00)), ("Autre chose", "607000", 1_00, "20")),
    ],
)
def test_what_amounts_do_not_tell_stays_as_classified_with_a_remark(parted: tuple[Line, ...], given_back: Titled):
    """A person parted paper and lamp half and half; a line that is like none of the invoice."""
    original = titled([PAPER, ("Lampe", "606400", 40_00, "20"), BOOK])
    as_parted = corrected(original, *parted, *entry_of(original).lines[1:])
    note = titled_return([given_back])
    assert ["607000"] == expense(note, as_parted)
    assert REMARK == flags_of(note, as_parted)


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


def owed_by_us(net: int, regime: str) -> dict[str, Any]:
    """VAT at 20 % that the buyer owes."""
    return {"vat": (vat_row(net, net // 5, regime=regime),), "gross_cents": net}


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


TREATED_TWICE = (vat_row(50_00, 10_00), vat_row(50_00, 10_00, opinion="not_deductible", deductible_cents=0))


@pytest.mark.parametrize(
    ("original", "note"),
    [
        (invoice(**owed_by_us(100_00, "intra_eu")), returned([("606400", 50_00, "20")])),
        (invoice(), returned([("606400", 50_00, "20")], **owed_by_us(50_00, "intra_eu"))),
        (invoice(), returned([("606400", 50_00, "5.5")])),
        (invoice(), returned([("606400", 50_00, None)])),
        (invoice([("606400", 100_00, "20")], vat=(vat_row(100_00, 0),)), returned([("606400", 50_00, "20")])),
        (invoice(vat=(vat_row(100_00, 20_00, waits_for="delivery"),)), returned([("606400", 50_00, "20")])),
        (invoice(**deducted(100_00, 20_00, 10_00)).model_copy(update={"vat": TREATED_TWICE}), returned([("606400", 50_00, "20")])),
    ],
)
def test_vat_that_the_original_does_not_explain_stays_as_classified_with_a_remark(original: InvoiceClassified, note: InvoiceClassified):
    """In the gross and not there; the reverse; another rate; none; there it had none; it waited for delivery; treated in two ways."""
    assert note.vat == credit_of(note, [booked(original)]).document.vat
    assert REMARK == flags_of(note, booked(original))


def test_vat_that_waits_for_payment_waits_there_too():
    """FR-1's VAT is on 445801 until it is paid; AV-1's until it is settled (CGI 269-2-c)."""
    original = booked(invoice(vat=(vat_row(100_00, 20_00, waits_for="payment"),)))
    assert credit("445801", 10_00, rate="20") == lines_of(returned([("606400", 50_00, "20")]), original)[1]


def test_vat_that_waits_for_delivery_is_not_turned_round_either():
    """A second entry may have moved it since: all of it comes back, as classified, with a remark."""
    original = booked(invoice(vat=(vat_row(100_00, 20_00, waits_for="delivery"),)))
    note = returned([("606400", 100_00, "20")])
    assert credit("445660", 20_00, rate="20") in lines_of(note, original)
    assert REMARK == flags_of(note, original)


def test_an_asset_is_given_back_as_one():
    """
    FR-1: a computer 900.00 on 218300, paper 100.00 on 606400, both at 20 %; AV-1: the computer, classified on 606300
    """
    vat = (vat_row(100_00, 20_00), vat_row(900_00, 180_00, asset=True))
    original = booked(titled([(*PAPER[:2], 100_00, "20"), ("Ordinateur", "218300", 900_00, "20")], vat=vat))
    assert [credit("218300", 900_00), credit("445620", 180_00, rate="20"), debit("404000", 1_080_00, aux="AMAZON")] == lines_of(
        titled_return([("Ordinateur", "606300", 900_00, "20")]), original
    )


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


def test_a_rebate_on_both_kinds_of_purchases_stays_as_classified_with_a_remark():
    original = booked(titled([PAPER, ("Carton", "607000", 10_00, "20")]))
    note = returned([("609600", 7_00, "20")])
    assert (["609600"], REMARK) == (expense(note, original), flags_of(note, original))


OTHER = Supplier(name="Amazon Business", auxiliary="AMAZON", legal_name="Outillage Brest", vat_id="FR10987654321", siren=None)
NAMELESS = OTHER.model_copy(update={"vat_id": None, "legal_name": None})
RENAMED = OTHER.model_copy(update={"vat_id": None, "legal_name": "PAPETERIE LYON"})


@pytest.mark.parametrize(
    ("supplier", "account"),
    [(OTHER, "606400"), (OTHER.model_copy(update={"vat_id": None}), "606400"), (NAMELESS, "606300"), (RENAMED, "606300")],
)
def test_the_same_number_of_another_seller_is_another_invoice(supplier: Supplier, account: str):
    """By VAT number; by name where one has no number; a seller that is not known is taken for the same; capitals do not matter."""
    original = booked(invoice(supplier=supplier), a606400="606300")
    note = returned([("606400", 50_00, "20")])
    assert [account] == expense(note, original)
    assert (() if account == "606300" else REMARK) == flags_of(note, original)


def test_none_or_two_of_the_number_change_nothing_and_are_remarked():
    note = returned([("606400", 50_00, "20")])
    two = [booked(invoice(invoice_id=name), a606400="606300") for name in ("I-1", "I-2")]
    for named in ([], two):
        assert Credit(note.model_copy(update={"flags": REMARK})) == credit_of(note, named)


@pytest.mark.parametrize("currencies", [("EUR", "USD"), ("USD", "EUR")])
def test_amounts_in_another_currency_are_not_compared(currencies: tuple[str, str]):
    original = invoice().model_copy(update={"currency": currencies[0]})
    note = returned([("606400", 100_00, "20")], currency=currencies[1])
    assert REMARK == flags_of(note, corrected(original, *entry_of(invoice()).lines))


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
