"""Ways in which sellers print the same things: each case is one that was once read wrong, or that invites a wrong reading."""

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.fetcher.domain.reading.layout import Word, rows_of
from services.fetcher.domain.reading.text_evidence import text_evidence
from tests.support.generated import adds_up, amount_shown
from tests.unit.fetcher.test_evidence_text import head, lines, party, read, totals, value, vat


def test_the_total_of_the_invoice_is_found_among_twenty_subtotals():
    """A consolidated invoice: twenty shipments' subtotals before the one net total, which the VAT table says as well."""
    shipments = "\n".join(f"Sous-total HT de l'expédition D{number}    {number},10 €" for number in range(1, 21))
    evidence = read(f"""
        FACTURE RÉCAPITULATIVE
        Numéro de la facture : FR26M001006AEUI
        {shipments}
        Taux de TVA    Montant HT    Montant TVA
        20 %            212,00 €         42,40 €
        Total HT de la facture          212,00 €
        Total TVA de la facture          42,40 €
        Montant total TTC               254,40 €
        """)
    assert (212_00, 42_40, 254_40) == totals(evidence)


def test_the_sums_of_a_table_are_not_reported_when_nobody_prints_them():
    """Two rates and a gross total: net and VAT in all stand nowhere on the page; one alone would follow from the other two."""
    evidence = read("""
        FACTURE N° F-77
        Taux TVA    Base HT    Montant TVA
        20 %       100,00 €        20,00 €
        5,5 %      200,00 €        11,00 €
        Total TTC                 331,00 €
        """)
    assert (None, None, 331_00) == totals(evidence)
    assert [("20", None, 100_00, 20_00), ("5.5", None, 200_00, 11_00)] == vat(evidence)


def test_a_credit_note_is_not_dated_by_the_invoice_it_names():
    """« Avoir client », its number and day under their headings, then « Avoir relatif à la facture … du … »."""
    evidence = read("""
        AVOIR CLIENT
        N° de pièce     Date de pièce     Réf. commande
        AV2601051       17/03/2026        408-8838968-0588102
        Avoir relatif à la facture FA2601051 du 02/03/2026
        Net à payer TTC     30,38 €
        """)
    assert ("AV2601051", "credit_note", date(2026, 3, 17), "EUR", "FA2601051") == head(evidence)


def test_a_refund_receipt_credits_the_receipt_it_names():
    """English, addresses in one line behind the names, one total without a word on VAT."""
    evidence = read("""
        Refund receipt
        Refund number: RF77398627
        Refund date: February 21, 2026
        Order number: 402-4028015-0786052
        Refund for receipt RC42417142 of February 16, 2026

        Sold by
        Shenzhen Lianqiao Co., Ltd, Room 1207, Building B, Longhua
        Bill to
        Atelier Lumière SAS, 27 rue des Verriers, 69003 Lyon

        Total amount     EUR -353.59
        This receipt is not an invoice. No VAT can be deducted.
        """)
    assert ("RF77398627", "credit_note", date(2026, 2, 21), "EUR", "RC42417142") == head(evidence)
    assert (None, None, 353_59) == totals(evidence)
    assert ("Shenzhen Lianqiao Co., Ltd", "Atelier Lumière SAS") == (value(evidence.seller.name), value(evidence.buyer.name))
    assert ("not_a_vat_invoice",) == evidence.mentions


def test_a_small_business_writes_its_headings_with_articles():
    """« L'entreprise », « Le client », « Annule tout ou partie de la facture n° … »; no VAT, so none is reported."""
    evidence = read("""
        Facture d'avoir
        Avoir n° : A2026-009
        Émis le : 18 août 2026
        Annule tout ou partie de la facture n° F2026-009 du 27 juillet 2026

        L'entreprise
        Ateliers Bois-Clair (M. Perrin)
        39200 Saint-Claude

        Le client
        Atelier Lumière SAS
        69003 Lyon

        Net à payer     720,27 €
        TVA non applicable, art. 293 B du CGI
        """)
    assert ("A2026-009", "credit_note", date(2026, 8, 18), "EUR", "F2026-009") == head(evidence)
    assert ("Ateliers Bois-Clair (M. Perrin)", "Atelier Lumière SAS") == (value(evidence.seller.name), value(evidence.buyer.name))
    assert (None, None, 720_27) == totals(evidence)
    assert ([], ("small_business_exempt",)) == (vat(evidence), evidence.mentions)


def test_from_and_to_name_seller_and_buyer():
    """Two blocks side by side: the buyer's VAT number is not the seller's."""
    evidence = read("""
        INVOICE
        From                            To
        Arredo Quattro Venti S.r.l.     Atelier Lumière SAS
        Via delle Prove 11              27 rue des Verriers
        40121 Bologna                   69003 Lyon
        Italia                          VAT reg. no.: FR68906550314
        VAT reg. no.: IT04738120965

        Invoice #      Issued                Order #
        FA2601009      September 18, 2026    408-8477255-6599378
        Grand total    €279.61
        """)
    assert ("Arredo Quattro Venti S.r.l.", "IT04738120965", None, "IT") == party(evidence.seller)
    assert ("Atelier Lumière SAS", "FR68906550314", None, None) == party(evidence.buyer)


def test_a_page_full_of_traps_says_only_what_is_sure():
    """
    numbers of a customer, an order, a delivery, a contract and a phone; an IBAN and a BIC
    the buyer's VAT number before the seller's; three days; amounts paid before, saved and due
    """
    evidence = read("""
        Client n° C-88213            Commande n° 402-1112223-4445556     Bon de livraison n° BL-5521
        Votre n° TVA : FR40303265045                                     Contrat n° 2025-1180
        Notre n° TVA : FR27552100554                                     Tél. 04 78 00 11 22

        Facturé à                    Livré à
        Atelier Dubois SARL          Dépôt Dubois
        12 rue des Lilas             4 quai Rambaud
        69003 Lyon                   69002 Lyon

        FACTURE N° FA-2026-118       Date de commande : 01/02/2026
        Date de la facture : 05/02/2026      Échéance : 07/03/2026

        Désignation       Qté     PU HT     Montant HT
        Ramette A4          2     10,00 €     20,00 €
        Total HT                              20,00 €
        TVA 20 %                               4,00 €
        Total TTC                             24,00 €
        Déjà réglé                            10,00 €
        Reste à payer                         14,00 €
        Vous économisez                        3,00 €
        IBAN FR76 3000 4000 0312 3456 7890 143     BIC BNPAFRPPXXX
        """)
    assert ("FA-2026-118", "invoice", date(2026, 2, 5), "EUR", None) == head(evidence)
    assert ("FR27552100554", "FR40303265045") == (value(evidence.seller.vat_id), value(evidence.buyer.vat_id))
    assert "Atelier Dubois SARL" == value(evidence.buyer.name)
    assert (20_00, 4_00, 24_00) == totals(evidence)
    assert [("Ramette A4", "2", 20_00, None)] == lines(evidence)


def test_two_numbers_of_one_invoice_are_told_by_their_order_and_an_iban_is_nobodys_vat_number():
    """No label says whose the IBAN's letters are; a German IBAN has the shape of no VAT number."""
    evidence = read("""
        RECHNUNG
        Kundennummer: 10021
        Rechnungsnummer: RE-2026-33
        Bestellnummer: 402-1112223-4445556
        Rechnungsdatum: 05.02.2026
        IBAN: DE89 3704 0044 0532 0130 00   BIC: COBADEFFXXX
        Gesamtbetrag: 12,00 EUR
        """)
    assert ("RE-2026-33", "invoice", date(2026, 2, 5), "EUR", None) == head(evidence)
    assert (None, None, None, None) == party(evidence.seller)
    assert (None, None, None, None) == party(evidence.buyer)


def test_a_siren_beside_rcs_is_not_the_sellers_for_that():
    """A French buyer's address names SIREN and register too; the seller is Italian, and nothing heads the two addresses."""
    evidence = read("""
        Facture n° INV-IT-26-001000
        Atelier Lumière SAS                        Arredo Quattro Venti S.r.l.
        27 rue des Verriers                        Via delle Prove 11
        SIREN 906 550 314 - RCS Lyon               REA BO-512204
        N° TVA : FR68906550314                     N° TVA : IT04738120965
        """)
    assert (None, None, None, None) == party(evidence.seller)
    assert (None, None, None, None) == party(evidence.buyer)


def test_a_french_vat_number_tells_whose_siren_it_ends_with():
    """The SIREN stands alone in the foot; the buyer's VAT number says it is his."""
    evidence = read("""
        Facture n° F-1234
        Client :
        Atelier Lumière SAS
        N° TVA : FR68906550314



        SIREN 906 550 314
        """)
    assert (None, None, None, None) == party(evidence.seller)
    assert ("Atelier Lumière SAS", "FR68906550314", "906550314", None) == party(evidence.buyer)


@pytest.mark.parametrize("address", ["Via delle Prove 11", "Musterstraße 18", "Italia", "40121 Bologna", "REA BO-512204 : x", "Société"])
def test_a_block_whose_name_cannot_be_read_has_no_name(address: str):
    """Streets, countries and headings are no names, nor is the heading of the articles under them."""
    evidence = read(f"Facture n° F-1234\nVendu par\n{address}\nArticle    Qté    Montant\nStylo    1    2,00 €")
    assert None is evidence.seller.name


def test_totals_that_contradict_each_other_are_those_with_a_sure_label():
    """A VAT table of which a row was not recognised: its sum is not the VAT when net and gross say otherwise."""
    evidence = read("""
        FACTURE N° F-77
        Taux TVA    Base HT    Montant TVA
        20 %       100,00 €        20,00 €
        Total HT                  300,00 €
        Total TTC                 331,00 €
        """)
    assert (300_00, None, 331_00) == totals(evidence)


VOCABULARY = """
    FACTURE AVOIR Invoice Rechnung Gutschrift N° no. du from To Von An Client Vendeur TVA VAT USt-IdNr. FR68906550314 DE813470268
    SIREN 906550314 Total HT TTC netto brutto 20 % 5,5 % 0 % 12,00 € 1.234,56 EUR 14,40 2,40 F-2026-1 03/02/2026 2026-02-03 5. März 2026
    France Deutschland Désignation Qté Montant Base Taux : # - ( ) DE89 3704 0044 SAS GmbH, 12 rue des Lilas 69003 Lyon
"""
WORDS = st.sampled_from(VOCABULARY.split())
STRETCHES = st.lists(st.lists(WORDS, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=4).map("    ".join)


@settings(max_examples=300, deadline=None)
@example("TVA 0044 €")
@given(st.lists(STRETCHES, max_size=14).map("\n".join))
def test_no_heap_of_words_makes_the_reader_invent(page: str):
    """Stretches of an invoice's words in any order: no error, and what is reported stands on the page (one total may follow from two)."""
    evidence, printed = read(page), " ".join(page.split())
    texts = [evidence.number, evidence.credited_number, evidence.seller.name, evidence.buyer.name]
    ids = [evidence.seller.vat_id, evidence.buyer.vat_id, evidence.seller.siren, evidence.buyer.siren]
    sums = [value(fact) for fact in (evidence.net_cents, evidence.vat_cents, evidence.gross_cents)]
    unprinted = [cents for cents in sums if cents is not None and not amount_shown(cents, printed)]
    assert [] == [fact.value for fact in texts if fact and fact.value not in printed]
    assert [] == [fact.value for fact in ids if fact and fact.value not in printed.replace(" ", "").replace(".", "")]
    assert [] == unprinted or (1 == len(unprinted) and adds_up([cents for cents in sums if cents is not None]))
    assert [] == [amount for group in evidence.vat for amount in (group.base_cents, group.vat_cents) if not amount_shown(amount, printed)]


@pytest.mark.parametrize(
    ("language", "page"),
    [
        ("de", "Rechnung\nRechnungs-Nr.: X-12\nDatum: 5. Januar 2026\nSumme netto 100,00 €\nUSt. 20 % 20,00 €\nRechnungssumme 120,00 €"),
        ("de", "RECHNUNG X-12\nerstellt am 05.01.2026\nGesamt netto 100,00\nMwSt gesamt 20,00\nGesamt brutto 120,00 EUR"),
        ("it", "Fattura n. X-12\nData: 05/01/2026\nTotale imponibile 100,00 €\nTotale IVA 20,00 €\nTotale fattura 120,00 €"),
        ("es", "FACTURA\nNúmero: X-12\nFecha: 05/01/2026\nBase imponible 100,00 €\nTotal IVA 20,00 €\nImporte total 120,00 €"),
    ],
)
def test_the_same_invoice_in_other_words(language: str, page: str):
    """Number, type, day, currency and totals under labels that real invoices use."""
    evidence = read(page)
    assert ("X-12", "invoice", date(2026, 1, 5), "EUR", None) == head(evidence), language
    assert (100_00, 20_00, 120_00) == totals(evidence), language


def test_headings_in_two_languages_are_headings():
    """« Venditore / Seller » and « Cliente / Customer »."""
    evidence = read("""
        Fattura / Invoice
        Venditore / Seller              Cliente / Customer
        Arredo Quattro Venti S.r.l.     Atelier Lumière SAS
        P. IVA IT04738120965            P. IVA FR68906550314
        """)
    assert ("Arredo Quattro Venti S.r.l.", "IT04738120965") == (value(evidence.seller.name), value(evidence.seller.vat_id))
    assert ("Atelier Lumière SAS", "FR68906550314") == (value(evidence.buyer.name), value(evidence.buyer.vat_id))


def test_a_reference_is_the_number_of_an_invoice_and_not_of_the_credit_note_that_names_it():
    """« Réf. facture » over the number; « Réf. note de crédit » beside « En rectification de la facture … »; « Établie le »."""
    invoice = read("Facture client\nRéf. facture\n2026/FC/01000\nÉtablie le\n20-03-2026")
    note = read("""
        Note de crédit
        Réf. note de crédit
        2026/NC/01004
        Établie le
        11-07-2026
        En rectification de la facture 2026/FC/01004 du 24-06-2026
        """)
    assert ("2026/FC/01000", "invoice", date(2026, 3, 20), None, None) == head(invoice)
    assert ("2026/NC/01004", "credit_note", date(2026, 7, 11), None, "2026/FC/01004") == head(note)


def test_a_tax_beside_its_base_in_one_line_is_the_tax():
    """« zzgl. 20 % MwSt. auf … », twice; nobody prints their sum, which net and gross leave no choice for."""
    evidence = read("""
        Rechnung RE-118
        Zwischensumme netto              300,00 €
        zzgl. 20 % MwSt. auf 100,00 €     20,00 €
        zzgl. 5,5 % MwSt. auf 200,00 €    11,00 €
        Rechnungsbetrag brutto           331,00 €
        """)
    assert (300_00, 31_00, 331_00) == totals(evidence)
    assert [("20", None, 100_00, 20_00), ("5.5", None, 200_00, 11_00)] == vat(evidence)


def test_the_window_of_an_envelope_tells_sender_and_recipient():
    """
    no heading: the sender's line in smaller type over the recipient's address (DIN 5008), the sender's numbers in the foot
    the foot repeats the line in the type of what is under it: that is no window
    """
    page = [
        (40, 100, 7, "Arredo S.r.l. · Via delle Prove 11 · 40121 Bologna · Italia"),
        (40, 114, 10, "Atelier Lumière SAS"),
        (40, 127, 10, "69003 Lyon"),
        (40, 140, 10, "SIREN 906 550 314 - RCS Lyon"),
        (40, 153, 10, "USt-ID: FR68906550314"),
        (40, 753, 8, "Arredo S.r.l. · Via delle Prove 11 · 40121 Bologna · Italia"),
        (40, 763, 8, "Handelsregister: REA BO-512204 · USt-ID: IT04738120965"),
    ]
    evidence = text_evidence([rows_of(word for stretch in page for word in words(*stretch))])
    assert ("Arredo S.r.l.", "IT04738120965", None) == party(evidence.seller)[:3]
    assert ("Atelier Lumière SAS", "FR68906550314", "906550314", None) == party(evidence.buyer)


def words(left: float, top: float, height: float, text: str) -> Iterator[Word]:
    """The words of a line of a page, half as wide as high."""
    for word in text.split():
        yield Word(word, left, left + len(word) * height / 2, top, top + height)
        left += (len(word) + 0.5) * height / 2


PLACED = st.tuples(
    st.floats(0, 600), st.floats(0, 800), st.sampled_from((6, 8, 10, 14)), st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PLACED, max_size=25))
def test_words_anywhere_on_a_page_are_read_without_error_and_without_invention(stretches: list[tuple[float, float, int, str]]):
    """Any sizes, one over another, beside and across: numbers and names are made of words that are there."""
    placed = [word for left, top, height, text in stretches for word in words(left, top, height, text)]
    evidence, there = text_evidence([rows_of(placed)]), {word.text for word in placed}
    texts = [evidence.number, evidence.credited_number, evidence.seller.name, evidence.buyer.name]
    assert [] == [fact.value for fact in texts if fact and not all(any(part in word for word in there) for part in fact.value.split())]
