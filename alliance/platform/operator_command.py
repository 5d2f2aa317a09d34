"""A command for whoever runs the server."""

from typing import Any

from django.core.management.base import BaseCommand


class OperatorCommand(BaseCommand):
    """Without Django's checks of the code, which import every page and take three of four seconds
    of a command: `setup`, which each start and upgrade runs, makes them, and so does `check`.
    """

    requires_system_checks: Any = []
