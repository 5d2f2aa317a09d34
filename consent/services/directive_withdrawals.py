"""Withdraw a patient's directives; effective with the next statement that asks the gate."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from consent.audit.event import EventCode
from consent.compile import would_ending_open_more
from consent.models import AlliancePolicy, Directive
from consent.provision import find_named_staff, parse_consent
from consent.rules.alliance_policy import LABELS_BY_POLICY
from consent.services.directives import (
    append_directive_event,
    check_may_record_consent,
    query_directives,
)
from consent.services.ties import is_tied
from consent.strength import (
    OpeningFact,
    Strength,
    determine_voice,
    look_up_strength,
)
from consent.terms import ImplicitPolicy, Source

REPLACED_REASON = (  # the reason of a withdrawal by a new decision; shown in the reader's words
    "replaced"
)
NOBODY_HOME = UUID(
    int=0
)  # the home of nobody: only the registrations that it covers tell for whom a directive holds


@transaction.atomic
def do_withdraw_directive(
    directive_id: int,
    person: UUID,
    *,
    reason: str,
    evidence: str = "",
    sources: tuple[Source, ...],
    acting: Principal,
) -> None:
    """Withdrawing is as easy as giving (PIPL 15): patients need not say why, staff do, and how
    the patient asked for it. Withdrawing twice changes nothing. Raises ValueError for staff who do
    not say both.
    """
    check_may_record_consent(acting, person, sources)
    if acting.kind == "staff" and not (reason.strip() and evidence.strip()):
        raise ValueError("say why it is withdrawn, and how the patient asked for it")
    withdraw_directive(
        query_directives(person, sources).select_for_update().get(pk=directive_id),
        person,
        sources,
        acting,
        reason=reason.strip(),
        evidence=evidence.strip(),
    )


def withdraw_directive(
    directive: Directive,
    person: UUID,
    sources: tuple[Source, ...],
    acting: Principal,
    *,
    reason: str,
    evidence: str,
) -> None:
    """Its permits end at once. What it refuses ends at once where the patient says so, or a
    hospital that is tied to the patient and to which it refuses nothing; else when others confirm
    it (docs/adr/0030). A denial that also protects registrations of which the index says by now
    that they are another person's stays with these: one human does not withdraw another's.
    """
    if directive.withdrawn_at is None:
        directive.withdrawn_at = timezone.now()
        directive.withdrawn_by_id, directive.withdrawn_where_id = (
            int(acting.id) if acting.kind == "staff" else None,
            acting.hospital_id,
        )
        directive.withdrawn_reason, directive.withdrawn_evidence = reason[:200], evidence[:120]
        directive.lifted_at = (
            directive.withdrawn_at
            if is_lifted_by_withdrawal(
                directive,
                acting,
                tied=acting.kind == "patient" or is_tied(acting.hospital_id, person, sources),
            )
            else None
        )
        directive.save(
            update_fields=[
                "withdrawn_at",
                "withdrawn_by",
                "withdrawn_where",
                "withdrawn_reason",
                "withdrawn_evidence",
                "lifted_at",
            ]
        )
        others = sorted(set(directive.covers) - {s.id for s in sources})
        if directive.denies and others:
            fields = (
                "resource",
                "denies",
                "template",
                "hospital_id",
                "method",
                "evidence",
                "image",
                "image_type",
                "guardian",
                "valid_from",
                "valid_until",
                "recorded_by_id",
                "verified_at",
                "verified_by_id",
                "verified_where_id",
            )
            kept = Directive.objects.create(
                person=NOBODY_HOME, covers=others, **{f: getattr(directive, f) for f in fields}
            )
            append_directive_event(
                acting,
                EventCode.CONSENT_RECORD,
                kept,
                None,
                f"kept of directive/{directive.pk} for others",
            )
    append_directive_event(
        acting,
        EventCode.CONSENT_WITHDRAW,
        directive,
        person,
        " · ".join(filter(None, (reason, evidence))),
    )


def is_lifted_by_withdrawal(directive: Directive, acting: Principal, *, tied: bool) -> bool:
    """Whether it ends as a whole on the word of the one who withdraws it: of the patient, or of
    a hospital whose staff and systems can read nothing more by it. tied: whether others stand fully
    behind it that this hospital treats the patient.
    """
    if acting.kind == "patient":
        return (
            look_up_strength(
                OpeningFact.WITHDRAWAL,
                determine_voice(acting, directive.hospital_id, (), knows=False),
            )
            is Strength.FULL
        )
    if not tied:
        return False
    rule = parse_consent(directive.resource, directive.hospital.code)
    named = Staff.objects.filter(
        pk__in=find_named_staff(rule), hospital_id=acting.hospital_id
    ).values_list("pk", flat=True)
    codes = Hospital.objects.exclude(pk=acting.hospital_id).values_list("code", flat=True)
    newest = (
        AlliancePolicy.objects.filter(starts_at__lte=timezone.now())
        .order_by("-starts_at", "-pk")
        .first()
    )
    return not would_ending_open_more(
        rule,
        acting.hospital,
        {"", *map(str, named)},
        codes,
        timezone.now(),
        LABELS_BY_POLICY.get(newest.code if newest else ImplicitPolicy().code),
    )
