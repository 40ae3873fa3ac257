"""What becomes of an order when its documents are said: which orders are looked at together, and what is kept of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.fetcher.domain.dossier import Dossier, is_lacking, number_moved_at
from services.fetcher.domain.matching import Matched, Numbered, aged_since, differing, match, waiting
from services.fetcher.domain.waiting import Wait
from services.fetcher.domain.wanting import Wanted


@dataclass(frozen=True, slots=True)
class Sorted:
    """An order with its PDFs sorted out."""

    dossier: Dossier
    matched: Matched

    @property
    def settles_a_number(self) -> bool:
        """Whether a PDF gets a number that it does not print so and did not have: other orders that bear the number show it then."""
        return any(_known(found) != found.number for found in self.matched.numbered)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What of an order waits from now on, what of it is complete and wanted no more, and which numbers are wanted by themselves."""

    order_id: str
    waits: tuple[Wait, ...]
    complete: tuple[Wanted, ...]
    apart: tuple[Wanted, ...]


def together(dossiers: Iterable[Dossier]) -> list[Sorted]:
    """The orders that can be looked at at once: up to the first after which the others must be read again."""
    orders = list[Sorted]()
    for dossier in dossiers:
        orders.append(Sorted(dossier, match(dossier)))
        if orders[-1].settles_a_number:
            break
    return orders


def unseen(orders: Sequence[Sorted], seen: set[str]) -> list[tuple[str, Numbered]]:
    """The PDFs to look at, each once and with its first order; `seen` = the hashes of those looked at before."""
    known, found = set(seen), list[tuple[str, Numbered]]()
    for order in orders:
        for one in order.matched.numbered:
            if one.paper.document.sha256 not in known:
                known.add(one.paper.document.sha256)
                found.append((order.dossier.order_id, one))
    return found


def waits_of(order: Sorted, held: Sequence[Wait], now: datetime) -> list[Wait]:
    """One for each document that is expected or stored and cannot be said yet, with those that are `held` back."""
    back = dict.fromkeys(wait for wait in held if wait.order_id == order.dossier.order_id)  # two PDFs of one number are one document
    return [*waiting(order.dossier, order.matched, now), *back]


def settlement(order: Sorted, waits: Sequence[Wait], now: datetime) -> Settlement | None:
    """What waits, with the age it had, and what has everything; None = nothing changes."""
    ageing = aged_since([*waits, *differing(order.dossier, order.matched, now)], order.dossier.waits)
    complete = tuple(wanted for wanted in order.dossier.wants if wanted.next_attempt_at and not is_lacking(wanted, ageing))
    apart = _apart(order, now)
    changes = ageing != order.dossier.waits or complete or apart
    return Settlement(order.dossier.order_id, ageing, complete, apart) if changes else None


def _apart(order: Sorted, now: datetime) -> tuple[Wanted, ...]:
    """The numbers to ask for by themselves: those without a PDF, while a PDF of the order does not say which it has."""
    if not order.matched.unnumbered:
        return ()
    asked = {wanted.number for wanted in order.dossier.wants}
    missing = [(number, kind) for number, kind in order.matched.missing if number not in asked]
    return tuple(Wanted("", number, number_moved_at(order.dossier, number, kind) or now, 0, None, now, kind) for number, kind in missing)


def _known(found: Numbered) -> str | None:
    fact = found.paper.evidence.number
    return fact.value.strip() if fact else found.paper.settled
