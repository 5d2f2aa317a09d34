"""Permit what may be overridden while a time-boxed emergency access is active (PIPL 13(1)4, 18;
医师法 27): to who opened it in person, not to a system that opens a record as them.
"""

from consent.criteria import LabelsWithin
from consent.labels import OVERRIDABLE_LABELS
from consent.terms import AccessRequest, Facts, RuleVote

CODE = "emergency"
BASIS = "PIPL 13(1)4, 18"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[RuleVote, ...]:
    if request.principal.is_launched:
        return ()
    if facts.emergency_until is not None and facts.now < facts.emergency_until:
        return (RuleVote("override", CODE, BASIS, LabelsWithin(OVERRIDABLE_LABELS)),)
    return ()
