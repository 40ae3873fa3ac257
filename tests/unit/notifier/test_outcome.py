"""How the end of an SMTP conversation is sorted, and when it is tried again."""

from datetime import timedelta

import pytest

from services.notifier.domain.outcome import Outcome, Stage, Verdict, given_up, of_reply, of_silence, wait_after


@pytest.mark.parametrize(
    ("stage", "code", "verdict", "reason"),
    [
        (Stage.RECIPIENT, 550, Verdict.REFUSED, "recipient_refused"),
        (Stage.RECIPIENT, 553, Verdict.REFUSED, "recipient_refused"),
        (Stage.RECIPIENT, 450, Verdict.DEFERRED, "recipient_refused"),
        (Stage.RECIPIENT, 452, Verdict.DEFERRED, "recipient_refused"),
        (Stage.MESSAGE, 554, Verdict.REFUSED, "message_refused"),
        (Stage.MESSAGE, 451, Verdict.DEFERRED, "message_refused"),
        (Stage.SENDER, 550, Verdict.DEFERRED, "sender_refused"),
        (Stage.CONNECTION, 554, Verdict.DEFERRED, "connection_refused"),
        (Stage.CONNECTION, 421, Verdict.DEFERRED, "connection_refused"),
    ],
)
def test_a_refusing_reply(stage: Stage, code: int, verdict: Verdict, reason: str):
    """Only a 5xx about the recipient or the message is for ever; a 5xx about us costs nobody a letter."""
    assert Outcome(verdict, reason, f"{code} no") == of_reply(stage, code, "no")


@pytest.mark.parametrize("stage", [Stage.CONNECTION, Stage.SENDER, Stage.RECIPIENT])
def test_silence_before_the_message_is_for_now(stage: Stage):
    assert Outcome(Verdict.DEFERRED, "no_answer") == of_silence(stage)


def test_silence_once_the_message_was_on_its_way_is_unclear():
    assert Outcome(Verdict.UNCLEAR, "no_answer_after_data") == of_silence(Stage.MESSAGE)


@pytest.mark.parametrize(
    ("attempts", "jitter_percent", "wait"),
    [
        (1, 0, timedelta(seconds=30)),
        (1, 100, timedelta(seconds=15)),
        (2, 0, timedelta(minutes=1)),
        (5, 50, timedelta(minutes=6)),
        (11, 0, timedelta(hours=6)),
        (39, 0, timedelta(hours=6)),
        (40, 0, None),
    ],
)
def test_waits_double_up_to_six_hours_and_end_after_forty_attempts(attempts: int, jitter_percent: int, wait: timedelta | None):
    assert wait == wait_after(attempts, jitter_percent)


def test_giving_up_keeps_the_last_reason():
    assert Outcome(Verdict.REFUSED, "given_up", "recipient_refused 452 full") == given_up(
        Outcome(Verdict.DEFERRED, "recipient_refused", "452 full")
    )
