"""Register a system of a member hospital and print its credential as JSON, once."""

import getpass
import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from alliance.auth.assertion import BadKeys, public_keys
from alliance.auth.principal import operator
from alliance.models import Hospital
from alliance.services.clients import do_register_client


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hospital", required=True, metavar="CODE")
        parser.add_argument("--name", required=True)
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--secret", action="store_true", help="with a client secret, which is printed once (so it is without either)")
        way.add_argument("--jwks", type=Path, metavar="FILE", help="with the client's own keys: a JWK set with their public parts (private_key_jwt)")

    def handle(self, *args: Any, hospital: str, name: str, jwks: Path | None = None, **options: Any) -> None:
        found = Hospital.objects.filter(code=hospital).first()
        if found is None:
            codes = ", ".join(Hospital.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"No member hospital has the code {hospital!r}. Members: {codes}.")
        try:
            keys = public_keys(jwks.read_bytes()) if jwks else None
        except (OSError, BadKeys) as error:
            raise CommandError(f"{jwks}: {error}") from error
        client, secret = do_register_client(found, name=name, acting=operator(getpass.getuser()), jwks=keys)
        self.stdout.write(json.dumps({"client_id": client.client_id, **({"client_secret": secret} if secret else {})}))
