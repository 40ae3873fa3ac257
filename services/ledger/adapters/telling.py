"""How a command answers a person: lines on standard output, or one sentence on standard error, and the exit code that says which."""

import sys
from collections.abc import Callable, Iterable
from signal import SIG_DFL, SIGPIPE, signal

from psycopg.errors import InsufficientPrivilege

from services.kernel.errors import KernelError
from services.kernel.postgres import PostgresStore

type OpenBook = Callable[[], PostgresStore]
"""How a command gets at the book, if it needs it: a session of its own, which it closes."""

DONE, FOUND, REFUSED = 0, 1, 2


def told(lines: Iterable[str], end: str = "\n") -> int:
    """Print the lines as they are made; DONE, or REFUSED when the book, the database or a file stands against it."""
    signal(SIGPIPE, SIG_DFL)  # whoever reads us has seen enough: end in silence, like any tool
    try:
        sys.stdout.writelines(f"{line}{end}" for line in lines)
    except KernelError as trouble:
        sys.stderr.write(f"{str(trouble).rstrip('.')}.\n")
        return REFUSED
    except InsufficientPrivilege:
        sys.stderr.write("Ce rôle de la base n'en a pas le droit. Se connecter avec le rôle ledger_app (ACHATS_LEDGER_DATABASE_URL).\n")
        return REFUSED
    except OSError as trouble:
        sys.stderr.write(
            f"Le fichier {trouble.filename} ne peut être ni lu ni écrit : {trouble.strerror}. Vérifier son chemin et ses droits.\n"
        )
        return REFUSED
    return DONE
