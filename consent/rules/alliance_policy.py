"""Apply what the alliance has resolved for a patient who has decided nothing (IHE PCF, implicit
policies; PIPL 13).
"""

from consent.criteria import LabelsWithin
from consent.labels import OVERRIDABLE_LABELS
from consent.terms import AccessRequest, Facts, RuleVote

CODE = "alliance_policy"
LABELS_BY_POLICY = {
    "Policy-basic-normal": 0,
    "Policy-all-normal": OVERRIDABLE_LABELS,
}  # with which labels
CLOSED_POLICY = "Policy-deny"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[RuleVote, ...]:
    policy = facts.policy
    if not request.crosses_hospitals(hospital) or facts.consents:
        return ()
    if policy.code in LABELS_BY_POLICY:
        return (
            RuleVote("permit", CODE, policy.basis, LabelsWithin(LABELS_BY_POLICY[policy.code])),
        )
    return (
        (RuleVote("deny", "policy_closed", policy.basis, overridable=False),)
        if policy.code == CLOSED_POLICY
        else ()
    )
