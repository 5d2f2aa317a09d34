"""A hospital's duty office, and where it is told of work: kept by its administrator."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.models import DutyOffice, Hospital, Staff, WorkNoticeAddress
from alliance.roles import Permission
from alliance.services.authority import administrative_transaction, check_may_administer
from alliance.workflow.move_item import database_now
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

MOST_ADDRESSES = 10  # of a hospital


@administrative_transaction(EventCode.WORK_SET)
def do_set_duty_office(
    hospital: Hospital, *, phone: str, place: str, members: Sequence[Staff], acting: Principal
) -> None:
    """members: of the hospital. Raises Forbidden."""
    check_may_administer(acting, Permission.HOSPITAL_MANAGE, hospital)
    office, _made = DutyOffice.objects.update_or_create(
        hospital=hospital,
        defaults={"phone": phone, "place": place, "changed_at": database_now()},
    )
    office.members.set([m for m in members if m.hospital_id == hospital.pk])
    note_change(hospital, f"duty office · {phone} · {len(members)}", acting)


@administrative_transaction(EventCode.WORK_SET)
def do_add_address(
    hospital: Hospital, *, channel: str, target: str, secret: str, acting: Principal
) -> WorkNoticeAddress:
    """target: one that the caller has found may be called. Raises Forbidden, ValidationError."""
    check_may_administer(acting, Permission.HOSPITAL_MANAGE, hospital)
    if WorkNoticeAddress.objects.filter(hospital=hospital, ended_at=None).count() >= MOST_ADDRESSES:
        raise ValidationError(_("A hospital has at most ten addresses."))
    made = WorkNoticeAddress.objects.create(
        hospital=hospital, channel=channel, target=target, secret=secret, made_at=database_now()
    )
    said = urlsplit(target).hostname if channel == WorkNoticeAddress.Channel.WEBHOOK else "mail"
    note_change(hospital, f"notice/{made.pk} · {said}", acting)
    return made


@administrative_transaction(EventCode.WORK_SET)
def do_end_address(address: WorkNoticeAddress, *, acting: Principal) -> None:
    """Nothing is told there any more, nor what waits. Raises Forbidden."""
    check_may_administer(acting, Permission.HOSPITAL_MANAGE, address.hospital)
    address.ended_at, address.secret = database_now(), ""
    address.save(update_fields=["ended_at", "secret"])
    note_change(address.hospital, f"notice/{address.pk} · end", acting)


def note_change(hospital: Hospital, detail: str, acting: Principal) -> None:
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.WORK_SET, target=f"hospital/{hospital.code}", detail=detail
        )
    )


def find_duty_phones(hospital_ids: set[int]) -> dict[int, str]:
    """{hospital: where its duty office is called}"""
    rows = DutyOffice.objects.filter(pk__in=hospital_ids).values_list("pk", "phone", "place")
    return {pk: " ".join(filter(None, (phone, place))) for pk, phone, place in rows}


def is_of_duty_office(acting: Principal) -> bool:
    return DutyOffice.objects.filter(
        hospital_id=acting.hospital_id, members=int(acting.id)
    ).exists()
