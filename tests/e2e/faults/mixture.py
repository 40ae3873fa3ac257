"""Kills and freezes of single processes, all drawn from one seed. A failing seed is the bug report."""

from collections.abc import Callable
from random import Random

from deploy.local.deployment import SERVICES
from tests.e2e.faults.ground import Ground

MOST_STEPS = 40  # calls to Amazon and events between two blows


class Mixture:
    """Strikes one process after the other; the next blow falls when the system has got on a little, never by the clock."""

    def __init__(self, ground: Ground, dice: Random, words: str, before_each: Callable[[], None] = lambda: None) -> None:
        """`words` say which dice these are; `before_each` blow, for instance, sees to it that there is work."""
        self._ground, self._dice, self._before_each = ground, dice, before_each
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
        self._before_each()
        enough = self._ground.progress() + self._dice.randint(1, MOST_STEPS)
        self._ground.until(lambda: self._ground.progress() >= enough, f"progress before the next blow ({way} {name})")
        print(f"  {way} {name} at {enough}")
        if way == "kill":
            self._ground.supervisor.kill(name)
        else:
            self._ground.freeze_beyond_session(name)
