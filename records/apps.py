"""WHAT is shared."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"

    def ready(self) -> None:
        from alliance.auth.scopes import HOSTED
        from records.fhir.types import TYPES

        HOSTED.update(TYPES, ("Person",))  # Person is read at the shared base
