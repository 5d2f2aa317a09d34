"""Which rows of a record the banner looks through: of each type as few as it needs, found by date
and code, for every page of a record pays for them.
"""

import datetime as dt
from functools import lru_cache

from alliance.platform.dates import EARLIEST_INSTANT
from records.meaning.key_results import KEY_TESTS
from records.meaning.pregnancy import OBSERVED_CODES
from records.meaning.risk_terms import (
    ABO_NAMES,
    BLOOD_CODES,
    CONDITION_BEGINNINGS,
    CONDITION_CODES,
    IMPLANT_CODES,
    INFECTIONS,
    PROCEDURE_BEGINNINGS,
    RH_CODES,
    RH_NAMES,
)
from records.operations.shared_record import SectionWindow
from records.search.named_codes import named_code_conditions
from records.search.search_terms import SearchCondition

CRITICAL_HOURS = 72
MARGIN = dt.timedelta(hours=1)
# section of the banner -> how many of the newest are looked at
BANNER_LIMITS = {
    "AllergyIntolerance": 300,
    "Flag": 100,
    "Observation": 200,
    "undated Observation": 50,
    "marker Observation": 80,
    "Condition": 80,
    "Procedure": 20,
    "Device": 30,
    "DeviceUseStatement": 30,
    "MedicationRequest": 150,
    "MedicationStatement": 100,
    "Encounter": 5,
}
KEY_RESULTS = 40  # newest potassiums and eGFRs that the rules about medicines look at
SHORT = 4  # letters; a Chinese name of two or three tells enough where it begins so
# A laboratory's mark of mutual recognition stands before a name (全国HR: national)
RECOGNIZED = ("", "【全国hr】", "[全国hr]")
CURRENT_STATES = {
    "MedicationRequest": ("active", "on-hold", "unknown"),
    "MedicationStatement": ("active", "on-hold", "unknown"),
    "Encounter": ("in-progress", "onleave", "arrived", "triaged"),
}


def banner_windows(now: dt.datetime) -> dict[str, SectionWindow]:
    """{"banner …": its window}. Dates only bound what is looked for by date: results without one
    are looked for apart.
    """
    starts = now - dt.timedelta(hours=CRITICAL_HOURS) - MARGIN
    more: dict[str, SectionWindow] = {
        "Observation": SectionWindow(BANNER_LIMITS["Observation"], "Observation", starts=starts),
        "undated Observation": SectionWindow(
            BANNER_LIMITS["undated Observation"],
            "Observation",
            ends=EARLIEST_INSTANT + dt.timedelta(days=1),
        ),
    }
    return {
        f"banner {name}": more.get(name)
        or SectionWindow(most, name.rpartition(" ")[2], any_of=banner_conditions(name))
        for name, most in BANNER_LIMITS.items()
    }


def key_result_windows() -> dict[str, SectionWindow]:
    """What the rules about medicines look at beside the medicines."""
    return {
        "banner key Observation": SectionWindow(KEY_RESULTS, "Observation", any_of=key_conditions())
    }


@lru_cache(maxsize=1)
def key_conditions() -> tuple[SearchCondition, ...]:
    return result_conditions(
        {c for t in KEY_TESTS for c in t.codes}, {n for t in KEY_TESTS for n in t.names}
    )


@lru_cache(maxsize=20)
def banner_conditions(name: str) -> tuple[SearchCondition, ...]:
    """Which rows of a section of the banner are looked through, () for all."""
    if name in CURRENT_STATES:
        return named_code_conditions(name, "status", CURRENT_STATES[name])
    match name:
        case "marker Observation":
            return result_conditions(
                {c for t in INFECTIONS for c in t.loinc} | BLOOD_CODES | RH_CODES | OBSERVED_CODES,
                {n for t in INFECTIONS for n in t.tests}
                | ABO_NAMES
                | RH_NAMES
                | {"妊娠状态", "pregnancy status", "预产期", "末次月经"},
            )
        case "Condition":
            return named_code_conditions(
                "Condition", "code", CONDITION_CODES, (), CONDITION_BEGINNINGS
            )
        case "Procedure":
            return named_code_conditions(
                "Procedure", "code", IMPLANT_CODES, (), PROCEDURE_BEGINNINGS
            )
    return ()


def result_conditions(codes: set[str], names: set[str]) -> tuple[SearchCondition, ...]:
    """Names as laboratories print them, with what stands behind; short ones only whole, for many
    a test begins so.
    """
    marked = {f"{mark}{n}" for n in names for mark in RECOGNIZED}
    short = {n for n in marked if n.isascii() and len(n) < SHORT}
    return named_code_conditions("Observation", "code", codes, short, marked - short)
