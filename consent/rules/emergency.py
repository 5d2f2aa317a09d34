"""Broken glass: a time-boxed emergency opens what may be overridden (PIPL 13(1)4, 18; 医师法 27)."""

from consent.terms import OVERRIDABLE_LABELS, AccessRequest, Facts, Vote

CODE = "emergency"
BASIS = "PIPL 13(1)4, 18"


def vote(request: AccessRequest, facts: Facts, hospital_id: int) -> Vote | None:
    if facts.emergency_until is not None and facts.now < facts.emergency_until and not request.writing:
        return Vote("override", CODE, BASIS, mask=OVERRIDABLE_LABELS)
    return None
