"""Print the six digits that the demo accounts ask for as second factor."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from alliance.demo.accounts import current_demo_code
from alliance.platform.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "This is not a demo: use the code of your own authenticator. (XINGLIN_DEMO=1 in the"
                " environment makes it one.)"
            )
        self.stdout.write(current_demo_code())
