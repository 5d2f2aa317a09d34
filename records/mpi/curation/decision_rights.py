"""Check whether a curator may decide about registrations, alone or with others (docs/adr/0018)."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Staff
from alliance.roles import Permission, Role
from records.models import Decision, SourcePatient
from records.mpi.curation import risk
from records.mpi.curation.agreement import Curator, may_join, may_part
from records.mpi.index.claim_settlement import AffectedRegistrations


class Undecidable(Forbidden):
    """The decision cannot be made as things are; the message says why."""


def curator_filter(acting: Principal, *sides: str) -> Q:
    """What a clerk may see and decide: registrations of their own hospital, unless they are
    enrolled for the whole alliance.
    """
    if acting.alliance_wide:
        return Q()
    own = Q(pk__in=[])
    for side in sides:
        own |= Q(**{f"{side}__hospital_id": acting.hospital_id})
    return own


def check_may_decide(
    acting: Principal, source_patient_ids: Collection[int], all_own: bool = False
) -> None:
    """all_own: all must be of the clerk's own hospital; else one of them. Raises Forbidden."""
    if not acting.may(Permission.LINK_REVIEW):
        raise Forbidden("role", "This role does not decide who is the same patient.")
    if not acting.vouched:
        raise Forbidden(
            "vouched",
            "Nobody vouches for this account yet: until a privacy officer or auditor does, it"
            " decides nothing about patients.",
        )
    hospitals = set(
        SourcePatient.objects.filter(pk__in=source_patient_ids).values_list(
            "hospital_id", flat=True
        )
    )
    if not acting.alliance_wide and (
        hospitals != {acting.hospital_id} if all_own else acting.hospital_id not in hospitals
    ):
        raise Forbidden("object", "This does not concern a patient of your hospital.")


def curator_from_principal(acting: Principal) -> Curator:
    return Curator(int(acting.id), acting.hospital_id, acting.alliance_wide)


def hospitals_of_rows(source_patient_ids: Collection[int]) -> dict[int, int]:
    """{registration: its hospital}."""
    return dict(
        SourcePatient.objects.filter(pk__in=source_patient_ids).values_list("pk", "hospital_id")
    )


def is_join_agreed(
    curators: Collection[Principal], one_id: int, two_id: int, affected: AffectedRegistrations
) -> bool:
    """Whether these are enough to make the persons of two registrations one."""
    sides = [affected.registrations_of(affected.persons[i]) for i in (one_id, two_id)]
    hospitals = [set(hospitals_of_rows(side).values()) for side in sides]
    agreeing = [
        curator_from_principal(curator)
        for curator in curators
        if curator.may(Permission.LINK_REVIEW) and curator.vouched
    ]
    return may_join(
        agreeing, *hospitals, is_nameless=any(risk.find_nameless(side) == {*side} for side in sides)
    )


def hospitals_without_curator(hospitals: Collection[int]) -> set[int]:
    """Those of them that have no curator at present: one for the whole alliance speaks for
    these.
    """
    today = timezone.localdate()
    curators = Staff.objects.filter(
        hospital__in=hospitals,
        role=Role.CLERK.value,
        ended_at=None,
        vouched_at__isnull=False,
        starts_on__lte=today,
        ends_on__gte=today,
    )
    return set(hospitals) - set(curators.values_list("hospital_id", flat=True))


def check_parting(before: Mapping[int, UUID], after: Mapping[int, UUID], acting: Principal) -> None:
    """before, after: {registration: its person}. Raises Undecidable where it parts other
    hospitals' registrations from each other.
    """
    hospital_of = hospitals_of_rows(after)
    groups = {(before[i], after[i], hospital_of[i]) for i in after}
    pairs = {(h, k) for b, n, h in groups for c, m, k in groups if b == c and n != m}
    if not may_part(
        curator_from_principal(acting),
        pairs,
        hospitals_without_curator({h for p in pairs for h in p}),
    ):
        raise Undecidable(
            "others",
            "This would part registrations of other hospitals from each other. Say it of your own"
            " hospital's registrations alone; a curator of the others decides about theirs.",
        )


def check_joining(
    before: Mapping[int, UUID], after: Mapping[int, UUID], undone: Decision, acting: Principal
) -> None:
    """What comes together again because a decision is undone: the curator takes back what their own
    hospital has said, and of each two that meet one is such as they could part again
    (agreement.py); or all of it is their own hospital's. Raises Undecidable else: a curator of
    another hospital has called them two patients, or a registration that was linked with others
    meanwhile would hold two patients of others together.
    """
    hospital_of = hospitals_of_rows(after)
    says_own = (
        Staff.objects.filter(
            pk=int(undone.by.removeprefix("staff/")), hospital=acting.hospital_id
        ).exists()
        if undone.by.startswith("staff/")
        else False
    )
    groups = {(before[i], after[i], hospital_of[i]) for i in after}
    pairs = {(h, k) for b, n, h in groups for c, m, k in groups if b != c and n == m}
    joined = {
        after[i]
        for i in after
        if any(after[j] == after[i] and before[j] != before[i] for j in after)
    }
    says_own = says_own and may_part(
        curator_from_principal(acting),
        pairs,
        hospitals_without_curator({h for p in pairs for h in p}),
    )
    if not says_own and any(
        hospital_of[i] != acting.hospital_id for i in after if after[i] in joined
    ):
        raise Undecidable(
            "joins",
            "This would join registrations of several hospitals again, which a curator of another"
            " hospital has parted. Propose on the page of registrations that they are one patient:"
            " it is joined once a curator of the other hospital agrees.",
        )
