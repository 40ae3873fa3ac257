"""What the service's role tries with an entry that follows another, and what even the owner cannot tear apart. Each is refused."""

from collections.abc import Generator
from contextlib import closing

import psycopg
import pytest

from tests.integration.ledger.shelf import Shelf, event
from tests.integration.ledger.test_attacks import Attacker
from tests.unit.ledger.documents import ClassifiedVat, invoice

FOLLOWS = "insert into ledger.later_entry (entry_id, batch_id, principal) values (%(entry)s, %(batch)s, %(principal)s)"

ANOTHER = """
insert into ledger.entry select entry_id + 1, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date, label,
    gen_random_uuid(), account, auxiliary, cents, vat_rate from ledger.entry where entry_id = %(batch)s::bigint << 20
"""


class Follower(Attacker):
    """A session of the service's role that books pairs of entries as it likes."""

    def pair(self, n: int = 2) -> int:
        """An invoice's entry at place 0, and at place 1 another of the same invoice; nothing says yet that it follows."""
        (self.start,) = self.one("select next_offset from ledger.kafka_position where partition = 3")
        batch = self.batch(n=n)
        self.entry(batch)
        self.version(batch)
        self.run(ANOTHER, batch=batch)
        return batch

    def follow(self, batch: int, place: int = 1, principal: int = 0) -> None:
        """The entry of one place follows that of another."""
        self.run(FOLLOWS, entry=batch << 20 | place, batch=batch, principal=batch << 20 | principal)


@pytest.fixture
def attacker(shelf: Shelf) -> Generator[Follower]:
    with closing(psycopg.connect(shelf.consumer_url)) as connection:
        yield Follower(connection)


def refused(attacker: Follower, why: str) -> None:
    """The batch is refused when it commits."""
    with pytest.raises(psycopg.DatabaseError, match=why):
        attacker.connection.commit()


def test_a_sound_pair_passes(attacker: Follower, shelf: Shelf):
    attacker.follow(attacker.pair())
    attacker.connection.commit()
    assert [(2, 1, 2)] == shelf.ask(
        "select (select count(*) from ledger.entry), (select count(*) from ledger.later_entry), (select count(*) from ledger.todo)"
    )


def test_a_second_entry_that_follows_nothing_is_refused(attacker: Follower):
    attacker.pair()
    refused(attacker, "entries and invoices do not match")


@pytest.mark.parametrize(
    "other", ["company_id = 'C-2'", "invoice_id = 'I-9'", "revision = 2", "piece_ref = 'FR-2'", "piece_date = date '2026-03-11'"]
)
def test_an_entry_of_another_document_is_refused(attacker: Follower, other: str):
    """Another company of the same book, another invoice, revision or piece."""
    attacker.run("select ledger.open_company('C-2', 3::smallint)")
    batch = attacker.batch(n=2)
    attacker.entry(batch)
    attacker.version(batch)
    column, value = other.split(" = ")
    attacker.run(ANOTHER.replace(f" {column},", f" {value},"), batch=batch)
    attacker.follow(batch)
    refused(attacker, "follows none of its invoice")


def test_an_entry_that_is_not_there_follows_nothing(attacker: Follower):
    batch = attacker.batch()
    attacker.entry(batch)
    attacker.version(batch)
    attacker.follow(batch)
    refused(attacker, "follows none of its invoice")


def test_nothing_follows_itself(attacker: Follower):
    batch = attacker.batch()
    attacker.entry(batch)
    attacker.version(batch)
    with pytest.raises(psycopg.errors.CheckViolation):
        attacker.follow(batch, 0, 0)


def test_an_entry_of_another_batch_is_refused(attacker: Follower, subtests: pytest.Subtests):
    """A pair is written at once: nothing follows an entry that is sealed already."""
    attacker.write()
    (sealed,) = attacker.one("select max(entry_id) from ledger.entry")
    batch = attacker.pair()
    with subtests.test("an older principal"), pytest.raises(psycopg.errors.CheckViolation):
        attacker.run(FOLLOWS, entry=batch << 20 | 1, batch=batch, principal=sealed)
    attacker.connection.rollback()
    with subtests.test("into the sealed batch"), pytest.raises(psycopg.DatabaseError, match="outside an open batch"):
        attacker.run(FOLLOWS, entry=sealed + 1, batch=sealed >> 20, principal=sealed)


def test_a_chain_is_refused(attacker: Follower):
    batch = attacker.pair(n=3)
    attacker.entry(batch, 2, invoice=f"I-{batch}-0")
    attacker.follow(batch)
    attacker.follow(batch, 2, 1)
    refused(attacker, "follows none of its invoice")


def test_two_principals_or_two_that_follow_are_refused(attacker: Follower, subtests: pytest.Subtests):
    for place, principal in ((1, 0), (2, 0)):
        batch = attacker.pair(n=3)
        attacker.entry(batch, 2, invoice=f"I-{batch}-0")
        attacker.follow(batch)
        with subtests.test(place=place), pytest.raises(psycopg.errors.UniqueViolation):
            attacker.follow(batch, place, principal)
        attacker.connection.rollback()


def test_an_invoice_that_stands_on_an_entry_that_follows_is_refused(attacker: Follower):
    """In the same batch as its own booking, which would let a third entry through; and by a version of a later batch."""
    batch = attacker.pair(n=3)
    attacker.run(
        "insert into ledger.invoice (batch_id, record_offset, company_id, invoice_id, version, revision, outcome, entry_id, booked, "
        "posting, content, facts, event_id, event_time) select batch_id, 1, company_id, invoice_id, 2, 1, outcome, entry_id + 1, true, "
        "posting, content, facts, event_id, event_time from ledger.invoice where batch_id = %(batch)s",
        batch=batch,
    )
    attacker.entry(batch, 2)
    attacker.follow(batch)
    refused(attacker, "follows none of its invoice")


def test_a_later_version_stands_on_no_entry_that_follows(attacker: Follower):
    first = attacker.pair()
    attacker.follow(first)
    attacker.connection.commit()
    (attacker.start,) = attacker.one("select next_offset from ledger.kafka_position where partition = 3")
    batch = attacker.batch(n=0)
    attacker.run(
        "insert into ledger.invoice (batch_id, record_offset, company_id, invoice_id, version, revision, outcome, entry_id, booked, "
        "posting, content, facts, event_id, event_time) select %(batch)s, 1, company_id, invoice_id, 2, 1, outcome, entry_id + 1, false, "
        "posting, content, facts, event_id, event_time from ledger.invoice",
        batch=batch,
    )
    refused(attacker, "entries and invoices do not match")


def test_what_follows_is_append_only(attacker: Follower, shelf: Shelf, subtests: pytest.Subtests):
    attacker.follow(attacker.pair())
    attacker.connection.commit()
    for deed in ("update ledger.later_entry set principal = 1", "delete from ledger.later_entry", "truncate ledger.later_entry"):
        with subtests.test(deed), pytest.raises(psycopg.errors.InsufficientPrivilege):
            attacker.run(deed)
        attacker.connection.rollback()
        with subtests.test("as owner", deed=deed), psycopg.connect(shelf.admin_url) as owner:
            owner.execute("set role ledger_owner")
            with pytest.raises(psycopg.DatabaseError, match="later_entry is append-only"):
                owner.execute(deed.encode())


OPEN = "insert into ledger.batch (book, kind, n, actor) values (3, 'C', {n}, 'me')"
LAST = "(select max(batch_id) from ledger.batch)"
COPIED = f"""
insert into ledger.entry select {LAST} << 20 | {{place}}, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date,
    label, gen_random_uuid(), account, auxiliary, {{cents}}, vat_rate from ledger.entry where entry_id = {{entry}}
"""
GONE = f"insert into ledger.fate (entry_id, batch_id, by_entry) values ({{entry}}, {LAST}, {LAST} << 20 | {{place}})"
STANDS = f"""
insert into ledger.invoice (batch_id, record_offset, company_id, invoice_id, version, revision, outcome, entry_id, booked, posting, content,
    facts, event_id, event_time) select {LAST}, 0, company_id, invoice_id, 2, 1, outcome, {LAST} << 20 | {{place}}, true, posting, content,
    facts, event_id, event_time from ledger.invoice
"""


def forged(shelf: Shelf, n: int, *statements: str) -> None:
    """A correction that the owner writes by hand is refused at its commit, whatever it leaves out."""
    with psycopg.connect(shelf.admin_url) as owner:
        owner.execute("set role ledger_owner")
        owner.execute(OPEN.format(n=n).encode())
        for statement in statements:
            owner.execute(statement.encode())
        with pytest.raises(psycopg.DatabaseError, match="goes without the one that follows it, or stays"):
            owner.execute("set constraints all immediate")


def test_even_the_owner_parts_no_pair(shelf: Shelf, subtests: pytest.Subtests):
    """The first replaced without the second, and the second without the first."""
    waiting = ClassifiedVat(rate="20", base_cents=100_00, vat_cents=20_00, regime="domestic", waits_for="delivery")
    shelf.receive(event(invoice(vat=(waiting,), delivery_date="2026-04-02")))
    ((first,), (second,)) = shelf.ask("select entry_id from ledger.entry order by 1")
    with subtests.test("the first"):
        forged(
            shelf,
            1,
            COPIED.format(place=0, cents="cents", entry=first),
            STANDS.format(place=0),
            GONE.format(entry=first, place=0),
        )
    with subtests.test("the second"):
        forged(
            shelf,
            2,
            COPIED.format(place=0, cents="cents", entry=first),
            COPIED.format(place=1, cents="cents", entry=second),
            f"insert into ledger.later_entry values ({LAST} << 20 | 1, {LAST}, {LAST} << 20)",
            STANDS.format(place=0),
            GONE.format(entry=second, place=1),
        )
