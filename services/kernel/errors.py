"""What can go wrong, sorted by what to do: park the record, or wait and try again. Anything else is a bug and ends the process."""


class KernelError(Exception):
    """An error whose message is its docstring, with the particulars behind it."""

    def __str__(self) -> str:
        """The docstring's first line, then what was given."""
        sentence = (self.__doc__ or type(self).__name__).splitlines()[0].rstrip(".")
        return ": ".join([sentence, *(str(part) for part in self.args)])


class Poison(KernelError):
    """The record cannot be handled, now or later: park it."""

    reason = "refused"


class HeaderMissing(Poison):
    """A CloudEvents header is missing or unreadable."""

    reason = "header_missing"


class Unreadable(Poison):
    """The value is missing or is not JSON text."""

    reason = "unreadable"


class UnknownVersion(Poison):
    """The event is of a major version this service does not know."""

    reason = "unknown_version"


class ContractBroken(Poison):
    """The value breaks its event's contract."""

    reason = "contract_broken"


class KeyMismatch(Poison):
    """The record key, the headers and the value name different companies."""

    reason = "key_mismatch"


class SealBroken(Poison):
    """A sealed value cannot be opened: unknown key, or bytes changed."""

    reason = "seal_broken"


class Unavailable(KernelError):
    """An outside part does not answer: wait and try again, within a bound."""
