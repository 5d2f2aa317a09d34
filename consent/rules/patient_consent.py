"""Permit another hospital's records only as the patient's consents say; a denial of one wins over
the permits of all (PIPL 23, 29).
"""

from consent.compile import ConsentViewer, evaluate_provision
from consent.criteria import NEVER, LabelsWithin, ResourceItem, and_
from consent.purposes import BREAK_GLASS
from consent.strength import Strength
from consent.terms import AccessRequest, Facts, RuleVote

CODE = "patient_consent"
PATIENT_DENIED = "patient_denied"
UNVERIFIED_CONSENT = "unverified"
UNCONFIRMED_CONSENT = "unconfirmed_consent"
BASIS = "PIPL 23, 29"


def viewer_from_request(
    request: AccessRequest,
    facts: Facts,
    groups: frozenset[tuple[ResourceItem, bool]],
    purpose: str = "",
) -> ConsentViewer:
    """Who looks, as a consent may name them. groups: that it names, and whether they are in
    them; purpose: another one than the request's.
    """
    principal = request.principal
    staff = principal.id if principal.kind == "staff" else ""
    return ConsentViewer(
        principal.hospital, staff, purpose or principal.purpose.value, facts.now, groups
    )


def find_waiting_consent(
    request: AccessRequest, facts: Facts, hospital: str
) -> tuple[str, int] | None:
    """(why not yet, number) of a consent that would permit something once somebody has seen the
    signed paper, or a second one stands behind it.
    """
    lacking = [
        (UNCONFIRMED_CONSENT, c)
        for c in facts.consents
        if c.whole and c.strength_for(hospital) is Strength.NONE
    ] + [(UNVERIFIED_CONSENT, c) for c in facts.unverified_consents]
    return next(
        (
            (code, c.id)
            for code, c in lacking
            if evaluate_provision(
                c.rule, viewer_from_request(request, facts, c.groups), hospital
            ).permits
            != NEVER
        ),
        None,
    )


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[RuleVote, ...]:
    """What one says of emergencies is not overridden, and takes nothing from what is permitted
    without one. One behind which a second person of the viewer's hospital stands provisionally
    permits nothing that carries a sensitive label; one that a hospital recorded which is not tied
    to the patient itself, only of its own records.
    """
    if not request.crosses_hospitals(hospital):
        return ()
    out = []
    viewers = {
        g: (
            viewer_from_request(request, facts, g),
            viewer_from_request(request, facts, g, BREAK_GLASS),
        )
        for g in {c.groups for c in facts.consents}
    }
    for consent in facts.consents:
        viewer, breaking = viewers[consent.groups]
        plain, broken = (
            evaluate_provision(consent.rule, viewer, hospital),
            evaluate_provision(consent.rule, breaking, hospital, urgent=True),
        )
        strength = consent.strength_for(hospital)
        if plain.permits != NEVER and consent.whole and strength is not Strength.NONE:
            permits = (
                plain.permits if strength is Strength.FULL else and_(plain.permits, LabelsWithin(0))
            )
            out.append(RuleVote("permit", CODE, BASIS, permits, consent=consent.id))
        if plain.denies != NEVER:
            out.append(RuleVote("deny", PATIENT_DENIED, BASIS, plain.denies, consent=consent.id))
        if broken.denies != NEVER:
            out.append(
                RuleVote(
                    "deny",
                    PATIENT_DENIED,
                    BASIS,
                    broken.denies,
                    overridable=False,
                    consent=consent.id,
                    urgent=True,
                )
            )
    return tuple(out)
