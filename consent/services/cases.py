"""Case files: open one, say something about it, let a named other auditor work on it. Nothing that
was said is changed, and each look is written down (docs/adr/0080).
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm, get_objects_for_user

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from alliance.roles import Permission, Role
from alliance.services.authority import hospitals_with_permission
from alliance.services.staffing import post_left
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Case, CaseEntry, CaseLook, CaseUserObjectPermission
from consent.models.case import WORK_CASE


def check_keeps_cases(acting: Principal) -> None:
    if not acting.may(Permission.CASE_KEEP):
        raise Forbidden("role", _("This role keeps no case files."))


def list_case_hospitals(acting: Principal) -> list[Hospital]:
    """Those for which the acting one opens cases."""
    return hospitals_with_permission(acting, "audit_hospital")


def query_cases(acting: Principal) -> QuerySet[Case]:
    """Of the hospitals that the auditor audits, and those to which they were let by name; all for
    an auditor of the alliance. The newest first.
    """
    check_keeps_cases(acting)
    found = Case.objects.select_related("hospital", "opened_by", "closing_by", "closed_by")
    if acting.alliance_wide:
        return found
    given = get_objects_for_user(
        Staff.objects.select_related("user").get(pk=int(acting.id)).user,
        f"consent.{WORK_CASE}",
        klass=Case,
        accept_global_perms=False,
    )
    return found.filter(
        Q(hospital__in=list_case_hospitals(acting)) | Q(pk__in=given.values("pk").order_by())
    )


def find_case(case_id: int, acting: Principal) -> Case | None:
    """The case, None where there is none that the acting one works on."""
    return query_cases(acting).filter(pk=case_id).first() if case_id < 2**63 else None


def lock_case(case_id: int, acting: Principal) -> Case:
    """The same, locked. Raises Case.DoesNotExist."""
    return query_cases(acting).select_for_update(of=("self",)).get(pk=case_id)


def lock_open_case(case_id: int, acting: Principal) -> Case:
    """One to which something is added. Raises Case.DoesNotExist, AlreadyDone."""
    case = lock_case(case_id, acting)
    if case.is_closed:
        raise AlreadyDone("closed", _("The case is closed: open it again first."))
    return case


def audit_case(
    acting: Principal,
    code: EventCode,
    case: Case,
    detail: str = "",
    persons: Iterable[UUID] = (),
) -> None:
    append_event(
        AuditEvent.from_principal(
            acting, code, target=f"case/{case.pk}", detail=detail, persons=tuple(sorted(persons))
        )
    )


@transaction.atomic
def do_open_case(
    *,
    title: str,
    about: str,
    origin: str,
    origin_number: str = "",
    hospital: Hospital | None,
    acting: Principal,
) -> Case:
    """hospital: whose auditors see it; None for those of the alliance alone."""
    check_keeps_cases(acting)
    if hospital is None and not acting.alliance_wide:
        raise Forbidden("object", _("Only an auditor of the whole alliance opens such a case."))
    if hospital is not None and hospital not in list_case_hospitals(acting):
        raise Forbidden("object", _("You do not audit this hospital."))
    if origin not in Case.Origin.values:
        raise ValueError(f"origin must be one of {Case.Origin.values}")
    case = Case.objects.create(
        title=title,
        about=about,
        origin=origin,
        origin_number=origin_number,
        hospital=hospital,
        opened_by_id=int(acting.id),
    )
    audit_case(acting, EventCode.CASE_OPEN, case, origin)
    return case


@transaction.atomic
def do_look_at_case(case: Case, *, persons: Iterable[UUID], acting: Principal) -> None:
    """Write down that the case was looked at, with everybody whose name it showed."""
    CaseLook.objects.create(case=case, by_id=int(acting.id))
    audit_case(acting, EventCode.CASE_READ, case, persons=persons)


def add_entry(case: Case, kind: str, acting: Principal, **more: Any) -> None:
    CaseEntry.objects.create(case=case, kind=kind, by_id=int(acting.id), **more)


@transaction.atomic
def do_write_note(case_id: int, *, text: str, acting: Principal) -> None:
    """Raises Case.DoesNotExist, AlreadyDone."""
    case = lock_open_case(case_id, acting)
    add_entry(case, CaseEntry.Kind.NOTE, acting, text=text)
    audit_case(acting, EventCode.CASE_NOTE, case)


def is_owner(case: Case, acting: Principal) -> bool:
    """Whether the case is the acting one's by office, and not by another's leave."""
    return acting.alliance_wide or (
        case.hospital is not None and case.hospital in list_case_hospitals(acting)
    )


def list_guests(case: Case) -> list[Staff]:
    """Who was let to the case by name and still keeps cases."""
    users = CaseUserObjectPermission.objects.filter(
        content_object=case, permission__codename=WORK_CASE
    ).values("user")
    found = Staff.objects.select_related("user", "hospital").filter(
        user__in=users, role=Role.AUDITOR, ended_at=None
    )
    return list(found.order_by("name", "pk"))


def query_possible_guests(case: Case) -> QuerySet[Staff]:
    """Auditors of the alliance's other hospitals, for whom somebody has vouched."""
    found = Staff.objects.select_related("user", "hospital").filter(
        role=Role.AUDITOR, ended_at=None, alliance_wide=False, vouched_at__isnull=False
    )
    return found.exclude(hospital=case.hospital).order_by("hospital__code", "name", "pk")


@transaction.atomic
def do_give_access(case_id: int, *, staff: Staff, acting: Principal) -> None:
    """A named other auditor works on the case from now on; of the lines they see what their own
    log shows them. Raises Case.DoesNotExist, AlreadyDone.
    """
    case = lock_open_case(case_id, acting)
    check_is_owner(case, acting)
    if not query_possible_guests(case).filter(pk=staff.pk).exists():
        raise Forbidden("object", _("Access is given to an auditor of another hospital alone."))
    if staff in list_guests(case):
        raise AlreadyDone("given", _("They work on the case already. Nothing was changed."))
    assign_perm(WORK_CASE, staff.user, case)
    add_entry(case, CaseEntry.Kind.GIVEN, acting, whom=staff)
    audit_case(acting, EventCode.CASE_SHARE, case, f"staff/{staff.pk}")


@transaction.atomic
def do_end_access(case_id: int, *, staff: Staff, acting: Principal) -> None:
    """Raises Case.DoesNotExist. Of a closed case, too."""
    case = lock_case(case_id, acting)
    check_is_owner(case, acting)
    gone = CaseUserObjectPermission.objects.filter(content_object=case, user=staff.user_id)
    if not gone.delete()[0]:
        raise AlreadyDone("taken", _("They do not work on the case. Nothing was changed."))
    add_entry(case, CaseEntry.Kind.TAKEN, acting, whom=staff)
    audit_case(acting, EventCode.CASE_UNSHARE, case, f"staff/{staff.pk}")


def check_is_owner(case: Case, acting: Principal) -> None:
    if not is_owner(case, acting):
        raise Forbidden(
            "object", _("Only the auditors whose case it is decide who else works on it.")
        )


@receiver(post_left)
def end_access_of_post(sender: Any, staff: Staff, acting: Principal, **kwargs: Any) -> None:
    """What somebody was let to ends with their post: it does not come back with them."""
    CaseUserObjectPermission.objects.filter(user=staff.user_id).delete()


def list_readers(case: Case) -> list[tuple[Staff, Any, int]]:
    """(who, their last look, how many looks), the last to look first."""
    looks = list(
        CaseLook.objects.filter(case=case)
        .order_by()
        .values("by")
        .annotate(last=Max("at"), times=Count("pk"))
        .order_by("-last")
    )
    staff = Staff.objects.select_related("hospital", "user").in_bulk([x["by"] for x in looks])
    return [(staff[x["by"]], x["last"], x["times"]) for x in looks]
