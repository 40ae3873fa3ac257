"""Refusals as Amazon words them: an error list for the APIs (section `errors`), a flat object for Login with Amazon."""


class Refused(Exception):
    """Amazon refuses the call, with a status and one documented error."""

    def __init__(self, status: int, code: str, message: str, details: str | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.error = {"code": code, "message": message} | ({} if details is None else {"details": details})


class GrantRefused(Exception):
    """Login with Amazon refuses to give tokens (RFC 6749 §5.2)."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.body = {"error": error, "error_description": description}

    @classmethod
    def injected(cls, status: int) -> "GrantRefused":
        """A fault asked for on the control port: 400 and 401 are definite refusals, the rest is trouble at Amazon's."""
        errors = {400: "invalid_grant", 401: "invalid_client", 503: "temporarily_unavailable"}
        return cls(errors.get(status, "server_error"), "Injected by the control port.", status)


def bad_parameter(message: str, details: str | None = None) -> Refused:
    """400 of the Reconciliation and Reporting APIs."""
    return Refused(400, "INVALID_REQUEST_PARAMETER", message, details)


def bad_report_input(details: str = "Invalid input") -> Refused:
    """400 of the Document API; its code is the text `400`."""
    return Refused(400, "400", "Invalid input", details)


def unknown_resource(what: str) -> Refused:
    """404 of an unknown or expired report or document."""
    return Refused(404, "NotFound", "The requested resource was not found.", what)


def denied(details: str) -> Refused:
    """403: an expired token, a missing role or an account that is not enrolled."""
    return Refused(403, "Unauthorized", "Access to requested resource is denied.", details)


def malformed_token() -> Refused:
    """401: the access token is absent, malformed or none of ours."""
    return Refused(401, "Unauthorized", "Access to requested resource is denied.", "The access token you provided is malformed.")


def quota_exceeded() -> Refused:
    """429, without Retry-After."""
    return Refused(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")


def injected(status: int) -> Refused:
    """The answer of a fault asked for on the control port."""
    if status == 429:
        return quota_exceeded()
    if status == 403:
        return denied("Injected by the control port.")
    codes = {400: "InvalidInput", 401: "Unauthorized", 404: "NotFound", 503: "ServiceUnavailable"}
    return Refused(status, codes.get(status, "InternalFailure"), "Injected by the control port.")
