"""WHO takes part."""

from django.apps import AppConfig


class AllianceConfig(AppConfig):
    name = "alliance"

    def ready(self) -> None:
        from alliance.auth import signals  # noqa: F401
        from alliance.config import guard
        from alliance.services.alliance_role import ALLIANCE_ROLE
        from alliance.services.clients import CLIENT_SCOPES
        from alliance.services.membership import CREDIT_CODE, READMIT, RESUME
        from alliance.services.proposals import ACTS

        ACTS |= {"alliance-role": ALLIANCE_ROLE, "resume": RESUME, "readmit": READMIT, "credit-code": CREDIT_CODE, "client-scopes": CLIENT_SCOPES}
        guard.watch()
