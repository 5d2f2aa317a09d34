"""Configure the app of access decisions and the audit log."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"

    def ready(self) -> None:
        from alliance.services.proposals import PROPOSAL_ACTS
        from alliance.workflow.registry import MOVE_EFFECTS, RIGHTS_KEEPERS
        from consent.services import (
            emergencies,  # noqa: F401
            referral_rights,
        )
        from consent.services.expert_access import keep_experts_access
        from consent.services.policies import POLICY_ACT

        PROPOSAL_ACTS["policy"] = POLICY_ACT
        RIGHTS_KEEPERS[:] = [referral_rights]
        MOVE_EFFECTS.append(keep_experts_access)  # after the one that looks who may be named
