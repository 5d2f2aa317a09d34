"""Carry out bulk jobs until none waits. The courier starts as many as there are cores; run by hand it does no harm."""

from typing import Any

from django.core.management.base import BaseCommand

from records.interactions.bulkwork import drain


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        drain()
