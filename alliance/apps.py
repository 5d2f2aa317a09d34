"""WHO takes part."""

from django.apps import AppConfig


class AllianceConfig(AppConfig):
    name = "alliance"

    def ready(self) -> None:
        from alliance.auth import signals  # noqa: F401
