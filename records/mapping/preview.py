"""What a mapping would change, before anybody agrees to it."""

from dataclasses import dataclass

from alliance.models import Hospital
from records.mapping.code_ranking import show_code
from records.mapping.contradictions import FoundContradiction, find_contradictions
from records.mapping.kinds import MappingKind
from records.mapping.member_maps import list_joined_hospitals
from records.mapping.standard_codes import StandardTarget
from records.models import CodeMapping, LocalCode


@dataclass(frozen=True, slots=True)
class MappingPreview:
    """records: that would be stored anew, None where they are of too few patients to be told;
    examples: values of three of them; hospitals: whose results would stand in one trend with these;
    own_codes: further codes of the same hospital that mean the same already; replaces: the mapping
    that would end.
    """

    target: StandardTarget
    records: int | None
    examples: tuple[str, ...]
    hospitals: tuple[Hospital, ...]
    own_codes: tuple[LocalCode, ...]
    contradictions: tuple[FoundContradiction, ...]
    replaces: CodeMapping | None


def preview_mapping(code: LocalCode, target: StandardTarget) -> MappingPreview:
    shown = show_code(code)
    standing = CodeMapping.objects.filter(state=CodeMapping.State.APPROVED)
    same = standing.filter(
        hospital_id=code.hospital_id,
        kind=code.kind,
        target_system=target.system,
        target_code=target.code,
    ).exclude(code=code)
    return MappingPreview(
        target,
        shown.records,
        shown.profile.examples,
        tuple(list_joined_hospitals(code.hospital_id, code.kind, target.system, target.code)),
        tuple(m.code for m in same.select_related("code")[:5]),
        tuple(find_contradictions(MappingKind(code.kind), shown.profile, target)),
        standing.filter(code=code, target_system=target.system).first(),
    )
