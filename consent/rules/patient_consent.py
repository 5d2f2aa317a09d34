"""Another hospital's records only as the patient's consents say; a denial of one wins over the permits of all (PIPL 23, 29)."""

from consent.compile import Viewer, says
from consent.criteria import NEVER
from consent.terms import AccessRequest, Facts, Vote

CODE = "patient_consent"
DENIED = "patient_denied"
BASIS = "PIPL 23, 29"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[Vote, ...]:
    """One that says he wants no access in an emergency either is not overridden."""
    principal = request.principal
    if not request.crosses(hospital):
        return ()
    staff = principal.id if principal.kind == "staff" else ""
    viewer = Viewer(principal.hospital, staff, principal.purpose.value, facts.now)
    urgent = Viewer(principal.hospital, staff, "BTG", facts.now)
    out = []
    for consent in facts.consents:
        plain, always = says(consent.rule, viewer, hospital), says(consent.rule, urgent, hospital, urgent=True)
        if plain.permits != NEVER and consent.whole:
            out.append(Vote("permit", CODE, BASIS, plain.permits, consent=consent.id))
        if plain.denies != NEVER:
            out.append(Vote("deny", DENIED, BASIS, plain.denies, consent=consent.id))
        if always.denies != NEVER:
            out.append(Vote("deny", DENIED, BASIS, always.denies, overridable=False, consent=consent.id))
    return tuple(out)
