"""What other members have decided: for suggestions, for a member who takes a map over, and for
whose trends a mapping would join. Codes and their meaning alone; no record of another hospital is
read or counted.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.models import Hospital
from records.mapping.catalogue_code import get_catalogue_code
from records.mapping.code_names import fold_name
from records.mapping.code_ranking import is_showable
from records.mapping.kinds import LOCAL, MappingKind, source_of_system
from records.mapping.local_code import LocalCodeKey
from records.mapping.map_decisions import check_may_map, do_propose_mapping
from records.mapping.suggestions import OtherMembersMapping
from records.models import CodeMapping, LocalCode, SourceBrand, StandardUse

APPROVED = CodeMapping.State.APPROVED


@dataclass(frozen=True, slots=True)
class TakenMap:
    """How many proposals came of it; unfit: codes that are
    something else here, or whose values contradict the other's meaning."""

    proposed: int
    unfit: int


def brand_of_source(hospital_id: int, source: str) -> str:
    row = SourceBrand.objects.filter(hospital_id=hospital_id, source=source).first()
    return fold_name(row.brand) if row else ""


def brands_of_sources() -> dict[tuple[int, str], str]:
    """{(hospital, source): product}, folded."""
    return {
        (h, s): fold_name(b)
        for h, s, b in SourceBrand.objects.values_list("hospital_id", "source", "brand")
    }


def find_other_members_mappings(code: LocalCode) -> dict[tuple[str, str], OtherMembersMapping]:
    """{(system, code): who maps a code like this one to it}: the same code or the same name."""
    brands = brands_of_sources()
    own_brand = brands.get((code.hospital_id, source_of_system(code.system)), "")
    rows = (
        CodeMapping.objects.filter(kind=code.kind, state=APPROVED)
        .exclude(hospital_id=code.hospital_id)
        .select_related("code")
    )
    name = fold_name(code.text)
    members: dict[tuple[str, str], dict[int, bool]] = {}
    for row in rows:
        same_code = bool(code.code) and row.code.code == code.code
        same_name = bool(name) and fold_name(row.code.text) == name
        brand = brands.get((row.hospital_id, source_of_system(row.code.system)), "")
        same_brand = bool(own_brand) and brand == own_brand and same_code
        if same_name or same_brand:
            found = members.setdefault((row.target_system, row.target_code), {})
            found[row.hospital_id] = found.get(row.hospital_id, False) or same_brand
    return {
        key: OtherMembersMapping(*key, len(found), sum(found.values()))
        for key, found in members.items()
    }


def list_members_of_brand(hospital: Hospital) -> list[tuple[Hospital, str, str]]:
    """(member, its source, product) whose product one of the hospital's own sources is, too."""
    own = {
        fold_name(b)
        for b in SourceBrand.objects.filter(hospital=hospital).values_list("brand", flat=True)
    }
    return [
        (row.hospital, row.source, row.brand)
        for row in SourceBrand.objects.exclude(hospital=hospital)
        .select_related("hospital")
        .order_by("hospital__code", "source")
        if fold_name(row.brand) in own
    ]


def take_over_map(member: Hospital, kind: MappingKind, *, acting: Principal) -> TakenMap:
    """Propose all that the member has approved for the codes of a product that the acting one's
    hospital has, too, whether or not its records have them: so nobody learns which ones they have.
    Each proposal still needs another clerk.
    """
    check_may_map(acting, acting.hospital_id)
    hospital = Hospital.objects.get(pk=acting.hospital_id)
    brands = brands_of_sources()
    own_sources = {b: s for (h, s), b in sorted(brands.items()) if h == hospital.pk and b}
    proposed = unfit = 0
    for row in CodeMapping.objects.filter(
        hospital=member, kind=kind, state=APPROVED
    ).select_related("code"):
        brand = brands.get((member.pk, source_of_system(row.code.system)), "")
        if not row.code.code or brand not in own_sources:
            continue
        system = f"{LOCAL}{hospital.code}:{own_sources[brand]}:{kind}"
        code = get_catalogue_code(
            hospital, LocalCodeKey(kind, system, row.code.code, row.code.text)
        )
        if is_showable(code) and fold_name(code.text) != fold_name(row.code.text):
            unfit += 1  # the same number for something else
            continue
        try:
            do_propose_mapping(
                code,
                row.target_system,
                row.target_code,
                equivalence=row.equivalence,
                origin=f"member/{member.code}"[:40],
                acting=acting,
            )
            proposed += 1
        except AlreadyDone:
            continue
        except ValidationError:
            unfit += 1
    return TakenMap(proposed, unfit)


def list_joined_hospitals(hospital_id: int, kind: str, system: str, code: str) -> list[Hospital]:
    """Members whose records have this standard code: whose trends the mapping would join."""
    there = StandardUse.objects.filter(kind=kind, system=system, code=code).exclude(
        hospital_id=hospital_id
    )
    return list(Hospital.objects.filter(pk__in=there.values("hospital_id")).order_by("code"))
