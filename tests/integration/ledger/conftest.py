"""A fresh book for each test."""

from collections.abc import Generator

import pytest

from tests.integration.ledger.shelf import Shelf


@pytest.fixture
def shelf(database_url: str) -> Generator[Shelf]:
    """A migrated ledger whose partition 3 is taken."""
    shelf = Shelf(database_url)
    yield shelf
    shelf.close()
