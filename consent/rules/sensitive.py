"""Records with a sensitivity label cross to another hospital only where a permit names them (PIPL 28, 29; GB/T 39725)."""

from consent.terms import AccessRequest, Effect, Facts, Vote

CODE = "sensitive"
BASIS = "PIPL 28, 29; GB/T 39725-2020"


def vote(request: AccessRequest, facts: Facts, hospital_id: int) -> Vote | None:
    if hospital_id == request.principal.hospital_id:
        return None
    named = any(
        d.effect is Effect.PERMIT and d.sensitive and d.recipient_id in (None, request.principal.hospital_id)
        and d.source_id in (None, hospital_id)
        for d in facts.directives
    )
    return None if named else Vote("limit", CODE, BASIS, mask=0)
