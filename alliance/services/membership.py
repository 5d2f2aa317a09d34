"""Admit, change, suspend and resume a member hospital; a suspension counts with the next request."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import AccessToken, Hospital
from alliance.models.hospital import RESERVED_CODES
from alliance.roles import Permission
from alliance.services.authority import must
from consent.audit.append import append
from consent.audit.event import Event, EventCode


@transaction.atomic
def do_admit_hospital(*, acting: Principal, **values: Any) -> Hospital:
    """Raises ValidationError for a bad or reserved code."""
    must(acting, Permission.HOSPITAL_MANAGE)
    hospital = Hospital(**values)
    if hospital.code in RESERVED_CODES:
        raise Forbidden("reserved", "This code is reserved: choose another.")
    hospital.full_clean()
    hospital.save()
    append(Event.of(acting, EventCode.HOSPITAL_ADMIT, target=f"hospital/{hospital.code}"))
    return hospital


@transaction.atomic
def do_suspend_hospital(hospital: Hospital, *, reason: str, acting: Principal) -> None:
    """Its tokens, sessions and shared records stop at once."""
    must(acting, Permission.HOSPITAL_MANAGE)
    hospital = Hospital.objects.select_for_update().get(pk=hospital.pk)
    hospital.suspended_at, hospital.suspended_reason = timezone.now(), reason
    hospital.save(update_fields=["suspended_at", "suspended_reason"])
    AccessToken.objects.filter(client__hospital=hospital).delete()
    append(Event.of(acting, EventCode.HOSPITAL_SUSPEND, target=f"hospital/{hospital.code}"))


@transaction.atomic
def do_resume_hospital(hospital: Hospital, *, acting: Principal) -> None:
    must(acting, Permission.HOSPITAL_MANAGE)
    hospital = Hospital.objects.select_for_update().get(pk=hospital.pk)
    hospital.suspended_at, hospital.suspended_reason = None, ""
    hospital.save(update_fields=["suspended_at", "suspended_reason"])
    append(Event.of(acting, EventCode.HOSPITAL_RESUME, target=f"hospital/{hospital.code}"))
