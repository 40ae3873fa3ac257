"""The notifier's settings, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Self

from services.kernel.sealing import Sealer, sealer_from
from services.notifier.domain.recipient import is_address

DATABASE_URL, MIGRATE_URL = "ACHATS_NOTIFIER_DATABASE_URL", "ACHATS_NOTIFIER_MIGRATE_URL"
MEANINGS = {
    "ACHATS_KAFKA": "the brokers, host:port[,host:port]",
    DATABASE_URL: "the notifier's database, postgresql://user:password@host:port/name",
    "ACHATS_NOTIFIER_HEALTH_PORT": "the port of /live, /ready and /metrics",
    "ACHATS_CONTACT_KEYS": "the keys of the contacts' addresses, id:base64[,id:base64], the current one first",
    "ACHATS_SMTP": "the mail server, host:port",
    "ACHATS_MAIL_FROM": "who the letters are from, such as Achats <achats@example.org>",
    "ACHATS_PUBLIC_URL": "the address people reach the pages at, such as https://achats.example.org",
}


class SettingMissing(Exception):
    """A variable of the environment is missing or unreadable."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is missing or unreadable. Set it to {MEANINGS[name]}.")


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the notifier is told from outside. `public_url` has no slash at its end."""

    kafka: str
    database_url: str = field(repr=False)
    health_port: int
    pretty_log: bool
    contact_sealer: Sealer
    smtp_host: str
    smtp_port: int
    mail_from: str
    message_domain: str
    public_url: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings; raises SettingMissing, or BadKeys for the keys."""
        smtp_host, _, smtp_port = required(env, "ACHATS_SMTP").rpartition(":")
        mail_from = required(env, "ACHATS_MAIL_FROM")
        address = parseaddr(mail_from)[1]
        if not is_address(address):
            raise SettingMissing("ACHATS_MAIL_FROM")
        return cls(
            kafka=required(env, "ACHATS_KAFKA"),
            database_url=required(env, DATABASE_URL),
            health_port=_port("ACHATS_NOTIFIER_HEALTH_PORT", required(env, "ACHATS_NOTIFIER_HEALTH_PORT")),
            pretty_log=env.get("ACHATS_LOG") == "pretty",
            contact_sealer=sealer_from(required(env, "ACHATS_CONTACT_KEYS")),
            smtp_host=smtp_host,
            smtp_port=_port("ACHATS_SMTP", smtp_port),
            mail_from=mail_from,
            message_domain=address.rpartition("@")[2],
            public_url=required(env, "ACHATS_PUBLIC_URL").rstrip("/"),
        )


def migrate_url(env: Mapping[str, str]) -> str:
    """The database as the role that may change tables: ACHATS_NOTIFIER_MIGRATE_URL, else the notifier's own."""
    return env.get(MIGRATE_URL) or required(env, DATABASE_URL)


def required(env: Mapping[str, str], name: str) -> str:
    """The variable's value; raises SettingMissing."""
    if not env.get(name):
        raise SettingMissing(name)
    return env[name]


def _port(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise SettingMissing(name)
    return int(text)
