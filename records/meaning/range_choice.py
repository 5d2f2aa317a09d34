"""Choose the reference range that fits a patient, by sex and age (FHIR R4
Observation.referenceRange).
"""

import re
import unicodedata
from dataclasses import replace
from typing import Any

from records.meaning.ages import days_passed, months_passed
from records.meaning.range_concepts import (
    ALL,
    SEX_CODES,
    SEX_WORDS,
    is_normal_range,
    list_concept_words,
    make_list,
)
from records.meaning.range_display import range_text
from records.meaning.range_reading import SEXED, read_number, read_range
from records.meaning.reference_ranges import PatientTraits, ReferenceRange
from records.meaning.result_units import unit_of_quantity
from records.meaning.value_text import LONGEST

GROUPS = re.compile(
    r"儿童|小儿|患儿|新生儿|婴|幼儿|少年|学龄|早产|足月|脐血|孕|妊娠|产妇|哺乳|绝经|卵泡|黄体|排卵|月经|老年|老人|吸烟|透析|糖尿病|治疗|目标|\d(?:岁|个?月|天|日龄|周|y\b|years?)|"
    r"\b(?:child|children|p(?:a)?ediatrics?|neonat\w*|newborns?|infants?|bab(?:y|ies)|adolescents?|pregnan\w*|trimester|follic\w*|luteal|midcycle|\w*menopaus\w*|elderly|smokers?|"
    r"therap\w*|target|goal|boys?|girls?)\b",
    re.IGNORECASE,
)

ADULTS = re.compile(r"成人|成年|\badults?\b", re.IGNORECASE)

MONTHS, DAYS = {"a": 12, "mo": 1}, {"d": 1, "wk": 7}


def concerns_patient(text: str, patient: PatientTraits, at: str) -> bool:
    """Whether a text beside bounds leaves them to this patient: False where it names a group,
    unless that is adults or their sex; and where it is too long to be read.
    """
    if len(text) > LONGEST:
        return False
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if GROUPS.search(text) or GROUPS.search(plain):
        return False
    if ADULTS.search(text):
        years = completed_units(patient.birth, at, "a")
        return years is not None and years[0] >= 18
    sexes = {SEX_WORDS[w.casefold()] for w in SEXED.findall(plain)}
    return not sexes or patient.sex in sexes


def count_met_conditions(node: dict[str, Any], patient: PatientTraits, at: str) -> int | None:
    """How many conditions of a range the patient meets at the time of the result; None where one
    is not met, or cannot be judged.
    """
    met = 0
    if not concerns_patient(
        str(node.get("text") or "") if "low" in node or "high" in node else "", patient, at
    ):
        return None
    for concept in make_list(node.get("appliesTo")):
        said = {
            SEX_WORDS.get(w.casefold(), SEX_CODES.get(w)) for w in list_concept_words(concept)
        } - {None}
        if any(w.casefold() in ALL for w in list_concept_words(concept)):
            continue
        if len(said) != 1 or said != {patient.sex}:
            return None
        met += 1
    if isinstance(node.get("age"), dict):
        if not is_within_age(node["age"], patient.birth, at):
            return None
        met += 1
    return met


def is_within_age(age: dict[str, Any], birth: str, at: str) -> bool:
    """Whether somebody's completed years, months, weeks or days lie within; False where the
    dates are too coarse to tell.
    """
    for name in ("low", "high"):
        bound = age.get(name)
        if not isinstance(bound, dict):
            continue
        value, passed = read_number(bound), completed_units(birth, at, unit_of_quantity(bound).code)
        if (
            value is None
            or passed is None
            or (passed[0] < value if name == "low" else passed[1] > value)
        ):
            return False
    return "low" in age or "high" in age


def completed_units(birth: str, at: str, by: str) -> tuple[int, int] | None:
    """(least, most) whole units that have passed since birth; None where that cannot be said."""
    if by in MONTHS:
        months = months_passed(birth, at)
        return months and (months[0] // MONTHS[by], months[1] // MONTHS[by])
    days = days_passed(birth, at) if by in DAYS else None
    return None if days is None else (int(days / DAYS[by]), int(days / DAYS[by]))


def choose_range(
    nodes: Any, patient: PatientTraits, at: str, unit_code: str = ""
) -> ReferenceRange | None:
    """The one range that tells what is normal for this patient at this time, text as sent; None
    where none does, or several do that differ.
    """
    found: dict[ReferenceRange, tuple[int, str]] = {}
    for node in nodes if isinstance(nodes, list) else []:
        met = (
            count_met_conditions(node, patient, at)
            if isinstance(node, dict) and is_normal_range(node)
            else None
        )
        if met is not None and (one := replace(read_range(node, patient.sex), text="")).known:
            found[one] = max(
                (met, range_text(node, unit_code, whole=False)), found.get(one, (0, ""))
            )
    most = max((met for met, _ in found.values()), default=0)
    best = [replace(r, text=text) for r, (met, text) in found.items() if met == most]
    return best[0] if len(best) == 1 else None
