"""MAY they, and the proof."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"

    def ready(self) -> None:
        from alliance.services.proposals import ACTS
        from consent.services import emergencies  # noqa: F401  (listens to the end of posts)
        from consent.services.policies import POLICY

        ACTS["policy"] = POLICY
