"""Permit another hospital's records only for a patient whom the viewer's hospital is treating
(262号 2025: need to know), and not on its own word alone.
"""

from consent.criteria import LabelsWithin, not_
from consent.strength import Strength
from consent.terms import AccessRequest, Facts, RuleVote

CODE = "no_relationship"
UNCONFIRMED_TIE = "unconfirmed"
PROVISIONAL_TIE = "provisional"
BASIS = "国卫办医政函〔2025〕262号"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[RuleVote, ...]:
    """Provisionally confirmed, it opens nothing that carries a sensitive label. Who asks the
    viewer's hospital to treat the patient opens its own records, tied or not.
    """
    if not request.crosses_hospitals(hospital) or (
        facts.related and (facts.tie is Strength.FULL or hospital in facts.referring_hospitals)
    ):
        return ()
    if not facts.related:
        return (RuleVote("deny", CODE, BASIS),)
    if facts.tie is Strength.PROVISIONAL:
        return (RuleVote("deny", PROVISIONAL_TIE, BASIS, not_(LabelsWithin(0))),)
    return (RuleVote("deny", UNCONFIRMED_TIE, BASIS),)
