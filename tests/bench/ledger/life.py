"""Validation: a selection in one transaction, and eight people on one journal at once; numbers without a hole."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial

from services.kernel.postgres import PostgresStore
from services.ledger.adapters.deeds import Deeds
from tests.bench.ledger.books import Book
from tests.bench.ledger.figures import Figure, Turns, Write, share
from tests.bench.ledger.made import BATCH, COMPANY
from tests.bench.ledger.postings import Rows, filled, make, write_bare
from tests.support.local import SessionDatabase

ROUNDS, BLOCK = 5, 8
PEOPLE, AT_ONCE = 8, 100
HOLES = "select count(*) - max(number) from ledger.fate"
BYTES = "select pg_total_relation_size('ledger.fate') / count(*) from ledger.fate"


def life(server: SessionDatabase) -> Iterator[Figure]:
    """Shares of bare COPY in entries a second; batches of the first half are validated whole, those of the second by hundreds."""
    half = ROUNDS * BLOCK
    with filled(server, 2 * half) as book, ExitStack() as stack:
        deeds = [_person(stack, book) for _ in range(PEOPLE)]
        crowd = stack.enter_context(ThreadPoolExecutor(PEOPLE))
        yield Figure(f"validations, {BATCH:,} a transaction", _share(book, partial(_whole, deeds[0])), "of bare", 0.5)
        together = partial(_together, crowd, deeds, half)
        yield Figure(f"validations by {PEOPLE} people on one journal, {AT_ONCE} a transaction", _share(book, together), "of bare", 0.12)
        yield Figure("holes in their numbers", book.number(HOLES), "", 0, at_least=False)
        yield Figure("bytes of a fate, apart", book.number(BYTES), "bytes")


def _share(book: Book, write: Write) -> float:
    rows = dict[int, Rows]()
    taken = Turns(ROUNDS, BLOCK, book.checkpoint, partial(make, rows))({"bare": lambda n: write_bare(book, *rows[n][1:]), "ours": write})
    return share(taken["bare"], taken["ours"])


def _whole(deeds: Deeds, batch: int) -> None:
    deeds.validate("AC", _ids(batch, range(BATCH)))


def _together(crowd: ThreadPoolExecutor, deeds: list[Deeds], half: int, batch: int) -> None:
    """The batch by hundreds, as many at a time as there are people."""
    hundreds = [_ids(half + batch, range(start, start + AT_ONCE)) for start in range(0, BATCH, AT_ONCE)]
    validating = [crowd.submit(deeds[n % PEOPLE].validate, "AC", hundred) for n, hundred in enumerate(hundreds)]
    for one in validating:
        one.result()


def _person(stack: ExitStack, book: Book) -> Deeds:
    return Deeds(stack.enter_context(closing(PostgresStore(book.app_url, "ledger", pool_size=1))), COMPANY, "Mme Roux")


def _ids(batch: int, places: range) -> list[int]:
    return [(batch << 20) + place for place in places]
