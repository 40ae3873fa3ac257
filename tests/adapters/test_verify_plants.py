"""Each table of the chain, and each kind of column, altered by a superuser behind the triggers: `verify` finds it and names it."""

from collections.abc import Generator
from typing import NamedTuple

import pytest

from tests.adapters.sealed_books import altered, filled
from tests.integration.ledger.shelf import Shelf
from tests.support.local import SessionDatabase

ROW = "n'est pas celle qui a été scellée"
UNBALANCED_BILL = "l'écriture 13631488 n'est pas équilibrée (en euros ou dans sa devise) ou n'a pas deux lignes"
ANOTHER = """
insert into entry select {}, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date, label, gen_random_uuid(),
    account, auxiliary, cents, vat_rate from entry where entry_id = 2097155
"""


class Plant(NamedTuple):
    """What is altered, and how the first difference that is said begins."""

    statement: str
    said: str


PLANTS = {
    "an amount of both sides": Plant(
        "update entry set cents = array[10100, 2000, -12100] where entry_id = 2097153",
        f"Livre 3, maillon 2, lot 2 : la ligne 2 de « entry » (entry_id 2097153) {ROW}",
    ),
    "an amount of one side": Plant(
        "update entry set cents[1] = cents[1] + 1 where entry_id = 2097153",
        "Livre 3, maillon 2, lot 2 : l'écriture 2097153 n'est pas équilibrée (en euros ou dans sa devise) ou n'a pas deux lignes",
    ),
    "a currency": Plant(
        "update entry set currency = 'GBP' where entry_id = 13631488",
        f"Livre 4, maillon 2, lot 13 : la ligne 1 de « entry » (entry_id 13631488) {ROW}",
    ),
    "an amount in a currency, of both sides": Plant(
        "update entry set currency_cents = array[25100, -25100] where entry_id = 13631488",
        f"Livre 4, maillon 2, lot 13 : la ligne 1 de « entry » (entry_id 13631488) {ROW}",
    ),
    "an amount in a currency, of one side": Plant(
        "update entry set currency_cents[1] = 25001 where entry_id = 13631488", f"Livre 4, maillon 2, lot 13 : {UNBALANCED_BILL}"
    ),
    "amounts in a currency on the other side": Plant(
        "update entry set currency_cents = array[-25000, 25000] where entry_id = 13631488",
        f"Livre 4, maillon 2, lot 13 : {UNBALANCED_BILL}",
    ),
    "an amount in a currency too many": Plant(
        "update entry set currency_cents = array[25000, -25000, null] where entry_id = 13631488",
        f"Livre 4, maillon 2, lot 13 : {UNBALANCED_BILL}",
    ),
    "a currency where there was none": Plant(
        "update entry set currency = 'USD', currency_cents = array[12500, null, null] where entry_id = 2097153",
        "Livre 3, maillon 2, lot 2 : l'écriture 2097153 n'est pas équilibrée (en euros ou dans sa devise) ou n'a pas deux lignes",
    ),
    "a currency without amounts": Plant(
        "alter table entry drop constraint entry_both_currencies_check; update entry set currency_cents = null where entry_id = 13631488",
        f"Livre 4, maillon 2, lot 13 : {UNBALANCED_BILL}",
    ),
    "an account": Plant(
        "update entry set account[1] = '606300' where entry_id = 2097154",
        f"Livre 3, maillon 2, lot 2 : la ligne 3 de « entry » (entry_id 2097154) {ROW}",
    ),
    "an auxiliary": Plant(
        "update entry set auxiliary[3] = 'OTHER' where entry_id = 2097154",
        f"Livre 3, maillon 2, lot 2 : la ligne 3 de « entry » (entry_id 2097154) {ROW}",
    ),
    "a VAT rate": Plant(
        "update entry set vat_rate[2] = '5.5' where entry_id = 2097154",
        f"Livre 3, maillon 2, lot 2 : la ligne 3 de « entry » (entry_id 2097154) {ROW}",
    ),
    "a label": Plant(
        "update entry set label = label || ' ' where entry_id = 2097155",
        f"Livre 3, maillon 2, lot 2 : la ligne 4 de « entry » (entry_id 2097155) {ROW}",
    ),
    "a date of an entry": Plant(
        "update entry set entry_date = entry_date + 1 where entry_id = 2097155",
        f"Livre 3, maillon 2, lot 2 : la ligne 4 de « entry » (entry_id 2097155) {ROW}",
    ),
    "a piece": Plant(
        "update entry set piece_ref = 'FR-99' where entry_id = 2097152",
        f"Livre 3, maillon 2, lot 2 : la ligne 1 de « entry » (entry_id 2097152) {ROW}",
    ),
    "a company of an entry": Plant(
        "update entry set company_id = 'C-2' where entry_id = 2097152",
        f"Livre 3, maillon 2, lot 2 : la ligne 1 de « entry » (entry_id 2097152) {ROW}",
    ),
    "a key of its source": Plant(
        "update entry set source_key = gen_random_uuid() where entry_id = 2097152",
        f"Livre 3, maillon 2, lot 2 : la ligne 1 de « entry » (entry_id 2097152) {ROW}",
    ),
    "a journal": Plant(
        "update entry set journal = 'OD' where entry_id = 2097155",
        f"Livre 3, maillon 2, lot 2 : la ligne 4 de « entry » (entry_id 2097155) {ROW}",
    ),
    "an entry that is gone": Plant(
        "delete from entry where entry_id = 2097153",
        "Livre 3, maillon 2, lot 2 : 1 ligne de moins, à partir de la ligne 2 de « entry » (entry_id 2097154)",
    ),
    "an entry too many": Plant(
        ANOTHER.format("2097156"),
        "Livre 3, maillon 2, lot 2 : 1 ligne de trop, à partir de la ligne 5 de « entry » (entry_id 2097156)",
    ),
    "an entry of no batch": Plant(
        ANOTHER.format("99::bigint << 20"),
        "Le lot 99 a des lignes dans « entry » et n'est pas scellé",
    ),
    "a fact of an invoice": Plant(
        "update invoice set facts = facts || '{\"number\": \"X\"}' where invoice_id = 'I-22' and version = 1",
        f"Livre 3, maillon 2, lot 2 : la ligne 3 de « invoice » (record_offset 12) {ROW}",
    ),
    "an outcome of an invoice": Plant(
        "update invoice set outcome = 'no_entry' where invoice_id = 'I-3'",
        f"Livre 3, maillon 1, lot 1 : la ligne 3 de « invoice » (record_offset 2) {ROW}",
    ),
    "a posting of an invoice": Plant(
        "update invoice set posting = '\\x00' where invoice_id = 'I-23'",
        f"Livre 3, maillon 2, lot 2 : la ligne 4 de « invoice » (record_offset 13) {ROW}",
    ),
    "a version that is gone": Plant(
        "delete from invoice where invoice_id = 'I-23'",
        "Livre 3, maillon 2, lot 2 : 1 ligne de moins, à partir de la ligne 4 de « invoice »",
    ),
    "an overtaken revision": Plant(
        "update overtaken set highest = 5",
        f"Livre 3, maillon 1, lot 1 : la ligne 1 de « overtaken » (record_offset 8) {ROW}",
    ),
    "an overtaken revision that is gone": Plant(
        "delete from overtaken",
        "Livre 3, maillon 1, lot 1 : 1 ligne de moins, à partir de la ligne 1 de « overtaken »",
    ),
    "an outcome": Plant(
        "update outcome set kind = 'recorded' where kind = 'parked' and runseq = 6",
        f"Livre 3, maillon 1, lot 1 : la ligne 6 de « outcome » (company_id C-1 run_id R-1 runseq 6 attempt 1) {ROW}",
    ),
    "a marker": Plant(
        "update run_marker set emitted = 8",
        f"Livre 3, maillon 1, lot 1 : la ligne 1 de « run_marker » (company_id C-1 run_id R-1) {ROW}",
    ),
    "a finished run": Plant(
        "update run_finished set held = held + 1, parked = parked - 1",
        f"Livre 3, maillon 1, lot 1 : la ligne 1 de « run_finished » (company_id C-1 run_id R-1 revision 1) {ROW}",
    ),
    "a refused record": Plant(
        "update parked_record set value = 'x'",
        f"Livre 3, maillon 1, lot 1 : la ligne 1 de « parked_record » (record_offset 5) {ROW}",
    ),
    "a header of a refused record": Plant(
        "update parked_record set header_values[1] = 'x'",
        f"Livre 3, maillon 1, lot 1 : la ligne 1 de « parked_record » (record_offset 5) {ROW}",
    ),
    "a number": Plant(
        "update fate set number = 7 where number = 2",
        f"Livre 3, maillon 3, lot 3 : la ligne 2 de « fate » (entry_id 2097153) {ROW}",
    ),
    "two numbers changed over": Plant(
        "update fate set number = case number when 1 then 9 else 1 end where number < 3; update fate set number = 2 where number = 9",
        f"Livre 3, maillon 3, lot 3 : la ligne 1 de « fate » (entry_id 2097152) {ROW}",
    ),
    "a day of validation": Plant(
        "update fate set validated_on = validated_on - 1 where number = 1",
        f"Livre 3, maillon 3, lot 3 : la ligne 1 de « fate » (entry_id 2097152) {ROW}",
    ),
    "a date fixed by validation": Plant(
        "update fate set entry_date = entry_date + 1 where number = 1",
        f"Livre 3, maillon 3, lot 3 : la ligne 1 de « fate » (entry_id 2097152) {ROW}",
    ),
    "a successor": Plant(
        "update fate set by_entry = by_entry + 1 where by_entry is not null",
        f"Livre 3, maillon 4, lot 4 : la ligne 1 de « fate » (entry_id 2097154) {ROW}",
    ),
    "a fate that is gone": Plant(
        "delete from fate where number = 3",
        "Livre 3, maillon 5, lot 5 : 1 ligne de moins, à partir de la ligne 1 de « fate »",
    ),
    "a reversal": Plant(
        "update reversal set reversed = 2097154 where batch_id = 6",
        f"Livre 3, maillon 6, lot 6 : la ligne 1 de « reversal » (entry_id 6291456) {ROW}",
    ),
    "what an entry follows": Plant(
        "update later_entry set principal = principal - 1",
        f"Livre 4, maillon 1, lot 12 : la ligne 1 de « later_entry » (entry_id 12582914) {ROW}",
    ),
    "an entry that follows nothing any more": Plant(
        "delete from later_entry",
        "Livre 4, maillon 1, lot 12 : 1 ligne de moins, à partir de la ligne 1 de « later_entry »",
    ),
    "a reversal that is gone": Plant(
        "delete from reversal where batch_id = 6",
        "Livre 3, maillon 6, lot 6 : 1 ligne de moins, à partir de la ligne 1 de « reversal »",
    ),
    "a reason of a lock": Plant(
        "update period_event set reason = 'x' where deed = 'lock'",
        f"Livre 3, maillon 7, lot 7 : la ligne 1 de « period_event » {ROW}",
    ),
    "a close": Plant(
        "update period_event set through = through - 1 where deed = 'close'",
        f"Livre 3, maillon 9, lot 9 : la ligne 1 de « period_event » {ROW}",
    ),
    "a name of a supplier": Plant(
        "update supplier set legal_name = 'X' where company_id = 'C-1'",
        f"Livre 3, maillon 1, lot 1 : la ligne 1 de « supplier » (company_id C-1 auxiliary AMAZON version 1) {ROW}",
    ),
    "a supplier that is gone": Plant(
        "delete from supplier where company_id = 'C-2'",
        "Livre 4, maillon 1, lot 12 : 1 ligne de moins, à partir de la ligne 1 de « supplier »",
    ),
    "another name of a supplier": Plant(
        "update supplier_alias set value = '902100479' where kind = 'siren'",
        f"Livre 4, maillon 4, lot 15 : la ligne 1 de « supplier_alias » (company_id C-2 auxiliary AMAZON kind siren value 902100479) {ROW}",
    ),
    "another name that is gone": Plant(
        "delete from supplier_alias where kind = 'auxiliary'",
        "Livre 4, maillon 4, lot 15 : 1 ligne de moins, à partir de la ligne 2 de « supplier_alias »",
    ),
    "a merger": Plant(
        "update supplier_merger set into_auxiliary = 'OTHER'",
        f"Livre 4, maillon 4, lot 15 : la ligne 1 de « supplier_merger » (company_id C-2 decision_id D-1) {ROW}",
    ),
    "a merger that is gone": Plant(
        "delete from supplier_merger",
        "Livre 4, maillon 4, lot 15 : 1 ligne de moins, à partir de la ligne 1 de « supplier_merger »",
    ),
    "the person": Plant(
        "update batch set actor = 'M. Faux' where batch_id = 3",
        f"Livre 3, maillon 3, lot 3 : la ligne 1 de « batch » {ROW}",
    ),
    "the instant": Plant(
        "update batch set recorded_at = recorded_at - interval '1 day' where batch_id = 3",
        f"Livre 3, maillon 3, lot 3 : la ligne 1 de « batch » {ROW}",
    ),
    "a book of a batch": Plant(
        "update batch set book = 4 where batch_id = 3",
        f"Livre 3, maillon 3, lot 3 : la ligne 1 de « batch » {ROW}",
    ),
    "an offset of a batch": Plant(
        "update batch set next_offset = next_offset + 1 where batch_id = 11",
        f"Livre 3, maillon 11, lot 11 : la ligne 1 de « batch » {ROW}",
    ),
    "a batch that is gone": Plant(
        "delete from batch where batch_id = 3",
        "Livre 3, maillon 3, lot 3 : 1 ligne de moins, à partir de la ligne 1 de « batch »",
    ),
    "a batch of nobody": Plant(
        "insert into batch (book, kind, n, actor) values (3, 'P', 0, 'me')",
        "Le lot 16 a des lignes dans « batch » et n'est pas scellé",
    ),
    "a digest": Plant(
        "update chain set digest = '\\x00' where seq = 2",
        "Livre 3, maillon 2, lot 2 : le maillon lui-même a été modifié",
    ),
    "marks": Plant(
        "update chain set marks = '\\x00' where book = 3 and seq = 2",
        "Livre 3, maillon 2, lot 2 : le maillon lui-même a été modifié",
    ),
    "a hash": Plant(
        "update chain set hash = '\\x01' where book = 3 and seq = 2",
        "Livre 3, maillon 2, lot 2 : le maillon lui-même a été modifié",
    ),
    "a link before": Plant(
        "update chain set prev = '\\x01' where book = 3 and seq = 2",
        "Livre 3, maillon 2, lot 2 : ce maillon n'est pas attaché à celui qui le précède",
    ),
    "a link that is gone": Plant(
        "delete from chain where book = 3 and seq = 2",
        "Livre 3, maillon 3, lot 3 : ce maillon suit le maillon 1, il en manque",
    ),
    "the last link": Plant(
        "delete from chain where book = 3 and seq = 11",
        "Livre 3 : sa tête dit",
    ),
    "two links changed over": Plant(
        "update chain set seq = -seq where book = 3 and seq in (4, 5); update chain set seq = 9 + seq where seq < 0",
        "Livre 3, maillon 4, lot 5 : ce maillon n'est pas attaché à celui qui le précède",
    ),
    "a link of another book": Plant(
        "update chain set book = 4, seq = 5 where book = 3 and seq = 11",
        "Livre 3 : sa tête dit",
    ),
    "a head": Plant(
        "update chain_head set hash = '\\x01' where book = 3",
        "Livre 3 : sa tête dit",
    ),
    "a head that is gone": Plant(
        "delete from chain_head where book = 3",
        "Livre 3 : sa tête dit",
    ),
    "a position": Plant(
        "update kafka_position set next_offset = next_offset + 1 where partition = 3",
        "La partition topic-1/3 se trouve à 16 (époque 2), et ses lots finissent à 15 (époque 2)",
    ),
    "an epoch": Plant(
        "update kafka_position set epoch = 0 where partition = 3",
        "La partition topic-1/3 se trouve à 15 (époque 0), et ses lots finissent à 15 (époque 2)",
    ),
    "a position that is gone": Plant(
        "delete from kafka_position where partition = 4",
        "La partition topic-1/4 se trouve à 0 (époque 0), et ses lots finissent à 2 (époque 1)",
    ),
    "an entry that does not wait": Plant(
        "delete from todo where entry_id = 12582912",
        "L'écriture 12582912 n'est pas dans la liste « À traiter » comme son sort le veut",
    ),
    "a validated entry that waits": Plant(
        "insert into todo values ('C-1', 2097152)",
        "L'écriture 2097152 n'est pas dans la liste « À traiter » comme son sort le veut",
    ),
    "an entry that waits for another company": Plant(
        "update todo set company_id = 'C-2' where company_id = 'C-1'",
        "L'écriture ",
    ),
    "a counter": Plant(
        "update counter set last_no = last_no + 1",
        "Entreprise C-1, journal AC, exercice 2026 : le compteur n'est pas celui du dernier numéro (6 ; 5 donnés)",
    ),
    "a day of a counter": Plant(
        "update counter set last_on = last_on - 1",
        "Entreprise C-1, journal AC, exercice 2026 : le compteur n'est pas celui du dernier numéro (5 ; 5 donnés)",
    ),
    "a counter that is gone": Plant(
        "delete from counter",
        "Entreprise C-1, journal AC, exercice 2026 : le compteur n'est pas celui du dernier numéro (0 ; 5 donnés)",
    ),
    "a year opened again": Plant(
        "update fiscal_year set closed_through = starts - 1 where company_id = 'C-1'",
        "Entreprise C-1 : dernier jour clos 2025-12-31, selon ses clôtures 2026-03-31",
    ),
    "a year that is gone": Plant(
        "delete from fiscal_year where company_id = 'C-1'",
        "Entreprise C-1 : dernier jour clos aucun, selon ses clôtures 2026-03-31",
    ),
    "announced too far": Plant(
        "update announced set seq = 99 where book = 3",
        "Livre 3 : annoncé jusqu'au lot 99, scellé jusqu'au lot 11",
    ),
    "a column that nobody seals": Plant(
        "alter table entry add column note text",
        "La colonne entry.note n'est couverte par aucun sceau",
    ),
    "a line of the list": Plant(
        "delete from sealed where name = 'fate'",
        "Livre 3, maillon 3, lot 3 : ses lignes ne sont pas celles qui ont été scellées",
    ),
    "a column of the list": Plant(
        "update sealed set columns = array_remove(columns, 'label') where name = 'entry'",
        f"Livre 3, maillon 1, lot 1 : la ligne 1 de « entry » (entry_id 1048576) {ROW}",
    ),
}


@pytest.fixture(scope="module", name="shelf")
def filled_shelf(database: SessionDatabase) -> Generator[Shelf]:
    """A book with every kind of batch, which no test here changes for good."""
    with filled(database) as shelf:
        yield shelf


@pytest.mark.parametrize("name", PLANTS)
def test_what_a_superuser_altered_is_named(shelf: Shelf, name: str):
    statement, said = PLANTS[name]
    assert [said] == [difference[: len(said)] for difference in altered(shelf, statement)[:1]]
