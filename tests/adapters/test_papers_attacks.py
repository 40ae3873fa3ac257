"""What must not happen to papers, settlements and letters: tried as the service, as the owner, as a superuser, and at the same time."""

import copy
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest

from services.ledger.adapters import refusals
from services.ledger.adapters.announcements import Altered
from tests.adapters.hands import Hands
from tests.integration.ledger.shelf import Broker
from tests.unit.ledger.documents import COMPANY, invoice

MARCH, APRIL = date(2026, 3, 10), date(2026, 4, 2)
TABLES = ("paper", "settlement", "lettering", "unlettering")
LAST = "(select max(batch_id) from ledger.batch)"


def said(owed: int, **changes: Any) -> dict[str, Any]:
    """A payment of 120.00 that settles line 3 of this entry whole, as the service would say it; `changes` bends one place of it."""
    entry = {
        "journal": "BQ",
        "entry_date": "2026-04-10",
        "piece_ref": "BQ-1",
        "piece_date": "2026-04-10",
        "label": "Règlement FR-1",
        "account": ["401000", "512000"],
        "auxiliary": ["AMAZON", None],
        "cents": [120_00, -120_00],
        "vat_rate": [None, None],
        "currency": None,
        "currency_cents": None,
    }
    whole: dict[str, Any] = {
        "entries": [entry],
        "papers": [{"kind": "payment", "number": "BQ-1", "content": "00", "facts": {}, "entries": [-1]}],
        "settlements": [{"entry_id": -1, "n": 1, "settled_entry": owed, "settled_n": 3, "cents": 120_00, "currency_cents": None}],
        "letters": [{"account": "401000", "auxiliary": "AMAZON", "entries": [owed, -1], "places": [3, 1]}],
    }
    whole = copy.deepcopy(whole)
    for path, value in changes.items():
        room, _, name = path.partition("__")
        if name:
            whole[room][0][name] = value
        else:
            whole[room] = value
    return whole


def book(hands: Hands, whole: dict[str, Any], *before: str) -> None:
    """The service's role books it after these statements, and commits."""
    with hands.session() as session:
        for statement in before:
            session.execute(statement.encode())
        session.execute("select ledger.book_papers(%s, 'me', %s)", [COMPANY, json.dumps(whole)])
        session.commit()


def refused(hands: Hands, whole: dict[str, Any], reason: str) -> None:
    """It is not written, for this reason."""
    before = hands.ask("select count(*) from ledger.chain")
    with pytest.raises(psycopg.DatabaseError, match=reason):
        book(hands, whole)
    assert before == hands.ask("select count(*) from ledger.chain")


def test_what_is_said_soundly_is_written(hands: Hands):
    (owed,) = hands.book_invoices(MARCH)
    book(hands, said(owed))
    assert [("AA", 2)] == hands.ask("select letter, count(*) from ledger.lettering group by 1")
    assert [] == hands.unsound()


FORGED: dict[str, tuple[str, Callable[[int], dict[str, Any]]]] = {
    "unbalanced": ("an unbalanced entry", lambda owed: said(owed, entries__cents=[120_00, -119_99])),
    "a line without amount": ("a line without amount", lambda owed: said(owed, entries__cents=[0, 0])),
    "arrays of unequal length": ("line arrays of unequal length", lambda owed: said(owed, entries__vat_rate=[None])),
    "no account of the chart": ("no account 606999", lambda owed: said(owed, entries__account=["401000", "606999"])),
    "an entry of no paper": ("not what a batch of papers is", lambda owed: said(owed, papers=[])),
    "an old entry as a paper's": ("not what a batch of papers is", lambda owed: said(owed, papers__entries=[owed])),
    "an entry of two papers": ("not what a batch of papers is", lambda owed: said(owed, papers__entries=[-1, -1])),
    "nothing at all": ("not what a batch of papers is", lambda owed: said(owed, entries=[], papers=[], settlements=[], letters=[])),
    "a settlement of a line that is not there": ("not the other side", lambda owed: said(owed, settlements__settled_n=7)),
    "a settlement of another account": ("not the other side", lambda owed: said(owed, settlements__settled_n=1)),
    "a settlement on the same side": ("not the other side", lambda owed: said(owed, settlements__cents=-120_00)),
    "a settlement by an old entry": ("settlement_check", lambda owed: said(owed, settlements__entry_id=owed, settlements__n=1)),
    "a settlement of less than the line": ("settles not what it is", lambda owed: said(owed, settlements__cents=100_00)),
    "more than is owed": (
        "LG040|settled already",
        lambda owed: said(owed, entries__cents=[121_00, -121_00], settlements__cents=121_00, letters=[]),
    ),
    "a letter on another account": ("no line of that account", lambda owed: said(owed, letters__account="404000")),
    "a letter on the bank": ("no line of that account", lambda owed: said(owed, letters__account="512000", letters__places=[3, 2])),
    "a letter of another supplier": ("no line of that account", lambda owed: said(owed, letters__auxiliary="OTHER")),
    "a letter on one line": ("do not settle each other", lambda owed: said(owed, letters__entries=[-1], letters__places=[1])),
    "a letter that is not zero": (
        "do not settle each other",
        lambda owed: said(owed, entries__cents=[119_00, -119_00], settlements__cents=119_00),
    ),
    "the same line in two letters": ("already lettered", lambda owed: said(owed, letters=said(owed)["letters"] * 2)),
    "a currency on the other side": (
        "a currency that are not",
        lambda owed: said(owed, entries__currency="USD", entries__currency_cents=[-5, 5]),
    ),
    "a currency of one line": ("a currency that are not", lambda owed: said(owed, entries__currency="USD", entries__currency_cents=[5])),
    "euros as another currency": (
        "entry_currency_check",
        lambda owed: said(owed, entries__currency="EUR", entries__currency_cents=[5, None]),
    ),
    "a tab in the label": ("entry_label_check", lambda owed: said(owed, entries__label="a\tb")),
    "a paper twice": ("paper_pkey", lambda owed: said(owed, papers=said(owed)["papers"] * 2)),
    "a year far ahead": ("too far ahead", lambda owed: said(owed, entries__entry_date="2999-01-01")),
    "no number of entries": ("violates not-null", lambda _: {}),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_is_forged_is_refused_for_its_own_reason(hands: Hands, name: str):
    """The service's role calls the function with anything."""
    (owed,) = hands.book_invoices(MARCH)
    reason, forge = FORGED[name]
    refused(hands, forge(owed), reason)


def test_entries_of_another_company_are_neither_settled_nor_lettered(hands: Hands):
    hands.book_invoices(MARCH)
    (other,) = hands.book_documents(invoice(company_id="C-2", invoice_id="I-9"))
    refused(hands, said(other, letters=[]), "not the other side")
    refused(hands, said(other, settlements=[]), "no line of that account")


def test_what_no_longer_stands_is_neither_settled_nor_lettered(hands: Hands):
    """One entry is superseded, another reversed, a third is the mirror."""
    first, second = hands.book_invoices(MARCH, MARCH)
    hands.deeds.recode(first, {"606400": "606300"})
    hands.deeds.validate("AC", [second])
    mirror = hands.deeds.reverse(second).entry_id
    for gone in (first, second):
        refused(hands, said(gone, letters=[]), "settled already")
        refused(hands, said(gone, settlements=[]), "replaced or reversed")
    letter = said(mirror, settlements=[], letters__entries=[mirror, second], letters__places=[3, 3])
    refused(hands, letter, "replaced or reversed")


def test_what_is_settled_is_not_settled_again(hands: Hands):
    (owed,) = hands.book_invoices(MARCH)
    book(hands, said(owed))
    again: dict[str, Any] = {"entries__piece_ref": "BQ-2", "papers__number": "BQ-2"}
    refused(hands, said(owed, **again, letters=[]), "settled already")
    refused(hands, said(owed, **again, settlements=[]), "already lettered")


@pytest.mark.parametrize("first", ["select 1", "set constraints all immediate"])
def test_what_is_lettered_is_neither_corrected_nor_reversed(hands: Hands, first: str):
    """Also with the check called before its time; and both are possible when the letter is taken away."""
    (owed,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [owed])
    book(hands, said(owed))
    paid = hands.ids()[-1]
    deeds = (
        f"select ledger.reverse_entry('C-1', {owed}, 'me')",
        f"select ledger.correct('C-1', {owed}, 'me', array['606300', '445660', '401000'], array[null, null, 'AMAZON'], "
        "array[10000, 2000, -12000]::bigint[], array[null, '20', null])",
        f"select ledger.correct('C-1', {paid}, 'me', array['401000', '606300'], array['AMAZON', null], "
        "array[12000, -12000]::bigint[], array[null, null]::text[])",
    )
    for deed in deeds:
        with (
            hands.session() as session,
            pytest.raises(psycopg.DatabaseError, match=r"it is lettered|outside an open batch|entries where|is no"),
        ):
            session.execute(first.encode())
            session.execute(deed.encode())
            session.commit()
    with hands.session() as session:
        session.execute("select ledger.unletter('C-1', 'me', '401000', 'AMAZON', 'AA')")
        session.execute(deeds[0].encode())
        session.commit()
    assert [] == hands.unsound()


def test_the_service_writes_no_row_by_itself(hands: Hands, subtests: pytest.Subtests):
    (owed,) = hands.book_invoices(MARCH)
    book(hands, said(owed))
    deeds = [
        deed for table in TABLES for deed in (f"insert into ledger.{table} select * from ledger.{table}", f"delete from ledger.{table}")
    ]
    deeds += [f"truncate ledger.{table}" for table in TABLES]
    deeds += ["update ledger.lettering set letter = 'ZZ'", "update ledger.paper set facts = '{}'", "update ledger.settlement set cents = 1"]
    deeds += [
        "insert into ledger.batch (book, kind, n, actor) values (3, 'M', 0, 'me')",
        "select ledger.put_letter(1, 'C-1', '1', '1', '{}', '{}')",
    ]
    deeds += ["select ledger.check_currencies(1)", "select ledger.open_years_for('C-1', '{}')", "select ledger.check_letters(null)"]
    for deed in deeds:
        with subtests.test(deed), hands.session() as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(deed.encode())


def test_an_entry_without_invoice_comes_in_no_batch_of_records(hands: Hands):
    """The hole that a column which may be null would open: the service inserts entries of records by itself."""
    hands.book_invoices(MARCH)
    with psycopg.connect(hands.book.shelf.consumer_url) as session:
        epoch, start = session.execute("select * from ledger.take_position('topic-1', 3::smallint)").fetchall()[0]
        opened = session.execute(
            "insert into ledger.batch (book, n, topic_id, partition, epoch, from_offset, next_offset) "
            "values (3, 1, 'topic-1', 3, %s, %s, %s) returning batch_id",
            [epoch, start, start + 1],
        ).fetchall()[0][0]
        session.execute(
            "insert into ledger.entry (entry_id, company_id, journal, entry_date, piece_ref, piece_date, label, source_key, "
            "account, auxiliary, cents, vat_rate) values (%s::bigint << 20, 'C-1', 'OD', '2026-03-10', 'x', '2026-03-10', 'x', "
            "gen_random_uuid(), '{606400,401000}', '{null,A}', '{5,-5}', '{null,null}')",
            [opened],
        )
        with pytest.raises(psycopg.DatabaseError, match="entries and invoices do not match"):
            session.commit()


OPEN = "insert into ledger.batch (book, kind, n, actor) values (3, '{kind}', {n}, 'me')"
OWNERS: dict[str, tuple[str, int, tuple[str, ...], str]] = {
    "a letter in a validation": (
        "V", 0, (f"insert into ledger.lettering values ({LAST}, 'C-1', '401000', 'A', 'AB', 1, 1)",), "not what a batch of its kind is",
    ),
    "a letter beside a lock": (
        "P",
        0,
        (
            f"insert into ledger.period_event values ({LAST}, 'C-1', 'lock', '2026-03-01', '2026-03-31', 'x')",
            f"insert into ledger.lettering values ({LAST}, 'C-1', '401000', 'A', 'AB', 1, 1)",
        ),
        "papers in a batch of another kind",
    ),
    "a letter taken away that nobody gave": (
        "M", 0, (f"insert into ledger.unlettering values ({LAST}, 'C-1', '401000', 'AMAZON', 'ZZ')",), "a letter that nobody gave",
    ),
    "a number in a batch of papers": (
        "M",
        0,
        (
            f"insert into ledger.unlettering values ({LAST}, 'C-1', '401000', 'AMAZON', 'AA')",
            f"insert into ledger.fate select max(entry_id), {LAST}, null, 'C-1', 'BQ', 2026, 1, '2026-04-10', '2026-04-10' "
            "from ledger.entry",
        ),
        "not what a batch of papers is",
    ),
    "another company's letter": (
        "M", 0, (f"insert into ledger.unlettering values ({LAST}, 'C-9', '401000', 'AMAZON', 'AA')",), "not what a batch of papers is",
    ),
    "an entry of nobody in a correction": (
        "C",
        1,
        (
            "insert into ledger.entry (entry_id, company_id, journal, entry_date, piece_ref, piece_date, label, source_key, "
            f"account, auxiliary, cents, vat_rate) values ({LAST} << 20, 'C-1', 'OD', '2026-03-10', 'x', '2026-03-10', 'x', "
            "gen_random_uuid(), '{606400,606300}', '{null,null}', '{5,-5}', '{null,null}')",
        ),
        "neither invoice nor paper",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OWNERS)
def test_even_the_owner_writes_no_papers_that_are_none(hands: Hands, name: str):
    """The look at commit, behind the functions."""
    (owed,) = hands.book_invoices(MARCH)
    book(hands, said(owed))
    kind, n, statements, reason = OWNERS[name]
    with hands.session("ledger_owner") as owner:
        owner.execute(OPEN.format(kind=kind, n=n).encode())
        for statement in statements:
            owner.execute(statement.encode())
        with pytest.raises(psycopg.DatabaseError, match=reason):
            owner.commit()


@pytest.mark.parametrize("letter", ["AA", "AC", "ZZ"])
def test_letters_have_no_hole_and_are_not_used_again(hands: Hands, letter: str):
    """The owner puts two lines that settle each other under a letter that is not the next."""
    first, second = hands.book_invoices(MARCH, MARCH)
    book(hands, said(first))
    again: dict[str, Any] = {"entries__piece_ref": "BQ-2", "papers__number": "BQ-2", "letters": []}
    book(hands, said(second, **again))
    with hands.session("ledger_owner") as owner:
        owner.execute(OPEN.format(kind="M", n=0).encode())
        for entry, n in ((second, 3), (hands.ids()[-1], 1)):
            owner.execute(f"insert into ledger.lettering values ({LAST}, 'C-1', '401000', 'AMAZON', '{letter}', {entry}, {n})".encode())
        with pytest.raises(psycopg.DatabaseError, match="letters with a hole, or used twice"):
            owner.commit()


def test_even_the_owner_changes_no_paper(hands: Hands, subtests: pytest.Subtests):
    (owed,) = hands.book_invoices(MARCH)
    book(hands, said(owed))
    for table in TABLES:
        for deed in (f"delete from ledger.{table}", f"truncate ledger.{table}", f"update ledger.{table} set batch_id = 1"):
            refusal = pytest.raises(psycopg.DatabaseError, match="append-only")
            with subtests.test(deed), hands.session("ledger_owner") as owner, refusal:
                owner.execute(deed.encode())


@pytest.mark.parametrize(
    "deed",
    [
        "update ledger.paper set facts = '{\"paid\": 1}'",
        "update ledger.paper set number = 'x'",
        "delete from ledger.paper",
        "update ledger.settlement set cents = 1",
        "delete from ledger.settlement",
        "update ledger.lettering set letter = 'AB'",
        "delete from ledger.lettering",
        "delete from ledger.unlettering",
        "insert into ledger.unlettering values (1, 'C-1', '401000', 'AMAZON', 'AB')",
        "update ledger.entry set currency = 'USD', currency_cents = cents where invoice_id is null",
        "update ledger.batch set actor = 'somebody else' where kind = 'M'",
    ],
)
def test_what_a_superuser_altered_is_seen_and_not_announced(hands: Hands, deed: str):
    (owed,) = hands.book_invoices(MARCH)
    book(hands, said(owed))
    with hands.session() as session:
        session.execute("select ledger.unletter('C-1', 'me', '401000', 'AMAZON', 'AA')")
        session.commit()
    hands.book.shelf.tamper(deed)
    assert [] != hands.unsound()
    with pytest.raises(Altered):
        hands.book.new_relay().turn(500, Broker().send)


def test_a_letter_and_a_reversal_at_once_have_one_winner(hands: Hands):
    """Somebody reverses the invoice and has not committed; the payment's letter waits and is refused."""
    (owed,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [owed])
    first = [f"select ledger.reverse_entry('C-1', {owed}, 'me')", "set constraints all immediate"]
    raised = hands.beside(first, lambda: book(hands, said(owed, settlements=[])))
    assert isinstance(raised, psycopg.DatabaseError)
    assert "replaced or reversed" in str(raised)
    assert [] == hands.unsound()


def test_a_reversal_waits_for_a_letter_and_is_refused(hands: Hands):
    (owed,) = hands.book_invoices(MARCH)
    hands.deeds.validate("AC", [owed])
    whole = json.dumps(said(owed)).replace("'", "''")
    first = [f"select ledger.book_papers('C-1', 'me', '{whole}')", "set constraints all immediate"]
    raised = hands.beside(first, lambda: hands.deeds.reverse(owed))
    assert isinstance(raised, refusals.LetteredStands)
    assert [] == hands.unsound()
