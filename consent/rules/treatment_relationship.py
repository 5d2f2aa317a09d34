"""Another hospital's records only for a patient whom the viewer's hospital is treating (262号 2025: need to know)."""

from consent.terms import AccessRequest, Facts, Vote

CODE = "no_relationship"
BASIS = "国卫办医政函〔2025〕262号"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[Vote, ...]:
    if request.crosses(hospital) and not facts.related:
        return (Vote("deny", CODE, BASIS),)
    return ()
