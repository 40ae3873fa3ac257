"""Letters: lines of a supplier's account that settle each other whole, found along what settles what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.ledger.domain.papers.book import Place


class Side(NamedTuple):
    """A line of a supplier's account."""

    place: Place
    account: str
    auxiliary: str
    cents: int


@dataclass(slots=True)
class Groups:
    """Lines joined by what settles them; a line belongs to one group."""

    _group_of: dict[Place, set[Side]] = field(default_factory=dict[Place, set[Side]])

    def join(self, settling: Side, settled: Side) -> None:
        """The two lines belong together, and all that belongs to either."""
        both = {settling, settled} | self._group_of.get(settling.place, set()) | self._group_of.get(settled.place, set())
        for side in both:
            self._group_of[side.place] = both

    def settled(self, touched: Iterable[Place]) -> list[Sequence[Side]]:
        """The groups of these lines whose sum is zero, in the order in which they were touched, each line once."""
        groups = list[Sequence[Side]]()
        seen = set[Place]()
        for place in touched:
            group = self._group_of.get(place, set())
            if place not in seen and group and not sum(side.cents for side in group):
                groups.append(sorted(group))
            seen.update(side.place for side in group)
        return groups
