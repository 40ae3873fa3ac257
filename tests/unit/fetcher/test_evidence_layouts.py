"""Ways in which sellers print the same things: each case is one that was once read wrong, or that invites a wrong reading."""

from tests.unit.fetcher.test_evidence_text import read, totals, vat


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
