"""What the doors refuse, for the audit log: bad tokens, roles and objects that do not fit, and
pages that are not there for whoever asks.
"""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from alliance.auth.bearer import resolve_client_address
from alliance.auth.errors import AuthenticationFailed
from alliance.auth.principal import Principal
from alliance.auth.session import principal_from_session
from alliance.platform.counters import count_refusal
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.refusal_counter import log_refusal

METRIC_BY_EVENT = {
    EventCode.SIGN_IN: "sign_in",
    EventCode.STEP_UP: "step_up",
    EventCode.TOKEN_ISSUE: "token_request",
}  # as a metric calls what was refused
TOKEN_REASONS = (
    "no_token",
    "unknown_token",
    "expired_token",
    "revoked",
    "viewer_inactive",
    "unagreed",
    "client_expired",
    "credentials",
)  # of a bearer token (alliance.auth.bearer, alliance.auth.administrator_tokens)


def anonymous_principal(request: HttpRequest) -> Principal:
    return Principal(
        "stranger",
        "",
        0,
        "",
        "",
        address=resolve_client_address(request),
        request_id=getattr(request, "request_id", ""),
    )


def identify_caller(request: HttpRequest) -> tuple[Principal, bool]:
    """Who asks, and whether they have shown that it is they."""
    if (caller := getattr(request, "caller", None)) is not None:
        return caller, True
    staff = getattr(getattr(request, "user", None), "staff_or_none", None)
    return (
        (principal_from_session(staff, request), True)
        if staff is not None
        else (anonymous_principal(request), False)
    )


def log_refused_request(
    request: HttpRequest,
    error: Exception,
    target: str,
    outcome: AuditOutcome = AuditOutcome.REFUSED,
) -> None:
    """The line of a refusal that no verb and no gate has written already."""
    if getattr(error, "written", False):
        return
    acting, account = identify_caller(request)
    if isinstance(error, AuthenticationFailed) and error.client:
        acting, account = principal_of_failed_token(error, acting), False
    match = getattr(request, "resolver_match", None)
    log_caller_refusal(
        acting,
        reason=str(getattr(error, "code", "") or "")[:60],
        target=target,
        outcome=outcome,
        account=account,
        person=match.kwargs.get("person_id") if match else None,
    )
    error.written = True  # type: ignore[attr-defined]


def principal_of_failed_token(error: AuthenticationFailed, asked: Principal) -> Principal:
    """Whose token it is or was; asked: who sent it, as far as the request tells."""
    return Principal(
        "administrator_client" if error.account else "client",
        error.account or error.client,
        0,
        error.hospital,
        "",
        address=asked.address,
        request_id=asked.request_id,
        client=error.client if error.account else "",
    )


def log_caller_refusal(
    acting: Any,
    *,
    reason: str,
    target: str,
    account: bool,
    code: EventCode = EventCode.DOOR,
    outcome: AuditOutcome = AuditOutcome.REFUSED,
    person: UUID | None = None,
) -> None:
    """Write or count a refusal of this one."""
    count_refusal(METRIC_BY_EVENT.get(code, "token" if reason in TOKEN_REASONS else "other"))
    log_refusal(
        AuditEvent.from_principal(
            acting, code, outcome=outcome, reason=reason, target=target, person=person
        ).with_changes(proviso=None),
        account=account,
    )


def page_target(request: HttpRequest) -> str:
    """What kind of page was asked for: its name, without what it is about."""
    return f"page/{request.resolver_match.url_name}" if request.resolver_match else ""
