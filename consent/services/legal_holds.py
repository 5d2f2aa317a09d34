"""Set and lift legal holds over lines of the audit log: they stay online, whatever their age.
Auditors of the whole alliance set them; another one lifts them (docs/adr/0082).
"""

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import LegalHold

MAX_REASON_LENGTH = 300


def require_holder(acting: Principal) -> None:
    """Raises Forbidden but for an auditor of the whole alliance."""
    if not acting.may(Permission.AUDIT_EXPORT) or not acting.alliance_wide:
        raise Forbidden(
            "role", _("Legal holds are set and lifted by the auditors of the whole alliance.")
        )


def require_reason(reason: str) -> str:
    """Raises ValueError."""
    if not (said := reason.strip()) or len(said) > MAX_REASON_LENGTH:
        raise ValueError(
            _("Type in at most %(most)s characters why.") % {"most": MAX_REASON_LENGTH}
        )
    return said


@transaction.atomic
def do_set_hold(
    scope: str,
    *,
    reason: str,
    acting: Principal,
    person: UUID | None = None,
    days: tuple[dt.date, dt.date] | None = None,
    lines: tuple[int, int] | None = None,
) -> LegalHold:
    """Set a hold: of scope person, period (days, both included), lines (numbers, both included)
    or all. Raises Forbidden; ValueError where what the scope asks for is missing or backwards.
    """
    require_holder(acting)
    said = require_reason(reason)
    given = {"person": person, "period": days, "lines": lines, "all": True}.get(scope)
    if not given or any(span and span[0] > span[1] for span in (days, lines)):
        raise ValueError(_("Say what is held: a patient, days, numbers of lines, or everything."))
    first_day, last_day = days if days and scope == "period" else (None, None)
    first_line, last_line = lines if lines and scope == "lines" else (None, None)
    hold = LegalHold.objects.create(
        scope=scope,
        person=person if scope == "person" else None,
        first_day=first_day,
        last_day=last_day,
        first_line=first_line,
        last_line=last_line,
        reason=said,
        set_by_id=int(acting.id),
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.LEGAL_HOLD_SET,
            person=hold.person,
            target=f"legal-hold/{hold.pk}",
            detail=f"{scope}: {said}"[:200],
        )
    )
    return hold


@transaction.atomic
def do_lift_hold(hold_id: int, *, reason: str, acting: Principal) -> LegalHold:
    """Lift it. Raises Forbidden for who set it, LegalHold.DoesNotExist, AlreadyDone, ValueError."""
    require_holder(acting)
    said = require_reason(reason)
    hold = LegalHold.objects.select_for_update().get(pk=hold_id)
    if hold.lifted_at is not None:
        raise AlreadyDone("lifted", _("The hold is lifted already. Nothing was changed."))
    if hold.set_by_id == int(acting.id):
        raise Forbidden("self", _("You have set this hold yourself: another auditor lifts it."))
    hold.lifted_at, hold.lifted_by_id, hold.lift_reason = timezone.now(), int(acting.id), said
    hold.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.LEGAL_HOLD_LIFT,
            person=hold.person,
            target=f"legal-hold/{hold.pk}",
            detail=said[:200],
        )
    )
    return hold


def list_holds() -> list[LegalHold]:
    """Those that hold first, the newest first."""
    return list(
        LegalHold.objects.select_related("set_by", "lifted_by").order_by(
            "-lifted_at", "-set_at", "-pk"
        )
    )
