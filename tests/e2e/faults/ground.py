"""The ground faults are tried on: one deployment, watched and supervised, where a company is connected for each case."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from deploy.local.demo import Outcome, company, connect, mails_in
from deploy.local.deployment import Account, Deployment, replica_names, service_of
from deploy.local.folders import temporary_data_folder
from deploy.local.truth import truth
from deploy.local.watcher import CLASSIFIED, Watcher
from schemas.invoice_collected.v1 import InvoiceCollected
from tests.e2e.companies import is_told, outcome_of
from tests.e2e.faults import book
from tests.e2e.faults.supervisor import Supervisor
from tests.integration.notifier.mail_server import MailServer
from tests.support import invariants

DOCUMENTS = 200
SEED = int(os.environ.get("FAULT_SEED", "1"))
CLOCK_SPEED = 240.0
REPLICAS = 2
PATIENCE_S = 180.0  # two minutes and more: a notification whose sender was killed waits for nothing else on the way here
LETTERS = "select state, message_id, unclear_attempts from notifier.notification where company_id = %(company)s"
FINISHED = "select run_id from ledger.run_finished where company_id = %(company)s"
STATES = "select state from fetcher.connection where company_id = %(company)s"


class Ground:
    """A running deployment with its watcher and its supervisor."""

    def __init__(self, deployment: Deployment) -> None:
        """Watches and supervises from now on."""
        self.deployment = deployment
        self.watcher = Watcher(deployment.kafka.bootstrap)
        self.supervisor = Supervisor(deployment)
        self.truth = truth(deployment)
        self.letters = list[tuple[str, str]]()
        self._ticks = dict[int, int]()

    def until(self, state: Callable[[], Any], what: str, limit_s: float = PATIENCE_S) -> None:
        """Wait until this is so; says what did not come, and how processes ended meanwhile."""
        assert self.watcher.wait(lambda: bool(state()), limit_s), f"{what} did not come. Ends: {self.supervisor.report()}"

    def hold(self, seconds: float) -> None:
        """Let a fault last: its length is the case, no state says when it is long enough."""
        threading.Event().wait(seconds)

    def replicas(self, service: str) -> list[str]:
        """The processes of a service."""
        return replica_names(service, REPLICAS)

    def at_work(self, service: str) -> str:
        """The process of a service that worked most since the last company was connected."""
        return max(self.replicas(service), key=self._worked)

    def _worked(self, name: str) -> int:
        """Ticks of processor time since the last company was connected."""
        pid = self.deployment.services[name].pid
        return _ticks(pid) - self._ticks.get(pid, 0) if pid else 0

    def ready(self) -> None:
        """Wait until every process is up again."""
        for name in self.deployment.services:
            self.until(partial(self._is_ready, name), f"{name} ready")

    def members(self, service: str) -> int:
        """How many members a service's consumer group has, in the eyes of the broker."""
        return book.members(self.deployment.kafka.bootstrap, service)

    def freeze_beyond_session(self, *names: str) -> None:
        """SIGSTOP these processes of one service until the broker counts them out, then let them go on."""
        processes = [self.deployment.services[name] for name in names]
        service = service_of(names[0])
        for process in processes:
            process.freeze()
        try:
            self.until(lambda: self.members(service) <= REPLICAS - len(names), f"{names} counted out")
        finally:
            for process in processes:
                process.thaw()

    def calls(self) -> Counter[str]:
        """How many calls Amazon has answered, by operation."""
        counts: dict[str, dict[str, int]] = httpx.get(f"{self.deployment.amazon.control_url}/calls").json()
        return Counter({operation: sum(by_status.values()) for operation, by_status in counts.items()})

    def progress(self) -> int:
        """Grows with every call to Amazon and every event."""
        return self.calls().total() + self.watcher.seen.total()

    def spoil(self, *faults: tuple[str, int | str, int]) -> None:
        """Amazon's next answers: operation, status or `truncated` or `silent`, how often."""
        planned = [{"operation": operation, "status": status, "times": times} for operation, status, times in faults]
        httpx.post(f"{self.deployment.amazon.control_url}/faults", json=planned).raise_for_status()

    def connected(self, label: str) -> "Import":
        """A company of its own, whose import has just begun."""
        self.ready()
        one = Import(self, label)
        self._ticks = {pid: _ticks(pid) for process in self.deployment.services.values() if (pid := process.pid)}
        connect(self.deployment, one.described)
        return one

    def enter_again(self) -> None:
        """The operator enters the company that was connected last once more, as it is."""
        self.deployment.command("fetcher", "company", str(self.deployment.data / "company.json"))

    @contextmanager
    def other_mail_server(self) -> Generator[MailServer]:
        """A mail server that misbehaves, in the mailbox's place; what it kept counts as delivered."""
        self.deployment.mailbox.kill()
        with MailServer(self.deployment.mailbox.smtp_port) as server:
            yield server
            self.letters += [(str(message["To"]), str(message["Message-ID"])) for message in server.received]
        self.deployment.mailbox.start()

    def check_ends(self) -> None:
        """Every process that ended did so by our hand or by design."""
        print(f"\nhow processes ended: {dict(self.supervisor.report())}")
        assert [] == self.supervisor.unexplained()

    def check(self, *imports: "Import", undisturbed: str) -> None:
        """Wait until all is told and at rest; then everything the promises say must hold for each of these imports."""
        for one in imports:
            self.until(lambda one=one: one.told, f"{one.company_id}: the person told", 2 * PATIENCE_S)
        self.ready()
        self.until(lambda: not book.unrest(self.deployment), "rest")
        self.check_ends()
        for one in imports:
            one.check(undisturbed)

    def stop(self) -> None:
        """Leave the deployment to its end."""
        self.supervisor.stop()
        self.watcher.stop()

    def _is_ready(self, name: str) -> bool:
        try:
            return httpx.get(f"{self.deployment.probes(name)}/ready").status_code == 200
        except httpx.TransportError:
            return False


class Import:
    """One company's first import of the account's documents, as seen from outside."""

    def __init__(self, ground: Ground, label: str) -> None:
        """`label` makes the company's id, name and address."""
        self._ground, self.company_id = ground, f"cmp_{label}"
        self.address = f"{label}@atelier-lumiere.example"
        name = f"Atelier Lumière {label}"
        self._downloads_before = ground.calls()["download"]
        self.described = company() | {"company_id": self.company_id, "name": name, "email": self.address}

    @property
    def downloads(self) -> int:
        """Packets of documents downloaded since the company was connected."""
        return self._ground.calls()["download"] - self._downloads_before

    @property
    def collected(self) -> int:
        """Documents announced by the fetcher."""
        return self._seen[InvoiceCollected]

    @property
    def classified(self) -> int:
        """Documents the classifier decided on."""
        return sum(self._seen[kind] for kind in CLASSIFIED)

    @property
    def described_invoices(self) -> int:
        """Documents that stand in Achats."""
        return sum(1 for one in list(self._ground.watcher.invoices.values()) if one.company_id == self.company_id)

    @property
    def finished(self) -> bool:
        """The ledger said that the first run is through."""
        return any(one.company_id == self.company_id for one in list(self._ground.watcher.finished.values()))

    @property
    def told(self) -> bool:
        """The connection turned active and the person was told."""
        return is_told(self._ground.watcher, self.company_id)

    @property
    def digest(self) -> str:
        """What stands in the book, as one hash."""
        return book.digest(self._ground.deployment, self.company_id)

    def until(self, state: Callable[[], Any], what: str) -> None:
        """Wait until this is so."""
        self._ground.until(state, f"{self.company_id}: {what}")

    def letters(self) -> list[str]:
        """The Message-IDs of all that this company's address got."""
        kept = [(mail.to, mail.message_id) for mail in mails_in(self._ground.deployment)]
        return [message_id for to, message_id in [*kept, *self._ground.letters] if to == self.address]

    def check(self, undisturbed: str) -> None:
        """Each document once, sums right, runs complete, no doubles, active, one letter, and the book as if nothing had happened."""
        deployment = self._ground.deployment
        self.until(self._is_heard, "every run heard from outside")
        invariants.check(self._outcome(), self._ground.truth)
        book.check_runs(deployment, self.company_id)
        assert [] == book.rows(deployment, book.DOUBLES, self.company_id)
        assert [("active",)] == book.rows(deployment, STATES, self.company_id)
        self.check_letter()
        assert undisturbed == self.digest

    def check_letter(self) -> None:
        """One row, sent; one e-mail, or another under the same Message-ID for each attempt recorded as unclear."""
        [(state, message_id, unclear)] = book.rows(self._ground.deployment, LETTERS, self.company_id)
        letters = self.letters()
        assert ("sent", {message_id}) == (state, set(letters))
        assert 1 <= len(letters) <= 1 + unclear

    def _is_heard(self) -> bool:
        """Whether the watcher has read what was said last: a daily run may have said what the first one had left to it."""
        finished = {run_id for (run_id,) in book.rows(self._ground.deployment, FINISHED, self.company_id)}
        return finished <= self._ground.watcher.finished.keys()

    @property
    def _seen(self) -> Any:
        return self._ground.watcher.of_company[self.company_id]

    def _outcome(self) -> Outcome:
        """The summary of this company alone; an e-mail recorded as perhaps doubled counts once, for `check_letter` judges it."""
        return outcome_of(self._ground.deployment, self._ground.watcher, self.company_id, len(set(self.letters())))


def _ticks(pid: int) -> int:
    """User and system time of a process (proc_pid_stat(5), fields 14 and 15); none when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


@contextmanager
def ground(brokers: int = 1, clock_speed: float = CLOCK_SPEED) -> Generator[Ground]:
    """Two of each service, and `brokers` nodes of Kafka."""
    account = Account(seed=7, invoices=DOCUMENTS)
    with (
        temporary_data_folder("achats-faults-") as data,
        Deployment(Path(data), account, clock_speed, replicas=REPLICAS, brokers=brokers) as deployment,
    ):
        standing = Ground(deployment)
        try:
            yield standing
        finally:
            standing.stop()
