"""Another hospital's records only by an account behind which somebody else stands; an emergency opens them with its trail (docs/adr/0030)."""

from consent.terms import AccessRequest, Facts, Vote

CODE = "unvouched"
BASIS = "GB/T 22239-2019 8.1.4.2"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[Vote, ...]:
    if request.crosses(hospital) and not request.principal.vouched:
        return (Vote("deny", CODE, BASIS),)
    return ()
