"""What holds for a patient who has decided nothing, as the alliance has resolved (IHE PCF, implicit policies; PIPL 13)."""

from consent.criteria import Within
from consent.labels import OVERRIDABLE_LABELS
from consent.terms import AccessRequest, Facts, Vote

CODE = "alliance_policy"
OPEN = {"Policy-basic-normal": 0, "Policy-all-normal": OVERRIDABLE_LABELS}  # with which labels
CLOSED = "Policy-deny"


def votes(request: AccessRequest, facts: Facts, hospital: str) -> tuple[Vote, ...]:
    policy = facts.policy
    if not request.crosses(hospital) or facts.consents:
        return ()
    if policy.code in OPEN:
        return (Vote("permit", CODE, policy.basis, Within(OPEN[policy.code])),)
    return (Vote("deny", "policy_closed", policy.basis, overridable=False),) if policy.code == CLOSED else ()
