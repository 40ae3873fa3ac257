"""Pages for the book, made by hand: what a sound handler writes, and what it never would."""

from dataclasses import replace
from typing import Any

import pytest

from services.kernel.envelope import Event, Outgoing, encode
from services.ledger.adapters import books
from services.ledger.domain.posting import Entry, Line, post
from services.ledger.domain.standing import NOTHING, Document, Outcome, Standing, Verdict, advance, content_of
from services.ledger.handler import Page, Version
from tests.integration.ledger.shelf import PARTITION, TOPIC, event
from tests.simulation.memory import ledger

OTHER = [("606300", 100_00, "20")]  # another posting of the same invoice
UNBALANCED = (Line("606400", None, 5, None), Line("401000", "AMAZON", -4, None))


def page(*versions: Version, next_offset: int = 1, partition: int = PARTITION) -> Page:
    """A page of these versions."""
    return Page(TOPIC, partition, next_offset, list(versions))


def version(document: Document, standing: Standing = NOTHING, offset: int = 0, **changes: Any) -> Version:
    """A version that books the document; `changes` = what its entry says otherwise."""
    entry = post(document)  # pyright: ignore[reportArgumentType]
    assert isinstance(entry, Entry)
    verdict, said = Verdict(Outcome.RECORDED, replace(entry, **changes)), event(document, n=standing.version + 1)
    after = advance(standing, said.id, document.revision, content_of(document), verdict)
    return Version(offset, said, content_of(document), verdict, after)


def broken(said: Event[Any]) -> Outgoing:
    """The event with a value that nobody can read."""
    return replace(encode(said, TOPIC), value=b"{")


def ask_no_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody asks the contracts whether a page can be announced."""

    def ask_nothing(*_: object) -> None:
        """Instead of building the messages."""

    for adapter in (books, ledger):
        monkeypatch.setattr(adapter, "ensure_sayable", ask_nothing)
