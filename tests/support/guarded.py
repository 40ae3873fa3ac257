"""A Kafka with accounts and access control, the public topics and one that is not, and the rights that subscribers/ asks for."""

import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.local.access import Account
from deploy.local.folders import temporary_data_folder
from deploy.local.kafka import Kafka
from deploy.ops import grants
from deploy.ops.subscribers import subscribers
from schemas.registry import topics
from services.kernel import kafka as kernel
from services.kernel.envelope import Outgoing
from tests.support.style import ROOT

TEAMS = ROOT / "subscribers"


@dataclass(frozen=True, slots=True)
class Guarded:
    """The broker, its administrator, and the account of each team."""

    bootstrap: str
    administrator: Account
    teams: dict[str, Account]

    @property
    def login(self) -> grants.Login:
        """The administrator's, as the commands want it."""
        return grants.Login(self.bootstrap, self.administrator.name, self.administrator.password, "SASL_PLAINTEXT")

    def client(self, account: Account) -> dict[str, str | int | float | bool]:
        """The settings of a librdkafka client that logs in as this account."""
        return {"bootstrap.servers": self.bootstrap, "log_level": 0, **account.client_settings}

    def write(self, messages: Sequence[Outgoing]) -> None:
        """Send as a service does, with the kernel's own sender and settings, logged in as the administrator."""
        usual = dict(kernel.PRODUCER)
        kernel.PRODUCER.update(self.administrator.client_settings)
        try:
            assert len(messages) == kernel.KafkaSender(self.bootstrap, "test").send(messages)
        finally:
            kernel.PRODUCER.clear()
            kernel.PRODUCER.update(usual)


@contextmanager
def guarded_kafka() -> Generator[Guarded]:
    """Such a broker, for as long as the context lasts, with an account for each team of the committed files, made as an operator does."""
    administrator, teams = Account("administrator", secrets.token_hex(12)), subscribers(TEAMS)
    with temporary_data_folder("achats-tests-") as data, Kafka(data, administrator=administrator) as broker:
        guarded = Guarded(broker.bootstrap, administrator, {})
        make_topics(guarded)
        guarded.teams.update({one.team: Account(one.user, grants.new_password(one, guarded.login)) for one in teams})
        grants.apply(grants.plan(teams, guarded.login), guarded.login)
        yield guarded


def make_topics(guarded: Guarded) -> None:
    """Those of topics.yaml, as it says."""
    admin: Any = AdminClient(guarded.client(guarded.administrator))
    made = admin.create_topics([NewTopic(one.name, one.partitions, 1, config=one.configuration) for one in topics()])
    for one in made.values():
        one.result(60)


def file_of(team: str) -> Path:
    """The committed file of a team."""
    return TEAMS / f"{team}.yaml"
