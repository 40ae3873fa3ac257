"""The fetcher's settings, from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from services.kernel.clock import Clock, clock_from
from services.kernel.sealing import Sealer, sealer_from
from services.kernel.settings import Settings

DATABASE_URL, MIGRATE_URL = "ACHATS_FETCHER_DATABASE_URL", "ACHATS_FETCHER_MIGRATE_URL"
CALLBACK_PATH = "/connectivite/amazon-business/retour"
TOKEN_KEYS, TOKEN_KEYS_FILE = "ACHATS_FETCHER_TOKEN_KEYS", "ACHATS_FETCHER_TOKEN_KEYS_FILE"
AMAZON_DOMAINS = ("amazon.fr", "amazon.com", "amazon.de", "amazon.es", "amazon.it", "amazon.co.uk")
"""Where Amazon's own pages are, and with them its App Center."""

MEANINGS = {
    "ACHATS_KAFKA": "the brokers, host:port[,host:port]",
    DATABASE_URL: "the fetcher's database, postgresql://user:password@host:port/name",
    "ACHATS_FETCHER_HEALTH_PORT": "the port of /live, /ready and /metrics",
    "ACHATS_FETCHER_WEB": "where the pages are served, 127.0.0.1:port",
    "ACHATS_CONTACT_KEYS": "the keys of the contacts' addresses, id:base64[,id:base64], the current one first",
    TOKEN_KEYS: f"the keys of Amazon's refresh tokens, id:base64[,id:base64], the current one first; or put them in {TOKEN_KEYS_FILE}",
    TOKEN_KEYS_FILE: "a file that holds the keys of Amazon's refresh tokens",
    "ACHATS_SESSION_KEY": "a long random text that signs the session cookie",
    "ACHATS_DOCUMENTS_URL": "the object store, such as file:///var/lib/achats/documents or s3://bucket",
    "ACHATS_PUBLIC_URL": "the address people reach the pages at, such as https://achats.example.org",
    "ACHATS_AMAZON_API": "the base of Amazon's APIs, such as https://eu.business-api.amazon.com",
    "ACHATS_AMAZON_CONSENT": "the base of Amazon's consent page, such as https://www.amazon.fr",
    "ACHATS_AMAZON_TOKEN_URL": "Login with Amazon's token endpoint, such as https://api.amazon.com/auth/o2/token",
    "ACHATS_AMAZON_APPLICATION_ID": "the application's id in Amazon's Solution Provider Portal",
    "ACHATS_AMAZON_CLIENT_ID": "the application's LWA client id",
    "ACHATS_AMAZON_CLIENT_SECRET": "the application's LWA client secret; two, separated by a comma, while it is being changed",
    "ACHATS_AMAZON_DOMAINS": "where Amazon's App Center may be, amazon.fr[,…]; a whole origin (https://host:port) is that one alone",
}


class WebNotLocal(SystemExit):
    """The pages have no sign-in yet, so they are served on this machine only: ACHATS_FETCHER_WEB must name a loopback address."""


@dataclass(frozen=True, slots=True)
class Application:
    """Our registration at Amazon, and where Amazon is. Bases have no slash at their end."""

    api_url: str
    consent_url: str
    token_url: str
    application_id: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    spare_secret: str | None = field(default=None, repr=False)
    domains: tuple[str, ...] = AMAZON_DOMAINS

    @property
    def client_secrets(self) -> tuple[str, ...]:
        """The secret in use, and while it is being changed the other one."""
        return (self.client_secret, self.spare_secret) if self.spare_secret else (self.client_secret,)


@dataclass(frozen=True, slots=True)
class WebPlace:
    """Where the pages are served, how their sessions are signed, and the host names they answer to."""

    host: str
    port: int
    session_key: str = field(repr=False)
    https: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the fetcher is told from outside."""

    kafka: str
    database_url: str = field(repr=False)
    health_port: int
    pretty_log: bool
    clock: Clock
    contact_sealer: Sealer
    token_sealer: Sealer
    documents_url: str
    web: WebPlace
    amazon: Application

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings. Raises SettingMissing, WebNotLocal, BadKeys."""
        settings = Settings(env, MEANINGS)
        return cls(
            kafka=settings.text("ACHATS_KAFKA"),
            database_url=settings.text(DATABASE_URL),
            health_port=settings.port("ACHATS_FETCHER_HEALTH_PORT"),
            pretty_log=env.get("ACHATS_LOG") == "pretty",
            clock=clock_from(env.get("ACHATS_CLOCK")),
            contact_sealer=sealer_from(settings.text("ACHATS_CONTACT_KEYS")),
            token_sealer=_token_sealer(settings),
            documents_url=settings.text("ACHATS_DOCUMENTS_URL"),
            web=_web(settings),
            amazon=_amazon(settings),
        )


@dataclass(frozen=True, slots=True)
class RotationConfig:
    """What a change of keys needs, and no more."""

    database_url: str = field(repr=False)
    clock: Clock
    contact_sealer: Sealer
    token_sealer: Sealer

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings. Raises SettingMissing, BadKeys."""
        settings, entry = Settings(env, MEANINGS), EntryConfig.from_env(env)
        return cls(entry.database_url, entry.clock, entry.contact_sealer, _token_sealer(settings))


@dataclass(frozen=True, slots=True)
class EntryConfig:
    """What entering a company needs, and no more."""

    database_url: str = field(repr=False)
    clock: Clock
    contact_sealer: Sealer

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read the settings. Raises SettingMissing, BadKeys."""
        settings = Settings(env, MEANINGS)
        return cls(settings.text(DATABASE_URL), clock_from(env.get("ACHATS_CLOCK")), sealer_from(settings.text("ACHATS_CONTACT_KEYS")))


def migrate_url(env: Mapping[str, str]) -> str:
    """The database as the role that may change tables: ACHATS_FETCHER_MIGRATE_URL, else the fetcher's own."""
    return env.get(MIGRATE_URL) or Settings(env, MEANINGS).text(DATABASE_URL)


def _web(settings: Settings) -> WebPlace:
    host = settings.text("ACHATS_FETCHER_WEB").rpartition(":")[0]
    if not _is_loopback(host):
        raise WebNotLocal(WebNotLocal.__doc__)
    public = urlsplit(settings.text("ACHATS_PUBLIC_URL"))
    session_key, https = settings.text("ACHATS_SESSION_KEY"), public.scheme == "https"
    return WebPlace(host, settings.port("ACHATS_FETCHER_WEB"), session_key, https, (host, public.hostname or host))


def _token_sealer(settings: Settings) -> Sealer:
    """From the file when one is named, else from the environment."""
    file = settings.environment.get(TOKEN_KEYS_FILE)
    if not file:
        return sealer_from(settings.text(TOKEN_KEYS))
    try:
        return sealer_from(Path(file).read_text(encoding="utf-8").strip())
    except OSError:
        settings.refuse(TOKEN_KEYS_FILE)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _amazon(settings: Settings) -> Application:
    first, *others = _listed(settings.text("ACHATS_AMAZON_CLIENT_SECRET"))
    return Application(
        api_url=settings.text("ACHATS_AMAZON_API").rstrip("/"),
        consent_url=settings.text("ACHATS_AMAZON_CONSENT").rstrip("/"),
        token_url=settings.text("ACHATS_AMAZON_TOKEN_URL"),
        application_id=settings.text("ACHATS_AMAZON_APPLICATION_ID"),
        client_id=settings.text("ACHATS_AMAZON_CLIENT_ID"),
        client_secret=first,
        redirect_uri=settings.text("ACHATS_PUBLIC_URL").rstrip("/") + CALLBACK_PATH,
        spare_secret=others[0] if others else None,
        domains=_listed(settings.environment.get("ACHATS_AMAZON_DOMAINS", "")) or AMAZON_DOMAINS,
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
