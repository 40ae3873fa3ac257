"""What the role of the service tries and must not manage. Each attack is refused for its own reason; the plain batch passes."""

from collections.abc import Generator
from contextlib import closing
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from services.kernel.envelope import deliver
from services.ledger.domain.posting import source_key
from tests.integration.ledger.shelf import TYPES, Shelf, event
from tests.unit.ledger.documents import invoice

BATCH = """
insert into ledger.batch (book, n, topic_id, partition, epoch, from_offset, next_offset)
values (3, %(n)s, 'topic-1', 3, %(epoch)s, %(start)s, %(start)s + 1) returning batch_id
"""
ENTRY = """
insert into ledger.entry (
    entry_id, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date, label, source_key,
    account, auxiliary, cents, vat_rate, currency, currency_cents
) values (
    %(batch)s::bigint << 20 | %(place)s::bigint, 'C-1', %(invoice)s, 1, 'AC', '2026-03-10', 'FR-1', '2026-03-10', 'Amazon', %(key)s,
    %(account)s, %(auxiliary)s, %(cents)s, %(vat)s, %(currency)s, %(abroad)s::bigint[]
)
"""
VERSION = """
insert into ledger.invoice (
    batch_id, record_offset, company_id, invoice_id, version, revision, outcome, entry_id, booked, posting, content, facts,
    event_id, event_time
) values (
    %(batch)s, %(place)s, 'C-1', %(invoice)s, 1, 1, 'recorded',
    %(batch)s::bigint << 20 | %(place)s::bigint, true, 'p', 'c', '{}', %(invoice)s, now()
)
"""


class Attacker:
    """A session of the service's own role that owns partition 3 and writes what it likes."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.epoch, self.start = self.one("select epoch, next_offset from ledger.take_position('topic-1', 3::smallint)")
        self.run("select ledger.open_company('C-1', 3::smallint)")
        connection.commit()

    def run(self, statement: str, **named: Any) -> None:
        """One statement."""
        self.connection.execute(statement.encode(), named)

    def one(self, statement: str, **named: Any) -> tuple[Any, ...]:
        """One row."""
        row = self.connection.execute(statement.encode(), named).fetchone()
        assert row is not None
        return row

    def batch(self, n: int = 1, **other: Any) -> int:
        """Open a batch of one record."""
        return self.one(BATCH, **{"n": n, "epoch": self.epoch, "start": self.start, **other})[0]

    def entry(self, batch: int, place: int = 0, **other: Any) -> None:
        """A sound entry, apart from what `other` says."""
        named = {
            "key": uuid4(),
            "invoice": f"I-{batch}-{place}",
            "account": ["606400", "401000"],
            "auxiliary": [None, "AMAZON"],
            "cents": [5, -5],
            "vat": [None, None],
            "currency": None,
            "abroad": None,
        }
        self.run(ENTRY, batch=batch, place=place, **{**named, **other})

    def version(self, batch: int, place: int = 0) -> None:
        """The invoice version that booked the entry of this place."""
        self.run(VERSION, batch=batch, place=place, invoice=f"I-{batch}-{place}")

    def write(self, **other: Any) -> None:
        """A whole batch of one entry, committed."""
        batch = self.batch()
        self.entry(batch, **other)
        self.version(batch)
        self.connection.commit()


@pytest.fixture
def attacker(shelf: Shelf) -> Generator[Attacker]:
    with closing(psycopg.connect(shelf.consumer_url)) as connection:
        yield Attacker(connection)


def test_a_balanced_batch_passes(attacker: Attacker, shelf: Shelf):
    attacker.write()
    assert [(1, 1, 1)] == shelf.ask("select (select count(*) from ledger.entry), seq, (select count(*) from ledger.todo) from ledger.chain")
    assert [(1,)] == shelf.ask("select next_offset from ledger.kafka_position")


def test_an_entry_in_another_currency_passes(attacker: Attacker, shelf: Shelf):
    attacker.write(currency="USD", abroad=[6, -6])
    assert [("USD", 6, 5), ("USD", -6, 0)] == shelf.ask("select currency, currency_cents, debit_cents from ledger.line order by n")


UNSOUND: tuple[tuple[dict[str, Any], str], ...] = (
    ({"cents": [5, -4]}, "an unbalanced entry"),
    ({"account": ["606400"], "auxiliary": [None], "cents": [5], "vat": [None]}, "an entry of fewer than two lines"),
    ({"account": [], "auxiliary": [], "cents": [], "vat": []}, "an entry of fewer than two lines"),
    ({"cents": [5, -5, 0]}, "line arrays of unequal length"),
    ({"auxiliary": ["AMAZON"]}, "line arrays of unequal length"),
    ({"cents": [0, 0]}, "a line without amount"),
    ({"cents": [None, None]}, "a line without amount"),
    ({"account": ["606401", "401000"]}, "no account 606401"),
    ({"account": [None, "401000"]}, "no account <NULL>"),
    ({"currency": "USD", "abroad": [6, -6, 6, -6]}, "amounts in a currency that are not"),
    ({"currency": "USD", "abroad": [6]}, "amounts in a currency that are not"),
    ({"currency": "USD", "abroad": []}, "amounts in a currency that are not"),
    ({"currency": "USD", "abroad": [6, -7]}, "amounts in a currency that are not"),
    ({"currency": "USD", "abroad": [-6, 6]}, "amounts in a currency that are not"),
    ({"currency": "USD", "abroad": [6, 0]}, "amounts in a currency that are not"),
    ({"currency": "USD", "abroad": [6, None]}, "amounts in a currency that are not"),
    ({"currency": "USD", "abroad": [None, None]}, "amounts in a currency that are not"),
    ({"currency": "USD", "abroad": [[6], [-6]]}, "entry_arrays_check"),
    ({"currency": "EUR", "abroad": [5, -5]}, "entry_currency_check"),
    ({"currency": "usd", "abroad": [6, -6]}, "entry_currency_check"),
    ({"currency": "USD"}, "entry_both_currencies_check"),
    ({"abroad": [6, -6]}, "entry_both_currencies_check"),
)


def test_an_entry_that_is_not_sound_is_refused_at_commit(attacker: Attacker, shelf: Shelf, subtests: pytest.Subtests):
    for entry, reason in UNSOUND:
        with subtests.test(reason, entry=entry), pytest.raises(psycopg.DatabaseError, match=reason):
            attacker.write(**entry)
        attacker.connection.rollback()
    assert [] == shelf.ask("select batch_id from ledger.batch")


def test_an_account_that_is_no_longer_valid_is_refused(attacker: Attacker, shelf: Shelf):
    shelf.tamper("update ledger.account set valid = '[2020-01-01,2026-01-01)' where code = '606400'")
    with pytest.raises(psycopg.DatabaseError, match="no account 606400"):
        attacker.write()


def test_a_company_of_another_book_is_refused(attacker: Attacker, shelf: Shelf):
    shelf.tamper("update ledger.company set book = 4")
    with pytest.raises(psycopg.DatabaseError, match="company C-1 is not of book 3"):
        attacker.write()


def test_more_or_fewer_entries_than_announced_are_refused(attacker: Attacker):
    batch = attacker.batch(n=2)
    attacker.entry(batch)
    attacker.version(batch)
    with pytest.raises(psycopg.DatabaseError, match="1 entries where 2 were announced"):
        attacker.connection.commit()


def test_an_entry_that_no_invoice_booked_is_refused(attacker: Attacker):
    attacker.entry(attacker.batch())
    with pytest.raises(psycopg.DatabaseError, match="entries and invoices do not match"):
        attacker.connection.commit()


def test_rows_for_a_batch_of_another_transaction_are_refused(attacker: Attacker):
    attacker.write()
    (batch,) = attacker.one("select max(batch_id) from ledger.batch")
    for late in (attacker.entry, attacker.version):
        with pytest.raises(psycopg.DatabaseError, match="outside an open batch"):
            late(batch, 1)
        attacker.connection.rollback()


def test_rows_without_any_batch_are_refused(attacker: Attacker):
    with pytest.raises(psycopg.DatabaseError, match="outside an open batch"):
        attacker.entry(77)


def test_checking_early_and_then_adding_a_row_is_refused(attacker: Attacker):
    batch = attacker.batch()
    attacker.entry(batch)
    attacker.version(batch)
    attacker.run("set constraints all immediate")
    with pytest.raises(psycopg.DatabaseError, match="outside an open batch"):
        attacker.entry(batch, 1)


def test_checking_early_inside_a_savepoint_does_not_spare_the_check(attacker: Attacker):
    batch = attacker.batch()
    attacker.entry(batch)
    attacker.version(batch)
    attacker.run("savepoint before")
    attacker.run("set constraints all immediate")
    attacker.run("rollback to savepoint before")
    attacker.entry(batch, 1, cents=[5, -4])
    with pytest.raises(psycopg.DatabaseError, match="2 entries where 1 were announced"):
        attacker.connection.commit()


TABLES = ("batch", "entry", "invoice", "overtaken", "outcome", "run_marker", "parked_record", "chain", "fate", "company", "run_finished")
FORBIDDEN = (
    *(f"delete from ledger.{table}" for table in TABLES),
    *(f"truncate ledger.{table}" for table in TABLES),
    "update ledger.entry set label = 'other'",
    "update ledger.chain_head set seq = 0",
    "update ledger.kafka_position set next_offset = 0",
    "insert into ledger.todo (company_id, entry_id) values ('C-1', 1)",
    "insert into ledger.fate (entry_id, batch_id) values (1, 1)",
    "insert into ledger.account (company_id, code, label) values ('C-1', '999999', 'mine')",
    "insert into ledger.run_finished values ('C-1', 'R', 1, 1, 0, 0, 0, 0, 0, 0, 0)",
    "insert into ledger.chain values (3, 1, 1, '', '', '')",
    "insert into ledger.batch (batch_id) overriding system value values (7)",
    "insert into ledger.batch (xid) values ('7')",
    "insert into ledger.batch (kind) values ('V')",
    "insert into ledger.batch (recorded_at) values (now())",
    "select ledger.seal(1, 3::smallint)",
    "select ledger.finish_runs(1)",
    "alter table ledger.entry disable trigger all",
    "set session_replication_role = replica",
    "create temporary table line (entry_id bigint)",
    "set role ledger_owner",
)


def test_the_role_has_no_other_door(attacker: Attacker, subtests: pytest.Subtests):
    for deed in FORBIDDEN:
        with subtests.test(deed), pytest.raises(psycopg.errors.InsufficientPrivilege):
            attacker.run(deed)
        attacker.connection.rollback()


def test_even_the_owner_is_told_that_the_book_is_append_only(attacker: Attacker, shelf: Shelf, subtests: pytest.Subtests):
    attacker.write()
    for deed in ("update ledger.entry set label = 'other'", "delete from ledger.entry", "truncate ledger.entry"):
        with subtests.test(deed), psycopg.connect(shelf.admin_url) as owner:
            owner.execute("set role ledger_owner")
            with pytest.raises(psycopg.DatabaseError, match="entry is append-only"):
                owner.execute(deed.encode())


def test_a_temporary_table_in_front_of_a_real_one_fools_no_check(attacker: Attacker, shelf: Shelf):
    with psycopg.connect(shelf.admin_url, autocommit=True) as administrator:
        administrator.execute(f"grant temporary on database {administrator.info.dbname} to ledger_consumer".encode())
    attacker.run("create temporary table entry (like ledger.entry)")
    attacker.run("create temporary table account (company_id text, code text, valid daterange)")
    attacker.run("insert into account values ('C-1', '606401', '[,)')")
    attacker.run("set search_path = pg_temp, ledger")
    with pytest.raises(psycopg.DatabaseError, match="no account 606401"):
        attacker.write(account=["606401", "401000"])


def test_every_function_pins_its_search_path(shelf: Shelf):
    assert [] == shelf.ask(
        "select proname from pg_proc where pronamespace = 'ledger'::regnamespace "
        "and not coalesce('search_path=ledger, pg_temp' = any(proconfig), false)"
    )


def test_a_stale_epoch_is_fenced(attacker: Attacker, shelf: Shelf):
    batch = attacker.batch(epoch=attacker.epoch - 1)
    attacker.entry(batch)
    attacker.version(batch)
    with pytest.raises(psycopg.DatabaseError, match="is not in force") as fenced:
        attacker.connection.commit()
    assert "LG001" == fenced.value.sqlstate


def test_a_range_of_offsets_is_booked_once(attacker: Attacker):
    attacker.write()
    with pytest.raises(psycopg.errors.UniqueViolation):
        attacker.batch()
    attacker.connection.rollback()
    batch = attacker.batch(start=5)
    attacker.entry(batch)
    attacker.version(batch)
    with pytest.raises(psycopg.DatabaseError, match="is not in force"):
        attacker.connection.commit()


def test_a_source_key_is_booked_once(attacker: Attacker):
    key = uuid4()
    batch = attacker.batch(n=2)
    attacker.entry(batch, 0, key=key)
    with pytest.raises(psycopg.errors.UniqueViolation):
        attacker.entry(batch, 1, key=key)


def test_a_snapshot_that_cannot_see_the_others_is_refused(attacker: Attacker):
    attacker.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with pytest.raises(psycopg.DatabaseError, match="read committed only"):
        attacker.write()


def test_a_session_that_froze_in_the_middle_is_ended_and_blocks_nobody(attacker: Attacker, shelf: Shelf):
    attacker.entry(attacker.batch(), key=source_key(invoice()))
    successor = shelf.new_keeper()
    assert successor.take() is None
    successor.keep([deliver(shelf.record(event(invoice())), TYPES)])
    assert [("I-1",)] == shelf.ask("select invoice_id from ledger.entry")
    with pytest.raises(psycopg.OperationalError):
        attacker.run("select 1")
