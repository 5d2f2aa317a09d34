"""Deny hospitals that are no active members, on either side; nothing overrides this (GB/T
22239-2019 8.1.4.2).
"""

from consent.terms import AccessRequest, Facts, RuleVote

CODE = "member_active"
BASIS = "GB/T 22239-2019 8.1.4.2"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[RuleVote, ...]:
    if not request.principal.active:
        return (RuleVote("deny", "viewer_inactive", BASIS, overridable=False),)
    if request.principal.kind == "patient" and not request.is_patients_own:
        return (RuleVote("deny", "role", BASIS, overridable=False),)
    if hospital in facts.suspended and hospital != request.principal.hospital:
        return (RuleVote("deny", "source_suspended", BASIS, overridable=False),)
    return ()
