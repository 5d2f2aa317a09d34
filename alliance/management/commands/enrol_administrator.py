"""Make an administrator for the whole alliance, or let one in again (ended, lost phone, lost
password), and print a one-time first password.
"""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from alliance.auth.operator_identity import server_operator
from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff, User
from alliance.platform.operator_command import OperatorCommand
from alliance.roles import Role
from alliance.services.membership import do_admit_hospital, do_resume_hospital
from alliance.services.officer_restoration import do_restore_officer
from alliance.services.staffing import do_enrol_staff
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode

DEFAULT_EMPLOYMENT = dt.timedelta(days=5 * 365)


class AccountHasOtherRole(Exception):
    """The account is somebody's with another role: it is not taken over by a slip."""

    def __init__(self, staff: Staff) -> None:
        super().__init__(staff.pk)
        self.staff = staff


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--username",
            required=True,
            metavar="NAME",
            help=(
                "of the account; one that exists is restored: new first password, second factor set"
                " up anew"
            ),
        )
        parser.add_argument(
            "--hospital",
            required=True,
            metavar="CODE",
            help="the member hospital that employs this person",
        )
        parser.add_argument(
            "--hospital-name",
            default="",
            metavar="NAME",
            help="admit the hospital under this name if it is not a member yet",
        )
        parser.add_argument(
            "--tier",
            default=Hospital.Tier.TERTIARY.value,
            choices=Hospital.Tier.values,
            help="of a hospital that is admitted (default: %(default)s)",
        )
        parser.add_argument("--name", default="", help="the person's name (default: the user name)")
        parser.add_argument(
            "--role",
            default=Role.ADMINISTRATOR.value,
            choices=[Role.ADMINISTRATOR.value, Role.AUDITOR.value],
            help="default: %(default)s",
        )
        parser.add_argument(
            "--until",
            type=dt.date.fromisoformat,
            default=None,
            metavar="DATE",
            help="last day of the employment, as 2031-12-31 (default: five years from now)",
        )
        parser.add_argument(
            "--resume",
            action="store_true",
            help="let the hospital take part again if it is suspended",
        )

    def handle(
        self, *args: Any, username: str, hospital: str, until: dt.date | None, **options: Any
    ) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("setup", stdout=self.stderr, stderr=self.stderr)
        acting = server_operator()
        if until is not None and until < timezone.localdate():
            raise CommandError(f"--until {until} lies in the past: name a day from today on.")
        try:
            with transaction.atomic():
                at = self.ensure_member(hospital, acting, **options)
                staff, password, done = self.ensure_officer(
                    username.strip(), at, until, acting, **options
                )
        except ValidationError as error:
            faults = (
                error.message_dict.items()
                if hasattr(error, "error_dict")
                else [("", error.messages)]
            )
            raise CommandError(
                " ".join(
                    f"--{field.replace('_', '-')}: {' '.join(said)}" if field else " ".join(said)
                    for field, said in faults
                )
            ) from error
        except AccountHasOtherRole as refusal:
            other = refusal.staff
            append_event(
                AuditEvent.from_principal(
                    acting,
                    EventCode.STAFF_RETURN,
                    outcome=AuditOutcome.REFUSED,
                    reason="role",
                    target=f"staff/{other.pk}",
                )
            )
            raise CommandError(
                f"The account {other.user.username} belongs to a {other.role}, {other.name}: choose"
                " another user name"
                f"{', or restore it with --role auditor' if other.role == Role.AUDITOR else ''}."
            ) from refusal
        self.stdout.write(
            f"{done}: {staff.name}, {staff.role} for the whole alliance, {at.name} ({at.code}),"
            f" until {staff.ends_on}"
        )
        self.stdout.write(f"User name: {staff.user.username}")
        self.stdout.write(f"First password: {password}")
        self.stdout.write("It opens once: sign in, choose a password, set up the second factor.")

    def ensure_member(
        self, code: str, acting: Principal, *, hospital_name: str, tier: str, resume: bool, **_: Any
    ) -> Hospital:
        """The hospital, admitted or resumed where told so. Raises CommandError with the mend
        where nobody could sign in there.
        """
        at = Hospital.objects.filter(code=code).first()
        if at is None:
            if not hospital_name:
                members = ", ".join(Hospital.objects.values_list("code", flat=True)) or "none yet"
                raise CommandError(
                    f"No member hospital has the code {code!r} (members: {members}). To admit it"
                    ' now, add --hospital-name "ITS NAME".'
                )
            at = do_admit_hospital(
                acting=acting, code=code, name_zh=hospital_name, name_en=hospital_name, tier=tier
            )
        if at.suspended_at is not None:
            if not resume:
                raise CommandError(
                    f"{at.name} ({code}) is suspended, so nobody could sign in. Add --resume to let"
                    " it take part again, or name another hospital."
                )
            do_resume_hospital(at, acting=acting)
            at.refresh_from_db()
        if not at.active:
            day = f"from {at.admitted_on}" + (f" to {at.leaves_on}" if at.leaves_on else " on")
            active = (
                ", ".join(h.code for h in Hospital.objects.all() if h.active)
                or "none: admit another one with --hospital-name"
            )
            raise CommandError(
                f"{at.name} ({code}) is a member {day}, not today, so nobody could sign in. Name"
                f" another hospital ({active})."
            )
        return at

    def ensure_officer(
        self,
        username: str,
        at: Hospital,
        until: dt.date | None,
        acting: Principal,
        *,
        name: str,
        role: str,
        **_: Any,
    ) -> tuple[Staff, str, str]:
        """(the staff row, the first password, what was done). Without an end date, an employment
        that runs on already is not cut short.
        """
        last = until or timezone.localdate() + DEFAULT_EMPLOYMENT
        known = (
            Staff.objects.select_related("user")
            .filter(user__username__iexact=User.normalize_username(username))
            .first()
        )
        if known is None:
            staff, password = do_enrol_staff(
                username=username,
                name=name or username,
                hospital=at,
                role=role,
                ends_on=last,
                alliance_wide=True,
                acting=acting,
            )
            return staff, password, "Enrolled"
        if known.role != role:
            raise AccountHasOtherRole(known)
        password = do_restore_officer(
            known,
            hospital=at,
            role=Role(role),
            ends_on=until or max(last, known.ends_on),
            name=name,
            acting=acting,
        )
        known.refresh_from_db()
        return known, password, "Restored"
