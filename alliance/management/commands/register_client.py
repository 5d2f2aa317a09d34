"""Register a system of a member hospital and print its credential as JSON, once."""

import getpass
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from alliance.auth.principal import operator
from alliance.models import Hospital
from alliance.services.clients import do_register_client


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hospital", required=True, metavar="CODE")
        parser.add_argument("--name", required=True)
        parser.add_argument("--secret", action="store_true", help="a client secret (the one way that is served now)")

    def handle(self, *args: Any, hospital: str, name: str, **options: Any) -> None:
        found = Hospital.objects.filter(code=hospital).first()
        if found is None:
            codes = ", ".join(Hospital.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"No member hospital has the code {hospital!r}. Members: {codes}.")
        client, secret = do_register_client(found, name=name, acting=operator(getpass.getuser()))
        self.stdout.write(json.dumps({"client_id": client.client_id, "client_secret": secret}))
