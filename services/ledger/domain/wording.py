"""Numbers with their words, as French wants them: zero and one take the singular."""


def counted(number: int, one: str, several: str | None = None) -> str:
    """`1 écriture`, `2 écritures`; `several` where it is not one word and an s."""
    return f"{number} {one if number < 2 else several or f'{one}s'}"
