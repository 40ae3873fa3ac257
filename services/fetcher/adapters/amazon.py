"""Amazon over HTTPS: Login with Amazon, Reconciliation API 2021-01-08, Document API 2021-09-30. Tokens are in no log and no repr."""

import platform
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Protocol
from urllib.parse import urlencode

import httpx

from services.fetcher import Logged
from services.fetcher.adapters.amazon_refusals import AmazonRefused, CodeRefused, Forgotten, accepted, readable, token_refusal
from services.fetcher.adapters.downloading import received
from services.fetcher.config import Application
from services.fetcher.domain.amazon.answer import Refusal
from services.fetcher.domain.amazon.collecting import (
    CreateReportAnswer,
    InvoiceDetailsAnswer,
    InvoiceDetailsOfLine,
    Report,
    ReportDocument,
    ReportsPage,
    Tokens,
    TransactionsPage,
)
from services.fetcher.domain.pace import PUBLISHED, Bucket, Operation, PartOfBucket
from services.fetcher.domain.records import Kind, LineKey
from services.fetcher.stages.ports import ConsentWithdrawn, NotDelivered, PageRefused
from services.kernel.clock import Clock
from services.kernel.errors import Unavailable
from services.kernel.log import log
from services.kernel.probes import ALERTS

RECONCILIATION = "/reconciliation/2021-01-08"
DOCUMENT = "/reports/2021-09-30"
REPORT_TYPE = "GET_AB_INVOICE_PDF"
DOCUMENT_TYPES = {Kind.INVOICE: "Invoice", Kind.CREDIT_NOTE: "CreditMemo"}
"""Amazon's word for a credit note in the EU is not published; this is what a client in production sends."""

ENDED = "DONE,CANCELLED,FATAL"
USER_AGENT = f"Achats/0.1 (Language=Python/{platform.python_version()}; Platform={platform.system()})"
REFRESH_BEFORE = timedelta(minutes=5)
PAUSES_SECONDS = (1, 2, 4, 8, 16, 32)
"""After 5xx and time-outs, with full jitter; then the job is given up for now (§12.6)."""

THROTTLED_MAX = 20
PAYLOAD_MAX_BYTES = 256 * 1024 * 1024


class GivenConsent(Protocol):
    """What a company agreed to, as long as it stands. Its token is never kept here; `fingerprint` tells one token from another."""

    @property
    def fingerprint(self) -> str: ...

    def refresh_token(self) -> str:
        """The token. Raises NotCollecting when the consent does not stand any more."""
        ...

    def renew(self, token: str) -> None:
        """Amazon gave another token for it."""
        ...


class Amazon:
    """Our application at Amazon; opens the accounts of connections and remembers how fast each was asked."""

    def __init__(self, application: Application, clock: Clock, client: httpx.Client | None = None) -> None:
        """`client` is given by tests; it must not follow redirects."""
        self.application, self.clock = application, clock
        self.client = client or httpx.Client(timeout=httpx.Timeout(30.0, connect=10.0))
        self._accounts: dict[str, AmazonAccount] = {}
        self._secrets = application.client_secrets

    def consent_page(self, state: str) -> str:
        """Where the person is sent to consent. Without `version=beta`, which is for drafts of the seller API."""
        asked = {"state": state, "redirect_uri": self.application.redirect_uri, "applicationId": self.application.application_id}
        return f"{self.application.consent_url}/b2b/abws/oauth?{urlencode(asked)}"

    def exchange_code(self, code: str) -> str:
        """The refresh token for an authorisation code. Raises CodeRefused, Unavailable."""
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.application.redirect_uri}
        tokens = self.tokens(grant, CodeRefused())
        if not tokens.refresh_token:
            raise AmazonRefused("token", 200, Refusal(message="no refresh token for the code"))
        return tokens.refresh_token

    def account(self, connection_id: str, marketplace_id: str, consent: GivenConsent) -> "AmazonAccount":
        """The account behind a connection; the same object, with its allowances and its access token, while the token is the same."""
        known = self._accounts.get(connection_id)
        if known is None or not known.opened_with(consent):
            known = self._accounts[connection_id] = AmazonAccount(self, marketplace_id, consent)
        return known

    def forget(self, connection_id: str) -> None:
        """The connection is closed: its access token goes too."""
        self._accounts.pop(connection_id, None)

    def tokens(self, grant: Mapping[str, str], refusal: Exception) -> Tokens:
        """Ask the token endpoint; raises `refusal` on `invalid_grant`, AmazonRefused on other errors, Unavailable."""
        answer = self._with_a_good_secret(grant)
        if answer.status_code == 200:
            return readable(Tokens, "token", answer)
        if answer.status_code == 429:
            raise Unavailable("Amazon", "token", "too many requests")
        refused = token_refusal(answer)
        if refused.code == "invalid_grant":
            raise refusal
        raise AmazonRefused("token", answer.status_code, refused)

    def _with_a_good_secret(self, grant: Mapping[str, str]) -> httpx.Response:
        """The answer under the secret that was good last; one that Amazon refuses makes way for the other, and the operator is told."""
        first, *others = self._secrets
        answer = self._granted(grant, first)
        for secret in others:
            if not _secret_refused(answer):
                break
            answer = self._granted(grant, secret)
            self._secrets = (secret, *(other for other in self._secrets if other != secret))
        return answer

    def _granted(self, grant: Mapping[str, str], secret: str) -> httpx.Response:
        credentials = {"client_id": self.application.client_id, "client_secret": secret}
        answer = self.sent(self.client.build_request("POST", self.application.token_url, data={**grant, **credentials}), "token")
        if _secret_refused(answer):
            log.error(Logged.SECRET_REFUSED, which=self.application.client_secrets.index(secret) + 1)
            ALERTS.labels("client_secret_refused").inc()
        return answer

    def sent(self, request: httpx.Request, operation: str) -> httpx.Response:
        """The answer; 5xx and silence are tried again a few times. Raises Unavailable."""
        return self._answered(partial(self.client.send, request), operation)

    def downloaded(self, url: str) -> httpx.Response:
        """The answer to a plain GET without our headers. Raises Unavailable, NotDelivered, TooLarge."""
        request = self.client.build_request("GET", url, headers={"accept-encoding": "identity"})
        return self._answered(partial(received, self.client, request, PAYLOAD_MAX_BYTES), "download")

    def _answered(self, ask: Callable[[], httpx.Response], operation: str) -> httpx.Response:
        trouble = ""
        for pause in (*PAUSES_SECONDS, None):
            try:
                answer = ask()
            except httpx.TransportError as silence:
                trouble = type(silence).__name__
            else:
                if answer.status_code < 500:
                    return answer
                trouble = str(answer.status_code)
            if pause is not None:
                self.clock.sleep(pause * random.random())
        raise Unavailable("Amazon", operation, trouble)


class AmazonAccount:
    """What one connection may ask. Every call keeps to the connection's allowance of that operation."""

    def __init__(self, amazon: Amazon, marketplace_id: str, consent: GivenConsent) -> None:
        """Asks for an access token when the first call needs one."""
        self._amazon, self._clock = amazon, amazon.clock
        self._marketplace_id, self._consent = marketplace_id, consent
        self._access_token, self._good_until = "", datetime.min.replace(tzinfo=UTC)
        self._buckets: dict[Operation, Bucket] = {name: Bucket(allowance, self._clock.now()) for name, allowance in PUBLISHED.items()}
        self._unhurried: AmazonAccount | None = None
        self._refreshing = threading.Lock()

    def unhurried(self) -> "AmazonAccount":
        """The same account for a migration of history, which takes part of each allowance; one and the same as long as this one."""
        if self._unhurried is None:
            self._unhurried, now = copy(self), self._clock.now()
            self._unhurried._buckets = {name: PartOfBucket(self._buckets[name], allowance, now) for name, allowance in PUBLISHED.items()}
        return self._unhurried

    def opened_with(self, consent: GivenConsent) -> bool:
        """Whether this is the consent in use."""
        return self._consent.fingerprint == consent.fingerprint

    def wait_seconds(self, operation: Operation, several: int = 1) -> float:
        """How long until this operation may be called without waiting, once or several times."""
        return self._buckets[operation].wait_seconds(self._clock.now(), several)

    def allowed(self, operation: Operation) -> int:
        """How many calls of this operation may go now, one after the other."""
        return self._buckets[operation].allowed(self._clock.now())

    def transactions(self, since: date, until: datetime, page_token: str | None) -> TransactionsPage:
        """One page of `getTransactions`. Raises PageRefused when the token of a page is refused."""
        start = datetime.combine(since, time(), UTC)
        window = {"feedStartDate": _instant(start), "feedEndDate": _instant(until)}
        query = {"nextPageToken": page_token} if page_token else window
        try:
            answer = self._call(Operation.GET_TRANSACTIONS, "GET", f"{RECONCILIATION}/transactions", query=query)
        except AmazonRefused as refused:
            if page_token:
                raise PageRefused from refused
            raise
        return readable(TransactionsPage, Operation.GET_TRANSACTIONS, answer)

    def invoice_details(self, lines: Sequence[LineKey]) -> Sequence[InvoiceDetailsOfLine]:
        """`getInvoiceDetailsByOrderLineItems` for at most 25 lines; the answers come in any order."""
        asked = [{"orderId": line.order_id, "orderLineItemId": line.order_line_item_id, "shipmentId": line.shipment_id} for line in lines]
        body = {"orderLineItems": asked}
        answer = self._call(Operation.GET_INVOICE_DETAILS, "POST", f"{RECONCILIATION}/invoices", body=body)
        return readable(InvoiceDetailsAnswer, Operation.GET_INVOICE_DETAILS, answer).invoice_details_by_order_line_items or []

    def create_report(self, order_id: str, number: str, kind: Kind = Kind.INVOICE) -> str:
        """Ask for all documents of an order, or for that of a number; the id of the report.

        In the EU the order id alone suffices. An answer that is lost is asked for again: a report does not say what it is of.
        """
        options = {"invoiceId": number, "documentType": DOCUMENT_TYPES[kind]} if number else {"orderId": order_id}
        body = {"reportType": REPORT_TYPE, "marketplaceIds": [self._marketplace_id], "reportOptions": options}
        answer = self._call(Operation.CREATE_REPORT, "POST", f"{DOCUMENT}/reports", body=body)
        return readable(CreateReportAnswer, Operation.CREATE_REPORT, answer).report_id

    def ended_reports(self, since: datetime, page_token: str | None) -> ReportsPage:
        """`getReports`: a page of those asked for since that moment which have ended; a page's token goes alone."""
        asked = {"reportTypes": REPORT_TYPE, "processingStatuses": ENDED, "pageSize": "100", "createdSince": _instant(since)}
        query = {"nextToken": page_token} if page_token else asked
        answer = self._call(Operation.GET_REPORTS, "GET", f"{DOCUMENT}/reports", query=query)
        return readable(ReportsPage, Operation.GET_REPORTS, answer)

    def report(self, report_id: str) -> Report | None:
        """`getReport`; None when Amazon does not know it (any more)."""
        try:
            answer = self._call(Operation.GET_REPORT, "GET", f"{DOCUMENT}/reports/{report_id}")
        except Forgotten:
            return None
        return readable(Report, Operation.GET_REPORT, answer)

    def payload(self, report_document_id: str) -> bytes | None:
        """A report's bytes; None when Amazon has them no more. A dead link is asked for once more. Raises NotDelivered, TooLarge."""
        status = 0
        for _ in range(2):
            try:
                answer = self._call(Operation.GET_REPORT_DOCUMENT, "GET", f"{DOCUMENT}/documents/{report_document_id}")
            except Forgotten:
                return None
            download = self._amazon.downloaded(readable(ReportDocument, Operation.GET_REPORT_DOCUMENT, answer).url)
            if download.status_code == 200:
                return download.content
            status = download.status_code
        raise NotDelivered("the link was refused twice", status)

    def _call(
        self,
        operation: Operation,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> httpx.Response:
        """The 2xx answer. A 429 waits and counts for nothing; 401 and 403 are worth one fresh token."""
        fresh = False
        for _ in range(THROTTLED_MAX):
            request = self._amazon.client.build_request(
                method, f"{self._amazon.application.api_url}{path}", params=query, json=body, headers=self._headers()
            )
            answer = self._limited(operation, request)
            if answer.status_code in (401, 403) and not fresh:
                fresh, self._access_token = True, ""
            elif answer.status_code != 429:
                return accepted(operation, answer)
        raise Unavailable("Amazon", operation, "too many requests")

    def _limited(self, operation: Operation, request: httpx.Request) -> httpx.Response:
        bucket = self._buckets[operation]
        if (wait := bucket.wait_seconds(self._clock.now())) > 0:
            self._clock.sleep(wait)
        bucket.take(self._clock.now())
        answer = self._amazon.sent(request, operation)
        _follow_stated_rate(bucket, answer)
        if answer.status_code == 429:
            bucket.refused(self._clock.now())
            log.info(Logged.THROTTLED, operation=operation, request_id=answer.headers.get("x-amzn-requestid"))
        return answer

    def _headers(self) -> dict[str, str]:
        access_token = self._fresh_access_token(self._consent.refresh_token())
        stamp = self._clock.now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        return {"x-amz-access-token": access_token, "x-amz-date": stamp, "user-agent": USER_AGENT}

    def _fresh_access_token(self, refresh_token: str) -> str:
        """The access token, renewed five minutes before its end by whoever needs it first; the others wait for that one."""
        with self._refreshing:
            now = self._clock.now()
            if not self._access_token or now >= self._good_until:
                grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
                tokens = self._amazon.tokens(grant, ConsentWithdrawn())
                self._access_token = tokens.access_token
                self._good_until = now + timedelta(seconds=tokens.expires_in) - REFRESH_BEFORE
                if tokens.refresh_token and tokens.refresh_token != refresh_token:
                    self._consent.renew(tokens.refresh_token)
            return self._access_token


def _secret_refused(answer: httpx.Response) -> bool:
    return answer.is_client_error and token_refusal(answer).code == "invalid_client"


def _follow_stated_rate(bucket: Bucket, answer: httpx.Response) -> None:
    try:
        bucket.adjust(float(answer.headers["x-amzn-ratelimit-limit"]))
    except (KeyError, ValueError):
        return


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
