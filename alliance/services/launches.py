"""A hospital's system opens a patient's record as one of its doctors: the address that opens once,
the session that it opens, and what the doctor has said of it (docs/adr/0059).
"""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, principal_from_staff
from alliance.models import Client, Launch, LaunchPermission, Staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode

TICKET_LIFETIME = dt.timedelta(seconds=60)
SESSION_IDLE = dt.timedelta(minutes=10)
SESSION_LIFETIME = dt.timedelta(minutes=30)
SEEN_EVERY = dt.timedelta(seconds=30)  # so that not every page writes
PERMISSION_LIFETIME = dt.timedelta(days=30)
LAUNCHES_KEPT = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LaunchedSession:
    """What a system has opened: one person's record, read by one doctor who is not signed in."""

    launch: Launch
    staff: Staff
    client: Client
    principal: Principal
    seconds_left: int

    @property
    def person(self) -> UUID:
        return self.launch.person

    @property
    def end_path(self) -> str:
        """Where the session is ended."""
        return f"{launched_path(self.client)}end/"


def launched_path(client: Client) -> str:
    """What stands before the addresses of the pages that this system opens."""
    return f"/launched/{client.client_id}/"


def hash_launch_secret(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def find_launching_client(client_id: str) -> Client:
    """The system as it stands now. Raises Forbidden where it opens no records as doctors."""
    if not settings.LAUNCH:
        raise Forbidden(
            "launch_off", "The alliance does not let systems open records as doctors at present."
        )
    client = Client.objects.select_related("hospital").filter(client_id=client_id).first()
    if client is None or not is_client_launching(client):
        raise Forbidden(
            "launch",
            "This system may not open records as doctors. An administrator of the alliance proposes"
            " it on the page Systems, another agrees, and an officer of the hospital has to have"
            " vouched for the system.",
        )
    return client


def is_client_launching(client: Client) -> bool:
    return bool(
        settings.LAUNCH
        and client.may_launch
        and client.revoked_at is None
        and client.vouched_at is not None
        and client.hospital.active
        and not client.hospital.is_sandbox
    )


def find_launch_doctor(client: Client, username: str) -> Staff | None:
    """Whoever of the system's own hospital has this user name and reads records today: employed,
    vouched for, and with a password that nobody else knows.
    """
    staff = (
        Staff.objects.select_related("hospital", "user")
        .filter(hospital_id=client.hospital_id, user__username=username)
        .first()
    )
    return staff if staff is not None and is_launch_doctor(staff) else None


def is_launch_doctor(staff: Staff) -> bool:
    return (
        staff.user.is_active
        and not staff.user.must_change_password
        and staff.vouched
        and principal_from_staff(staff).may(Permission.RECORD_READ)
    )


def launch_permission_of(staff: Staff, client: Client) -> LaunchPermission | None:
    """What the doctor has said of the system, where it holds still."""
    said = LaunchPermission.objects.filter(staff=staff, client=client).first()
    if said is not None and said.allowed and (said.until is None or said.until <= timezone.now()):
        return None
    return said


def launched_principal(staff: Staff, client: Client, *, address: str, request_id: str) -> Principal:
    """The doctor as for whom the system speaks. Raises Forbidden where they have said that it must
    not.
    """
    said = launch_permission_of(staff, client)
    if said is not None and not said.allowed:
        raise Forbidden("forbidden", "This doctor does not let the system open records as them.")
    return principal_from_staff(
        staff,
        address=address,
        request_id=request_id,
        client=client.client_id,
        launch_allowed=said is not None,
    )


def do_issue_launch(person: UUID, client: Client, staff: Staff, detail: str) -> str:
    """The secret of an address that opens the person's record as the doctor, once. Call it in the
    transaction of the answer that tells it, whose audit line stands for it.
    """
    ticket, now = secrets.token_urlsafe(32), timezone.now()
    Launch.objects.create(
        ticket=hash_launch_secret(ticket),
        client=client,
        staff=staff,
        person=person,
        detail=detail,
        asked_at=now,
        expires_at=now + TICKET_LIFETIME,
    )
    return ticket


def find_launch_client(ticket: str) -> Client | None:
    """The system that was given this address, whether it opens still or not."""
    found = (
        Launch.objects.select_related("client__hospital")
        .filter(ticket=hash_launch_secret(ticket))
        .first()
    )
    return found.client if found and is_client_launching(found.client) else None


@transaction.atomic
def do_open_launch(ticket: str, *, address: str, request_id: str) -> tuple[Launch, str]:
    """(the launch, the secret of its session). What else is open as this doctor ends. Raises
    Forbidden where the address was opened already, is a minute old, or may not be opened any more.
    """
    now, session = timezone.now(), secrets.token_urlsafe(32)
    taken = Launch.objects.filter(
        ticket=hash_launch_secret(ticket), opened_at=None, ended_at=None, expires_at__gt=now
    ).update(
        opened_at=now,
        seen_at=now,
        ends_at=now + SESSION_LIFETIME,
        session=hash_launch_secret(session),
    )
    if not taken:
        raise Forbidden(
            "ticket",
            "This link has already been used, or is more than a minute old. Open the record again"
            " from your hospital's system.",
        )
    launch = load_launch(Q(session=hash_launch_secret(session)))
    principal = principal_of_launch(launch, address=address, request_id=request_id)
    # one after the other, so that of two that open at once the second ends the first
    Staff.objects.select_for_update(no_key=True).get(pk=launch.staff_id)
    Launch.objects.filter(staff=launch.staff, opened_at__isnull=False, ended_at=None).exclude(
        pk=launch.pk
    ).update(ended_at=now)
    append_event(
        AuditEvent.from_principal(
            principal,
            EventCode.LAUNCH_OPEN,
            person=launch.person,
            target=f"launch/{launch.pk}",
            detail=launch.detail,
        )
    )
    return launch, session


def load_launch(which: Q) -> Launch:
    return Launch.objects.select_related("client__hospital", "staff__hospital", "staff__user").get(
        which
    )


def principal_of_launch(launch: Launch, *, address: str, request_id: str) -> Principal:
    """Raises Forbidden where system, doctor or the doctor's word do not allow it any more."""
    staff, client = launch.staff, launch.client
    if (
        not is_client_launching(client)
        or not is_launch_doctor(staff)
        or staff.hospital_id != client.hospital_id
    ):
        raise Forbidden("launch_ended", LAUNCH_ENDED_MESSAGE)
    return launched_principal(staff, client, address=address, request_id=request_id)


LAUNCH_ENDED_MESSAGE = gettext_noop(
    "What your hospital's system had opened here is over. Open the record once more from there, or"
    " sign in yourself."
)


def find_launched_session(
    session: str, client_id: str, *, address: str, request_id: str
) -> LaunchedSession:
    """What this session reads. Raises Forbidden where there is none, or it is over: idle, half an
    hour old, ended, or of a system, a doctor or a hospital that has been stopped.
    """
    now = timezone.now()
    launch = (
        Launch.objects.select_related("client__hospital", "staff__hospital", "staff__user")
        .filter(
            session=hash_launch_secret(session),
            client__client_id=client_id,
            ended_at=None,
            ends_at__gt=now,
            seen_at__gt=now - SESSION_IDLE,
        )
        .first()
        if session
        else None
    )
    if launch is None or launch.ends_at is None or launch.seen_at is None:
        raise Forbidden("launch_ended", LAUNCH_ENDED_MESSAGE)
    principal = principal_of_launch(launch, address=address, request_id=request_id)
    if launch.seen_at < now - SEEN_EVERY:
        Launch.objects.filter(pk=launch.pk).update(seen_at=now)
    left = min(launch.ends_at - now, SESSION_IDLE)
    return LaunchedSession(
        launch, launch.staff, launch.client, principal, int(left.total_seconds())
    )


@transaction.atomic
def do_end_launch(session: LaunchedSession) -> None:
    if Launch.objects.filter(pk=session.launch.pk, ended_at=None).update(ended_at=timezone.now()):
        append_event(
            AuditEvent.from_principal(
                session.principal,
                EventCode.LAUNCH_END,
                person=session.person,
                target=f"launch/{session.launch.pk}",
            )
        )


def working_principal(staff: Staff, client: Client, *, system: Principal) -> Principal:
    """The doctor in whose name the system sends work to other hospitals and moves it. Raises
    Forbidden where they have not said, signed in themselves, that it may.
    """
    said = launch_permission_of(staff, client)
    if said is None or not said.allowed or not said.works:
        raise Forbidden(
            "not_let",
            "This doctor does not let the system refer patients and answer referrals in their name,"
            " or their 30 days are over. They allow it on their page My account.",
        )
    return principal_from_staff(
        staff,
        address=system.address,
        request_id=system.request_id,
        client=client.client_id,
        launch_allowed=True,
        works=True,
    )


@transaction.atomic
def do_say_launch_permission(
    client: Client, *, allowed: bool, acting: Principal, works: bool = False
) -> None:
    """The doctor, signed in with both factors, lets the system open other hospitals' records as
    them for 30 days, or nothing at all. works: and refer patients and answer referrals in their
    name. Raises Forbidden.
    """
    if acting.is_launched or acting.kind != "staff" or not acting.may(Permission.RECORD_READ):
        raise Forbidden("role", "This role opens no records.")
    if client.hospital_id != acting.hospital_id or not client.may_launch:
        raise Forbidden("launch", "This system opens no records as you.")
    now = timezone.now()
    LaunchPermission.objects.update_or_create(
        staff_id=int(acting.id),
        client=client,
        defaults={
            "allowed": allowed,
            "said_at": now,
            "until": now + PERMISSION_LIFETIME if allowed else None,
            "works": allowed and works,
        },
    )
    if not allowed:
        Launch.objects.filter(staff_id=int(acting.id), client=client, ended_at=None).update(
            ended_at=now
        )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.LAUNCH_PERMIT,
            target=f"client/{client.client_id}",
            detail=("launch and work allowed" if works else "launch allowed")
            if allowed
            else "launch forbidden",
        )
    )


def list_launching_clients(acting: Principal) -> list[tuple[Client, LaunchPermission | None]]:
    """The systems that could open records as the acting one, and what they have said of each."""
    if not settings.LAUNCH or not acting.may(Permission.RECORD_READ):
        return []
    staff = Staff.objects.get(pk=int(acting.id))
    return [
        (c, launch_permission_of(staff, c))
        for c in Client.objects.select_related("hospital__sandbox_of").filter(
            hospital_id=acting.hospital_id,
            may_launch=True,
            revoked_at=None,
            vouched_at__isnull=False,
        )
    ]


def log_launch_answer(
    acting: Principal,
    person: UUID | None,
    detail: str,
    outcome: AuditOutcome,
    reason: str = "",
) -> None:
    """The line of an answer that no read has written."""
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.LAUNCH_ASK,
            person=person,
            target="alliance/launch",
            detail=detail,
            outcome=outcome,
            reason=reason,
        )
    )


def delete_old_launches(now: dt.datetime) -> None:
    Launch.objects.filter(asked_at__lt=now - LAUNCHES_KEPT).delete()
