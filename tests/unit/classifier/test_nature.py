"""Lines and their nature: where the lines come from, which rule decides, discounts, the asset suspicion, supplier and buyer."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.invoice_classified.v1 import InvoiceClassified
from schemas.invoice_collected.v1 import Charge, EvidenceLine, InvoiceCollected, Party
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.buyer import check_buyer, legal_number
from services.classifier.domain.classification import classify
from services.classifier.domain.holds import OtherBuyer
from services.classifier.domain.items import Item
from services.classifier.domain.lines.discounts import split_by_weight
from services.classifier.domain.nature.order_data import with_order
from services.classifier.domain.nature.rulebook import Rulebook
from services.classifier.domain.supplier import supplier_of
from tests.support.collected import (
    charge,
    collected,
    credit_note,
    domestic_invoice,
    evidence,
    fact,
    line,
    party,
    seller,
    settings,
    silent_charge,
    stated,
    text_invoice_with_charges,
    vat,
)

RULEBOOK = read_rulebook()
NUMBERS = (("FR44732829320", None), ("fr 44 732 829 320", None), (None, "732829320"), (None, "732 829 320 00074"))


def classified(document: InvoiceCollected) -> InvoiceClassified:
    """The answer to a document that must not be held."""
    answer = classify(document, RULEBOOK)
    assert isinstance(answer, InvoiceClassified), answer
    return answer


def postings(document: InvoiceCollected) -> list[tuple[str, int, str | None]]:
    """Account, net and rate of each line."""
    return [(one.account, one.net_cents, one.vat_rate) for one in classified(document).lines]


def invoice(lines: Sequence[EvidenceLine], *charges: Charge) -> InvoiceCollected:
    """A document of these lines, all at 20 %."""
    net = sum(one.net_cents for one in lines)
    return collected(evidence(lines, (vat("20", net, round(net / 5)),)), stated(charges))


def single(label: str, net_cents: int = 100_00, quantity: str | None = "1", unspsc: str | None = None) -> InvoiceClassified:
    """A document of one line, with a silent charge of the same title that may carry a UNSPSC code."""
    return classified(invoice((line(label, net_cents, quantity=quantity),), silent_charge(label, unspsc=unspsc)))


def test_the_documents_own_lines_come_first() -> None:
    """
    Factur-X, three lines
      paper     40.00  20%
      book      30.00  5.5%
      shipping   5.00  20%
    """
    assert [("606400", 40_00, "20"), ("618100", 30_00, "5.5"), ("624100", 5_00, "20")] == postings(domestic_invoice())
    assert () == classified(domestic_invoice()).flags


def test_amazons_charges_stand_in_for_lines_that_are_not_printed() -> None:
    """
    text layer, 23.98 net at 20%; one charge
      pens      24.99 - 5.00 discount
      shipping   3.99
    """
    assert [("606400", 19_99, "20"), ("624100", 3_99, "20")] == postings(text_invoice_with_charges())


@pytest.mark.parametrize(
    "charges",
    [(), (silent_charge("Papier"),), (charge("Papier", principal_cents=90_00, total_cents=None),)],
    ids=["no charge", "no amounts", "amounts that do not fit the VAT table"],
)
def test_without_lines_each_vat_rate_is_one_unknown_line(charges: Sequence[Charge]) -> None:
    """Case BC54: 471000, flagged, with the reason said."""
    document = collected(evidence((), (vat("20", 40_00, 8_00), vat("5.5", 30_00, 1_65))), stated(charges))
    assert [("471000", 40_00, "20"), ("471000", 30_00, "5.5")] == postings(document)
    answer = classified(document)
    assert ("nature_unknown",) == answer.flags
    assert "le document ne détaille pas ses articles" == answer.lines[0].because


def test_lines_without_a_rate_take_the_only_rate_of_the_document() -> None:
    """Case: a text layer that prints the rate once, in the table."""
    assert [("606400", 40_00, "20")] == postings(invoice((line("Papier", 40_00, None),)))


def test_lines_without_a_rate_are_not_shared_out_between_two() -> None:
    """Case: two rates in the table, none on the lines: one unknown line per rate."""
    table = (vat("20", 40_00, 8_00), vat("5.5", 30_00, 1_65))
    said = evidence((line("Papier", 40_00, None), line("Livre", 30_00, None)), table)
    assert [("471000", 40_00, "20"), ("471000", 30_00, "5.5")] == postings(collected(said))


def test_an_untaxed_line_has_no_rate() -> None:
    """Case: an exempt line beside a taxed one, established seller (A10.17)."""
    said = evidence((line("Papier", 40_00), line("Timbre-poste", 10_00, "0")), (vat("20", 40_00, 8_00), vat("0", 10_00, 0, "e")))
    assert [("606400", 40_00, "20"), ("626000", 10_00, None)] == postings(collected(said))


@pytest.mark.parametrize(
    ("label", "nature", "account", "rule"),
    [
        ("Ramette de papier A4 500 feuilles", "supplies", "606400", "words-consumables"),
        ("PAPIER TOILETTE 24 rouleaux", "cleaning", "606300", "words-cleaning"),
        ("Kopierpapier A4 weiß", "supplies", "606400", "words-consumables"),
        ("Ballpoint pens, blue, pack of 50", "supplies", "606400", "words-supplies"),
        ("Câble HDMI 2 m", "it_equipment", "606300", "words-it"),
        ("Clavier et souris sans fil", "it_equipment", "606300", "words-it"),
        ("Bürostuhl ergonomisch", "furniture", "606300", "words-furniture"),
        ("Café en grains 1 kg", "food", "606800", "words-food"),
        ("Le Code du travail, broché", "books", "618100", "words-bound"),
        ("Frais d'expédition", "shipping", "624100", "words-shipping"),
        ("Shipping", "shipping", "624100", "words-shipping-short"),
        ("Werkzeugkoffer 120-teilig", "small_equipment", "606300", "words-tools"),
        ("Licence antivirus 1 an", "software", "651100", "words-software"),
        ("Objet décoratif", "unknown", "471000", "nature_unknown"),
    ],
)
def test_product_words_decide(label: str, nature: str, account: str, rule: str) -> None:
    """Goal: French, English and German, without case and accents, whole words; unknown is said, not guessed."""
    decided = single(label).lines[0]
    assert (nature, account, rule) == (decided.nature, decided.account, decided.rule)


def test_a_word_inside_another_is_not_the_word() -> None:
    """Case: « thé » is not in « théière », « table » not in « tablette »."""
    assert ["unknown", "unknown"] == [single(label).lines[0].nature for label in ("Théière en fonte", "Tablette de rangement")]


@pytest.mark.parametrize(
    ("unspsc", "account"),
    [("44121618", "606400"), ("43211708", "606300"), ("47131800", "606300"), ("50201706", "606800"), ("55101500", "618100"),
     ("60101000", "618100"), ("27111700", "606300"), ("14111500", "606400"), ("14111704", "606300"), ("55121606", "606400"),
     ("99999999", "471000"), (None, "471000")],
)  # fmt: skip
def test_the_unspsc_code_decides_where_words_do_not(unspsc: str | None, account: str) -> None:
    """Case: a label no word recognises."""
    assert account == single("Objet décoratif Zibaldone", unspsc=unspsc).lines[0].account


def test_words_come_before_the_unspsc_code() -> None:
    """Case: paper that the catalogue files under books: the word wins, a person is told."""
    answer = single("Papier quadrillé A4 pour cahier", unspsc="55101500")
    because = "« papier » dans le libellé ; le code UNSPSC 55101500 indique un autre compte"
    assert ("words-consumables", because) == (answer.lines[0].rule, answer.lines[0].because)
    assert ("nature_doubtful",) == answer.flags


@pytest.mark.parametrize("unspsc", ["14111507", "44121618", "99999999", None])
def test_a_code_that_leads_to_the_same_account_or_nowhere_is_no_doubt(unspsc: str | None) -> None:
    """Goal: the flag is rare enough to be read."""
    assert () == single("Papier quadrillé A4", unspsc=unspsc).flags


def test_a_rate_in_a_generated_label_is_french() -> None:
    """Case: 5.5 becomes 5,5 with a no-break space before the sign."""
    document = collected(evidence((), (vat("5.5", 30_00, 1_65),)))
    assert "Articles non détaillés, TVA 5,5\N{NO-BREAK SPACE}%" == classified(document).lines[0].label


def test_vat_due_on_payment_is_flagged() -> None:
    """Case: a service whose VAT is deductible only once it is paid (CGI 269-2-c, 271-I-2)."""
    said = evidence((line("Papier", 40_00),), (vat("20", 40_00, 8_00),), mentions=("vat_on_payment",))
    assert ("vat_on_payment",) == classified(collected(said)).flags


def test_the_reason_names_the_code_that_matched() -> None:
    """Goal: every decision can be explained."""
    decided = single("Objet décoratif Zibaldone", unspsc="44121618").lines[0]
    assert ("unspsc-printer-supplies", "code UNSPSC 44121618") == (decided.rule, decided.because)


def test_a_line_finds_its_charge_by_the_beginning_of_its_title() -> None:
    """Cases: a title the document cuts, a title too short to be sure, two articles of one beginning."""
    long = silent_charge("Zibaldone édition reliée grand format", unspsc="55101500")
    pocket = silent_charge("Zibaldone édition de poche", unspsc="60101000")

    def code(label: str, *charges: Charge) -> str | None:
        return with_order((Item(label, 10_00, "20", position=1),), charges, party())[0].unspsc

    assert "55101500" == code("Zibaldone édition", long)
    assert code("Zibaldone", long) is None
    assert code("Zibaldone édition", long, pocket) is None


def test_charged_shipping_without_words_follows_the_kind_of_charge() -> None:
    """Goal: the last rule; a rulebook without shipping words still knows shipping."""
    wordless = Rulebook.parse({**RULEBOOK.model_dump(), "rules": [rule for rule in RULEBOOK.rules if rule.id != "words-shipping"]})
    answer = classify(text_invoice_with_charges(), wordless)
    assert isinstance(answer, InvoiceClassified)
    assert ["words-supplies", "charge-shipping"] == [one.rule for one in answer.lines]


@pytest.mark.parametrize(
    ("net_cents", "quantity", "account", "flags"),
    [
        (500_00, "1", "606300", ()),
        (500_01, "1", "218300", ("fixed_asset",)),
        (1_200_00, "10", "606300", ()),
        (1_200_00, "2.000", "218300", ("fixed_asset",)),
        (899_00, None, "218300", ("fixed_asset",)),
        (899_00, "-2", "218300", ("fixed_asset",)),
        (899_00, "0", "218300", ("fixed_asset",)),
    ],
)
def test_dear_equipment_is_an_asset(net_cents: int, quantity: str | None, account: str, flags: tuple[str, ...]) -> None:
    """Goal: no asset becomes an expense unseen; 500,00 € per unit is the last expense (BC16, BC18); no quantity = one."""
    answer = single("Ordinateur portable", net_cents, quantity)
    assert (account, flags) == (answer.lines[0].account, answer.flags)


def test_dear_supplies_are_no_asset() -> None:
    """Case: a pallet of paper."""
    assert "606400" == single("Papier A4, palette", 2_000_00).lines[0].account


def test_a_discount_follows_the_goods_of_its_rate() -> None:
    """Case BC04: files 80.00, promotion -10.00."""
    assert [("606400", 80_00, "20"), ("606400", -10_00, "20")] == postings(invoice((line("Classeurs", 80_00), line("Promotion", -10_00))))


def test_a_discount_is_spread_to_the_cent_and_leaves_shipping_alone() -> None:
    """
    paper     20.00   → -3.33 of the discount
    coffee    10.00   → -1.67 (last share takes the remainder: accounts in order)
    shipping   5.00
    remise    -5.00
    """
    lines = (line("Papier", 20_00), line("Café", 10_00), line("Frais de port", 5_00), line("Remise", -5_00))
    assert [
        ("606400", 20_00, "20"),
        ("606800", 10_00, "20"),
        ("624100", 5_00, "20"),
        ("606400", -3_33, "20"),
        ("606800", -1_67, "20"),
    ] == postings(invoice(lines))


def test_a_discount_that_names_what_it_lowers_goes_there() -> None:
    """Case: free shipping."""
    lines = (line("Papier", 20_00), line("Frais de port", 5_00), line("Remise frais de port", -5_00))
    assert ("624100", -5_00, "20") == postings(invoice(lines))[2]


def test_a_discount_without_goods_of_its_rate_is_unknown() -> None:
    """Case: a discount at 5,5 % and goods at 20 % only."""
    said = evidence((line("Papier", 20_00), line("Remise", -2_00, "5.5")), (vat("20", 20_00, 4_00), vat("5.5", -2_00, -11)))
    assert ("471000", -2_00, "5.5") == postings(collected(said))[1]


@pytest.mark.parametrize(("total", "weights", "shares"), [(-5_00, [10, 20], [-1_67, -3_33]), (100, [1, 1, 1], [33, 33, 34]), (7, [5], [7])])
def test_shares_add_up(total: int, weights: list[int], shares: list[int]) -> None:
    """Goal: not a cent lost."""
    assert shares == split_by_weight(total, weights)


def test_a_credit_note_names_the_invoice_it_credits() -> None:
    """Case: paper returned; amounts not negative, the type gives the side."""
    answer = classified(credit_note())
    assert ("credit_note", "FRAV0007", "FR6001ABCDE", 48_00) == (
        answer.type,
        answer.number,
        answer.credited_number,
        answer.totals.gross_cents,
    )
    assert [("606400", 40_00, "20")] == postings(credit_note())


def test_a_credit_note_that_returns_nothing_is_a_later_rebate() -> None:
    """
    credit note                 credit note
      year's rebate   10.00       paper          40.00
                                  remise         -5.00
    """
    later, returned = (
        collected(evidence(lines, (vat("20", net, net // 5),), type=fact("credit_note")), stated(kind="credit_note"))
        for lines, net in (
            ((line("Remise de fin d'année", 10_00),), 10_00),
            ((line("Papier", 40_00), line("Remise", -5_00)), 35_00),
        )
    )
    assert [("609600", 10_00, "20")] == postings(later)
    assert [("606400", 40_00, "20"), ("606400", -5_00, "20")] == postings(returned)


@pytest.mark.parametrize(
    ("mode", "who", "auxiliary"),
    [
        ("amazon_business", seller(), "AMAZON"),
        ("legal_seller", seller(), "902100478"),
        ("legal_seller", party("Vendeur", None, "902 100 478"), "902100478"),
        ("legal_seller", party("Händler", "DE 123 456 789"), "DE123456789"),
        ("legal_seller", party("Inconnu"), "INCONNU_D5B7F78A"),
        ("legal_seller", party(), "AMAZON"),
        ("legal_seller", party("Étrange", "X" * 30), "ETRANGE_B59871D8"),
        ("a_later_mode", seller(), "AMAZON"),
    ],
)
def test_the_auxiliary_is_amazons_or_the_legal_sellers(mode: str, who: Party, auxiliary: str) -> None:
    """Goal: one seller has one auxiliary, whether VAT number or SIREN is printed."""
    supplier = supplier_of(who, settings(supplier_mode=mode))
    assert ("Amazon Business", auxiliary) == (supplier.name, supplier.auxiliary)


def test_the_legal_seller_stands_beside_the_supplier_shown() -> None:
    """Case: a French seller; its numbers in one spelling, and only if they are numbers."""
    supplier = classified(domestic_invoice()).supplier
    assert ("Papeterie du Canal SAS", "FR88902100478", "902100478") == (
        supplier.legal_name,
        supplier.vat_id,
        supplier.siren,
    )
    printed = supplier_of(party("Vendeur", "fr 88 902 100 478", "902.100.478"), settings())
    assert ("FR88902100478", "902100478") == (printed.vat_id, printed.siren)
    misread = supplier_of(party("Vendeur", "88 902 100 478", "902 100 47"), settings())
    assert (None, None) == (misread.vat_id, misread.siren)


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({"seller": party("Vendeur")}, ("seller_unidentified",)),
        ({"buyer": party("Dupont SARL")}, ("buyer_not_checked",)),
        ({"buyer": party(), "seller": party()}, ("buyer_not_checked", "seller_unidentified")),
    ],
)
def test_what_could_not_be_checked_is_flagged(changes: dict[str, Any], flags: tuple[str, ...]) -> None:
    """Goal: a missing check is visible."""
    assert flags == classified(collected(evidence((line("Papier", 40_00),), (vat("20", 40_00, 8_00),), **changes))).flags


def test_a_test_environment_is_flagged() -> None:
    """Goal: nobody takes it for real."""
    assert ("test_environment",) == classified(domestic_invoice(settings=settings(test_environment=True))).flags


@pytest.mark.parametrize(
    "buyer",
    [party(None, vat_id, siren) for vat_id, siren in NUMBERS],
    ids=["VAT number", "spelled otherwise", "SIREN", "SIRET"],
)
def test_the_company_is_recognised_by_any_of_its_numbers(buyer: Party) -> None:
    """Goal: one company, one number, however printed; also when the settings have no VAT number."""
    assert check_buyer(buyer, settings())
    assert check_buyer(buyer, settings(vat_id=None))


@pytest.mark.parametrize("buyer", [party(None, "FR83404833048"), party(None, "FR44732829320", "404833048"), party(None, "DE123456789")])
def test_every_printed_number_must_be_the_companys(buyer: Party) -> None:
    """Goal: one foreign number is enough to hold."""
    with pytest.raises(OtherBuyer):
        check_buyer(buyer, settings())


@pytest.mark.parametrize(
    ("text", "number"),
    [("FR 44 732829320", "732829320"), ("73282932000074", "732829320"), ("DE123456789", "DE123456789"), ("FR44", "FR44"), (" - ", "")],
)
def test_one_spelling_per_company(text: str, number: str) -> None:
    """Goal: a French VAT number contains its SIREN."""
    assert number == legal_number(text)


def test_the_number_of_a_credit_note_may_come_from_the_api_alone() -> None:
    """Goal: builders stay honest: a document that prints no number takes the API's."""
    said = evidence((line("Papier", 40_00),), (vat("20", 40_00, 8_00),), number=None, type=fact("invoice"))
    assert "FR6001ABCDE" == classified(collected(said)).number
