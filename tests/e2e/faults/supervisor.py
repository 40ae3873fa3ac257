"""What Kubernetes does for the services: whatever ends is started again. How each process ended is kept, and judged."""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploy.local.deployment import Deployment
from services.kernel.names import Log

KILLED, ASK_AGAIN, UNFORESEEN = -9, 75, 70
BY_DESIGN = "Fenced("  # a ledger that lost its partition while it was frozen ends with 70: another process keeps that book now
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: its code (minus the signal), and the error it logged, if any."""

    process: str
    code: int
    error: str

    @property
    def explained(self) -> bool:
        """Try again, or fenced off; kills are explained by who killed."""
        return self.code == ASK_AGAIN or (self.code == UNFORESEEN and self.error.startswith(BY_DESIGN))


class Supervisor:
    """Starts again what ended, in a thread. Kills and freezes go through it, so that it knows which ends were ours."""

    def __init__(self, deployment: Deployment) -> None:
        """Begins at once."""
        self.exits: list[Exit] = []
        self.kills: Counter[str] = Counter()
        self._deployment = deployment
        self._read: dict[str, int] = {}
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def kill(self, name: str) -> None:
        """SIGKILL one process; it is started again at once."""
        with self._lock:
            if self._deployment.services[name].alive:
                self.kills[name] += 1
                self._deployment.services[name].kill()

    def stop(self) -> None:
        """Leave the processes alone from now on."""
        self._stop.set()
        self._thread.join()

    def unexplained(self) -> list[Exit]:
        """Ends that no promise foresees: each kill of ours explains one -9."""
        killed = Counter(one.process for one in self.exits if one.code == KILLED)
        strange = [one for one in self.exits if not (one.explained or one.code == KILLED)]
        return strange + [Exit(name, KILLED, "not by us") for name in (killed - self.kills).elements()]

    def report(self) -> Mapping[str, int]:
        """How often each process ended in which way."""
        return Counter(f"{one.process} {one.code} {one.error}".strip() for one in self.exits)

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            for name, process in self._deployment.services.items():
                with self._lock:
                    if (code := process.exit_code) is not None:
                        self.exits.append(Exit(name, code, self._last_error(name)))
                        self._deployment.start_service(name)

    def _last_error(self, name: str) -> str:
        """What this life of the process logged as unforeseen."""
        text = self._deployment.services[name].log.read_text(errors="replace")
        lived, self._read[name] = text[self._read.get(name, 0) :], len(text)
        events = [_event(line) for line in lived.splitlines() if Log.UNFORESEEN in line]
        return next((str(event.get("error", "")) for event in events if event.get("event") == Log.UNFORESEEN), "")


def _event(line: str) -> dict[str, Any]:
    try:
        return json.loads(line)
    except ValueError:
        return {}
