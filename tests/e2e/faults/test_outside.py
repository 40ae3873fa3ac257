"""Parts that are not ours: Amazon answers badly, the mail server refuses, is slow, or hangs up after the message."""

import pytest

from tests.e2e.faults import book
from tests.e2e.faults.ground import LETTERS, Ground
from tests.integration.notifier.mail_server import DROP, HELD

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

OPERATIONS = ("getTransactions", "getInvoiceDetailsByOrderLineItems", "createReport", "getReport", "getReportDocument")


def test_amazon_answers_badly(shared: Ground, undisturbed: str):
    """
    Goal: what Amazon cannot say now it says later. Case, the next calls of every operation: 429 three times, 500 and 503, two answers cut;
    downloads 500, 503 and cut; the token endpoint 429, 500 and cut; one createReport that is heard and never answered.
    """
    one = shared.connected("amazon")
    kinds = [(500, 1), (503, 1), ("truncated", 2)]
    shared.spoil(*((operation, 429, 3) for operation in OPERATIONS), ("token", 429, 1), ("createReport", "silent", 1))
    shared.spoil(*((operation, status, times) for operation in (*OPERATIONS, "download", "token") for status, times in kinds))
    shared.check(one, undisturbed=undisturbed)


def test_the_mail_server_refuses_hangs_up_and_is_slow(shared: Ground, undisturbed: str):
    """
    Goal: one letter, whatever the server does. Case, attempt by attempt:
      450 to the recipient · hangs up after the message, which it keeps · answers late: 250
    Kept by the server: two messages under one Message-ID, the first recorded as unclear.
    """
    with shared.other_mail_server() as server:
        server.on_recipient, server.on_message = ["450 4.2.1 later"], [DROP, HELD]
        one = shared.connected("mail_trouble")
        one.until(lambda: len(server.received) == 2, "the letter's third attempt")
        server.release()
        one.until(lambda: one.told, "the person told")
        [message_id] = set(server.message_ids)
        assert [("sent", message_id, 1)] == book.rows(shared.deployment, LETTERS, one.company_id)
    shared.check(one, undisturbed=undisturbed)


def test_a_refused_recipient_is_written_to_when_described_anew(shared: Ground, undisturbed: str):
    """Goal: a 550 is for ever, for this address as described. Case: suppressed; the operator enters the company again: one letter."""
    with shared.other_mail_server() as server:
        server.on_recipient = ["550 5.1.1 unknown"]
        one = shared.connected("mail_refused")
        state = "select state from notifier.notification where company_id = %(company)s"
        one.until(lambda: book.rows(shared.deployment, state, one.company_id) == [("suppressed",)], "the letter suppressed")
        assert [] == server.received
        shared.enter_again()
        one.until(lambda: one.told, "the person told")
        assert 1 == len(server.received)
    shared.check(one, undisturbed=undisturbed)
