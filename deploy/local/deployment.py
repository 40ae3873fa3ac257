"""The laptop deployment: a real Kafka, a real PostgreSQL, a mailbox, Amazon simulated, and the four services as processes of their own."""

import fcntl
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import psycopg

from deploy.local.amazon.process import AmazonSimulator, Ports
from deploy.local.kafka import Kafka, warm_coordinator
from deploy.local.keys import keys
from deploy.local.mailbox import Mailbox
from deploy.local.postgres import Postgres
from deploy.local.processes import LOOPBACK, Server, ServerFailed, ServerProcess, free_port
from deploy.ops.topics import apply

DATABASE = "achats"
SERVICES = ("fetcher", "classifier", "ledger", "notifier")
PORTS = (*SERVICES, "web", "amazon", "amazon_documents", "amazon_control", "smtp", "mailbox")
READY_LIMIT_S = 60.0
STOP_LIMIT_S = 25.0


@dataclass(frozen=True, slots=True)
class Account:
    """What the simulated Amazon Business account holds: made up from a seed, or the PDFs of a folder."""

    seed: int = 1
    invoices: int = 50
    documents: Path | None = None


class FolderInUse(Exception):
    """Another deployment runs on this data folder."""

    next_action = "Stop it first, or choose another folder with --data."

    def __str__(self) -> str:
        """The sentence, and the folder."""
        return f"{self.__doc__} {self.args[0]}"


class Deployment:
    """Everything of one local deployment, under one data folder. `start` may be called again on the same folder: it resumes."""

    runs: ClassVar = SERVICES

    def __init__(
        self,
        data: Path,
        account: Account,
        clock_speed: float = 120.0,
        say: Callable[[str], None] = lambda _: None,
        replicas: int = 1,
        brokers: int = 1,
    ) -> None:
        """`clock_speed`: how much faster than the world Amazon's time runs; `say` is told what is being done.

        `replicas`: processes of each service, the second one of the fetcher is `fetcher-2`; `brokers`: nodes of Kafka, one or three,
        and so many copies of each record.
        """
        self.data, self._account, self._say, self._brokers = data.absolute(), account, say, brokers
        self.data.mkdir(parents=True, exist_ok=True)
        names = [name for service in self.runs for name in replica_names(service, replicas)]
        self._ports = _ports(self.data, (*PORTS, *names, *(_web(name) for name in names if service_of(name) == "fetcher")))
        self.kafka, self.postgres = Kafka(self.data, brokers), Postgres(self.data)
        self.mailbox = Mailbox(self.data, self._ports["smtp"], self._ports["mailbox"])
        self._keys = keys(self.data)
        self._clock = _clock(self.data, clock_speed)
        self.amazon = self._amazon_simulator()
        self.services = {name: ServerProcess(name, self.data / f"{name}.log") for name in names}

    @property
    def urls(self) -> dict[str, str]:
        """The addresses a person can open, and the broker's, which a subscriber's program follows."""
        return {
            "connectivite": f"{self.web}/connectivite",
            "mailbox": self.mailbox.http_url,
            "amazon_truth": f"{self.amazon.control_url}/truth",
            "kafka": self.kafka.bootstrap,
        }

    @property
    def web(self) -> str:
        """The fetcher's pages."""
        return f"http://{LOOPBACK}:{self._ports['web']}"

    def start(self) -> None:
        """Start every part and wait until each says it is ready. Raises ServerFailed with the last words of the part that is not."""
        self._say("Kafka, PostgreSQL, mailbox, Amazon simulator")
        with ThreadPoolExecutor(4) as together:
            started = [together.submit(part) for part in (self.kafka.start, self._start_database, self.mailbox.start, self.amazon.start)]
            for part in started:
                part.result()
            self._say("topics and schemas")
            warm = together.submit(warm_coordinator, self.kafka.bootstrap)
            prepared = [
                together.submit(apply, self.kafka.bootstrap, self._brokers),
                *(together.submit(self._migrate, name) for name in self.runs),
            ]
            for part in prepared:
                part.result()
            self._say("the four services")
            for name in self.services:
                self.start_service(name)
            warm.result()
        for name in self.services:
            self.wait_ready(name)

    def stop(self) -> None:
        """Ask every part to end, services first; one that does not is killed."""
        for process in self.services.values():
            process.ask_to_end()
        for process in self.services.values():
            process.stop(patience_s=STOP_LIMIT_S)
        with ThreadPoolExecutor(3) as together:
            for part in (self.amazon, self.mailbox, self.kafka, self.postgres):
                together.submit(part.stop)

    def start_service(self, name: str) -> None:
        """Start one process of a service; it is not ready yet."""
        self.services[name].start([_script(service_of(name))], self.environment(name), ordinary_user=False)

    def wait_ready(self, name: str) -> None:
        """Wait until a process's own probe says ready."""
        self.services[name].wait_until(lambda: answers(f"{self.probes(name)}/ready"), READY_LIMIT_S)

    def probes(self, name: str) -> str:
        """Where a process answers /live, /ready and /metrics."""
        return f"http://{LOOPBACK}:{self._ports[name]}"

    def command(self, name: str, *arguments: str) -> str:
        """Run `achats-<name> ARGUMENTS` to its end; what it printed. Raises ServerFailed with what it said."""
        return _run([str(_script(name)), *arguments], self.environment(name) | self._for_people(name))

    def control(self) -> str:
        """What a scheduler asks of the ledger once a day: heads kept, counts compared; what it said. Raises ServerFailed."""
        return self.command("ledger", "heads") + self.command("ledger", "reconcile")

    def environment(self, name: str) -> dict[str, str]:
        """All that a process of a service sees of the environment."""
        service = service_of(name)
        every = {
            "PATH": os.environ.get("PATH", ""),
            "LANG": "C.UTF-8",
            "ACHATS_KAFKA": self.kafka.bootstrap,
            f"ACHATS_{service.upper()}_HEALTH_PORT": str(self._ports[name]),
            "ACHATS_PUBLIC_URL": self.web,
        }
        own = {"fetcher": partial(self._fetcher, name), "notifier": self._notifier}.get(service, dict)
        return every | self._databases(service) | own()

    def database_url(self, role: str) -> str:
        """The database as one role sees it; `postgres` is its administrator."""
        return self.postgres.dsn(DATABASE, role)

    def _databases(self, name: str) -> dict[str, str]:
        if name == "ledger":
            return {
                "ACHATS_LEDGER_DATABASE_URL": self.database_url("ledger_consumer"),
                "ACHATS_LEDGER_MIGRATE_URL": self.database_url("postgres"),
                "ACHATS_LEDGER_HEADS_URL": (self.data / "heads").as_uri(),
            }
        return {f"ACHATS_{name.upper()}_DATABASE_URL": self.database_url(name)}

    def _for_people(self, name: str) -> dict[str, str]:
        """What commands have in place of the service's own: in the ledger, people and the consumer have a role each."""
        return {"ACHATS_LEDGER_DATABASE_URL": self.database_url("ledger_app")} if service_of(name) == "ledger" else {}

    def _fetcher(self, name: str) -> dict[str, str]:
        amazon = self.amazon.api_url
        return {
            "ACHATS_CLOCK": self._clock,
            "ACHATS_FETCHER_WEB": f"{LOOPBACK}:{self._ports[_web(name)]}",
            "ACHATS_FETCHER_TOKEN_KEYS": self._keys["token"],
            "ACHATS_CONTACT_KEYS": self._keys["contact"],
            "ACHATS_SESSION_KEY": self._keys["session"],
            "ACHATS_DOCUMENTS_URL": self._documents.as_uri(),
            "ACHATS_AMAZON_API": amazon,
            "ACHATS_AMAZON_CONSENT": amazon,
            "ACHATS_AMAZON_DOMAINS": amazon,
            "ACHATS_AMAZON_TOKEN_URL": f"{amazon}/auth/o2/token",
        } | {f"ACHATS_AMAZON_{name}": value for name, value in _APPLICATION.items()}

    def _notifier(self) -> dict[str, str]:
        return {
            "ACHATS_CONTACT_KEYS": self._keys["contact"],
            "ACHATS_SMTP": self.mailbox.smtp_address,
            "ACHATS_MAIL_FROM": "achats@achats.example",
        }

    @property
    def _documents(self) -> Path:
        folder = self.data / "documents"
        folder.mkdir(exist_ok=True)
        return folder

    def _start_database(self) -> None:
        self.postgres.start()
        with psycopg.connect(self.postgres.dsn("postgres"), autocommit=True) as administrator:
            if not administrator.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                administrator.execute(f"create database {DATABASE}")
            for service in ("fetcher", "classifier", "notifier"):
                if not administrator.execute("select 1 from pg_roles where rolname = %s", [service]).fetchone():
                    administrator.execute(f"create role {service} login")
                    administrator.execute(f"grant create on database {DATABASE} to {service}")

    def _amazon_simulator(self) -> AmazonSimulator:
        ports = Ports(self._ports["amazon"], self._ports["amazon_documents"], self._ports["amazon_control"])
        application = {name.lower().replace("_", "-"): value for name, value in _APPLICATION.items()}
        options: dict[str, str | int | Path | None] = {
            "seed": self._account.seed,
            "invoices": self._account.invoices,
            "documents": self._account.documents and self._account.documents.absolute(),
            "clock": self._clock,
            "redirect-uri": f"{self.web}/connectivite/amazon-business/retour",
            **application,
        }
        return AmazonSimulator(self.data, ports, options)

    def _migrate(self, name: str) -> None:
        self.command(name, "migrate")

    def ended(self) -> list[str]:
        """The parts that do not run any more."""
        parts: dict[str, Server | ServerProcess] = {
            "kafka": self.kafka,
            "postgres": self.postgres,
            "mailbox": self.mailbox,
            "amazon": self.amazon,
        }
        return [name for name, part in {**parts, **self.services}.items() if not part.alive]

    def __enter__(self) -> Self:
        self._lock = (self.data / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(str(self.data)) from None
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        self._lock.close()


_APPLICATION = {
    "APPLICATION_ID": "amzn1.sp.solution.00000000-0000-4000-8000-000000000001",
    "CLIENT_ID": "amzn1.application-oa2-client.00000000000000000000000000000001",
    "CLIENT_SECRET": "amzn1.oa2-cs.v1.simulated-secret",
}


def replica_names(service: str, replicas: int) -> list[str]:
    """The processes of a service: `fetcher`, `fetcher-2`, …"""
    return [service, *(f"{service}-{n}" for n in range(2, replicas + 1))]


def service_of(name: str) -> str:
    """Which service a process belongs to."""
    return name.partition("-")[0]


def answers(url: str) -> bool:
    """Whether this address answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _script(name: str) -> Path:
    return Path(sys.executable).parent / f"achats-{name}"


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServerFailed(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _web(name: str) -> str:
    """The name of the port of a fetcher's pages."""
    return name.replace("fetcher", "web")


def _ports(data: Path, names: Iterable[str]) -> dict[str, int]:
    """One port for each part, kept for the next start on the same folder."""
    file = data / "ports.json"
    kept: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    for name in names:
        kept.setdefault(name, free_port())
    file.write_text(json.dumps(kept))
    return kept


def _clock(data: Path, speed: float) -> str:
    """Amazon's time: the world's when this folder was first used, `speed` times faster since, whether or not anything runs."""
    file = data / "clock"
    if not file.exists():
        now = datetime.now(UTC).replace(microsecond=0)
        file.write_text(f"{now.strftime('%Y-%m-%dT%H:%M:%SZ')}@{now.timestamp()}*{speed}")
    return file.read_text()
