"""`achats-ledger heads` and `reconcile`: what a scheduler asks of the ledger once a day, and how it answers."""

import argparse
from contextlib import closing
from datetime import date
from typing import Any

from services.kernel.clock import SystemClock
from services.ledger.adapters.daily.counts import counts_since
from services.ledger.adapters.daily.heads import Heads
from services.ledger.adapters.daily.reconciling import Reconciling
from services.ledger.adapters.daily.vault import Vault
from services.ledger.adapters.telling import DONE, FOUND, OpenBook, told


def add_commands(commands: Any) -> None:
    """Their words, for the parser of `achats-ledger`."""
    heads = commands.add_parser("heads", help="keep and say the head of each book's chain, once a day; status 1 = a book was altered")
    heads.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="only hold that day's kept heads against the books")
    reconciling = commands.add_parser("reconcile", help="hold what the fetcher counted against the book; status 1 = lost or doubled")
    reconciling.add_argument(
        "--day",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help="only what was said on that day (UTC); without it, what was counted lately",
    )


def note_heads(said: argparse.Namespace, open_book: OpenBook, heads_url: str) -> int:
    """Note today's heads, or compare another day's; the exit code."""
    with closing(open_book()) as store:
        heads = Heads(store, Vault(heads_url), SystemClock())
        return told(heads.note() if said.day is None else heads.compare(said.day)) or (FOUND if heads.found else DONE)


def reconcile(said: argparse.Namespace, open_book: OpenBook, kafka: str) -> int:
    """Compare, company by company and day by day; the exit code."""
    with closing(open_book()) as store:
        reconciling = Reconciling(store, lambda since: counts_since(kafka, since), SystemClock())
        return told(reconciling.compare(said.day)) or (FOUND if reconciling.found else DONE)
