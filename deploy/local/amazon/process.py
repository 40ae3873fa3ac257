"""The simulator as a child process of the local deployment."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from deploy.local.processes import LOOPBACK, PLAIN_ENVIRONMENT, ServerProcess, free_port

CHECKOUT = Path(__file__).parents[3]
READY_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class Ports:
    """Three free ports: consent, tokens and APIs; downloads; control."""

    api: int = field(default_factory=free_port)
    documents: int = field(default_factory=free_port)
    control: int = field(default_factory=free_port)


def arguments(ports: Ports, options: dict[str, str | int | Path | None]) -> list[str]:
    """The command line; `options` are those of `settings.py` without their dashes (`{"seed": 3, "buyer-name": …}`), None = default."""
    ports_given = {"port": ports.api, "documents-port": ports.documents, "control-port": ports.control}
    return [sys.executable, "-m", "deploy.local.amazon", *_options(ports_given | options)]


def _options(options: dict[str, str | int | Path | None]) -> Iterator[str]:
    for name, value in options.items():
        if value is not None:
            yield f"--{name}={value}"


class AmazonSimulator:
    """Starts, stops and kills one simulator; a restart with the same options keeps the account and its tokens."""

    def __init__(self, folder: Path, ports: Ports, options: dict[str, str | int | Path | None]) -> None:
        self.ports = ports
        self._command = arguments(ports, options)
        self._process = ServerProcess("amazon", folder / "amazon.log")

    @property
    def api_url(self) -> str:
        """Base of the consent page, the token endpoint and the APIs."""
        return f"http://{LOOPBACK}:{self.ports.api}"

    @property
    def control_url(self) -> str:
        """Base of the control plane."""
        return f"http://{LOOPBACK}:{self.ports.control}"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.alive

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid

    def start(self) -> None:
        """Return when all three ports answer. Raises ServerFailed."""
        environment = {**PLAIN_ENVIRONMENT, "PYTHONPATH": str(CHECKOUT)}
        self._process.start(self._command, environment, ordinary_user=False)  # it gives up root itself: privileges.py
        self._process.wait_until(self._ready, READY_WITHIN_S)

    def stop(self) -> None:
        """End in order."""
        self._process.stop()

    def kill(self) -> None:
        """End as in a crash."""
        self._process.kill()

    def _ready(self) -> bool:
        connection = HTTPConnection(LOOPBACK, self.ports.control, timeout=2)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
