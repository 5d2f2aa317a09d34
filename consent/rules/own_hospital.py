"""A hospital uses its own records for treatment without a further consent (PIPL 13(1)2; 病历管理规定 2013)."""

from consent.terms import AccessRequest, Facts, Vote

CODE = "own_hospital"
BASIS = "PIPL 13(1)2"


def vote(request: AccessRequest, facts: Facts, hospital_id: int) -> Vote | None:
    if hospital_id == request.principal.hospital_id:
        return Vote("permit", CODE, BASIS)
    return None
