"""`achats-fetcher read FILE…`: anyone can try a PDF."""

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from services.fetcher.adapters.pdf_reader import PdfReader, embedded_invoice


def try_files(files: Sequence[str]) -> int:
    """Print the evidence of each file as a line of JSON; to stderr what an embedded invoice breaks of its profile, and what is no file.

    The exit code: 1 when a file could not be opened.
    """
    opened = [_try(Path(file)) for file in files]
    return 0 if all(opened) else 1


def _try(file: Path) -> bool:
    try:
        data = file.read_bytes()
    except OSError as trouble:
        sys.stderr.write(f"{file}: {trouble.strerror}. Name a PDF that this user may read.\n")
        return False
    sys.stdout.write(f"{PdfReader().read(data).model_dump_json()}\n")
    sys.stdout.flush()
    sys.stderr.writelines(f"{file}: {broken}\n" for broken in _broken_rules(data))
    return True


def _broken_rules(data: bytes) -> Iterator[str]:
    xml = embedded_invoice(data)
    if xml is None:
        return
    if find_spec("saxonche") is None:
        yield "the rules of its profile were not asked; install the extra `rules` of achats to ask them"
        return
    from services.fetcher.adapters.profile_rules import broken_rules  # here: it loads a processor of 100 MB

    yield from (f"breaks {rule}" for rule in broken_rules(xml))
