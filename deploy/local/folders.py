"""Where local servers keep things: the ordinary user they run as, folders that user can reach, locks and whole writes."""

import fcntl
import os
import pwd
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ORDINARY_USER = "nobody"


class FolderClosed(Exception):
    """A parent of this folder is closed to the ordinary user the servers run as."""

    next_action = "Choose a data folder outside closed homes, for instance below /var/tmp."


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The account a server process runs as."""

    uid: int
    gid: int

    def may_cross(self, folder: Path) -> bool:
        """Whether this user may pass through `folder` to what lies below it (mode bits only)."""
        status = folder.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return bool(status.st_mode >> shift & 1)


def server_user() -> ServerUser | None:
    """The ordinary user for servers when root starts them (PostgreSQL refuses root); None when we are an ordinary user already."""
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam(ORDINARY_USER)
    return ServerUser(account.pw_uid, account.pw_gid)


def closed_parent(path: Path) -> Path | None:
    """The outermost existing parent of `path` that the servers' user may not cross, or None."""
    user = server_user()
    if user is None:
        return None
    existing = [parent for parent in reversed(path.absolute().parents) if parent.exists()]
    return next((parent for parent in existing if not user.may_cross(parent)), None)


def hand_over(folder: Path) -> Path:
    """Create `folder` (0755 all the way) and give it to the servers' user; raises FolderClosed when a parent is closed to it."""
    if closed := closed_parent(folder):
        raise FolderClosed(f"{folder}: {closed} is closed to the user {ORDINARY_USER}, which the servers run as")
    _make_open(folder)
    if user := server_user():
        os.chown(folder, user.uid, user.gid)
    return folder


def _make_open(folder: Path) -> None:
    """Create `folder` and its parents with mode 0755 whatever the umask; existing folders keep their mode."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)


def cache_folder() -> Path:
    """The folder for downloads and unpacked servers: `$XDG_CACHE_HOME/achats`, else `~/.cache/achats`.

    Root, whose home is usually closed to the servers' user, falls back on the system's cache folder.
    """
    homes = (Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"), Path("/var/cache"))
    folder = next(home / "achats" for home in homes if closed_parent(home / "achats") is None)
    _make_open(folder)
    return folder


@contextmanager
def temporary_data_folder(prefix: str = "achats-") -> Generator[Path]:
    """A data folder outside the checkout that every server can reach; removed with all it holds at the end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def only_one(lock_file: Path) -> Generator[None]:
    """Let one process at a time do what is inside; the others wait. The lock ends with its process."""
    with lock_file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write_whole(path: Path, content: bytes) -> None:
    """Write `path` so that a reader sees the old content or the new one, never a part."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as unfinished:
        unfinished.write(content)
    Path(unfinished.name).chmod(0o644)
    Path(unfinished.name).replace(path)
