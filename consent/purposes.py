"""TABLE purpose of use -> the purposes of a consent that it falls under: itself and whatever it
is a kind of. Pure.

Source: v3-ActReason 4.0.0, PurposeOfUse and what lies beneath it. Breaking the glass stands there
beneath emergency treatment, which is a kind of treatment; but it overrides what treatment does not
open, so a consent about treatment is none about it (IHE PCF: purpose BTG is asked for by name).
"""

from functools import cache

PURPOSE_SYSTEMS = frozenset(
    {
        "http://terminology.hl7.org/CodeSystem/v3-ActReason",
        "http://hl7.org/fhir/v3/ActReason",
        "urn:oid:2.16.840.1.113883.5.8",
        "",
    }
)
PURPOSE_KINDS = {  # purpose -> its kinds
    "TREAT": ("CLINTRL", "COC", "ETREAT", "POPHLTH", "TREATDS"),
    "ETREAT": ("BTG", "ERTREAT"),
    "HPAYMT": ("CLMATTCH", "COVAUTH", "COVERAGE", "PMTDS", "REMITADV"),
    "COVERAGE": ("ELIGDTRM", "ELIGVER", "ENROLLM", "MILDCRG"),
    "HOPERAT": (
        "CAREMGT",
        "DONAT",
        "FRAUD",
        "GOV",
        "HACCRED",
        "HCOMPL",
        "HDECD",
        "HDIRECT",
        "HDM",
        "HLEGAL",
        "HOUTCOMS",
        "HPRGRP",
        "HQUALIMP",
        "HSYSADMIN",
        "MEMADMIN",
        "MILCDM",
        "MLTRAINING",
        "PATADMIN",
        "PATSFTY",
        "PERFMSR",
        "RECORDMGT",
        "SYSDEV",
        "TRAIN",
    ),
    "HSYSADMIN": ("LABELING", "METAMGT"),
    "SYSDEV": ("HTEST",),
    "HRESCH": ("BIORCH", "CLINTRCH", "DSRCH", "POARCH", "TRANSRCH"),
    "CLINTRCH": ("CLINTRCHNPC", "CLINTRCHPC", "PRECLINTRCH"),
    "PATRQT": ("FAMRQT", "PWATRNY", "SUPNWK"),
    "PUBHLTH": ("DISASTER", "THREAT"),
    "HMARKT": (),
}
PARENT_PURPOSE = {kind: purpose for purpose, kinds in PURPOSE_KINDS.items() for kind in kinds}
BREAK_GLASS = "BTG"
EMERGENCY_PURPOSES = frozenset(
    {BREAK_GLASS, "ETREAT"}
)  # a consent that names one of these is about broken glass
TREATMENT_PURPOSES = frozenset({"TREAT", "TREATMENT"})
KNOWN_PURPOSES = frozenset(PURPOSE_KINDS) | frozenset(PARENT_PURPOSE) | TREATMENT_PURPOSES


def purpose_key(system: str, code: str) -> str:
    """A purpose of a consent as one word: the code of the code system, of another one both."""
    return code if system in PURPOSE_SYSTEMS else f"{system}|{code}"


@cache
def purposes_covering(purpose: str) -> frozenset[str]:
    """The purposes of a consent under which this one falls."""
    if purpose == BREAK_GLASS:
        return EMERGENCY_PURPOSES
    found = {purpose}
    while purpose in PARENT_PURPOSE:
        purpose = PARENT_PURPOSE[purpose]
        found.add(purpose)
    return frozenset(found | TREATMENT_PURPOSES if "TREAT" in found else found)
