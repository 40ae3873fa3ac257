"""The notifier's settings, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Self

from services.kernel.sealing import Sealer, sealer_from
from services.kernel.settings import Settings
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
        """Read the settings. Raises SettingMissing, BadKeys."""
        settings = Settings(env, MEANINGS)
        mail_from = settings.text("ACHATS_MAIL_FROM")
        address = parseaddr(mail_from)[1]
        if not is_address(address):
            settings.refuse("ACHATS_MAIL_FROM")
        return cls(
            kafka=settings.text("ACHATS_KAFKA"),
            database_url=settings.text(DATABASE_URL),
            health_port=settings.port("ACHATS_NOTIFIER_HEALTH_PORT"),
            pretty_log=env.get("ACHATS_LOG") == "pretty",
            contact_sealer=sealer_from(settings.text("ACHATS_CONTACT_KEYS")),
            smtp_host=settings.text("ACHATS_SMTP").rpartition(":")[0],
            smtp_port=settings.port("ACHATS_SMTP"),
            mail_from=mail_from,
            message_domain=address.rpartition("@")[2],
            public_url=settings.text("ACHATS_PUBLIC_URL").rstrip("/"),
        )


def migrate_url(env: Mapping[str, str]) -> str:
    """The database as the role that may change tables: ACHATS_NOTIFIER_MIGRATE_URL, else the notifier's own."""
    return env.get(MIGRATE_URL) or Settings(env, MEANINGS).text(DATABASE_URL)
