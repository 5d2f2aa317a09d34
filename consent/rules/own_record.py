"""Deny patients their own record on their own page where it is not proven that it is they, and what
only a talk should tell (PIPL 45, 51; v3-Confidentiality V).
"""

from alliance.roles import Permission
from consent.criteria import HasAnyLabel
from consent.labels import Label
from consent.terms import AccessRequest, Facts, RuleVote, Source

CODE = "own_record"
BASIS = "PIPL 45, 51"
UNPROVEN_PATIENT, VERY_RESTRICTED = "own_factor", "own_restricted"
JOINED_LATER = "own_joined"


def is_proven_own(request: AccessRequest, source: Source) -> bool:
    """Whether a registration was the patient's already when their card was compared. One that came
    to them later may have come by a mistake: it takes a new comparison.
    """
    if request.permission is not Permission.OWN_RECORD_READ:
        return True
    proven_at = request.principal.proven_at
    return proven_at is not None and source.since <= proven_at


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[RuleVote, ...]:
    if request.permission is not Permission.OWN_RECORD_READ:
        return ()
    if request.principal.factor != "full":
        return (RuleVote("deny", UNPROVEN_PATIENT, BASIS, overridable=False),)
    very_restricted = HasAnyLabel(int(Label.VERY_RESTRICTED))
    return (RuleVote("deny", VERY_RESTRICTED, BASIS, very_restricted, overridable=False),)
