"""The same problem of several hospitals, or of several visits, as one fact.

Two entries are one problem where their names say the same (width, blanks, Roman numbers and the
hand-made synonyms of `tables/problem_synonyms.csv` aside), or where each name has one code of one
code system and the codes are equal. Never where only a part of the name agrees, and never across
sides of the body: left and right share a code of ICD-10.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from records.meaning.absence import fold_words
from records.meaning.drug_names import read_table
from records.meaning.facts import (
    HELD,
    Fact,
    Statement,
    fact_order,
    find_contradictions,
    other_names,
    read_statements,
    statement_order,
)
from records.meaning.phrase import Json
from records.meaning.result_identity import SNOMED, list_codings
from records.meaning.sense import Sense
from records.meaning.value_text import LONGEST, concept_text, first_code

ICD10 = frozenset(
    {
        "http://hl7.org/fhir/sid/icd-10",
        "http://hl7.org/fhir/sid/icd-10-cn",
        "http://hl7.org/fhir/sid/icd-10-cm",
        "urn:oid:2.16.840.1.113883.6.3",
        "urn:oid:2.16.840.1.113883.6.90",
        "urn:oid:2.16.156.10011.2.3.3.11",
        "urn:xinglin:codesystem:icd-10-clinical",
        "urn:xinglin:codesystem:icd-10-insurance",
    }
)
SNOMED_SYSTEMS = frozenset({SNOMED, "urn:oid:2.16.840.1.113883.6.96"})
NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "一": "1", "二": "2", "三": "3", "四": "4"}
ROMAN = re.compile(r"(?<![a-z])(iv|i{1,3}|[一二三四])(?=型|级|期|度)|(?<=type )(iv|i{1,3})\b")
SIDES = tuple(
    (side, rf"{chinese}|(?<![a-z])(?:{latin})(?![a-z\d])")
    for side, chinese, latin in (
        ("左", "左", "left|lt|l|os"),  # OS, OD, OU: of eyes
        ("右", "右", "right|rt|r|od"),
        ("双", "双侧|两侧", "bilateral|ou"),
    )
)
PARTING_POINT = re.compile(r"(?<!\d)\.|\.(?!\d)")  # 1.5 is not 15
# What stands behind the dot of a Chinese code where nothing narrower is meant: E11.900, E11.9x00
OTHERS = re.compile(r"(?!E1[0-4])[A-Z]\d\d\.8")  # of diabetes: with complications
UNNARROWED = re.compile(r"(?P<whole>[A-Z]\d\d(?:\.\d)?)(?:X?00|\.X00|X00X000|00X000)")


def merge_problems(entries: Iterable[tuple[str, Json]]) -> list[Fact]:
    """entries: (hospital, Condition). The newest first."""
    by_name: dict[tuple[str, str], list[Statement]] = {}
    for s in read_statements(entries, "abatementDateTime", "recordedDate"):
        by_name.setdefault(problem_name(s), []).append(s)
    by_code: dict[tuple[str, ...], list[list[Statement]]] = {}
    for (name, side), found in by_name.items():
        code = single_code(found)
        by_code.setdefault((code, side) if code else ("", name, side), []).append(found)
    return sorted(
        (build_problem([s for many in joined for s in many]) for joined in by_code.values()),
        key=fact_order,
    )


def build_problem(found: list[Statement]) -> Fact:
    statements = tuple(sorted(found, key=statement_order))
    against = find_contradictions(statements)
    held = {s.source for s in statements if s.reading.sense in HELD}
    before = tuple(
        s
        for s in statements
        if held and s.reading.sense is Sense.PAST and s not in against and s.source not in held
    )
    return Fact(statements, other_names(statements), against, before)


def problem_name(s: Statement) -> tuple[str, str]:
    """(the folded name, the side of the body). An entry without a name is like no other."""
    concept = s.resource.get("code")
    words, site = concept_text(concept), concept_text(s.resource.get("bodySite"))
    if not words or len(words) > LONGEST:
        return words or f"\0{s.place}", ""
    name = fold_problem(words)
    return names_alike().get(name, name), find_side(f"{words} {site}") or list_bare_sites(s)


def fold_problem(words: str) -> str:
    plain = re.sub(r"\((?:disorder|finding|situation)\)", "", fold_words(words))
    plain = ROMAN.sub(lambda m: NUMERALS[m[0]], plain)
    return "".join(c for c in PARTING_POINT.sub("", plain) if c.isalnum() or c in "+-/<>=≤≥.")


def find_side(words: str) -> str:
    folded = fold_words(words)
    return "".join(side for side, pattern in SIDES if re.search(pattern, folded))


def list_bare_sites(s: Statement) -> str:
    """Sites that have a code without words, of which nobody here knows the side."""
    sites = s.resource.get("bodySite") or []
    return " ".join(sorted(c for x in sites if (c := first_code(x)) and concept_text(x) == c))


@lru_cache(maxsize=1)
def names_alike() -> dict[str, str]:
    """{folded name: the folded name that stands for all of its line}."""
    return {
        fold_problem(word): fold_problem(line[0].split("|")[0])
        for line in read_table("problem_synonyms.csv")
        for word in line[0].split("|")
    }


def single_code(found: list[Statement]) -> str:
    """The one code that all entries of a name have in common of a system that all hospitals mean
    alike; "" where they have none or several: a slip among them joins nothing. Nor does "other
    specified" of ICD-10 (I67.8), which is many illnesses by its meaning.
    """
    for systems, family in ((ICD10, "icd-10"), (SNOMED_SYSTEMS, "snomed")):
        codes = {
            fold_code(str(c["code"])) if family == "icd-10" else str(c["code"]).strip()
            for s in found
            for c in list_codings(s.resource.get("code"))
            if str(c.get("system") or "") in systems
        }
        if len(codes) == 1 and not (family == "icd-10" and OTHERS.fullmatch(min(codes))):
            return f"{family} {codes.pop()}"
    return ""


def fold_code(code: str) -> str:
    """A code of ICD-10 without what only fills its Chinese form."""
    plain = code.strip().upper()
    found = UNNARROWED.fullmatch(plain)
    return found["whole"] if found else plain.removesuffix(".X00")
