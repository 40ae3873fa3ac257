"""What subscribers may do on a broker: ACLs and quotas made from subscribers/, compared with the broker's and applied by kafka-python."""

import secrets
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import kafka.admin
import kafka.protocol.admin
import stamina
from kafka.errors import KafkaError

from deploy.ops.subscribers import USER_PREFIX, Subscriber

ADMIN: Any = kafka.admin  # a checker knows the stubs of an older version
PROTOCOL: Any = kafka.protocol.admin
PRINCIPAL = "User:"
MECHANISM, ITERATIONS = "SCRAM-SHA-512", 8192
PATIENCE_MS = 10_000
REQUEST_PERCENT = 25
"""Share of one broker thread's time a subscriber's requests may take, in percent."""


class Refused(Exception):
    """The broker did not let us in, or did not take an ACL or a quota."""

    next_action = "Check the address, and log in as who may alter the cluster (`deploy/runbook/subscribers.md`); then run `plan` again."


class Unseen(Refused):
    """The broker took a change and does not show it."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where the broker is and who we are there; without a user, nobody logs in (a laptop's broker)."""

    bootstrap: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    protocol: str = "SASL_SSL"
    ca_file: str | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """As kafka-python wants it."""
        where = {"bootstrap_servers": self.bootstrap, "bootstrap_timeout_ms": PATIENCE_MS}
        if self.user is None:
            return where
        named = {"sasl_plain_username": self.user, "sasl_plain_password": self.password, "sasl_mechanism": MECHANISM}
        return {**where, "security_protocol": self.protocol, "ssl_cafile": self.ca_file, **named}


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One ACL: what a user may do, in Kafka's own words."""

    user: str
    resource: str
    name: str
    pattern: str = "LITERAL"
    operation: str = "READ"
    permission: str = "ALLOW"
    host: str = "*"

    def __str__(self) -> str:
        """`subscriber-team may READ TOPIC name`, and whatever is not as usual."""
        unusual = "" if (self.permission, self.host) == ("ALLOW", "*") else f" ({self.permission}, from {self.host})"
        return f"{self.user}: {self.operation} {self.resource} {self.name}{'*' if self.pattern == 'PREFIXED' else ''}{unusual}"


@dataclass(frozen=True, slots=True, order=True)
class Limit:
    """One quota of a user, under Kafka's name."""

    user: str
    key: str
    value: float

    def __str__(self) -> str:
        """`subscriber-team: consumer_byte_rate 2000000`."""
        return f"{self.user}: {self.key} {self.value:.0f}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to add and what to take away, so that the broker grants what the files ask for and nothing else."""

    add: tuple[Grant | Limit, ...]
    remove: tuple[Grant | Limit, ...]


def grants_of(subscriber: Subscriber) -> list[Grant]:
    """The least a team needs: to read its topics, and to be a member of its own groups. (READ implies DESCRIBE.)"""
    topics = [Grant(subscriber.user, "TOPIC", name) for name in subscriber.topics]
    return [*topics, Grant(subscriber.user, "GROUP", subscriber.group_prefix, "PREFIXED")]


def limits_of(subscriber: Subscriber) -> list[Limit]:
    """What a team may take from each broker."""
    rates = {"consumer_byte_rate": subscriber.quota.read_bytes_per_second, "request_percentage": REQUEST_PERCENT}
    return [Limit(subscriber.user, key, float(value)) for key, value in rates.items()]


def wanted(subscribers: Iterable[Subscriber]) -> set[Grant | Limit]:
    """All that the files ask for."""
    return {one for subscriber in subscribers for one in (*grants_of(subscriber), *limits_of(subscriber))}


def plan(subscribers: Sequence[Subscriber], login: Login) -> Plan:
    """The difference between the files and the broker, users of gone files included. Raises Refused."""
    with _admin(login) as admin:
        there = _there(admin)
    asked = wanted(subscribers)
    return Plan(_sorted(asked - there), _sorted(there - asked))


def apply(todo: Plan, login: Login) -> None:
    """Carry a plan out, and see that the broker has it: rights are taken away before others are given. Raises Refused."""
    with _admin(login) as admin:
        _delete(admin, [one for one in todo.remove if isinstance(one, Grant)])
        _create(admin, [one for one in todo.add if isinstance(one, Grant)])
        _limit(admin, [one for one in todo.add if isinstance(one, Limit)], [one for one in todo.remove if isinstance(one, Limit)])
        _see(admin, todo)


def new_password(subscriber: Subscriber, login: Login) -> str:
    """A fresh password for the team's user, which is made when it is new; an older password ends. Raises Refused."""
    password = secrets.token_urlsafe(24)
    with _admin(login) as admin:
        told = [ADMIN.UserScramCredentialUpsertion(subscriber.user, MECHANISM, password, iterations=ITERATIONS)]
        if trouble := admin.alter_user_scram_credentials(told)[subscriber.user]:
            raise Refused(f"{subscriber.user}: {trouble}")
    return password


def _there(admin: Any) -> set[Grant | Limit]:
    return {*_granted(admin), *_limited(admin)}


@stamina.retry(on=Unseen, attempts=None, timeout=PATIENCE_MS / 1000, wait_initial=0.05, wait_max=1.0)
def _see(admin: Any, todo: Plan) -> None:
    """The controller answers before every broker has heard of it."""
    there = _there(admin)
    if missing := [*(one for one in todo.add if one not in there), *(one for one in todo.remove if one in there)]:
        raise Unseen(f"{len(missing)} changes are not there yet, the first: {missing[0]}")


@contextmanager
def _admin(login: Login) -> Generator[Any]:
    try:
        admin = ADMIN.KafkaAdminClient(**login.settings)
        try:
            yield admin
        finally:
            admin.close()
    except KafkaError as refusal:
        raise Refused(f"{login.bootstrap}: {refusal}") from refusal


def _sorted(found: set[Grant | Limit]) -> tuple[Grant | Limit, ...]:
    return tuple(sorted(found, key=lambda one: (one.user, isinstance(one, Limit), str(one))))


def _granted(admin: Any) -> list[Grant]:
    anything = ADMIN.ResourcePatternFilter(ADMIN.ResourceType.ANY, None, ADMIN.ACLResourcePatternType.ANY)
    acls, _ = admin.describe_acls(ADMIN.ACLFilter(None, None, ADMIN.ACLOperation.ANY, ADMIN.ACLPermissionType.ANY, anything))
    return [_grant(acl) for acl in acls if str(acl.principal).startswith(PRINCIPAL + USER_PREFIX)]


def _grant(acl: Any) -> Grant:
    of, user = acl.resource_pattern, str(acl.principal).removeprefix(PRINCIPAL)
    return Grant(
        user, of.resource_type.name, of.resource_name, of.pattern_type.name, acl.operation.name, acl.permission_type.name, acl.host
    )


def _acl(grant: Grant, kind: Any) -> Any:
    of = (ADMIN.ResourceType[grant.resource], grant.name, ADMIN.ACLResourcePatternType[grant.pattern])
    operation, permission = ADMIN.ACLOperation[grant.operation], ADMIN.ACLPermissionType[grant.permission]
    return kind(PRINCIPAL + grant.user, grant.host, operation, permission, ADMIN.ResourcePattern(*of))


def _create(admin: Any, grants: Sequence[Grant]) -> None:
    if grants and (failed := admin.create_acls([_acl(grant, ADMIN.ACL) for grant in grants])["failed"]):
        raise Refused(f"{len(failed)} of {len(grants)} ACLs were not made: {', '.join(one.__name__ for one in failed)}")


def _delete(admin: Any, grants: Sequence[Grant]) -> None:
    done: list[Any] = admin.delete_acls([_acl(grant, ADMIN.ACLFilter) for grant in grants]) if grants else []
    for grant, (_, removed, error) in zip(grants, done, strict=True):
        if not removed:
            raise Refused(f"not taken away: {grant} ({error.__name__})")


def _limited(admin: Any) -> list[Limit]:
    """Quotas by the protocol's own request: the admin client has no method for them (decision 0095)."""
    users = PROTOCOL.DescribeClientQuotasRequest.ComponentData(entity_type="user", match_type=2, match=None)
    answer = _ask(admin, PROTOCOL.DescribeClientQuotasRequest(components=[users], strict=True))
    named = [(str(entry.entity[0].entity_name), entry.values) for entry in answer.entries or ()]
    return [Limit(user, value.key, value.value) for user, values in named if user.startswith(USER_PREFIX) for value in values]


def _limit(admin: Any, add: Sequence[Limit], remove: Sequence[Limit]) -> None:
    """One entry for each user, which the broker insists on; a value that only changes is set, not taken away."""
    entry, kept = PROTOCOL.AlterClientQuotasRequest.EntryData, {(one.user, one.key) for one in add}
    changes = [*((one, False) for one in add), *((one, True) for one in remove if (one.user, one.key) not in kept)]
    entries: list[Any] = [
        entry(
            entity=[entry.EntityData(entity_type="user", entity_name=user)],
            ops=[entry.OpData(key=one.key, value=one.value, remove=gone) for one, gone in changes if one.user == user],
        )
        for user in sorted({one.user for one, _ in changes})
    ]
    answer = _ask(admin, PROTOCOL.AlterClientQuotasRequest(entries=entries, validate_only=False)) if entries else None
    for one in answer.entries if answer else ():
        if one.error_code:
            raise Refused(f"quota of {one.entity[0].entity_name}: {one.error_message}")


def _ask(admin: Any, request: Any) -> Any:
    manager = admin._manager
    answer = manager.run(manager.send, request)
    if getattr(answer, "error_code", 0):
        raise Refused(str(answer.error_message))
    return answer
