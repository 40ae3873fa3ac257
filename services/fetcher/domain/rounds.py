"""Many things handled at once, where those that depend on each other must come one after the other."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable


def rounds[T](things: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """The things in as few lists as it takes for no key to come twice in one; those of one key keep their order."""
    turns, lists = Counter[Hashable](), list[list[T]]()
    for thing in things:
        turn = turns[key(thing)]
        turns[key(thing)] += 1
        if turn == len(lists):
            lists.append([])
        lists[turn].append(thing)
    return lists
