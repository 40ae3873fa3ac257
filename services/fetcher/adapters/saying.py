"""One transaction of a run: the invoice's rows, its number in the run, and the event, together or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from psycopg import Connection as Session

from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_collected.v1 import InvoiceCollected
from services.fetcher.adapters.announcing import outgoing
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.histories import Histories
from services.fetcher.adapters.queries import Queries, Row
from services.fetcher.domain.amazon.collecting import Transaction as AmazonTransaction
from services.fetcher.domain.auditing import Emission, counted_by_day
from services.fetcher.domain.company import Company
from services.fetcher.domain.emitting import Named
from services.fetcher.domain.matching import Numbered
from services.fetcher.domain.records import Invoice, Kind, LineKey, Run, StatedNumber, Statements
from services.fetcher.domain.routing import UNNAMED, entity_named, routed
from services.fetcher.domain.settling import Settlement
from services.fetcher.domain.waiting import Wait, Waiting
from services.fetcher.domain.wanting import Wanted
from services.fetcher.domain.wanting import settled as without_lack
from services.kernel.envelope import RunPosition
from services.kernel.postgres import Transaction

QUERIES = Queries("collecting")


class PostgresBook:
    """What is written and said in a run, inside one transaction that holds the run's row."""

    def __init__(self, transaction: Transaction, run_id: str) -> None:
        """Locks the run, so that numbers in it are given one after the other."""
        row = QUERIES.row(transaction.connection, "locked_run", run_id=run_id)
        if row is None:
            raise LookupError(run_id)
        self.run = Run(**row)
        self._transaction, self._session = transaction, transaction.connection

    def company(self, company_id: str) -> Company:
        """The run's company as it is now; to a migration of history, its period is part of the import."""
        company = Companies(self._transaction).company(company_id)
        migration = Histories(self._transaction).of_run(self.run.run_id)
        return company.importing_since(migration.since) if migration else company

    def statements(self, several: Sequence[Numbered]) -> list[Statements]:
        """What the API says of each number: of the orders the PDF came for, or, when they do not have it, of any order."""
        came_for, numbers = self._came_for(several), self._numbers(several)
        known = [came_for[found.paper.document.sha256] for found in several]
        stated = [numbers[found.number, found.kind] for found in several]
        orders = [_orders(own, told) for own, told in zip(known, stated, strict=True)]
        transactions = self._transactions({order for some in orders for order in some})
        connection = Companies(self._transaction).connection(self.run.connection_id)
        assert connection is not None, "a run has a connection"
        return [
            Statements(connection.marketplace_id, some, _own(own, told), _of(some, transactions), len({*own, *_all(told)}) > 1)
            for some, own, told in zip(orders, known, stated, strict=True)
        ]

    def invoices(self, several: Sequence[Named]) -> list[Invoice]:
        """The invoice that Amazon's own keys name, else the one of the minted id, kept under all of Amazon's keys; no number twice."""
        about = {"connection_id": self.run.connection_id}
        QUERIES.run_each(self._session, "number_document", [{**about, "number": one.number, "sha256": one.sha256} for one in several])
        named = self._named(several)
        ids = [named.get((one.number, one.kind), one.minted) for one in several]
        kept = sorted(zip(ids, several, strict=True), key=lambda pair: pair[0])  # in one order, so that nobody waits in a ring
        columns = [{**about, "invoice_id": name, "number": one.number, "kind": one.kind} for name, one in kept]
        QUERIES.run_each(self._session, "put_invoice", [{**row, "company_id": self.run.company_id} for row in columns])
        keys = [{**row, "order_id": order} for row, (_, one) in zip(columns, kept, strict=True) for order in one.orders]
        QUERIES.run_each(self._session, "put_invoice_key", keys)
        rows = QUERIES.rows(self._session, "invoices", ids=ids, documents=[one.sha256 for one in several])
        found = {row["invoice_id"]: _invoice(row) for row in rows}
        return [found[name] for name in ids]

    def routed(self, statements: Statements) -> Waiting | None:
        """Why the document is not this company's for now, by its legal entities; those of one that is are settled with it."""
        names = {entity_named(transaction.legal_entity_name) for transaction in statements.transactions}
        waiting = routed(names, self._entities)
        undecided = {name for name in names - {UNNAMED} if self._entities.get(name) is None}
        for name in sorted(undecided) if waiting is None else ():
            QUERIES.run(self._session, "settle_entity", connection_id=self.run.connection_id, name=name)
            self._entities[name] = True
        return waiting

    def say_collected(self, several: Sequence[tuple[Invoice, InvoiceCollected]], now: datetime, causation_id: str | None = None) -> None:
        """Each invoice's next revision, as the next events of the run."""
        if not several:
            return
        last: int = QUERIES.value(self._session, "next_runseq", run_id=self.run.run_id, count=len(several))
        said = [(last - len(several) + place, *one) for place, one in enumerate(several, 1)]
        by_id = sorted(said, key=lambda one: one[1].invoice_id)
        QUERIES.run_each(self._session, "say_invoice", [_said(invoice, collected) for _, invoice, collected in by_id])
        QUERIES.run_each(self._session, "put_facts", [_facts(invoice, collected) for _, invoice, collected in by_id])
        QUERIES.run_each(self._session, "put_emission", [self._emission(runseq, invoice, now) for runseq, invoice, _ in said])
        for runseq, invoice, collected in said:
            self._transaction.send(outgoing(collected, invoice.said, now, RunPosition(self.run.run_id, runseq), causation_id))

    def looked_at(self, news: Mapping[str, int]) -> None:
        """Orders were looked at, each with so much of what came in: without more, those of which nothing waits need no other look."""
        looked = [{"connection_id": self.run.connection_id, "order_id": order, "news": count} for order, count in news.items()]
        QUERIES.run_each(self._session, "look_at", looked)

    def settle(self, settled: Sequence[Settlement], now: datetime) -> None:
        """What of orders waits from now on; what is complete is wanted no more, and what only its number tells by that number."""
        about = {"connection_id": self.run.connection_id}
        QUERIES.run(self._session, "end_waits", **about, orders=[one.order_id for one in settled])
        waits = [{**about, "order_id": one.order_id, **_wait(place, wait)} for one in settled for place, wait in enumerate(one.waits)]
        QUERIES.run_each(self._session, "put_wait", waits)
        if apart := [wanted for one in settled for wanted in one.apart]:
            common = {**about, "of_history": self.run.of_history, "now": now}
            QUERIES.run_each(self._session, "want_number", [{**common, **_apart(wanted)} for wanted in apart])
        complete = [(wanted, without_lack(wanted)) for one in settled for wanted in one.complete]
        keep_wanted(self._session, self.run.connection_id, complete, now, news=0)

    def finish_run(self, finished: CollectionFinished, now: datetime) -> None:
        """The run is over, and its marker says so."""
        QUERIES.run(self._session, "finish_run", run_id=self.run.run_id, now=now)
        self._transaction.send(outgoing(finished, 1, now, RunPosition(self.run.run_id, None)))

    def count_emissions(self, now: datetime) -> None:
        """Say what was said of the company on the days of the run, in all its runs."""
        about = {"run_id": self.run.run_id, "company_id": self.run.company_id}
        said = [Emission(**row) for row in QUERIES.rows(self._session, "emissions_of_days", **about)]
        for counted in counted_by_day(self.run.company_id, said):
            self._transaction.send(outgoing(counted, counted.count, now))

    @cached_property
    def _entities(self) -> dict[str, bool | None]:
        """The account's legal entities, and whether they are the company's own."""
        rows = QUERIES.rows(self._session, "entities", connection_id=self.run.connection_id)
        return {row["name"]: row["ours"] for row in rows}

    def _came_for(self, several: Sequence[Numbered]) -> dict[str, list[str]]:
        """The orders each PDF came for, by its hash."""
        orders: dict[str, list[str]] = {found.paper.document.sha256: [] for found in several}
        for row in QUERIES.rows(self._session, "orders_of_documents", connection_id=self.run.connection_id, documents=list(orders)):
            orders[row["sha256"]].append(row["order_id"])
        return orders

    def _numbers(self, several: Sequence[Numbered]) -> dict[tuple[str, Kind], list[StatedNumber]]:
        """What is stated of each number, by the number and its kind."""
        stated: dict[tuple[str, Kind], list[StatedNumber]] = {(found.number, found.kind): [] for found in several}
        asked = {"numbers": [number for number, _ in stated], "kinds": [kind for _, kind in stated]}
        for row in QUERIES.rows(self._session, "statements_of_numbers", connection_id=self.run.connection_id, **asked):
            stated[row["number"], Kind(row["kind"])].append(stated_number(row))
        return stated

    def _transactions(self, orders: Iterable[str]) -> dict[str, dict[str, AmazonTransaction]]:
        """The transactions of each order, by their ids."""
        found: dict[str, dict[str, AmazonTransaction]] = {order: {} for order in sorted(orders)}
        about = {"connection_id": self.run.connection_id, "orders": list(found)}
        for row in QUERIES.rows(self._session, "transactions_of_orders", **about):
            found[row["order_id"]][row["transaction_id"]] = AmazonTransaction.model_validate(row["raw"])
        return found

    def _named(self, several: Sequence[Named]) -> dict[tuple[str, Kind], str]:
        """The ids that Amazon's keys name, by number and kind."""
        keys = [(order, one.number, one.kind) for one in several for order in one.orders]
        orders, numbers, kinds = ([key[place] for key in keys] for place in range(3))
        about = {"connection_id": self.run.connection_id, "orders": orders, "numbers": numbers, "kinds": kinds}
        return {(row["number"], Kind(row["kind"])): row["invoice_id"] for row in QUERIES.rows(self._session, "invoices_named", **about)}

    def _emission(self, runseq: int, invoice: Invoice, now: datetime) -> dict[str, object]:
        said = {"invoice_id": invoice.invoice_id, "revision": invoice.revision}
        return {"run_id": self.run.run_id, "runseq": runseq, **said, "now": now}


def keep_wanted(session: Session, connection_id: str, moved: Sequence[tuple[Wanted, Wanted]], now: datetime, news: int = 1) -> None:
    """How far ladders are, each before and after, unless somebody moved one since it was looked at; `news` = 0 when nothing came in."""
    about = {"connection_id": connection_id, "now": now, "news": news}
    QUERIES.run_each(session, "put_wanted", [{**_moved(*one), **about} for one in moved])


def _moved(before: Wanted, after: Wanted) -> dict[str, object]:
    key = {"order_id": after.order_id, "number": after.number, "seen_at": before.next_attempt_at}
    return {**key, "failures": after.failures, "trouble": after.trouble, "next_attempt_at": after.next_attempt_at}


def _all(stated: Sequence[StatedNumber]) -> set[str]:
    return {one.key.order_id for one in stated}


def _own(came_for: Sequence[str], stated: Sequence[StatedNumber]) -> tuple[StatedNumber, ...]:
    """What is stated on the orders the PDF came for; when nothing is, on any."""
    return tuple(one for one in stated if one.key.order_id in came_for) or tuple(stated)


def _orders(came_for: Sequence[str], stated: Sequence[StatedNumber]) -> tuple[str, ...]:
    """The orders that bear the number, else those the PDF came for."""
    return tuple(sorted(_all(_own(came_for, stated)))) or tuple(came_for)


def _of(orders: Sequence[str], transactions: dict[str, dict[str, AmazonTransaction]]) -> tuple[AmazonTransaction, ...]:
    """The transactions of these orders, each once, by id."""
    found = {name: transaction for order in orders for name, transaction in transactions[order].items()}
    return tuple(found[name] for name in sorted(found))


def _invoice(row: Row) -> Invoice:
    decided = row.pop("decided")
    return Invoice(**row, decided=InvoiceCollected.model_validate_json(decided, extra="ignore") if decided else None)


def _said(invoice: Invoice, collected: InvoiceCollected) -> dict[str, object]:
    said = {"invoice_id": invoice.invoice_id, "revision": invoice.revision, "said": invoice.said}
    return {**said, "collected": collected.model_dump_json()}


def _facts(invoice: Invoice, collected: InvoiceCollected) -> dict[str, object]:
    return {"invoice_id": invoice.invoice_id, "sha256": collected.document.sha256, "facts_hash": invoice.facts_hash}


def _wait(place: int, wait: Wait) -> dict[str, object]:
    said = {"number": wait.number, "reason": wait.reason, "since": wait.since, "next_attempt_at": wait.next_attempt_at}
    return {"place": place, **said}


def _apart(wanted: Wanted) -> dict[str, object]:
    return {"number": wanted.number, "kind": wanted.kind, "moved_at": wanted.moved_at}


def wanted_of(row: Row) -> Wanted:
    """What is wanted, from its columns."""
    trouble = Waiting(row["trouble"]) if row["trouble"] else None
    return Wanted(row["order_id"], row["number"], row["moved_at"], row["failures"], trouble, row["next_attempt_at"], Kind(row["kind"]))


def stated_number(row: Row) -> StatedNumber:
    """A number from its columns."""
    key, kind = LineKey(row["order_id"], row["order_line_item_id"], row["shipment_id"]), Kind(row["kind"])
    told = {"shared": row.get("shared", False), "consolidated": row.get("consolidated", False)}
    return StatedNumber(key, row["number"], kind, row["issue_date"], row["origin"], **told)
