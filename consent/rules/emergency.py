"""Broken glass: a time-boxed emergency opens what may be overridden (PIPL 13(1)4, 18; 医师法 27)."""

from consent.criteria import Within
from consent.labels import OVERRIDABLE_LABELS
from consent.terms import AccessRequest, Facts, Vote

CODE = "emergency"
BASIS = "PIPL 13(1)4, 18"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[Vote, ...]:
    if facts.emergency_until is not None and facts.now < facts.emergency_until:
        return (Vote("override", CODE, BASIS, Within(OVERRIDABLE_LABELS)),)
    return ()
