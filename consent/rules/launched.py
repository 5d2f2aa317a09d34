"""Permit another hospital's records in a record that a system has opened as a doctor only where the
doctor has allowed it in person, with both factors (docs/adr/0059).
"""

from consent.terms import AccessRequest, Facts, RuleVote

CODE = "launched"
BASIS = "GB/T 22239-2019 8.1.4.1"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[RuleVote, ...]:
    principal = request.principal
    if not principal.is_launched or principal.launch_allowed:
        return ()
    if not request.crosses_hospitals(hospital):
        return ()
    return (RuleVote("deny", CODE, BASIS, overridable=False),)
