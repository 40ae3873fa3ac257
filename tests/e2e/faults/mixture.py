"""Kills and freezes of single processes, all drawn from one seed. A failing seed is the bug report."""

from random import Random

from deploy.local.deployment import SERVICES
from tests.e2e.faults.ground import Ground, Import

MOST_STEPS = 40  # calls to Amazon and events between two blows


class Stream:
    """Companies connected one after another, so that some imports are always under way."""

    def __init__(self, ground: Ground, label: str, at_once: int) -> None:
        """Nobody is connected yet."""
        self._ground, self._label, self._at_once = ground, label, at_once
        self.imports: list[Import] = []

    @property
    def ebbs(self) -> bool:
        """Whether fewer imports are under way than there should be."""
        return sum(not one.told for one in self.imports) < self._at_once

    def flow(self) -> None:
        """Connect as many companies as are missing."""
        while self.ebbs:
            self.imports.append(self._ground.connected(f"{self._label}_{len(self.imports)}"))


class Mixture:
    """Strikes one process after the other; the next blow falls when the system has got on a little, never by the clock."""

    def __init__(self, ground: Ground, dice: Random, words: str, stream: Stream) -> None:
        """`words` say which dice these are; `stream` is the work that goes on meanwhile."""
        self._ground, self._dice, self._stream = ground, dice, stream
        print(f"\nmixture: {words}")

    def strike(self, blows: int, frozen: int = 0) -> None:
        """That many blows, spread evenly over the services, `frozen` of them freezes beyond the session timeout."""
        ways = ["freeze"] * frozen + ["kill"] * (blows - frozen)
        services = [SERVICES[n % len(SERVICES)] for n in range(blows)]
        self._dice.shuffle(ways)
        self._dice.shuffle(services)
        for way, service in zip(ways, services, strict=True):
            self.blow(way, self._dice.choice(self._ground.replicas(service)))

    def blow(self, way: str, name: str) -> None:
        """Wait for some progress, then strike."""
        self._stream.flow()
        enough = self._ground.progress() + self._dice.randint(1, MOST_STEPS)
        self._get_on(enough, f"progress before the next blow ({way} {name})")
        print(f"  {way} {name} at {enough}")
        if way == "kill":
            self._ground.supervisor.kill(name)
        else:
            self._ground.freeze_beyond_session(name)

    def _get_on(self, enough: int, what: str) -> None:
        """Wait for that much progress. An import that is through makes no more of it: then the next company is connected."""
        while self._ground.progress() < enough:
            self._stream.flow()
            self._ground.until(lambda: self._ground.progress() >= enough or self._stream.ebbs, what)
