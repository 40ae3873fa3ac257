"""What sending a letter came to, and when to try again."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 40  # about nine days


class Verdict(StrEnum):
    """The four ways a sending can end."""

    ACCEPTED = "accepted"  # the server answered 250: it is responsible now
    REFUSED = "refused"  # never for this recipient: suppressed, and shown
    DEFERRED = "deferred"  # not now: tried again
    UNCLEAR = "unclear"  # perhaps accepted: tried again under the same Message-ID, and recorded


class Stage(StrEnum):
    """How far the conversation with the mail server had come."""

    CONNECTION = "connection"
    SENDER = "sender"
    RECIPIENT = "recipient"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict with its reason (a code) and what the server said (no address in it)."""

    verdict: Verdict
    reason: str
    detail: str = ""


ACCEPTED = Outcome(Verdict.ACCEPTED, "accepted")


def of_reply(stage: Stage, code: int, text: str) -> Outcome:
    """Sort a refusing reply (RFC 5321 section 4.2.1): 5xx about the recipient or the message is for ever, the rest is for now.

    A 5xx about the connection or the sender speaks of our set-up, not of the recipient: nobody loses a letter to it.
    """
    permanent = code >= 500 and stage in (Stage.RECIPIENT, Stage.MESSAGE)
    return Outcome(Verdict.REFUSED if permanent else Verdict.DEFERRED, f"{stage}_refused", f"{code} {text}")


def of_silence(stage: Stage) -> Outcome:
    """Sort a lost connection or a time-out: once the message was on its way, the server may have taken it."""
    if stage is Stage.MESSAGE:
        return Outcome(Verdict.UNCLEAR, "no_answer_after_data")
    return Outcome(Verdict.DEFERRED, "no_answer")


def given_up(last: Outcome) -> Outcome:
    """The end of the attempts: as good as refused."""
    return Outcome(Verdict.REFUSED, "given_up", f"{last.reason} {last.detail}".strip())


def wait_after(attempts: int, jitter_percent: int) -> timedelta | None:
    """How long to wait after that many attempts, a jitter of 0 to 100 taking off up to half; None = enough."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return min(FIRST_WAIT * 2 ** (attempts - 1), LONGEST_WAIT) * (200 - jitter_percent) // 200
