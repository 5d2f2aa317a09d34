"""Holds on the log: set by one at once, for that is the safe state; lifted by two."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from consent.audit.event import EventCode
from consent.models import Hold
from consent.services.cases import audit_case, lock_case, lock_open_case


@transaction.atomic
def do_set_hold(
    case_id: int, *, reason: str, acting: Principal, person: UUID | None = None, **span: Any
) -> Hold:
    """Of all that the case gathers, now and later; of a person's lines; or of a span: first_line
    and last_line, or starts_at and ends_at. Raises Case.DoesNotExist, AlreadyDone.
    """
    case = lock_open_case(case_id, acting)
    scope = {"person": person, **span} if person or span else {"whole_case": True}
    if Hold.objects.filter(case=case, lifted_at=None, **scope).exists():
        raise AlreadyDone("held", _("This is held already. Nothing was changed."))
    hold = Hold.objects.create(case=case, reason=reason, set_by_id=int(acting.id), **scope)
    audit_case(acting, EventCode.HOLD_SET, case, f"hold/{hold.pk}", [person] if person else [])
    return hold


def lock_standing_hold(hold_id: int, case_id: int) -> Hold:
    """Raises Hold.DoesNotExist."""
    return Hold.objects.select_for_update(of=("self",)).get(
        pk=hold_id, case_id=case_id, lifted_at=None
    )


@transaction.atomic
def do_ask_lift(case_id: int, hold_id: int, *, reason: str, acting: Principal) -> None:
    """Raises Case.DoesNotExist, Hold.DoesNotExist, AlreadyDone. Of a closed case, too."""
    case = lock_case(case_id, acting)
    hold = lock_standing_hold(hold_id, case.pk)
    if hold.lift_asked_by_id is not None:
        raise AlreadyDone("asked", _("That the hold is lifted is proposed already."))
    hold.lift_reason, hold.lift_asked_by_id = reason, int(acting.id)
    hold.lift_asked_at = timezone.now()
    hold.save(update_fields=["lift_reason", "lift_asked_by", "lift_asked_at"])
    audit_case(acting, EventCode.HOLD_LIFT_ASK, case, f"hold/{hold.pk}")


@transaction.atomic
def do_lift_hold(case_id: int, hold_id: int, *, acting: Principal) -> None:
    """Another person than who proposed it agrees. Raises as above."""
    case = lock_case(case_id, acting)
    hold = lock_standing_hold(hold_id, case.pk)
    if hold.lift_asked_by_id is None:
        raise AlreadyDone("not_asked", _("Nobody proposes that the hold is lifted."))
    if hold.lift_asked_by_id == int(acting.id):
        raise Forbidden("self", _("Another person lifts the hold than the one who proposed it."))
    hold.lifted_by_id, hold.lifted_at = int(acting.id), timezone.now()
    hold.save(update_fields=["lifted_by", "lifted_at"])
    audit_case(acting, EventCode.HOLD_LIFT, case, f"hold/{hold.pk}")


@transaction.atomic
def do_keep_hold(case_id: int, hold_id: int, *, acting: Principal) -> None:
    """Refuse that it is lifted; who proposed it may take it back. Raises as above."""
    case = lock_case(case_id, acting)
    hold = lock_standing_hold(hold_id, case.pk)
    if hold.lift_asked_by_id is None:
        raise AlreadyDone("not_asked", _("Nobody proposes that the hold is lifted."))
    hold.lift_reason, hold.lift_asked_by_id, hold.lift_asked_at = "", None, None
    hold.save(update_fields=["lift_reason", "lift_asked_by", "lift_asked_at"])
    audit_case(acting, EventCode.HOLD_SET, case, f"hold/{hold.pk} · kept")
