"""Sensitivity labels as bits of one column, and what a code of a consent or of meta.security says in them. Pure.

Source: v3-Confidentiality, v3-ActCode InformationSensitivityPolicy; IHE PCF Advanced; GB/T 39725-2020 level 5.
"""

from enum import IntFlag


class Label(IntFlag):
    """What makes a resource specially protected. ETH is substance use as a whole; ALCOHOL and OPIOID are kinds of it."""

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
LEVELS = int(Label.RESTRICTED | Label.VERY_RESTRICTED)
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
SENSITIVITY = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

SENSITIVE: dict[str, Label] = {
    "HIV": Label.HIV, "PSY": Label.PSY, "PSYTHPN": Label.PSY, "MH": Label.PSY, "ETH": Label.ETH, "SUD": Label.ETH, "ETHUD": Label.ALCOHOL, "OPIOIDUD": Label.OPIOID,
    "SDV": Label.SDV, "DVD": Label.SDV, "STD": Label.STD, "SEX": Label.SEX, "GDIS": Label.GDIS, "ADOL": Label.MINOR,
}
# what a level lets through, and what lies at it or above
UP_TO = {"U": 0, "L": 0, "M": 0, "N": 0, "R": OVERRIDABLE_LABELS, "V": ALL_LABELS}
FROM = {"R": ALL_LABELS, "V": int(Label.VERY_RESTRICTED)}
BELOW = {Label.ETH: Label.ALCOHOL | Label.OPIOID}


def of_tag(code: str) -> Label:
    """The label that a code of meta.security puts on: a code that nobody knows restricts."""
    if code in SENSITIVE:
        return SENSITIVE[code]
    return Label.VERY_RESTRICTED if code == "V" else Label.NONE if code in UP_TO and code != "R" else Label.RESTRICTED


def kinds(label: Label) -> int:
    """The label and those of which it is the whole."""
    return int(label | BELOW.get(label, Label.NONE))


def wholes(label: Label) -> int:
    """The label, its kinds, and what it is a kind of: a record that is only known to be of the whole may be of the kind."""
    above = [w for w, parts in BELOW.items() if label & parts]
    return kinds(label) | int(sum(above, Label.NONE))
