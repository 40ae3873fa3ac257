"""Schema migrations by yoyo, under a lock that dies with its process."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import yoyo  # pyright: ignore[reportMissingTypeStubs]
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from services.kernel.log import log
from services.kernel.names import Log

KERNEL_MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(url: str, schema: str, folder: Path, with_outbox: bool) -> int:
    """Apply what is missing to `schema` (inbox and outbox first when asked); how many migrations were applied.

    A failing file is rolled back whole. A process killed in the middle leaves no lock behind.
    """
    folders = [str(KERNEL_MIGRATIONS), str(folder)] if with_outbox else [str(folder)]
    with psycopg.connect(url, autocommit=True) as guard:
        guard.execute("select pg_advisory_lock(hashtext(%s))", [f"migrate:{schema}"])
        guard.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
        applied = _apply(url, schema, folders)
    log.info(Log.MIGRATED, schema=schema, applied=applied)
    return applied


def _apply(url: str, schema: str, folders: list[str]) -> int:
    backend: Any = yoyo.get_backend(_yoyo_address(url, schema))
    try:
        backend.break_lock()
        with backend.lock():
            missing: Any = backend.to_apply(yoyo.read_migrations(*folders))
            backend.apply_migrations(missing)
            return len(missing)
    finally:
        backend.connection.close()


def _yoyo_address(url: str, schema: str) -> str:
    """The database as yoyo writes addresses, whatever form psycopg was given."""
    parts = conninfo_to_dict(url)
    user, password, host = (quote(str(parts.get(name) or ""), safe="") for name in ("user", "password", "host"))
    return f"postgresql+psycopg://{user}:{password}@{host}:{parts.get('port') or 5432}/{parts.get('dbname')}?schema={schema}"
