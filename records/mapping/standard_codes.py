"""Standard codes that a local one may be mapped to: the table that comes along, units that the
platform reads, and lists that the alliance has imported. No list is shipped whose licence forbids
it (docs/adr/0068).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from records.fhir.resource_types import load_definition_table
from records.mapping.code_names import core_name, fold_name, initials_of, pinyin_of
from records.mapping.kinds import KINDS, MappingKind
from records.meaning.components import read_rows
from records.meaning.result_identity import LOINC
from records.models import CodeList, StandardCode
from records.search.base_units import SYSTEM as UCUM

TABLE = Path(__file__).parent / "tables" / "laboratory.csv"


@dataclass(frozen=True, slots=True)
class StandardTarget:
    """One code of a standard system. names: all by which it is found, the shown one first."""

    system: str
    code: str
    display: str
    names: tuple[str, ...]
    unit: str = ""
    scale: str = ""
    sex: str = ""


@dataclass(frozen=True, slots=True)
class TargetIndex:
    """Targets of a kind, by what names are compared by."""

    targets: tuple[StandardTarget, ...]
    by_code: dict[tuple[str, str], StandardTarget]
    by_word: dict[str, tuple[int, ...]]  # folded, core, pinyin, initials -> positions
    names: tuple[str, ...]  # core names, for rapidfuzz
    owners: tuple[int, ...]  # of each of these the position of its target


@cache
def list_shipped_targets(kind: MappingKind) -> tuple[StandardTarget, ...]:
    if kind is MappingKind.LABORATORY:
        return tuple(
            StandardTarget(
                LOINC,
                row["code"],
                row["names"].split("|")[0],
                tuple(row["names"].split("|")),
                row["unit"],
                row["scale"],
                row["sex"],
            )
            for row in read_rows(TABLE)
        )
    if kind is MappingKind.UNIT:
        return tuple(
            StandardTarget(UCUM, code, code, (code,), code)
            for code in load_definition_table("units")
        )
    return ()


def list_targets(kind: MappingKind) -> tuple[StandardTarget, ...]:
    """Shipped ones and imported ones; of a code in both the imported one."""
    imported = [
        StandardTarget(
            system, code, display, (display, *filter(None, names.split("|"))), unit, scale, sex
        )
        for system, code, display, names, unit, scale, sex in StandardCode.objects.filter(
            listed__kind=kind, retired=False
        ).values_list("listed__system", "code", "display", "names", "unit", "scale", "sex")
    ]
    there = {(t.system, t.code) for t in imported}
    shipped = [t for t in list_shipped_targets(kind) if (t.system, t.code) not in there]
    return (*shipped, *imported)


kept: dict[MappingKind, tuple[object, TargetIndex]] = {}


def get_target_index(kind: MappingKind) -> TargetIndex:
    """Made once for each state of the imported lists."""
    mark = tuple(CodeList.objects.filter(kind=kind).order_by("pk").values_list("pk", "imported_at"))
    known = kept.get(kind)
    if known is None or known[0] != mark:
        kept[kind] = known = (mark, build_target_index(list_targets(kind)))
    return known[1]


def build_target_index(targets: tuple[StandardTarget, ...]) -> TargetIndex:
    words: dict[str, dict[int, None]] = {}
    names: list[str] = []
    owners: list[int] = []
    for number, target in enumerate(targets):
        for name in target.names:
            for word in {fold_name(name), core_name(name), pinyin_of(name), initials_of(name)}:
                if word:
                    words.setdefault(word, {})[number] = None
            names.append(core_name(name))
            owners.append(number)
    return TargetIndex(
        targets,
        {(t.system, t.code): t for t in targets},
        {word: tuple(found) for word, found in words.items()},
        tuple(names),
        tuple(owners),
    )


def find_target(kind: MappingKind, system: str, code: str) -> StandardTarget | None:
    return get_target_index(kind).by_code.get((system, code))


def target_systems(kind: MappingKind) -> dict[str, str]:
    """{system: title} of what this kind may be mapped to."""
    listed = dict(CodeList.objects.filter(kind=kind).values_list("system", "title"))
    return {str(s): str(t) for s, t in KINDS[kind].targets} | listed
