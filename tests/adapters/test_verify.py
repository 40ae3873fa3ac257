"""`achats-ledger verify` on a real PostgreSQL: a book of every kind of batch is right, and whatever a superuser alters is found and named."""

import sys
from collections.abc import Generator

import pytest

from services.ledger import main
from services.ledger.adapters.verifying import NEXT
from tests.adapters.sealed_books import SealedBook, copied, template
from tests.support.local import SessionDatabase


@pytest.fixture(scope="module", name="original")
def original_book(database: SessionDatabase) -> Generator[str]:
    """The book that every test here copies."""
    with template(database) as url:
        yield url


@pytest.fixture
def book(original: str) -> Generator[SealedBook]:
    """A book with every kind of batch."""
    with copied(original) as copy:
        yield copy


def test_a_book_with_every_kind_of_batch_is_right(book: SealedBook):
    """Every line of the list has rows, so that each is recomputed."""
    found, said = book.verify()
    print(*said, sep="\n")
    assert 0 == found
