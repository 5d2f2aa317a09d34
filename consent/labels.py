"""Sensitivity labels as bits of one column, and what a code of a consent or of meta.security
says in them. Pure.

Source: v3-Confidentiality, v3-ActCode InformationSensitivityPolicy; IHE PCF Advanced; GB/T
39725-2020 level 5.
"""

from enum import IntFlag


class Label(IntFlag):
    """What makes a resource specially protected. ETH is substance use as a whole; ALCOHOL and
    OPIOID are kinds of it.
    """

    NONE = 0
    HIV = 1
    PSY = 2
    ETH = 4
    SDV = 8
    STD = 16
    GDIS = 32
    RESTRICTED = 64
    VERY_RESTRICTED = 128
    ALCOHOL = 256
    OPIOID = 512
    SEX = 1024
    MINOR = 2048


ALL_LABELS = 4095
OVERRIDABLE_LABELS = ALL_LABELS & ~int(Label.VERY_RESTRICTED)
LEVEL_MASK = int(Label.RESTRICTED | Label.VERY_RESTRICTED)
CONFIDENTIALITY_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
SENSITIVITY_SYSTEM = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
# by the names that earlier releases of FHIR and HL7 v3 give them; "" where a sender names none
LEVEL_SYSTEMS = frozenset(
    {
        CONFIDENTIALITY_SYSTEM,
        "http://hl7.org/fhir/v3/Confidentiality",
        "urn:oid:2.16.840.1.113883.5.25",
        "",
    }
)
KIND_SYSTEMS = frozenset(
    {SENSITIVITY_SYSTEM, "http://hl7.org/fhir/v3/ActCode", "urn:oid:2.16.840.1.113883.5.4"}
)
# Security labels of other kinds (HCS: purpose of use, integrity, provenance) say what a record is
# for or how sure it is, not who may see it.
OTHER_TAG_SYSTEMS = frozenset(
    {
        "http://terminology.hl7.org/CodeSystem/v3-ActReason",
        "http://hl7.org/fhir/v3/ActReason",
        "urn:oid:2.16.840.1.113883.5.8",
        "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
        "http://hl7.org/fhir/v3/ObservationValue",
        "urn:oid:2.16.840.1.113883.5.1063",
    }
)
# v3-ActCode ObligationPolicy: what is done here with every record: each look is accounted for,
# consents and levels are obeyed, bodies lie and travel encrypted, labels stay. Other obligations
# (to mask, to delete after use …) and all of RefrainPolicy restrict, for they are not met.
MET_OBLIGATIONS = frozenset(
    {"AOD", "AUDIT", "AUDTR", "CPLYCC", "CPLYCD", "ENCRYPT", "ENCRYPTR", "ENCRYPTT", "PERSISTLABEL"}
)

LABEL_BY_CODE: dict[str, Label] = {
    "HIV": Label.HIV,
    "PSY": Label.PSY,
    "PSYTHPN": Label.PSY,
    "MH": Label.PSY,
    "ETH": Label.ETH,
    "SUD": Label.ETH,
    "ETHUD": Label.ALCOHOL,
    "OPIOIDUD": Label.OPIOID,
    "SDV": Label.SDV,
    "STD": Label.STD,
    "SEX": Label.SEX,
    "GDIS": Label.GDIS,
    "ADOL": Label.MINOR,
}
# what a level lets through, and what lies at it or above
MASK_UP_TO_LEVEL = {"U": 0, "L": 0, "M": 0, "N": 0, "R": OVERRIDABLE_LABELS, "V": ALL_LABELS}
MASK_FROM_LEVEL = {"R": ALL_LABELS, "V": int(Label.VERY_RESTRICTED)}
SUBKINDS = {Label.ETH: Label.ALCOHOL | Label.OPIOID}


def label_from_tag(system: str, code: str) -> Label:
    """The label that a coding of meta.security puts on: one that nobody knows restricts. What
    protects counts in whichever system it stands; what says that a record needs no protection only
    in its own.
    """
    if system in OTHER_TAG_SYSTEMS:
        return Label.NONE
    if code in LABEL_BY_CODE:
        return LABEL_BY_CODE[code]
    if code == "V":
        return Label.VERY_RESTRICTED
    harmless = (code in MASK_UP_TO_LEVEL and code != "R" and system in LEVEL_SYSTEMS) or (
        code in MET_OBLIGATIONS and system in KIND_SYSTEMS
    )
    return Label.NONE if harmless else Label.RESTRICTED


def mask_with_subkinds(label: Label) -> int:
    """The label and those of which it is the whole."""
    return int(label | SUBKINDS.get(label, Label.NONE))


def mask_with_related_kinds(label: Label) -> int:
    """The label, its kinds, and what it is a kind of: a record that is only known to be of the
    whole may be of the kind.
    """
    above = [w for w, parts in SUBKINDS.items() if label & parts]
    return mask_with_subkinds(label) | int(sum(above, Label.NONE))
