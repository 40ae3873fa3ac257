"""The mixture itself, on a ground of paper: it never waits for progress that nobody owes."""

from collections.abc import Callable
from random import Random
from typing import Any, cast

import pytest

from tests.e2e.faults.ground import Ground
from tests.e2e.faults.mixture import Mixture, Stream


class PaperImport:
    """An import of so many steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    @property
    def told(self) -> bool:
        """Every step is done."""
        return self.left == 0


class PaperGround:
    """Imports get on, step by step, while somebody waits or something is frozen; nothing else makes progress."""

    def __init__(self, steps: int) -> None:
        self._steps, self._done = steps, 0
        self.imports: list[PaperImport] = []
        self.blows: list[str] = []
        self.supervisor = self

    def connected(self, label: str) -> PaperImport:
        """One more import."""
        self.imports.append(PaperImport(self._steps))
        return self.imports[-1]

    def replicas(self, service: str) -> list[str]:
        """One process of each service."""
        return [service]

    def progress(self) -> int:
        """Steps done."""
        return self._done

    def until(self, state: Callable[[], Any], what: str) -> None:
        """Work until this is so."""
        while not state():
            assert self._work(), f"{what} did not come: every import is through"

    def kill(self, name: str) -> None:
        """One blow, in no time."""
        self.blows.append(name)

    def freeze_beyond_session(self, name: str) -> None:
        """A blow that lasts longer than everything that is under way."""
        self.blows.append(name)
        while self._work():
            pass

    def _work(self) -> bool:
        """Do a step; False when there is none."""
        under_way = [one for one in self.imports if not one.told]
        if under_way:
            under_way[0].left -= 1
            self._done += 1
        return bool(under_way)


@pytest.mark.parametrize(("steps", "at_least"), [(1000, 3), (10, 8), (1, 50)])
def test_a_blow_waits_only_while_work_is_under_way(steps: int, at_least: int):
    """
    Goal: every blow falls. Case, eight blows, two of them freezes that last until all is through, by the steps of an import:
      1000: the next company after each freeze · 10: several to a blow · 1: one to each step
    The mixture of one company waited 180 s for progress when its import was through before the last blow, as under load it was.
    """
    paper = PaperGround(steps)
    ground = cast(Ground, paper)
    Mixture(ground, Random(1), "on paper", Stream(ground, "paper", at_once=1)).strike(8, frozen=2)
    assert 8 == len(paper.blows)
    assert at_least <= len(paper.imports)
