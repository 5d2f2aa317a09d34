"""Facts about a patient of two hospitals that come and go, each by one step that turns it over."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.models import Hospital, Staff
from alliance.roles import Role
from alliance.services.membership import do_resume_hospital, do_suspend_hospital
from consent.models import (
    AlliancePolicy,
    Confirmation,
    Directive,
    Emergency,
    IncidentSeal,
    Relationship,
)
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.services.emergencies import do_break_glass, do_close_glass
from records.models import Decision, SourcePatient
from records.mpi.curation.decisions import do_split_person, do_undo_decision
from records.mpi.index import source_patients
from records.operations.person_seal import do_seal_person
from tests.factories import alliance
from tests.factories.seals import lift_seal
from tests.factories.ties import confirm_directive
from tests.support.world import World, related

CLOSED, OPEN = AlliancePolicy.Code.BREAK_GLASS_ONLY, AlliancePolicy.Code.ALL_NORMAL


def set_policy(code: str) -> None:
    AlliancePolicy.objects.create(
        code=code,
        basis="PIPL 23, 29",
        reason="test",
        starts_at=timezone.now(),
        decided_by=Staff.objects.order_by("pk").first(),
    )


@dataclass
class ChangingWorld:
    """who: the doctor of the hospital that asks."""

    w: World
    who: Staff
    parted: Decision | None = None
    officer: Staff = field(init=False)

    def __post_init__(self) -> None:
        self.officer = alliance.make_staff(self.w.b, Role.PRIVACY, wide=True)
        self.directives = Directive.objects.filter(person=self.w.person, withdrawn_at=None)

    @property
    def steps(self) -> tuple[Callable[[], None], ...]:
        return (
            self.turn_permit,
            self.turn_denial,
            self.turn_confirmation,
            self.replace_decision,
            self.turn_treatment,
            self.turn_tie,
            self.turn_emergency,
            self.turn_seal,
            self.turn_policy,
            self.turn_holder,
            self.turn_role,
            self.open_again,
            self.open_again,
            self.turn_vouching,
            self.turn_link,
        )

    def end(self) -> None:
        """Everything is otherwise than it mostly was, and what others share as they found it."""
        set_policy(CLOSED)
        self.open_again()
        if Emergency.objects.filter(staff=self.who, closed_at=None).exists():
            self.turn_emergency()
        self.turn_role()
        self.turn_permit()
        self.turn_treatment()

    def withdraw(self, directive: Directive) -> None:
        do_withdraw_directive(
            directive.pk,
            self.w.person,  # type: ignore[arg-type]
            reason="asked",
            evidence="in person",
            sources=source_patients.sources_of_person(self.w.person),  # type: ignore[arg-type]
            acting=self.w.clerk,
        )

    def turn_permit(self) -> None:
        standing = self.directives.filter(denies=False).first()
        if standing:
            self.withdraw(standing)
        else:
            self.w.permit()

    def turn_denial(self) -> None:
        standing = self.directives.filter(denies=True).first()
        if standing:
            self.withdraw(standing)
            confirm_directive(standing, self.w.person)  # type: ignore[arg-type]
        else:
            self.w.permit(effect="deny")

    def turn_confirmation(self) -> None:
        """Of what the hospital that asks has recorded for itself."""
        clerk = alliance.get_staff_principal(alliance.make_staff(self.w.a, Role.CLERK))
        own = self.directives.filter(denies=False, hospital=self.w.a).first()
        own = own or self.w.permit(acting=clerk)
        said = Confirmation.objects.filter(directive=own, ended_at=None)
        if not said.update(ended_at=timezone.now()):
            confirm_directive(own, self.w.person)  # type: ignore[arg-type]

    def replace_decision(self) -> None:
        for standing in self.directives.filter(denies=False):
            self.withdraw(standing)
        self.w.permit(sensitive=True)

    def turn_treatment(self) -> None:
        treated = Relationship.objects.filter(hospital=self.w.a, ends_at__gt=timezone.now())
        if not treated.update(ends_at=timezone.now()):
            related(self.w)

    def turn_tie(self) -> None:
        said = Confirmation.objects.filter(subject="tie", hospital=self.w.a, ended_at=None)
        if not said.update(ended_at=timezone.now()):
            related(self.w)

    def turn_emergency(self) -> None:
        sources = source_patients.sources_of_person(self.w.person)  # type: ignore[arg-type]
        acting = alliance.get_staff_principal(self.who)
        if Emergency.objects.filter(staff=self.who, closed_at=None).exists():
            do_close_glass(self.w.person, sources=sources, acting=acting)  # type: ignore[arg-type]
        else:
            do_break_glass(
                self.w.person,  # type: ignore[arg-type]
                ground="rescue",
                reason="unconscious",
                hours=1,
                sources=sources,
                acting=acting,
            )

    def turn_seal(self) -> None:
        standing = IncidentSeal.objects.filter(sealed_by=self.officer, lifted_at=None).first()
        if standing:
            lift_seal(standing)
        else:
            do_seal_person(
                self.w.person,  # type: ignore[arg-type]
                ground="dispute",
                reason="test",
                listed=[],
                acting=alliance.get_staff_principal(self.officer),
            )

    def turn_policy(self) -> None:
        newest = AlliancePolicy.objects.filter(starts_at__lte=timezone.now()).first()
        set_policy(OPEN if newest is None or newest.code == CLOSED else CLOSED)

    def turn_holder(self) -> None:
        """The hospital that holds the records is suspended, or takes part again."""
        if Hospital.objects.get(pk=self.w.b.pk).suspended_at:
            do_resume_hospital(self.w.b, acting=alliance.OPERATOR)
        else:
            do_suspend_hospital(self.w.b, reason="test", acting=alliance.OPERATOR)

    def turn_role(self) -> None:
        account = Staff.objects.filter(pk=self.who.pk)
        if not account.filter(role=Role.CLINICIAN).update(role=Role.AUDITOR):
            account.update(role=Role.CLINICIAN)

    def open_again(self) -> None:
        """All that closes is taken away."""
        if self.parted is not None:
            self.turn_link()
        do_resume_hospital(self.w.b, acting=alliance.OPERATOR)
        for standing in IncidentSeal.objects.filter(sealed_by=self.officer, lifted_at=None):
            lift_seal(standing)
        for standing in self.directives.filter(denies=True):
            self.turn_denial()
        Staff.objects.filter(pk=self.who.pk).update(vouched_at=timezone.now(), role=Role.CLINICIAN)
        related(self.w)
        if not self.directives.filter(denies=False, hospital=self.w.b).exists():
            self.w.permit()

    def turn_vouching(self) -> None:
        account = Staff.objects.filter(pk=self.who.pk)
        if not account.exclude(vouched_at=None).update(vouched_at=None):
            account.update(vouched_at=timezone.now())

    def turn_link(self) -> None:
        """The two registrations are parted, or one person again."""
        if self.parted is None:
            there = SourcePatient.objects.get(hospital=self.w.b, fhir_id=self.w.at_b.split("/")[1])
            self.parted = do_split_person([there.pk], acting=self.w.clerk, note="two people")
        else:
            do_undo_decision(self.parted.pk, acting=self.w.clerk, note="one, after all")
            self.parted = None

    def turn(self, step: Callable[[], None]) -> None:
        """What stands already as it would be, or nobody may do as things are, is no change."""
        with suppress(AlreadyDone, Forbidden):
            step()
