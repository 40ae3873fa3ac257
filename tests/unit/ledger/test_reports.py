"""Balance, general ledger and statement from sums and movements, and how they are printed."""

from datetime import date

from services.ledger.adapters.reports import printed
from services.ledger.domain.reports import Movement, Sums, accounts, balance

BOUGHT = Movement(
    journal="AC",
    number=1,
    entry_date=date(2026, 3, 10),
    validated_on=date(2026, 4, 1),
    account="401000",
    account_label="Fournisseurs",
    auxiliary="AMAZON",
    piece_ref="FR-1",
    piece_date=date(2026, 3, 9),
    label="Ramettes",
    debit_cents=0,
    credit_cents=120_00,
    entry_id=7,
)


def test_a_balance_has_a_row_per_account():
    """Two suppliers of one account are one row: openings, debits, credits and what is unvalidated add up."""
    sums = [Sums("401000", "Fournisseurs", "A", -100, 20, 5, 3), Sums("401000", "Fournisseurs", "B", 40, 0, 7, -1)]
    assert [
        {
            "account": "401000",
            "account_label": "Fournisseurs",
            "opening_cents": -60,
            "debit_cents": 20,
            "credit_cents": 12,
            "closing_cents": -52,
            "unvalidated_cents": 2,
        }
    ] == list(balance(sums))


def test_a_statement_carries_the_balance_from_line_to_line():
    """The opening, then each line with the balance so far; a supplier without movement has its opening alone; a settled one nothing."""
    sums = [
        Sums("401000", "Fournisseurs", "AMAZON", -50_00, 0, 240_00, 0),
        Sums("401000", "Fournisseurs", "OTHER", 5_00, 0, 0, 0),
        Sums("401000", "Fournisseurs", "SETTLED", 0, 0, 0, 0),
        Sums("606400", "Fournitures", None, 9_00, 0, 0, 0),
    ]
    rows = list(accounts("supplier", sums, [BOUGHT, BOUGHT._replace(debit_cents=120_00, credit_cents=0)]))
    assert [
        ("AMAZON", "Solde initial", -50_00),
        ("AMAZON", "Ramettes", -170_00),
        ("AMAZON", "Ramettes", -50_00),
        ("OTHER", "Solde initial", 5_00),
    ] == [(row["auxiliary"], row["label"], row["balance_cents"]) for row in rows]


def test_a_table_for_a_french_spreadsheet():
    """Semicolons, decimal commas, ISO dates; what would be a formula or a new field is text."""
    rows = [BOUGHT._replace(label='=HYPERLINK("x")', piece_ref="a;b")._asdict()]
    heading, line = printed("journal", rows, as_json=False)
    named = "Date;Journal;Numéro;Compte;Intitulé;Auxiliaire;Pièce;Date de pièce;Libellé;Débit;Crédit;Validée le;Écriture"
    assert f"\ufeff{named};Montant en devise;Devise\r\n" == heading
    assert '2026-03-10;AC;1;401000;Fournisseurs;AMAZON;"a;b";2026-03-09;"\'=HYPERLINK(""x"")";0,00;120,00;2026-04-01;7;;\r\n' == line


def test_a_line_in_dollars_says_so_in_every_table_of_lines():
    """135.00 dollars owed, booked at 120.00 euros: the last two columns, signed; the sums stay in euros."""
    owed = BOUGHT._replace(currency="USD", currency_cents=-135_00)
    for report, rows in (("journal", [owed._asdict()]), ("supplier", accounts("supplier", [], [owed]))):
        *_, line = printed(report, rows, as_json=False)
        assert line.endswith(";-135,00;USD\r\n")
    *_, line = accounts("supplier", [], [owed])
    assert -120_00 == line["balance_cents"]


def test_one_object_a_line_for_programs():
    """Integer cents and ISO dates, the columns of the table under the names of the code."""
    (line,) = printed("journal", [BOUGHT._asdict()], as_json=True)
    assert line.startswith('{"entry_date": "2026-03-10", "journal": "AC", "number": 1, "account": "401000"')
    assert '"credit_cents": 12000' in line
