"""Read Observation.interpretation, its codes and texts, as one level (FHIR R4
valueset-observation-interpretation; HL7 v2 table 0078).
"""

from typing import Any

from records.meaning.flag_words import flag_from_word
from records.meaning.result_flags import ResultFlag, worst_flag
from records.meaning.result_identity import SNOMED

# v3-ObservationInterpretation and table 0078. Codes that tell of a change (B, W, U, D) or of the
# test (IE, QCF …) say nothing of the level.
CODES: dict[str, ResultFlag] = {
    "HH": ResultFlag.CRITICAL_HIGH,
    "LL": ResultFlag.CRITICAL_LOW,
    "AA": ResultFlag.CRITICAL,
    "H": ResultFlag.HIGH,
    "HU": ResultFlag.HIGH,
    "HX": ResultFlag.HIGH,
    ">": ResultFlag.HIGH,
    "L": ResultFlag.LOW,
    "LU": ResultFlag.LOW,
    "LX": ResultFlag.LOW,
    "<": ResultFlag.LOW,
    "A": ResultFlag.ABNORMAL,
    "N": ResultFlag.NORMAL,
    "POS": ResultFlag.POSITIVE,
    "DET": ResultFlag.POSITIVE,
    "RR": ResultFlag.POSITIVE,
    "WR": ResultFlag.POSITIVE,
    "NEG": ResultFlag.NORMAL,
    "ND": ResultFlag.NORMAL,
    "NR": ResultFlag.NORMAL,
    "IND": ResultFlag.UNCLEAR,
    "E": ResultFlag.UNCLEAR,
    "R": ResultFlag.ABNORMAL,
    "NS": ResultFlag.ABNORMAL,
    "SYN-R": ResultFlag.ABNORMAL,
    "NWT": ResultFlag.ABNORMAL,
    "I": ResultFlag.UNCLEAR,
    "SDD": ResultFlag.UNCLEAR,
    "S": ResultFlag.NORMAL,
    "SYN-S": ResultFlag.NORMAL,
    "WT": ResultFlag.NORMAL,
    "VS": ResultFlag.NORMAL,
    "MS": ResultFlag.NORMAL,
    "UNE": ResultFlag.ABNORMAL,
    "EXP": ResultFlag.NORMAL,
    "CAR": ResultFlag.POSITIVE,
    "TOX": ResultFlag.ABNORMAL,
    "EX": ResultFlag.ABNORMAL,
    "HM": ResultFlag.NONE,
    "B": ResultFlag.NONE,
    "W": ResultFlag.NONE,
    "U": ResultFlag.NONE,
    "D": ResultFlag.NONE,
    "IE": ResultFlag.NONE,
    "NCL": ResultFlag.NONE,
    "QCF": ResultFlag.NONE,
    "AC": ResultFlag.NONE,
    "OBX": ResultFlag.NONE,
}

STANDARD = frozenset(
    {
        "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
        "http://terminology.hl7.org/CodeSystem/v2-0078",
        "http://hl7.org/fhir/v2/0078",
        "http://hl7.org/fhir/v3/ObservationInterpretation",
        "urn:oid:2.16.840.1.113883.5.83",
        "urn:oid:2.16.840.1.113883.12.78",
    }
)

SNOMED_CODES = {
    "281302008": ResultFlag.HIGH,
    "281300000": ResultFlag.LOW,
    "281301001": ResultFlag.NORMAL,
    "10828004": ResultFlag.POSITIVE,
    "260385009": ResultFlag.NORMAL,
    "263654008": ResultFlag.ABNORMAL,
    "17621005": ResultFlag.NORMAL,
    "82334004": ResultFlag.UNCLEAR,
    "419984006": ResultFlag.UNCLEAR,
    "260373001": ResultFlag.POSITIVE,
    "260415000": ResultFlag.NORMAL,
}


def flag_from_coding(c: dict[str, Any]) -> ResultFlag | None:
    """Of one coding: a standard code and its display, the worse of them; else what its display,
    or else its local code says; None where it is not known.
    """
    system, code, display = (
        c.get("system"),
        str(c.get("code") or "").strip(),
        str(c.get("display") or ""),
    )
    if system == SNOMED:
        return SNOMED_CODES.get(code, flag_from_word(display))
    if system in STANDARD or system is None:
        found = CODES.get(code, CODES.get(code.upper()))
        if found is not None:
            return worst_flag([found, flag_from_word(display) or found])
    said = flag_from_word(display) if display else None
    if said is not None or (display and system is not None and system not in STANDARD):
        return said  # a hospital's own letter says what its display says: N may be "not reviewed"
    return CODES.get(code.upper()) if code.upper() in CODES else flag_from_word(code)


def read_interpretation(found: Any) -> tuple[ResultFlag | None, str]:
    """(level, the laboratory's words) of Observation.interpretation: all its codings and texts.
    The level is None where it says nothing, or nothing that is known; Flag.NONE where it tells of
    something else than the level.
    """
    flags: list[ResultFlag] = []
    texts: list[str] = []
    for concept in found if isinstance(found, list) else [found]:
        if not isinstance(concept, dict):
            continue
        codings = [c for c in concept.get("coding") or [] if isinstance(c, dict)]
        text = str(concept.get("text") or "").strip()
        read = [
            f
            for f in (*map(flag_from_coding, codings), flag_from_word(text) if text else None)
            if f is not None
        ]
        flags += read
        texts.append(
            text
            or next(
                (
                    str(c.get("display") or c.get("code"))
                    for c in codings
                    if c.get("display") or c.get("code")
                ),
                "",
            )
        )
    return (worst_flag(flags) if flags else None), "、".join(dict.fromkeys(t for t in texts if t))
