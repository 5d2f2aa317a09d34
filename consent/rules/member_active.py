"""Only active members take part, on either side; nothing overrides this (GB/T 22239-2019 8.1.4.2)."""

from consent.terms import AccessRequest, Facts, Vote

CODE = "member_active"
BASIS = "GB/T 22239-2019 8.1.4.2"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[Vote, ...]:
    if not request.principal.active:
        return (Vote("deny", "viewer_inactive", BASIS, overridable=False),)
    if request.principal.kind == "patient" and not request.own:
        return (Vote("deny", "role", BASIS, overridable=False),)
    if hospital in facts.suspended and hospital != request.principal.hospital:
        return (Vote("deny", "source_suspended", BASIS, overridable=False),)
    return ()
