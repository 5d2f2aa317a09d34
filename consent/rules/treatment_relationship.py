"""Another hospital's records only for a patient whom the viewer's hospital is treating (262号 2025: need to know), and not on its own word alone."""

from consent.criteria import Within, negated
from consent.strength import Strength
from consent.terms import AccessRequest, Facts, Vote

CODE = "no_relationship"
UNCONFIRMED = "unconfirmed"
PROVISIONAL = "provisional"
BASIS = "国卫办医政函〔2025〕262号"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[Vote, ...]:
    """Provisionally confirmed, it opens nothing that carries a sensitive label. Who asks the viewer's hospital to treat the patient opens its own records, tied or not."""
    if not request.crosses(hospital) or (facts.related and (facts.tie is Strength.FULL or hospital in facts.asked)):
        return ()
    if not facts.related:
        return (Vote("deny", CODE, BASIS),)
    if facts.tie is Strength.PROVISIONAL:
        return (Vote("deny", PROVISIONAL, BASIS, negated(Within(0))),)
    return (Vote("deny", UNCONFIRMED, BASIS),)
