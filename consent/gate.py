"""Authorise access to records: check the role table, load facts, decide, and write a line in the
audit log whatever the outcome. The only way to a Scope, without which the store returns no rows.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.scope_check import check_token_scopes
from consent import facts
from consent.audit.append import append_event
from consent.audit.event import AuditOutcome
from consent.decide import decide_access, decide_feed, event_from_request
from consent.facts_of_many import load_facts_of_many
from consent.row_security import apply_session_scope
from consent.terms import AccessRequest, Facts, Refused, Scope


def authorize_access(request: AccessRequest) -> Scope:
    """Authorise one request. A refusal is written down in its own transaction before it is raised.
    Reads write their own line: each statement of the store carries scope.event and returns no row
    without it. Raises Forbidden where the token's scopes do not cover what is asked, whatever
    there is.
    """
    is_own_store = (
        request.hospital_id is not None and request.hospital_id == request.principal.hospital_id
    )
    try:
        check_token_scopes(request.principal, request.need)
        scope = decide_access(
            request, Facts(timezone.now()) if is_own_store else facts.load_facts(request)
        )
    except (Refused, Forbidden) as refusal:
        apply_session_scope(None)
        append_event(
            event_from_request(request, request.principal.purpose.value).with_changes(
                outcome=AuditOutcome.REFUSED, reason=refusal.code
            )
        )
        refusal.written = True
        raise
    apply_session_scope(scope)
    return scope


def authorize_feed(request: AccessRequest, about: Sequence[AccessRequest]) -> Scope | None:
    """Decide what of several persons' records a page of a feed may hold, at this moment, with one
    look at the facts. The request is one that `authorize_access` has let in; nobody asked for
    these persons by name, so that one whose records stay closed leaves no refusal.
    """
    return decide_feed(request, list(zip(about, load_facts_of_many(about), strict=True)))


@dataclass(slots=True)
class WriteLedger:
    """List what a writer wrote, for the audit line: `hospital/Type/id/version`, and the persons
    whom it was about.
    """

    refs: list[str] = field(default_factory=list)
    persons: set[UUID] = field(default_factory=set)


@contextmanager
def audited_write(request: AccessRequest) -> Iterator[tuple[Scope, WriteLedger]]:
    """Run a write and its audit line in one transaction; the writer fills in the ledger.

    A failure rolls the write back and leaves a line of its own.
    """
    scope = authorize_access(request)
    ledger = WriteLedger()
    try:
        with transaction.atomic():
            yield scope, ledger
            append_event(
                scope.event.with_changes(
                    refs=tuple(ledger.refs), persons=tuple(sorted(ledger.persons))
                )
            )
    except Exception as error:
        refused = isinstance(error, Refused | Forbidden)
        append_event(
            scope.event.with_changes(
                outcome=AuditOutcome.REFUSED if refused else AuditOutcome.FAILED,
                reason=str(getattr(error, "code", "") or type(error).__name__)[:60],
            )
        )
        if refused:
            error.written = True  # type: ignore[attr-defined]  # a line that was written inside went back with the rest
        raise
