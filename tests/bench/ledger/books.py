"""Books to measure on one server: the shipped one, ones without a part of it, and the bare tables that are 1.00."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import make_conninfo

from services.ledger.adapters.books import QUERIES
from tests.adapters.bookshelf import migrated
from tests.bench.ledger.made import BATCH, COMPANY, SMALLER
from tests.integration.ledger.shelf import PARTITION, TOPIC_ID
from tests.support.local import SessionDatabase

BARE = """
create schema bare;
create table bare.entry (entry_id bigint, company_id text, invoice_id text, revision int, journal text, entry_date date,
    piece_ref text, piece_date date, label text, source_key uuid);
create table bare.line (entry_id bigint, n smallint, account text, auxiliary text, cents bigint, vat_rate text);
create table bare.invoice (like ledger.invoice)
"""
POSTINGS_ALONE = "create or replace function ledger.check_invoices(p_batch bigint, p_n int) returns void language sql as ''"
OPENED = """
select ledger.open_company(c, {0}::smallint), ledger.open_year(c, 2026::smallint) from unnest(%s::text[]) as c
"""


@dataclass(frozen=True, slots=True)
class Book:
    """A migrated database: the administrator's session, and one as the service's own role that owns the partition."""

    url: str
    administrator: psycopg.Connection
    session: psycopg.Connection

    @property
    def app_url(self) -> str:
        """As people's role."""
        return make_conninfo(self.url, user="ledger_app")

    @property
    def consumer_url(self) -> str:
        """As the service's role."""
        return make_conninfo(self.url, user="ledger_consumer")

    def checkpoint(self) -> None:
        """Everything written since the last one goes to disk."""
        self.administrator.execute("checkpoint")

    def number(self, query: str) -> float:
        """One number."""
        row = self.administrator.execute(query.encode()).fetchone()
        assert row is not None
        return float(row[0])


@contextmanager
def book(server: SessionDatabase, *changes: str) -> Generator[Book]:
    """A fresh book in which two companies are open; `changes` = what is different from the shipped schema."""
    with migrated(server) as url, psycopg.connect(url, autocommit=True) as administrator:
        for change in (*changes, BARE):
            administrator.execute(change.encode())
        with psycopg.connect(make_conninfo(url, user="ledger_consumer")) as session:
            list(QUERIES.take_position(session, topic_id=TOPIC_ID, partition=PARTITION))
            session.execute(OPENED.format(PARTITION).encode(), [[COMPANY, SMALLER]])
            session.commit()
            yield Book(url, administrator, session)


def post_batch(book: Book, rows: bytes, number: int) -> None:
    """A batch of entries as the shipped adapter writes it, the text made beforehand; checked and sealed at its commit."""
    open_batch(book, number * BATCH - BATCH, number)
    copy(book.session, QUERIES.copy_entries.sql, rows)
    book.session.commit()


def open_batch(book: Book, from_offset: int, expected: int) -> None:
    """The batch row. Its number is known beforehand: so are the ids of its entries."""
    place = {"topic_id": TOPIC_ID, "partition": PARTITION, "epoch": 1, "from_offset": from_offset, "next_offset": from_offset + BATCH}
    batch_id: int = QUERIES.open_batch(book.session, n=BATCH, **place)
    assert expected == batch_id


def copy(session: psycopg.Connection, statement: str, rows: bytes) -> None:
    """These rows by COPY."""
    with session.cursor() as cursor, cursor.copy(statement.encode()) as target:
        target.write(rows)
