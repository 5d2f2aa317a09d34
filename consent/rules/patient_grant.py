"""Another hospital's records only with the patient's separate consent; a denial wins over any permit (PIPL 23, 29)."""

from consent.terms import AccessRequest, Effect, Facts, Vote

CODE = "patient_grant"
BASIS = "PIPL 23, 29"


def vote(request: AccessRequest, facts: Facts, hospital_id: int) -> Vote | None:
    if hospital_id == request.principal.hospital_id:
        return None
    fitting = [
        d for d in facts.directives
        if d.recipient_id in (None, request.principal.hospital_id) and d.source_id in (None, hospital_id)
    ]
    if any(d.effect is Effect.DENY for d in fitting):
        return Vote("deny", "patient_denied", BASIS)
    if any(d.effect is Effect.PERMIT for d in fitting):
        return Vote("permit", CODE, BASIS)
    return None
