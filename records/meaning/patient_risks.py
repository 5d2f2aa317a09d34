"""What of a record every clinician has to know before they touch the patient: blood group,
infection, pregnancy, implants. Only what an entry says; the newest of each kind first.

Codes: LOINC 2.78 (Regenstrief Institute), ICD-10 (WHO 2019), SNOMED CT international edition.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alliance.platform.dates import EARLIEST_INSTANT
from records.meaning.absence import fold_words
from records.meaning.key_results import LABEL
from records.meaning.observation_results import Result, read_results
from records.meaning.phrase import Json
from records.meaning.problem_facts import ICD10
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_facts import DATED
from records.meaning.resource_reading import interpret_resource
from records.meaning.result_flags import ResultFlag
from records.meaning.result_identity import LOINC, list_codings, squeeze_text
from records.meaning.risk_terms import (
    ABO_NAMES,
    BLOOD_CODES,
    IMPLANT,
    IMPLANT_CODES,
    INFECTIONS,
    REMOVED,
    RH_CODES,
    RH_NAMES,
)
from records.meaning.sense import Sense
from records.meaning.times import NEVER, Moment, moment_of_element
from records.meaning.value_text import concept_text, drop_nulls

HELD = frozenset({Sense.CURRENT, Sense.UNCERTAIN})
ABO = re.compile(r"(?<![A-Z])(AB|A|B|O)(?![A-Z])")
RH = re.compile(r"(?:RH|RHD|\(D\)|^)[^阳阴+\-A-Z]*(阳|阴|\+|-|POS|NEG)", re.I)
SHORT_GROUP = re.compile(r"(?:AB|A|B|O)型? ?(\+|-|POS|NEG)", re.I)  # O POS, A+
SIGN = {"阳": "+", "+": "+", "POS": "+", "阴": "−", "-": "−", "NEG": "−"}
Entry = tuple[str, Json]  # hospital, resource


class RiskKind(StrEnum):
    INFECTION = "infection"
    PREGNANCY = "pregnancy"
    IMPLANT = "implant"


@dataclass(frozen=True, slots=True)
class RiskSource:
    """An entry that says so: type_name and place among those of its type."""

    type_name: str
    place: int
    at: Moment


@dataclass(frozen=True, slots=True)
class Risk:
    """words: what is said; sources: the newest first; unsure: every entry is doubtful itself;
    ended: a newer result says otherwise.
    """

    kind: RiskKind
    words: str
    sources: tuple[RiskSource, ...]
    unsure: bool = False
    ended: Moment = NEVER


@dataclass(frozen=True, slots=True)
class BloodGroup:
    """abo, rh: {group: the entries that say it}, more than one where entries contradict."""

    abo: dict[str, tuple[RiskSource, ...]]
    rh: dict[str, tuple[RiskSource, ...]]

    @property
    def contradicts(self) -> bool:
        return len(self.abo) > 1 or len(self.rh) > 1

    @property
    def text(self) -> str:
        rh = f"Rh{next(iter(self.rh))}" if len(self.rh) == 1 else ""
        return " ".join(filter(None, (" / ".join(self.abo), rh or " / ".join(self.rh))))


def clean_name(words: str) -> str:
    """A test's name without marks of mutual recognition and what stands in brackets."""
    return squeeze_text(LABEL.sub("", squeeze_text(words)))


def read_lines(entries: Sequence[Entry], patient: PatientTraits) -> list[tuple[int, Result]]:
    """(place, result) of Observations that are results, preliminary ones among them."""
    return [
        (place, r)
        for place, (hospital, o) in enumerate(entries)
        if interpret_resource(o).sense in HELD
        for r in read_results(o, patient, hospital)
    ]


def is_named(r: Result, codes: frozenset[str], names: frozenset[str]) -> bool:
    last = r.identity.path[-1]
    return (last.system == LOINC and last.code in codes) or clean_name(r.title) in names


def find_blood_group(lines: Iterable[tuple[int, Result]]) -> BloodGroup:
    abo: dict[str, list[RiskSource]] = {}
    rh: dict[str, list[RiskSource]] = {}
    for place, r in lines:
        source = RiskSource("Observation", place, r.moment)
        said = fold_words(r.value.text).upper()
        both = is_named(r, BLOOD_CODES, ABO_NAMES)
        if both and (found := ABO.search(said)):
            abo.setdefault(found[1], []).append(source)
        if is_named(r, RH_CODES, RH_NAMES) or (both and "RH" in said):
            tail = said[said.find("RH") :] if "RH" in said else said
            if sign := RH.search(tail):
                rh.setdefault(SIGN[sign[1]], []).append(source)
        elif both and (sign := SHORT_GROUP.match(said)):
            rh.setdefault(SIGN[sign[1]], []).append(source)
    return BloodGroup(
        {k: newest_first(v) for k, v in abo.items()}, {k: newest_first(v) for k, v in rh.items()}
    )


def newest_first(found: Iterable[RiskSource]) -> tuple[RiskSource, ...]:
    return tuple(
        sorted(
            found,
            key=lambda s: (-(s.at.starts or EARLIEST_INSTANT).timestamp(), s.type_name, s.place),
        )
    )


def find_infections(lines: Sequence[tuple[int, Result]], conditions: Sequence[Entry]) -> list[Risk]:
    """By positive results and by diagnoses that hold."""
    out = []
    for term in INFECTIONS:
        mine = [(p, r) for p, r in lines if is_named(r, term.loinc, term.tests)]
        positive = [RiskSource("Observation", p, r.moment) for p, r in mine if is_positive(r)]
        negative = [r.moment for _p, r in mine if is_negative(r)]
        said = [
            (RiskSource("Condition", p, date_of(c)), sense)
            for p, sense, c in held_conditions(conditions)
            if term.diagnosis.fullmatch(diagnosis_name(c)) or has_icd(c, term.icd10)
        ]
        sources = newest_first([*positive, *(s for s, _sense in said)])
        if not sources:
            continue
        last = max(negative, key=lambda m: m.starts or EARLIEST_INSTANT, default=NEVER)
        newer = last.starts is not None and (sources[0].at.starts or EARLIEST_INSTANT) < last.starts
        out.append(
            Risk(
                RiskKind.INFECTION,
                str(term.words),
                sources,
                not positive and all(sense is Sense.UNCERTAIN for _s, sense in said),
                last if newer else NEVER,
            )
        )
    return out


def is_positive(r: Result) -> bool:
    """By the word that was sent, else by a number above its range."""
    return r.value.flag is ResultFlag.POSITIVE or (
        r.value.flag is ResultFlag.NONE
        and (r.flag is ResultFlag.POSITIVE or (r.number is not None and r.flag.high))
    )


def is_negative(r: Result) -> bool:
    return ResultFlag.NORMAL in (r.value.flag, r.flag) and not is_positive(r)


def held_conditions(conditions: Sequence[Entry]) -> list[tuple[int, Sense, Json]]:
    return [
        (place, reading.sense, drop_nulls(c))
        for place, (_hospital, c) in enumerate(conditions)
        if (reading := interpret_resource(c)).sense in HELD
    ]


def diagnosis_name(condition: Json) -> str:
    plain = re.sub(r"\([^()]*\)", "", fold_words(concept_text(condition.get("code"))))
    return plain.strip(" ?。.")


def has_icd(condition: Json, beginnings: tuple[str, ...]) -> bool:
    return any(
        str(c["code"]).strip().upper().startswith(beginnings)
        for c in list_codings(condition.get("code"))
        if str(c.get("system") or "") in ICD10
    )


def date_of(r: Json) -> Moment:
    return moment_of_element(r, *DATED.get(str(r.get("resourceType")), ()))


def has_code(concept: object, codes: frozenset[str]) -> bool:
    return any(str(c["code"]).strip().upper() in codes for c in list_codings(concept))


def find_implants(entries: Mapping[str, Sequence[Entry]]) -> list[Risk]:
    """entries: {type: (hospital, resource)} of Device, DeviceUseStatement, Procedure, Condition.
    One line a kind of implant; taking it out is none.
    """
    found: dict[str, list[tuple[RiskSource, bool]]] = {}
    for type_name, many in entries.items():
        for place, (_hospital, resource) in enumerate(many):
            r, reading = drop_nulls(resource), interpret_resource(resource)
            name = fold_words(reading.title or device_name(r))
            kind = IMPLANT.search(name)
            if reading.sense not in HELD or REMOVED.search(name):
                continue
            words = kind.lastgroup if kind else code_kind(r)
            if words:
                source = RiskSource(type_name, place, date_of(r))
                found.setdefault(words, []).append((source, reading.sense is Sense.UNCERTAIN))
    return [
        Risk(RiskKind.IMPLANT, kind, newest_first(s for s, _u in many), all(u for _s, u in many))
        for kind, many in sorted(found.items())
    ]


def device_name(r: Json) -> str:
    names = [str(n.get("name") or "") for n in r.get("deviceName") or []]
    return " ".join(filter(None, (*names, concept_text(r.get("type")))))


def code_kind(r: Json) -> str:
    """The kind of implant that a code names: of a Device its type, else its code."""
    concept = r.get("type") if r.get("resourceType") == "Device" else r.get("code")
    for c in list_codings(concept):
        code = str(c["code"]).strip().upper()
        for beginning, kind in IMPLANT_CODES.items():
            if code == beginning or (beginning[0] == "Z" and code.startswith(beginning)):
                return kind
    return ""
