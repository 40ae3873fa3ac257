"""Entries with their lines, checked, offset and chain moved, with the seal and without it; what they weigh; whether it stays so."""

from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from statistics import median

from tests.bench.ledger.books import POSTINGS_ALONE, Book, book, copy, post_batch
from tests.bench.ledger.figures import Figure, Turns, Write, share
from tests.bench.ledger.made import BATCH, COMPANY, SMALLER, bare_entries, bare_lines, entries
from tests.support.local import SessionDatabase

UNSEALED = """
create or replace function ledger.seal_of(p_batch bigint, out digest bytea, out marks bytea) language sql as
$$ select '\\x00'::bytea, ''::bytea $$
"""
ROUNDS, BLOCK, FLAT = 7, 30, 0.15


type Rows = tuple[bytes, bytes, bytes]  # with arrays; without lines, and the lines


def postings(server: SessionDatabase) -> Iterator[Figure]:
    """Shares of bare COPY at 1,000 entries a batch, and bytes."""
    with ExitStack() as stack:
        sealed = stack.enter_context(book(server, POSTINGS_ALONE))
        unsealed = stack.enter_context(book(server, POSTINGS_ALONE, UNSEALED))
        rows = dict[int, Rows]()
        ways: dict[str, Write] = {
            "bare": lambda n: write_bare(sealed, *rows[n][1:]),
            "unsealed": lambda n: post_batch(unsealed, rows[n][0], n),
            "sealed": lambda n: post_batch(sealed, rows[n][0], n),
        }
        taken = Turns(ROUNDS, BLOCK, sealed.checkpoint, partial(make, rows))(ways)
        yield Figure("bare COPY into entry and line", BATCH / median(taken["bare"]), "entries/s")
        yield Figure("postings without the seal", share(taken["bare"], taken["unsealed"]), "of bare", 0.40)
        yield Figure("postings with the seal", share(taken["bare"], taken["sealed"]), "of bare", 0.38)
        yield from _bytes(sealed)


def make(rows: dict[int, Rows], numbers: range) -> None:
    """The rows of these batches, and no others."""
    rows.clear()
    rows.update({n: (entries(n), bare_entries(n), bare_lines(n)) for n in numbers})


def _bytes(sealed: Book) -> Iterator[Figure]:
    count = ROUNDS * BLOCK * BATCH
    whole = sealed.number("select sum(pg_total_relation_size(t)) from unnest(array['ledger.entry', 'ledger.chain', 'ledger.batch']) as t")
    yield Figure("bytes an entry, indexes and seals included", whole / count, "bytes", 430, at_least=False)
    yield Figure("bytes an entry of todo, apart", sealed.number("select pg_total_relation_size('ledger.todo')") / count, "bytes")


def write_bare(book: Book, headings: bytes, lines: bytes) -> None:
    """The same into two bare tables."""
    with book.administrator.transaction():
        copy(book.administrator, "copy bare.entry from stdin", headings)
        copy(book.administrator, "copy bare.line from stdin", lines)


def growth(server: SessionDatabase, largest: int) -> Iterator[Figure]:
    """Milliseconds per 1,000 entries where the book has 10^4, 10^5, … entries, in the same minutes: one book of each size, in turns."""
    sizes = [10**power for power in range(4, 9) if 10**power <= largest]
    with ExitStack() as stack:
        books = {size: stack.enter_context(filled(server, size // BATCH)) for size in sizes}
        rows = dict[int, bytes]()
        ways: dict[str, Write] = {f"{size:,}": partial(_next_of, one, rows, size // BATCH) for size, one in books.items()}
        taken = Turns(ROUNDS, BLOCK, books[sizes[0]].checkpoint, partial(_make_behind, rows, [size // BATCH for size in sizes]))(ways)
        smallest = 1000 * median(taken[f"{sizes[0]:,}"])
        for name, seconds in taken.items():
            cost = 1000 * median(seconds)
            yield Figure(f"sealed postings at {name} entries", cost, "ms per 1,000", smallest * (1 + FLAT), at_least=False)


def _next_of(book: Book, rows: dict[int, bytes], filled_with: int, number: int) -> None:
    post_batch(book, rows[filled_with + number], filled_with + number)


def _make_behind(rows: dict[int, bytes], filled_with: list[int], numbers: range) -> None:
    rows.clear()
    rows.update({behind + number: entries(behind + number) for behind in filled_with for number in numbers})


@contextmanager
def filled(server: SessionDatabase, batches: int, smaller_from: int | None = None) -> Generator[Book]:
    """A book of so many batches of sealed postings; from `smaller_from` on they are another company's."""
    with book(server, POSTINGS_ALONE) as one:
        for number in range(1, batches + 1):
            company = COMPANY if smaller_from is None or number < smaller_from else SMALLER
            post_batch(one, entries(number, company), number)
        one.administrator.execute("vacuum analyze")
        yield one
