"""Reading a large book: verify, the inbox of a company with half of it, and a trial balance of arrays beside one of a lines table."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from services.kernel.postgres import PostgresStore
from services.ledger.adapters.reading import QUERIES
from services.ledger.adapters.verifying import Verification
from tests.bench.ledger.books import Book
from tests.bench.ledger.figures import Figure, seconds_of
from tests.bench.ledger.made import BATCH, COMPANY
from tests.bench.ledger.postings import filled
from tests.support.local import SessionDatabase

TIMES = 3
OF_ARRAYS = """
select l.account, sum(l.cents) from ledger.entry as e cross join lateral unnest(e.account, e.cents) as l (account, cents)
where e.company_id in ('C-1', 'C-2') group by l.account
"""
LINES_TABLE = """
create table bare.lines as select l.entry_id, e.company_id, e.entry_date, l.n, l.account, l.auxiliary,
    l.debit_cents - l.credit_cents as cents, l.vat_rate from ledger.line as l inner join ledger.entry as e using (entry_id)
"""
LINES_BYTES = "select pg_relation_size('bare.lines')"
OF_LINES = "select account, sum(cents) from bare.lines where company_id in ('C-1', 'C-2') group by account"
FIRST_PAGE = """
select e.entry_id, e.journal, e.entry_date, e.piece_ref, e.label from ledger.todo as t inner join ledger.entry as e using (entry_id)
where t.company_id = 'C-1' order by t.entry_id limit 50
"""


def reading(server: SessionDatabase, entries: int) -> Iterator[Figure]:
    """A book of so many entries, the first half of them one company's."""
    batches = entries // BATCH
    with filled(server, batches, smaller_from=batches // 2 + 1) as book:
        yield Figure(f"verify, {entries:,} entries", entries / seconds_of(lambda: _verify(book)), "entries/s", 150_000)
        waiting = book.number("select count(*) from ledger.todo where company_id = 'C-1'")
        yield Figure(f"first 50 of the {waiting:,.0f} that wait", _milliseconds(book, FIRST_PAGE), "ms", 5, at_least=False)
        yield Figure("achats-ledger todo: all of them, by day", _milliseconds(book, QUERIES.waiting.sql, company_id=COMPANY), "ms")
        arrays = seconds_of(lambda: book.administrator.execute(OF_ARRAYS.encode()).fetchall(), TIMES)
        book.administrator.execute(LINES_TABLE.encode())
        book.administrator.execute("vacuum analyze bare.lines")
        lines = seconds_of(lambda: book.administrator.execute(OF_LINES.encode()).fetchall(), TIMES)
        yield Figure(f"trial balance of {entries:,} entries, lines as arrays", arrays, "s")
        yield Figure(f"trial balance of {entries:,} entries, a lines table", lines, "s")
        yield Figure("bytes of an entry's lines in that table, no key", book.number(LINES_BYTES) / entries, "bytes")


def _verify(book: Book) -> None:
    with closing(PostgresStore(book.app_url, "ledger", pool_size=1)) as store:
        verification = Verification(store)
        for line in verification.lines():
            assert not verification.found, line


def _milliseconds(book: Book, query: str, **named: Any) -> float:
    """What the database says it took, when it was asked before."""
    explained: Any = None
    for _ in range(TIMES):
        ((explained,),) = book.administrator.execute(f"explain (analyze, format json) {query}".encode(), named).fetchall()
    return explained[0]["Execution Time"]
