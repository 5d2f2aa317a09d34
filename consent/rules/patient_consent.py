"""Another hospital's records only as the patient's consents say; a denial of one wins over the permits of all (PIPL 23, 29)."""

from consent.compile import Viewer, says
from consent.criteria import NEVER, Item, Within, both
from consent.purposes import BREAKING
from consent.strength import Strength
from consent.terms import AccessRequest, Facts, Vote

CODE = "patient_consent"
DENIED = "patient_denied"
UNVERIFIED = "unverified"
UNCONFIRMED = "unconfirmed_consent"
BASIS = "PIPL 23, 29"


def viewer_of(request: AccessRequest, facts: Facts, groups: frozenset[tuple[Item, bool]], purpose: str = "") -> Viewer:
    """Who looks, as a consent may name them. groups: that it names, and whether they are in them; purpose: another one than the request's."""
    principal = request.principal
    staff = principal.id if principal.kind == "staff" else ""
    return Viewer(principal.hospital, staff, purpose or principal.purpose.value, facts.now, groups)


def find_waiting(request: AccessRequest, facts: Facts, hospital: str) -> tuple[str, int] | None:
    """(why not yet, number) of a consent that would permit something once somebody has seen the signed paper, or a second one stands behind it."""
    lacking = [(UNCONFIRMED, c) for c in facts.consents if c.whole and c.counts(hospital) is Strength.NONE] + [(UNVERIFIED, c) for c in facts.waiting]
    return next(((code, c.id) for code, c in lacking if says(c.rule, viewer_of(request, facts, c.groups), hospital).permits != NEVER), None)


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[Vote, ...]:
    """What one says of emergencies is not overridden, and takes nothing from what is permitted without one. One behind which a second person of the viewer's
    hospital stands provisionally permits nothing that carries a sensitive label; one that a hospital recorded which is not tied to the patient itself, only of its own records."""
    if not request.crosses(hospital):
        return ()
    out = []
    viewers = {g: (viewer_of(request, facts, g), viewer_of(request, facts, g, BREAKING)) for g in {c.groups for c in facts.consents}}
    for consent in facts.consents:
        viewer, breaking = viewers[consent.groups]
        plain, broken = says(consent.rule, viewer, hospital), says(consent.rule, breaking, hospital, urgent=True)
        strength = consent.counts(hospital)
        if plain.permits != NEVER and consent.whole and strength is not Strength.NONE:
            permits = plain.permits if strength is Strength.FULL else both(plain.permits, Within(0))
            out.append(Vote("permit", CODE, BASIS, permits, consent=consent.id))
        if plain.denies != NEVER:
            out.append(Vote("deny", DENIED, BASIS, plain.denies, consent=consent.id))
        if broken.denies != NEVER:
            out.append(Vote("deny", DENIED, BASIS, broken.denies, overridable=False, consent=consent.id, urgent=True))
    return tuple(out)
