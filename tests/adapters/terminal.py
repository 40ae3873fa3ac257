"""What an accountant types: the words of `achats-ledger`, in this process, on the test's own book."""

import sys

import pytest

from services.ledger import main
from tests.adapters.hands import Hands


class Terminal:
    """A shell in which the ledger's database is known."""

    def __init__(self, hands: Hands, patch: pytest.MonkeyPatch, screen: pytest.CaptureFixture[str]) -> None:
        patch.setenv("ACHATS_LEDGER_DATABASE_URL", hands.book.shelf.url)
        self.hands, self._patch, self._screen = hands, patch, screen

    def type(self, *words: str) -> tuple[int, str]:
        """The exit code and what was printed."""
        self._patch.setattr(sys, "argv", ["achats-ledger", *words])
        self._screen.readouterr()
        with pytest.raises(SystemExit) as ended:
            main.main()
        printed = self._screen.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, printed.out + printed.err
