"""Register a system of a member hospital and print its credential as JSON, once."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from alliance.auth.assertion import BadKeys, public_keys
from alliance.auth.origins import BadOrigin
from alliance.auth.origins import parse as parse_origins
from alliance.auth.scopes import HOSTED, BadScope, parse
from alliance.management.acting import server_operator
from alliance.models import Hospital
from alliance.models.client import EVERYTHING
from alliance.services.clients import do_register_client


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hospital", required=True, metavar="CODE")
        parser.add_argument("--name", required=True)
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--secret", action="store_true", help="with a client secret, which is printed once (so it is without either)")
        way.add_argument("--jwks", type=Path, metavar="FILE", help="with the client's own keys: a JWK set with their public parts (private_key_jwt)")

        parser.add_argument("--scope", default=EVERYTHING, metavar="SCOPES", help='what its tokens may have at most, for example "system/*.rs" to read only (default: %(default)s)')
        parser.add_argument("--origin", action="append", default=[], metavar="https://HOST", help="of its pages in browsers; once for each")

    def handle(self, *args: Any, hospital: str, name: str, jwks: Path | None = None, scope: str = EVERYTHING, origin: Sequence[str] = (), **options: Any) -> None:
        found = Hospital.objects.filter(code=hospital).first()
        if found is None:
            codes = ", ".join(Hospital.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"No member hospital has the code {hospital!r}. Members: {codes}.")
        try:
            keys = public_keys(jwks.read_bytes()) if jwks else None
        except (OSError, BadKeys) as error:
            raise CommandError(f"{jwks}: {error}") from error
        try:
            scopes, origins = str(parse(scope, HOSTED)), parse_origins(" ".join(origin))
        except BadScope as error:
            raise CommandError(str(error)) from error
        except BadOrigin as error:
            raise CommandError(f"{error} is no origin of a page: write https:// and the host, with a port where it is not the usual one.") from error
        client, secret = do_register_client(found, name=name, acting=server_operator(), jwks=keys, again=True, scopes=scopes, origins=origins)
        self.stdout.write(json.dumps({"client_id": client.client_id, **({"client_secret": secret} if secret else {})}))
