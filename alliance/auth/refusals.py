"""What the doors refuse, for the audit log: bad tokens, roles and objects that do not fit, and pages that are not there for whoever asks."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from alliance.auth.bearer import address_of
from alliance.auth.errors import AuthenticationFailed
from alliance.auth.principal import Principal
from alliance.auth.session import principal_for
from consent.audit.event import Event, EventCode, Outcome
from consent.audit.refusal import refuse


def stranger(request: HttpRequest) -> Principal:
    return Principal("stranger", "", 0, "", "", address=address_of(request), request_id=getattr(request, "request_id", ""))


def acting_one(request: HttpRequest) -> tuple[Principal, bool]:
    """Who asks, and whether they have shown that it is they."""
    if (caller := getattr(request, "caller", None)) is not None:
        return caller, True
    staff = getattr(getattr(request, "user", None), "staff_or_none", None)
    return (principal_for(staff, request), True) if staff is not None else (stranger(request), False)


def note(request: HttpRequest, error: Exception, target: str, outcome: Outcome = Outcome.REFUSED) -> None:
    """The line of a refusal that no verb and no gate has written already."""
    if getattr(error, "written", False):
        return
    acting, account = acting_one(request)
    if isinstance(error, AuthenticationFailed) and error.client:
        acting, account = Principal("client", error.client, 0, error.hospital, "", address=acting.address, request_id=acting.request_id), False
    match = getattr(request, "resolver_match", None)
    say(acting, reason=str(getattr(error, "code", "") or "")[:60], target=target, outcome=outcome, account=account, person=match.kwargs.get("person_id") if match else None)
    error.written = True  # type: ignore[attr-defined]


def say(acting: Any, *, reason: str, target: str, account: bool, code: EventCode = EventCode.DOOR, outcome: Outcome = Outcome.REFUSED,
        person: UUID | None = None) -> None:
    """Write or count a refusal of this one."""
    refuse(Event.of(acting, code, outcome=outcome, reason=reason, target=target, person=person).but(proviso=None), account=account)


def place(request: HttpRequest) -> str:
    """What kind of page was asked for: its name, without what it is about."""
    return f"page/{request.resolver_match.url_name}" if request.resolver_match else ""
