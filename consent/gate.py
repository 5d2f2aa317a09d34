"""The airlock: role table, facts, decision; and a line in the audit log on every way out. No Scope, no rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.scope_check import must_cover
from consent import facts
from consent.audit.append import append
from consent.audit.event import Outcome
from consent.decide import decide, event_of
from consent.terms import AccessRequest, Facts, Refused, Scope
from consent.wall import stand


def enter(request: AccessRequest) -> Scope:
    """Decide; a refusal is written down in its own transaction before it is raised. Reads write their own line: each
    statement of the store carries scope.event and returns no row without it. Raises Forbidden where the token's scopes do not cover what is asked,
    whatever there is."""
    own = request.hospital_id is not None and request.hospital_id == request.principal.hospital_id
    try:
        must_cover(request.principal, request.need)
        scope = decide(request, Facts(timezone.now()) if own else facts.load(request))
    except (Refused, Forbidden) as refusal:
        stand(None)
        append(event_of(request, request.principal.purpose.value).but(outcome=Outcome.REFUSED, reason=refusal.code))
        refusal.written = True
        raise
    stand(scope)
    return scope


@dataclass(slots=True)
class Ledger:
    """What a writer wrote, for the audit line: `hospital/Type/id/version`, and the persons whom it was about."""

    refs: list[str] = field(default_factory=list)
    persons: set[UUID] = field(default_factory=set)


@contextmanager
def writing(request: AccessRequest) -> Iterator[tuple[Scope, Ledger]]:
    """One transaction around a write and its audit line; the writer fills in the ledger.

    A failure rolls the write back and leaves a line of its own.
    """
    scope = enter(request)
    written = Ledger()
    try:
        with transaction.atomic():
            yield scope, written
            append(scope.event.but(refs=tuple(written.refs), persons=tuple(sorted(written.persons))))
    except Exception as error:
        refused = isinstance(error, Refused | Forbidden)
        append(scope.event.but(outcome=Outcome.REFUSED if refused else Outcome.FAILED, reason=str(getattr(error, "code", "") or type(error).__name__)[:60]))
        if refused:
            error.written = True  # type: ignore[attr-defined]  # a line that was written inside went back with the rest
        raise
