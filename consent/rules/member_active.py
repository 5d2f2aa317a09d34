"""Only active members take part, on either side; nothing overrides this (GB/T 22239-2019 8.1.4.2)."""

from consent.terms import AccessRequest, Facts, Vote

CODE = "member_active"
BASIS = "GB/T 22239-2019 8.1.4.2"


def vote(request: AccessRequest, facts: Facts, hospital_id: int) -> Vote | None:
    if not request.principal.active:
        return Vote("deny", "viewer_inactive", BASIS, overridable=False)
    if hospital_id in facts.suspended and hospital_id != request.principal.hospital_id:
        return Vote("deny", "source_suspended", BASIS, overridable=False)
    return None
