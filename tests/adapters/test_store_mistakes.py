"""Mistakes planted in the shipped SQL of inbox and outbox, and in their twins: the suite notices each of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiosql
import psycopg
import pytest

from services.kernel import postgres
from tests.adapters import test_store as suite
from tests.adapters.schemas import MemorySchema, Schema, postgres_schema
from tests.simulation.memory import store_mistakes as mistakes
from tests.simulation.memory.store import MemoryStore

type Check = Callable[[Schema], None]

SHIPPED = Path(postgres.__file__).with_name("outbox.sql").read_text(encoding="utf-8")
READ = "select seq, topic, key, value, header_names, header_values"
SEQUENCE = "create sequence sample.places increment 1000"

IN_SQL: dict[str, tuple[str, str, Check]] = {
    "every claim is new": (
        "on conflict do nothing",
        "on conflict (event_id) do update set claimed_at = default",
        suite.test_an_event_is_claimed_once,
    ),
    "places come from a sequence": (
        "update outbox_head set seq = seq + :count where stripe = :stripe returning seq",
        "select nextval('places') + :count where :stripe is not null",
        suite.test_a_place_is_held_until_the_commit,
    ),
    "what waits has no order": ("order by seq\n", "", suite.test_used_room_changes_no_order),
    "forgotten with what came in the meantime": (
        "seq <= :through",
        ":through > 0",
        suite.test_what_is_committed_while_others_are_sent_stays,
    ),
    "forgotten one too far": (
        "seq <= :through",
        "seq <= :through + 1",
        lambda schema: suite.test_what_is_not_acknowledged_stays(schema, 1),
    ),
    "forgotten when it is read": (
        f"{READ}\nfrom outbox\nwhere stripe = :stripe\n",
        f"with gone as (delete from outbox where stripe = :stripe returning *)\n\n{READ}\nfrom gone\n",
        lambda schema: suite.test_what_is_not_acknowledged_stays(schema, 0),
    ),
    "every relay gets every stripe": (
        "pg_try_advisory_xact_lock(hashtext(current_schema() || '.outbox'), :stripe)",
        ":stripe is not null",
        suite.test_two_relays_do_not_send_one_stripe_at_once,
    ),
    "a stripe stays with its first relay": (
        "pg_try_advisory_xact_lock",
        "pg_try_advisory_lock",
        suite.test_a_sender_that_fails_keeps_everything,
    ),
}

IN_TWINS: dict[str, tuple[Callable[[], MemorySchema], Check]] = {
    "every claim is new": (lambda: MemorySchema(mistakes.ClaimsEverything()), suite.test_an_event_is_claimed_once),
    "a claim outlives its transaction": (lambda: MemorySchema(mistakes.ClaimsForGood()), suite.test_a_claim_goes_with_its_transaction),
    "places are taken at sending": (lambda: MemorySchema(mistakes.PlacesAtSending()), suite.test_the_order_is_that_of_the_commits),
    "published after the commit": (
        lambda: MemorySchema(mistakes.PublishesAfterCommit(suite.Broker())),
        suite.test_what_is_sent_shows_when_it_is_committed,
    ),
    "the newest first": (lambda: MemorySchema(MemoryStore(), mistakes.NewestFirst), suite.test_messages_of_a_key_keep_their_order),
    "forgotten before the acknowledgement": (
        lambda: MemorySchema(MemoryStore(), mistakes.ForgetsBeforeTheAcknowledgement),
        lambda schema: suite.test_what_is_not_acknowledged_stays(schema, 0),
    ),
    "every relay gets every stripe": (
        lambda: MemorySchema(MemoryStore(), mistakes.RelaysWithoutLock),
        suite.test_two_relays_do_not_send_one_stripe_at_once,
    ),
}


@pytest.mark.parametrize("mistake", IN_SQL)
def test_a_mistake_in_sql_is_noticed(mistake: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Goal: the suite proves something. Case: one change of the shipped SQL on a real PostgreSQL; the check passes without it."""
    right, wrong, check = IN_SQL[mistake]
    assert 1 == SHIPPED.count(right)
    with postgres_schema(database_url, "sample", tmp_path) as schema:
        with psycopg.connect(database_url, autocommit=True) as administrator:
            administrator.execute(SEQUENCE)
        queries: Any = aiosql.from_str(SHIPPED.replace(right, wrong), "psycopg")
        monkeypatch.setattr(postgres, "QUERIES", queries)
        with pytest.raises(AssertionError):
            check(schema)


@pytest.mark.parametrize("mistake", IN_TWINS)
def test_the_same_mistake_in_a_twin_is_noticed(mistake: str):
    """Goal: what the seeds are given is wrong. Case: the twin with the mistake; the check passes without it."""
    wrong, check = IN_TWINS[mistake]
    with pytest.raises(AssertionError):
        check(wrong())
