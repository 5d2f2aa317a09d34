"""Django's PostgreSQL, where the embedded server is started by the first connection and not by
whoever reads the settings.
"""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from alliance.database.connection_settings import owner_connection_string, web_connection_string


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        """Asked for by whoever is about to connect, the job queue's own connections too."""
        web_connection_string() if settings.WEB else owner_connection_string()
        return super().get_connection_params()
