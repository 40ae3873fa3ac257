"""What synthetic pages in French, English and German say, and what they must not be made to say."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.invoice_collected.v1 import Evidence, Party
from services.fetcher.domain.reading.layout import page_of_text
from services.fetcher.domain.reading.text_evidence import text_evidence


def read(*pages: str) -> Evidence:
    """The evidence of pages written as plain text; two spaces and more part columns."""
    return text_evidence([page_of_text(page) for page in pages])


def value(fact: Any) -> Any:
    """The value of a fact, after its origin was checked."""
    assert fact is None or fact.origin == "document:text"
    return fact and fact.value


def head(evidence: Evidence) -> tuple[object, ...]:
    """Number, type, day, currency, credited number."""
    return tuple(map(value, (evidence.number, evidence.type, evidence.issue_date, evidence.currency, evidence.credited_number)))


def totals(evidence: Evidence) -> tuple[object, ...]:
    """Net, VAT and gross in cents."""
    return tuple(map(value, (evidence.net_cents, evidence.vat_cents, evidence.gross_cents)))


def party(evidence_party: Party) -> tuple[object, ...]:
    """Name, VAT number, SIREN, country."""
    return tuple(map(value, (evidence_party.name, evidence_party.vat_id, evidence_party.siren, evidence_party.country)))


def vat(evidence: Evidence) -> list[tuple[object, ...]]:
    """Rate, category, base and tax of each group."""
    return [(group.rate, group.category, group.base_cents, group.vat_cents) for group in evidence.vat]


def lines(evidence: Evidence) -> list[tuple[object, ...]]:
    """Label, quantity, net and rate of each line."""
    return [(line.label, line.quantity, line.net_cents, line.vat_rate) for line in evidence.lines]


FRENCH = """
Papeterie du Centre SAS                        Facturé à :
4 place Bellecour                              Atelier Dubois SARL
69002 Lyon                                     12 rue des Lilas
France                                         69003 Lyon
SIRET : 552 100 554 00013                      Belgique
TVA intracommunautaire : FR27 552 100 554      N° TVA : FR40303265045

FACTURE N° 2026-00042
Date d'émission : 03/02/2026
Date d'échéance : 05/03/2026
Commande : 404-7654321-7654321

Désignation                     Qté    Prix unitaire HT     TVA      Montant HT
Stylo bille bleu (lot de 50)      3             12,50 €    20 %         37,50 €
Classeur A4                      10            120,00 €    20 %      1 200,00 €
   avec étiquettes
Manuel                            1             30,00 €   5,5 %         30,00 €
Remise                            1             -7,50 €    20 %         -7,50 €

Taux          Base HT       Montant TVA
20,00 %    1 230,00 €          246,00 €
5,50 %        30,00 €            1,65 €

                                             Total HT       1 260,00 €
                                             Total TVA        247,65 €
                                             Total TTC      1 507,65 €
                                             Net à payer    1 507,65 €
"""


def test_a_french_invoice_is_read_whole():
    """Two blocks side by side with a VAT number each, line table, VAT table, totals."""
    evidence = read(FRENCH)
    assert ("2026-00042", "invoice", date(2026, 2, 3), "EUR", None) == head(evidence)
    assert (1_260_00, 247_65, 1_507_65) == totals(evidence)
    assert ("Papeterie du Centre SAS", "FR27552100554", "552100554", "FR") == party(evidence.seller)
    assert ("Atelier Dubois SARL", "FR40303265045", None, "BE") == party(evidence.buyer)
    assert [("20", None, 1_230_00, 246_00), ("5.5", None, 30_00, 1_65)] == vat(evidence)
    assert [
        ("Stylo bille bleu (lot de 50)", "3", 37_50, "20"),
        ("Classeur A4", "10", 1_200_00, "20"),
        ("Manuel", "1", 30_00, "5.5"),
        ("Remise", "1", -7_50, "20"),
    ] == lines(evidence)
    assert () == evidence.mentions


def test_a_credit_note_printed_negative_is_turned_with_its_lines_and_groups():
    """« Avoir sur facture N° … »: its own number is not the invoice's; gross, lines and VAT groups change sign together."""
    evidence = read("""
        AVOIR
        Vendeur                          Client
        Papeterie du Centre SAS          Atelier Dubois SARL
        N° TVA : FR27552100554           N° TVA : FR40303265045

        Avoir N° AV-2026-007
        Date : 12 mars 2026
        Avoir sur facture N° 2026-00042 du 03/02/2026

        Article          Quantité    Prix unitaire HT    Taux TVA     Total HT
        Classeur A4            -1            120,00 €        20 %    -120,00 €
                                                        Total HT     -120,00 €
                                                        TVA 20 %      -24,00 €
                                                        Total TTC    -144,00 €
        """)
    assert ("AV-2026-007", "credit_note", date(2026, 3, 12), "EUR", "2026-00042") == head(evidence)
    assert (120_00, 24_00, 144_00) == totals(evidence)
    assert ("FR27552100554", "FR40303265045") == (value(evidence.seller.vat_id), value(evidence.buyer.vat_id))
    assert [("20", None, 120_00, 24_00)] == vat(evidence)
    assert [("Classeur A4", None, 120_00, "20")] == lines(evidence)


def test_a_credit_note_printed_positive_stays_so():
    """Numéro de l'avoir beside the number of the invoice; its own date before the invoice's."""
    evidence = read("""
        Facture d'avoir
        Numéro de l'avoir : AV/77
        Date de la facture : 01/02/2026
        Date de l'avoir : 09/02/2026
        Facture d'origine : FA/12
        Total TTC : 12,00 €
        """)
    assert ("AV/77", "credit_note", date(2026, 2, 9), "EUR", "FA/12") == head(evidence)
    assert (None, None, 12_00) == totals(evidence)


def test_an_invoice_with_a_negative_total_is_a_credit_note():
    """The type says the side once the amounts are turned."""
    evidence = read("FACTURE F-1234\nTotal HT : -10,00 €\nTVA 20 % : -2,00 €\nTotal TTC : -12,00 €")
    assert ("credit_note", (10_00, 2_00, 12_00)) == (value(evidence.type), totals(evidence))


def test_the_marketplace_layout_is_read():
    """Three addresses side by side, unit prices net and lines gross, totals only in the VAT table, seller in a footer again."""
    evidence = read("""
        Facture
        Vendu par Amazon EU S.à r.l., Succursale Française     Date de la facture/Date de la livraison 04 mars 2026
        TVA FR12487773327                                      Numéro de la facture FR600012ABCD
                                                               Total à payer 145,86 €
                                                               Numéro de commande 404-1234567-1234567

        Adresse de facturation    Adresse de livraison    Vendu par
        Atelier Dubois SARL       Entrepôt Perrache       Amazon EU S.à r.l., Succursale Française
        12 rue des Lilas          8 quai Perrache         67 Boulevard du Général Leclerc
        69003 Lyon                69002 Lyon              92110 Clichy
        France                    Belgique                France
        FR40303265045                                     TVA FR12487773327

        Description              Qté    P.U. (HT)    TVA %    P.U. (TTC)    Prix total (TTC)
        Ramette papier A4         10       5,00 €     20 %        6,00 €             60,00 €
        ASIN: B00ABCDEFG
        Livre comptabilité         2      38,00 €    5,5 %       40,09 €             80,18 €
        Frais d'expédition         1       4,73 €     20 %        5,68 €              5,68 €
                                                            Total de la facture    145,86 €
        Taux de TVA    Prix total (HT)      TVA
        20 %                   54,73 €  10,95 €
        5,5 %                  76,00 €   4,18 €
        Total                 130,73 €  15,13 €

        Amazon EU S.à r.l., 38 avenue John F. Kennedy, L-1855 Luxembourg. Succursale : 487 773 327 RCS Nanterre - TVA LU20260743
        """)
    assert ("FR600012ABCD", "invoice", date(2026, 3, 4), "EUR", None) == head(evidence)
    assert (130_73, 15_13, 145_86) == totals(evidence)
    assert ("Amazon EU S.à r.l., Succursale Française", "FR12487773327", "487773327", "FR") == party(evidence.seller)
    assert ("Atelier Dubois SARL", "FR40303265045", None, "FR") == party(evidence.buyer)
    assert [("20", None, 54_73, 10_95), ("5.5", None, 76_00, 4_18)] == vat(evidence)
    assert [
        ("Ramette papier A4", "10", 50_00, "20"),
        ("Livre comptabilité", "2", 76_00, "5.5"),
        ("Frais d'expédition", "1", 4_73, "20"),
    ] == lines(evidence)


def test_totals_under_their_headings_and_values_under_their_labels_are_read():
    """No row names its amounts: the headings above do. Number and date stand under their labels."""
    evidence = read("""
        FACTURE
        Numéro de facture      Date de facture
        EN-26-000177           22/01/2026

        Total HT      Taux TVA    Total TVA      Total TTC
        35 720,00     20 %         7 144,00      42 864,00
        Montants en EUR
        """)
    assert ("EN-26-000177", "invoice", date(2026, 1, 22), "EUR", None) == head(evidence)
    assert (35_720_00, 7_144_00, 42_864_00) == totals(evidence)
    assert [("20", None, 35_720_00, 7_144_00)] == vat(evidence)


def test_lines_go_on_over_pages():
    """The table carries on on a second page, behind a page total and a footer with the company's capital."""
    evidence = read(
        "Facture n° 12345\nDésignation    Montant HT\nPapier    10,00 €\nSous-total    10,00 €\nX SAS au capital de 10 000,00 €",
        "Encre    20,00 €\nTotal HT    30,00 €\nTVA 20 %    6,00 €\nTotal TTC    36,00 €",
    )
    assert [("Papier", None, 10_00, None), ("Encre", None, 20_00, None)] == lines(evidence)


def test_an_english_invoice_of_a_german_seller_is_read():
    """Intra-community supply: category on the page, no VAT; the word order of English dates."""
    evidence = read("""
        Invoice
        Sold by: Gadget Handels GmbH       Bill to:
        Hauptstr. 1                        Atelier Dubois SARL
        DE-10115 Berlin                    12 rue des Lilas
        VAT ID: DE123456789                FR-69003 Lyon
                                           VAT ID: FR40303265045

        Invoice number: INV-DE-778
        Invoice date: February 17, 2026

        Description       Qty    Unit price    VAT rate    Amount (excl. VAT)
        USB-C cable 2m      5      9.90 EUR          0%             49.50 EUR
                                      Subtotal (excl. VAT)          49.50 EUR
                                      VAT 0%                         0.00 EUR
                                      Total                         49.50 EUR

        Intra-community supply, article 138 of Directive 2006/112/EC.
        """)
    assert ("INV-DE-778", "invoice", date(2026, 2, 17), "EUR", None) == head(evidence)
    assert (49_50, 0, 49_50) == totals(evidence)
    assert ("Gadget Handels GmbH", "DE123456789", None, "DE") == party(evidence.seller)
    assert ("Atelier Dubois SARL", "FR40303265045", None, "FR") == party(evidence.buyer)
    assert [("USB-C cable 2m", "5", 49_50, "0")] == lines(evidence)
    assert ("intra_eu_supply",) == evidence.mentions


def test_a_german_invoice_is_read():
    """Tax by rate without bases: the total is their sum, a table there is none."""
    evidence = read("""
        Schreibwaren Meier GmbH
        Hauptstraße 5
        Deutschland
        USt-IdNr.: DE136695976

        Rechnungsempfänger
        Atelier Dubois SARL
        Frankreich
        USt-IdNr.: FR40303265045

        Rechnung
        Rechnungsnummer:    RE-2026-0815
        Rechnungsdatum:     05.03.2026

        Pos.    Bezeichnung      Menge    Einzelpreis    Gesamt netto
        1       Kugelschreiber     100         0,50 €         50,00 €
        2       Fachbuch             1     1.000,00 €      1.000,00 €
                                       Nettobetrag         1.050,00 €
                                       zzgl. 19 % MwSt         9,50 €
                                       zzgl. 7 % MwSt         70,00 €
                                       Rechnungsbetrag     1.129,50 €
        """)
    assert ("RE-2026-0815", "invoice", date(2026, 3, 5), "EUR", None) == head(evidence)
    assert (1_050_00, 79_50, 1_129_50) == totals(evidence)
    assert [] == vat(evidence)
    assert ("Schreibwaren Meier GmbH", "DE136695976", None, "DE") == party(evidence.seller)
    assert ("Atelier Dubois SARL", "FR40303265045", None, "FR") == party(evidence.buyer)
    assert [("Kugelschreiber", "100", 50_00, None), ("Fachbuch", "1", 1_000_00, None)] == lines(evidence)


def test_a_receipt_of_an_exempt_seller_is_read():
    """No VAT, no VAT number, « ceci n'est pas une facture »."""
    evidence = read("""
        REÇU
        Ceci n'est pas une facture. TVA non applicable, art. 293 B du CGI.
        Vendu par : Shenzhen Bright Trading Co., Ltd
        Reçu n° R-99817
        Date du reçu : 2026-01-09
        Client : Atelier Dubois SARL
        Article         Total
        Lampe LED     38,00 €
        Total         38,00 €
        """)
    assert ("R-99817", "receipt", date(2026, 1, 9), "EUR", None) == head(evidence)
    assert (None, None, 38_00) == totals(evidence)
    assert ("Shenzhen Bright Trading Co., Ltd", None, None, None) == party(evidence.seller)
    assert ("small_business_exempt", "not_a_vat_invoice") == evidence.mentions


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (("reverse_charge",), "Autoliquidation par le preneur"),
        (("reverse_charge",), "TVA due par le client, art. 283-1 du CGI"),
        (("reverse_charge",), "Steuerschuldnerschaft des Leistungsempfängers"),
        (("intra_eu_supply",), "Exonération, article 262 ter I du CGI"),
        (("intra_eu_supply",), "Livraison intra-\ncommunautaire"),
        (("intra_eu_supply",), "Steuerfreie innergemeinschaftliche Lieferung"),
        (("export",), "Exonération de TVA selon article 262 I du Code général des impôts"),
        (("small_business_exempt",), "TVA non applicable - article 293 B du CGI"),
        (("small_business_exempt",), "Kein Ausweis der Umsatzsteuer, § 19 UStG"),
        (("margin_scheme",), "Régime particulier – biens d'occasion, art. 297 A"),
        (("margin_scheme",), "Differenzbesteuerung nach § 25a UStG"),
        (("not_a_vat_invoice",), "** This is not a VAT invoice"),
        (("vat_on_payment",), "TVA acquittée sur les encaissements"),
        (("vat_on_payment",), "TVA payée sur les\nencaissements"),
        (("vat_on_payment",), "TVA sur les encaissements"),
        (("vat_on_payment",), "Option pour le paiement de la TVA d'après les encaissements"),
        ((), "TVA acquittée sur les débits"),
        ((), "Câble export, réf. 262 A, 297, avenue de la Marge, 293 bis"),
    ],
)
def test_legal_mentions_are_found_in_three_languages(expected: tuple[str, ...], text: str):
    """CGI 283, 262 ter, 262 I, 293 B, 297 A, UStG; words that only look alike are none."""
    assert expected == read(f"Facture n° 1234\n{text}").mentions


@pytest.mark.parametrize(
    ("expected", "title"),
    [
        ("invoice", "FACTURE"),
        ("invoice", "Tax Invoice"),
        ("invoice", "Amazon Web Services Invoice"),
        ("credit_note", "NOTE DE CRÉDIT"),
        ("credit_note", "Rechnungskorrektur"),
        ("self_billed", "Autofacturation n° 12"),
        ("self_billed", "Gutschrift (Selbst ausgestellte Rechnung) (389)"),
        ("receipt", "Reçu de paiement"),
        ("other", "Facture proforma"),
        ("other", "Facture d'acompte n° 12"),
        ("other", "Bon de commande n° 12"),
        ("invoice", "Bon de commande : PO-12\nFacture"),
        (None, "Gutschrift"),
        (None, "Facturé à : Atelier Dubois"),
        (None, "Bonjour"),
    ],
)
def test_the_title_says_the_type(expected: str | None, title: str):
    """A Gutschrift alone may be either side (UStG § 14 Abs. 2); « Facturé à » is no title."""
    assert expected == value(read(title).type)


def test_a_gutschrift_that_names_an_invoice_is_a_credit_note():
    """What the title leaves open the rest decides."""
    assert ("G-1", "credit_note", None, None, "RE-9") == head(read("Gutschrift\nGutschriftsnummer: G-1\nzur Rechnung Nr. RE-9"))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (None, "Facture\nCommande n° 404-1234567-1234567\nN° client : 12345"),
        (None, "Facture du 03/02/2026"),
        (None, "Facture 1/2"),
        ("562044387", "Facture n°562044387 du 02 Juillet 2015"),
        ("471102", "Handelsrechnung (380)    Nr. 471102    vom    05.03.2018"),
        ("F2026/12", "Facture\nN° de facture : F2026/12."),
        ("FR26-000123", "FACTURE\nN° : FR26-000123"),
        ("FA_1", "Commande n° 12\tFacture n° FA_1\tFacture liée n° FA_0"),
    ],
)
def test_the_number_is_the_documents_own(expected: str | None, text: str):
    """Neither an order, nor a customer, nor a date, nor a page count."""
    assert expected == value(read(text).number)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (date(2017, 11, 3), "Invoice FA-8\nInvoice Date  11/03/2017\nPayment received 11/17/2017"),
        (date(2017, 3, 11), "Facture FA-8\nDate de facture  11/03/2017"),
        (None, "Invoice FA-8\nInvoice Date  11/03/2017"),
        (None, "Facture FA-8\nDate d'échéance : 05/03/2026"),
        (None, "Facture FA-8\nDate de facture : 30 février 2026"),
    ],
)
def test_the_day_is_that_of_issue(expected: date | None, text: str):
    """Month first only where the page shows it; English alone does not tell; a due date is none."""
    assert expected == value(read(text).issue_date)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("EUR", "Facture\nTotal TTC : 12,00 €"),
        ("GBP", "Rechnung\nRechnungswährung : GBP\nBuchungswährung EUR\nBruttosumme 12,00"),
        ("USD", "Invoice\nTotal $4.11\nAll prices are in US Dollars"),
        (None, "Invoice\nTotal $4.11"),
        ("USD", "Facture\nTotal TTC 12.00 USD\nSAS au capital de 10 000,00 €"),
        (None, "Facture\nTotal TTC 12,00"),
    ],
)
def test_the_currency_is_the_one_of_the_totals(expected: str | None, text: str):
    """Named, beside the totals, or the only one; a dollar alone may be of many countries."""
    assert expected == value(read(text).currency)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ((100_00, 20_00, 120_00), "Total HT 100,00 €\nTVA 20 % : 20,00 €\nTotal TTC 120,00 €\nAcompte versé 50,00 €\nNet à payer 70,00 €"),
        ((100_00, 20_00, 120_00), "Sous-total 60,00 €\nSous-total 100,00 €\nTVA 20 % 20,00 €\nTotal 120,00 €"),
        ((100_00, 25_50, 125_50), "Total HT 100,00\nTVA 20 % 20,00\nTVA 5,5 % 5,50\nTotal TTC 125,50"),
        ((100_00, 20_00, 121_00), "Total HT 100,00 €\nTotal TVA 20,00 €\nTotal TTC 121,00 €"),
        ((100_00, 20_00, None), "Total HT 100,00 €\nTotal TVA 20,00 €\nNet à payer 70,00 €"),
        ((None, None, None), "Total TTC 120,00 €\nTotal TTC 130,00 €"),
        ((None, None, None), "Total TTC 120,005 €"),
        ((100_00, None, 100_00), "Total HT 100,00 €\nTVA non applicable\nNet à payer 100,00 €"),
        ((100_00, 20_00, 120_00), "Total HT 100,00 € - Total TVA 20,00 € - Total TTC 120,00 €"),
    ],
)
def test_totals_are_those_that_add_up_or_stand_alone(expected: tuple[int | None, ...], text: str):
    """Prepayments and subtotals are passed over; wrong sums are told as printed; two answers or parts of a cent are none."""
    assert expected == totals(read(f"Facture n° 1234\n{text}"))


def test_a_vat_table_with_wrong_sums_is_told_as_printed():
    """Whoever checks it must see what the page says."""
    evidence = read(
        "Facture\nTaux    Base HT    Montant TVA\n20 %    100,00 €    19,00 €\nTotal HT 100,00 €\nTotal TVA 20,00 €\nTotal TTC 120,00 €"
    )
    assert [("20", None, 100_00, 19_00)] == vat(evidence)
    assert (100_00, 20_00, 120_00) == totals(evidence)


def test_lines_that_do_not_add_up_are_none():
    """One line is a cent off the net total: no line is sure."""
    evidence = read("""
        Facture
        Désignation    Montant HT
        Papier            10,01 €
        Encre             20,00 €
        Total HT          30,00 €
        TVA 20 %           6,00 €
        Total TTC         36,00 €
        """)
    assert [] == lines(evidence)


@pytest.mark.parametrize(
    ("seller", "buyer", "text"),
    [
        (None, None, "TVA : FR27552100554\n\n\n\nTVA : FR40303265045"),
        (None, "FR40303265045", "Votre n° TVA : FR40303265045"),
        ("FR27552100554", "FR40303265045", "N° TVA client : FR40303265045\nN° TVA vendeur : FR27552100554"),
        ("FR27552100554", None, "Client :\nAtelier Dubois\n\n\n\nTVA : FR27 552 100 554"),
        ("FR27552100554", "FR40303265045", "Acheteur : Atelier Dubois\nTVA FR40303265045\n\n\nX SAS - RCS Lyon - TVA FR27552100554"),
        ("FR27552100554", "FR40303265045", "Vendeur : X SAS           Acheteur : Y\nN° TVA : FR27552100554    N° TVA : FR40303265045"),
        (
            "FR27552100554",
            "FR40303265045",
            "Client :            Vendeur :\nY                   X\nTVA FR40303265045   TVA FR27552100554",
        ),
        (None, None, "IBAN : FR76 1010 7002 4500 6170 5231 739\nTVA F63530848134"),
        (None, None, "Représentant fiscal\nX SARL\nTVA : FR27552100554"),
    ],
)
def test_vat_numbers_belong_to_whom_the_page_gives_them(seller: str | None, buyer: str | None, text: str):
    """By label, by block, by legal notices; two that nobody is named for are nobody's; a bank account and a malformed number are none."""
    evidence = read(f"Facture n° 1234\n\n\n{text}")
    assert (seller, buyer) == (value(evidence.seller.vat_id), value(evidence.buyer.vat_id))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("552100554", "SIREN 552 100 554"),
        ("530848134", "Sarl au capital de 10 000€ - Siret 53084813400017"),
        ("421938861", "Free SAS au capital de 3.441.812 Euros − B 421 938 861 RCS Paris"),
        (None, "SIREN 552 100 555"),
    ],
)
def test_a_siren_has_a_right_check_digit(expected: str | None, text: str):
    """SIREN, SIRET, RCS; one digit wrong is none."""
    assert expected == value(read(f"Facture n° 1234\n{text}").seller.siren)


WORDS = (
    "Facture|AVOIR|Invoice|n°|Total|HT|TTC|TVA|20 %|5,5 %|12,34 €|-1 234,56|1.234,56|(12.00)|€|$|:|\t|    |\n|\n\n|Vendu par|Client|Taux|"
    "Adresse de facturation|Désignation|Qté|FR40303265045|SIRET 55210055400013|RCS|au capital de|05/03/2018|"
    "99/99/9999|31 février 2020|Rechnung|Gutschrift|Nr.|0|999999999999999999,00|ﬁ|\u202f|\x00|Date|Devise|EUR|Base HT|Montant"
    "|Siège social :|Name:|avoir sur facture|AV-1"
)


@settings(deadline=None)
@given(st.one_of(st.text(st.characters()), st.lists(st.sampled_from(WORDS.split("|")), max_size=50).map(" ".join)))
def test_any_text_has_an_evidence_that_keeps_its_promises(text: str):
    """Total on random text and on words of invoices; a contract by construction; gross not negative; lines sum to the net."""
    evidence = read(text, text)
    assert evidence == Evidence.model_validate_json(evidence.model_dump_json())
    assert (value(evidence.gross_cents) or 0) >= 0
    assert not evidence.lines or value(evidence.net_cents) == sum(line.net_cents for line in evidence.lines)
