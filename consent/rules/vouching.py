"""Permit another hospital's records only to an account behind which somebody else stands; an
emergency opens them with its trail (docs/adr/0030).
"""

from consent.terms import AccessRequest, Facts, RuleVote

CODE = "unvouched"
BASIS = "GB/T 22239-2019 8.1.4.2"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[RuleVote, ...]:
    if request.crosses_hospitals(hospital) and not request.principal.vouched:
        return (RuleVote("deny", CODE, BASIS),)
    return ()
