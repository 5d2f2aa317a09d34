"""Permit a hospital its own records for treatment without a further consent (PIPL 13(1)2;
病历管理规定 2013), and patients their own (PIPL 45).
"""

from consent.terms import AccessRequest, Facts, RuleVote

CODE = "own_hospital"
BASIS = "PIPL 13(1)2"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[RuleVote, ...]:
    return (RuleVote("permit", CODE, BASIS),) if not request.crosses_hospitals(hospital) else ()
