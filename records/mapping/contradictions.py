"""What speaks against a mapping so plainly that it is refused: another dimension of the unit,
numbers where the standard test has words, and the other sex. Pure.
"""

from dataclasses import dataclass
from enum import StrEnum

from records.mapping.kinds import ICD10, ICD10_CLINICAL, ICD10_INSURANCE, MappingKind
from records.mapping.standard_codes import StandardTarget
from records.mapping.value_profile import ValueProfile
from records.meaning.result_units import unit_dimension
from records.meaning.written_units import tidy_unit, ucum_from_text

ODD_SHARE = 0.1  # of units, values or patients that a few wrong records may make
# ICD-10 (WHO 2019): illnesses of one sex alone, by the beginnings of their codes
FEMALE_BEGINNINGS = (
    "O",
    "C51",
    "C52",
    "C53",
    "C54",
    "C55",
    "C56",
    "C57",
    "C58",
    "D06",
    "D25",
    "N7",
    "N80",
    "N83",
    "N85",
    "N86",
    "N87",
    "N91",
    "N92",
    "N93",
    "N94",
    "N95",
    "Z32",
    "Z34",
    "Z35",
    "Z36",
    "Z39",
)
MALE_BEGINNINGS = (
    "C60",
    "C61",
    "C62",
    "C63",
    "N40",
    "N41",
    "N42",
    "N43",
    "N44",
    "N45",
    "N46",
    "N47",
    "N48",
    "N49",
    "N50",
)
ARBITRARY = frozenset({"U", "[IU]", "[iU]", "[arb'U]", "k[IU]", "k[arb'U]", "kU", "m[IU]", "mU"})


class Contradiction(StrEnum):
    UNIT = "unit"
    VALUES_ARE_WORDS = "values-are-words"
    VALUES_ARE_NUMBERS = "values-are-numbers"
    SEX = "sex"


@dataclass(frozen=True, slots=True)
class FoundContradiction:
    """local, standard: the two that do not fit, as they are shown."""

    kind: Contradiction
    local: str
    standard: str


def find_contradictions(
    kind: MappingKind, profile: ValueProfile, target: StandardTarget
) -> list[FoundContradiction]:
    found = []
    if kind is MappingKind.LABORATORY:
        found = [
            c for c in (check_unit(profile, target), check_scale(profile, target)) if c is not None
        ]
    if (by_sex := check_sex(profile, target)) is not None:
        found.append(by_sex)
    return found


def check_unit(profile: ValueProfile, target: StandardTarget) -> FoundContradiction | None:
    """Whether the units that were sent measure something else."""
    known = {u: n for u, n in profile.units.items() if ucum_from_text(u)}
    if not target.unit or not known:
        return None
    other = {u: n for u, n in known.items() if not is_of_one_dimension(u, target.unit)}
    if sum(other.values()) > ODD_SHARE * sum(known.values()):
        return FoundContradiction(Contradiction.UNIT, ", ".join(other), target.unit)
    return None


def is_of_one_dimension(written: str, unit: str) -> bool:
    """written: as sent; unit: in UCUM. Amount and mass are two."""
    code = ucum_from_text(written) or tidy_unit(written)
    wanted = ucum_from_text(unit) or unit
    if code == wanted:
        return True
    (top, _, below), (other_top, _, other_below) = code.partition("/"), wanted.partition("/")
    if top in ARBITRARY and other_top in ARBITRARY:  # written for one another
        return bool(below) == bool(other_below)
    here, there = unit_dimension(code), unit_dimension(wanted)
    return bool(here) and here == there


def check_scale(profile: ValueProfile, target: StandardTarget) -> FoundContradiction | None:
    values = profile.numbers + profile.texts
    if not values:
        return None
    if target.scale == "quantitative" and profile.texts > 0.5 * values:
        return FoundContradiction(
            Contradiction.VALUES_ARE_WORDS, f"{profile.texts} / {values}", target.scale
        )
    if target.scale == "ordinal" and profile.numbers > 0.5 * values and profile.units:
        return FoundContradiction(
            Contradiction.VALUES_ARE_NUMBERS, f"{profile.numbers} / {values}", target.scale
        )
    return None


def check_sex(profile: ValueProfile, target: StandardTarget) -> FoundContradiction | None:
    """Whether patients have it who cannot; one alone may be a wrong sex in a registration."""
    wanted = target.sex or sex_of_icd(target)
    if not wanted:
        return None
    other = {"male": "female", "female": "male"}[wanted]
    found, known = profile.sexes.get(other, 0), sum(profile.sexes.values())
    if found >= 2 and found > ODD_SHARE * known:
        return FoundContradiction(Contradiction.SEX, other, wanted)
    return None


def sex_of_icd(target: StandardTarget) -> str:
    if target.system not in (ICD10, ICD10_CLINICAL, ICD10_INSURANCE):
        return ""
    code = target.code.upper()
    if code.startswith(MALE_BEGINNINGS):
        return "male"
    return "female" if code.startswith(FEMALE_BEGINNINGS) else ""
