"""Explain why somebody may see what they may see: the verdict on each hospital's records with its
rules, consents and legal bases, in a fixed order. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from consent.criteria import ALWAYS, NEVER, covers_labels
from consent.decide import evaluate_hospital
from consent.labels import OVERRIDABLE_LABELS
from consent.terms import AccessRequest, Facts, RuleVote

VOTE_ORDER = {"deny": 0, "permit": 1, "override": 2}


@dataclass(frozen=True, slots=True)
class AccessExplanation:
    """Of one hospital's records: "all", "part" or "none" may be seen, for these reasons;
    overridden: because the glass is broken.
    """

    hospital: str
    extent: str
    reasons: tuple[RuleVote, ...]
    overridden: bool


def explain_access(
    request: AccessRequest, facts: Facts, hospitals: Sequence[str]
) -> list[AccessExplanation]:
    """The same rules on the same facts as the decision itself. Where the role alone refuses,
    nothing may be seen anywhere.
    """
    if not request.principal.may(request.permission):
        reason = RuleVote(
            "deny",
            "role" if request.principal.active else "viewer_inactive",
            "GB/T 22239-2019 8.1.4.2",
            overridable=False,
        )
        return [AccessExplanation(h, "none", (reason,), False) for h in hospitals]
    out = []
    for hospital in hospitals:
        verdict = evaluate_hospital(request, facts, hospital)
        extent = (
            "none"
            if verdict.seen == NEVER
            else (
                "all"
                if verdict.seen == ALWAYS or covers_labels(verdict.seen, OVERRIDABLE_LABELS)
                else "part"
            )
        )
        out.append(
            AccessExplanation(
                hospital,
                extent,
                tuple(sorted(verdict.reasons, key=lambda v: VOTE_ORDER[v.kind])),
                verdict.overridden,
            )
        )
    return out
