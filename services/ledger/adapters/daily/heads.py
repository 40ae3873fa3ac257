"""The head of each book's chain, once a day: write-once into an object store, and said once. Only this shows what a superuser altered."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import aiosql
from pydantic import ValidationError

from schemas.chain_sealed.v1 import ChainSealed
from schemas.registry import topic_for
from services.kernel.clock import Clock, instant
from services.kernel.envelope import Event, Outgoing, encode, event_id
from services.kernel.errors import KernelError
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.daily.vault import Vault
from services.ledger.adapters.rows import SOURCE
from services.ledger.domain.wording import counted
from services.ledger.handler import SERVICE

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("heads.sql"), "psycopg")
FOLDER = "heads"


class HeadUnreadable(KernelError):
    """Une tête conservée ne se lit plus. Elle n'est jamais réécrite : chercher pourquoi avant toute autre chose."""


class Heads:
    """Notes and compares heads; `found` counts the books that are not what was kept of them."""

    def __init__(self, store: PostgresStore, vault: Vault, clock: Clock) -> None:
        """Reads as the role `ledger_app`, and puts into the outbox what is to be said."""
        self._store, self._vault, self._clock = store, vault, clock
        self.found = 0

    def note(self) -> Iterator[str]:
        """Each book's head of today (UTC): the first one that was kept stands, and is said once, however often this runs."""
        day = self._clock.now().date()
        with self._store.connection() as connection:
            rows = list(QUERIES.heads(connection))
        for book, seq, seal, entries, at in rows:
            made = ChainSealed(book=book, day=day, seq=seq, hash=seal, entries=entries, sealed_at=instant(at))
            kept = _read(self._vault.keep_once(f"{FOLDER}/{day.isoformat()}/book-{book:02}.json", made.model_dump_json().encode()))
            yield self._held_against_the_book(kept)
            self._say(kept)

    def compare(self, day: date) -> Iterator[str]:
        """The heads that were kept on that day, each held against its book as it is now."""
        kept = [_read(data) for data in self._vault.all_under(f"{FOLDER}/{day.isoformat()}")]
        if not kept:
            self.found += 1
            yield f"Aucune tête n'est conservée pour le {day:%d/%m/%Y}."
        yield from map(self._held_against_the_book, kept)

    def _held_against_the_book(self, kept: ChainSealed) -> str:
        with self._store.connection() as connection:
            stands: str | None = QUERIES.seal_at(connection, book=kept.book, seq=kept.seq)
        said = (
            f"Livre {kept.book} au {kept.day:%d/%m/%Y} : {counted(kept.seq, 'lot')}, {counted(kept.entries, 'écriture')}, sceau {kept.hash}"
        )
        if stands == kept.hash:
            return f"{said}."
        self.found += 1
        return f"{said} ; LE LIVRE A ÉTÉ MODIFIÉ : {f'son sceau y est {stands}' if stands else 'il ne va plus jusque-là'}."

    def _say(self, head: ChainSealed) -> None:
        message = _message(head, instant(self._clock.now()))
        with self._store.transaction() as transaction:
            if transaction.claim(_id_of(head)):
                transaction.send(message)


def _read(data: bytes) -> ChainSealed:
    try:
        return ChainSealed.model_validate_json(data)
    except ValidationError as trouble:
        raise HeadUnreadable(data[:100]) from trouble


def _id_of(head: ChainSealed) -> str:
    return event_id(SOURCE, head.ce_type, head.subject, 1)


def _message(head: ChainSealed, now: str) -> Outgoing:
    return encode(Event(_id_of(head), SOURCE, now, head), topic_for(SERVICE, ChainSealed))
