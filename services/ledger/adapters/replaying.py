"""The batches of a book out of the database, with the bytes of their rows: by COPY, one batch after the other, never two in memory."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from psycopg import Connection, sql

from services.ledger.domain.seals import Link, Part

LINKS_AT_ONCE = 100
BINARY = ["int8", "int8", "bytea", "bytea", "bytea", "bytea", "int4", "int4", "bytea", "bytea", "int8"]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A line of the list: a table, and the columns of it that are sealed; `adds` = only rows that say something in these `columns`."""

    place: int
    name: str
    keys: list[str]
    columns: list[str]
    adds: bool

    @property
    def rows(self) -> sql.Composed:
        """Its rows in batch `c.batch_id`, each as its sealed bytes `said` and what it is called `named`."""
        own = sql.SQL(", ").join(_column(name) for name in self.keys + self.columns)
        called = [part for name in self.keys if name != "batch_id" for part in (sql.Literal(name), _column(name))]
        says = sql.SQL(" and num_nonnulls({}) > 0").format(sql.SQL(", ").join(map(_column, self.columns))) if self.adds else sql.SQL("")
        return sql.SQL(
            "select record_send(row({own})) as said, concat_ws(' ', {called}) as named from {table} as t where {own_batch}{says}"
        ).format(
            own=own,
            called=sql.SQL(", ").join(called or [sql.Literal("")]),
            table=sql.Identifier("ledger", self.name),
            own_batch=self._of_batch,
            says=says,
        )

    @property
    def strangers(self) -> sql.Composed:
        """Its rows that are in no sealed batch: what they are called."""
        batch = _column("batch_id") if "batch_id" in self.keys else sql.SQL("t.entry_id >> 20")
        return sql.SQL(
            "select {batch} from {table} as t where not exists (select from ledger.chain as c where c.batch_id = {batch}) limit 1"
        ).format(batch=batch, table=sql.Identifier("ledger", self.name))

    @property
    def _of_batch(self) -> sql.SQL:
        if "batch_id" in self.keys:
            return sql.SQL("t.batch_id = c.batch_id")
        return sql.SQL("t.entry_id >= c.batch_id << 20 and t.entry_id < (c.batch_id + 1) << 20")


PART = """
select {place}::int as place, count(*)::int as n, string_agg(r.said, '' order by r.said) as said,
    string_agg(substr(int8send(crc32c(r.said)), 5), '' order by r.said) as marks, null::bigint as unbalanced
from ({rows}) as r having count(*) > 0
"""
UNBALANCED = """
select 0 as place, 0 as n, null::bytea as said, null::bytea as marks, min(l.entry_id) as unbalanced
from (
    select e.entry_id from ledger.entry as e
    left join lateral unnest(e.cents) as u (cents) on true
    where e.entry_id >= c.batch_id << 20 and e.entry_id < (c.batch_id + 1) << 20
    group by e.entry_id having coalesce(sum(u.cents), 0) <> 0 or count(u.cents) < 2
    union all
    select e.entry_id from ledger.entry as e
    left join lateral unnest(e.cents, e.currency_cents) as u (cents, abroad) on true
    where e.entry_id >= c.batch_id << 20 and e.entry_id < (c.batch_id + 1) << 20 and num_nonnulls(e.currency, e.currency_cents) > 0
    group by e.entry_id having e.currency is null or e.currency_cents is null or cardinality(e.cents) <> cardinality(e.currency_cents)
        or bool_or(sign(u.cents) <> sign(u.abroad))
        or case when count(u.abroad) = count(*) then sum(u.abroad) <> 0 else e.invoice_id is not null end
) as l having count(*) > 0
"""
CHAIN = """
copy (
    select c.seq, c.batch_id, c.digest, c.marks, c.prev, c.hash, p.place, p.n, p.said, p.marks, p.unbalanced
    from (select * from ledger.chain where book = {book} and seq > {after} order by seq limit {links}) as c
    left join lateral ({parts}) as p on true
) to stdout (format binary)
"""
NAMED = """
select r.named from (values ({batch}::bigint)) as c (batch_id) cross join lateral ({rows}) as r
order by r.said offset {row} limit 1
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """A link, what its batch has, and the first of its entries that does not balance (in euros or its currency) or has one line."""

    link: Link
    parts: list[Part]
    unbalanced: int | None


def batches(connection: Connection, book: int, sealed: list[Sealed]) -> Generator[Batch]:
    """Every batch of the book in the order of the chain; a few at a time, so that who has seen enough need not wait for the rest."""
    after: int | None = 0
    while after is not None:
        with closing(_stretch(connection, book, after, sealed)) as stretch:
            after = None
            for batch in stretch:
                after = batch.link.seq
                yield batch


def _stretch(connection: Connection, book: int, after: int, sealed: list[Sealed]) -> Generator[Batch]:
    parts = [sql.SQL(PART).format(place=sql.Literal(line.place), rows=line.rows) for line in sealed]
    shape = {"book": sql.Literal(book), "after": sql.Literal(after), "links": sql.Literal(LINKS_AT_ONCE)}
    query = sql.SQL(CHAIN).format(parts=sql.SQL(" union all ").join([*parts, sql.SQL(UNBALANCED)]), **shape)
    with connection.cursor() as cursor, cursor.copy(query) as copied:
        copied.set_types(BINARY)
        try:
            for _, of_batch in groupby(copied.rows(), key=itemgetter(0)):
                yield _batch(list(of_batch))
        finally:
            for _ in copied:  # to its end: a COPY that is broken off ends its transaction
                pass


def row_name(connection: Connection, line: Sealed, batch: int, row: int) -> str | None:
    """What the row at that place of the batch is called; None when there is none."""
    query = sql.SQL(NAMED).format(batch=sql.Literal(batch), rows=line.rows, row=sql.Literal(row))
    found = connection.execute(query).fetchone()
    return found[0] if found else None


def stranger(connection: Connection, line: Sealed) -> int | None:
    """The number of a batch that has rows in that table and is not sealed."""
    found = connection.execute(line.strangers).fetchone()
    return found[0] if found else None


def _batch(rows: list[tuple[Any, ...]]) -> Batch:
    parts = [Part(*row[6:10]) for row in rows if row[6]]
    return Batch(Link(*rows[0][:6]), parts, next((row[10] for row in rows if row[10] is not None), None))


def _column(name: str) -> sql.Composed:
    return sql.SQL("t.{}").format(sql.Identifier(name))
