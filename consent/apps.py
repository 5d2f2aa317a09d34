"""Configure the app of access decisions and the audit log."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"

    def ready(self) -> None:
        from alliance.services.proposals import PROPOSAL_ACTS
        from consent.services import emergencies  # noqa: F401
        from consent.services.policies import POLICY_ACT

        PROPOSAL_ACTS["policy"] = POLICY_ACT
