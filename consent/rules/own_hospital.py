"""A hospital uses its own records for treatment without a further consent (PIPL 13(1)2; 病历管理规定 2013); a patient has his own (PIPL 45)."""

from consent.terms import AccessRequest, Facts, Vote

CODE = "own_hospital"
BASIS = "PIPL 13(1)2"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[Vote, ...]:
    return (Vote("permit", CODE, BASIS),) if not request.crosses(hospital) else ()
