"""Register a system of a member hospital and print its credential as JSON, once."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alliance.auth.assertion import BadKeySet, parse_public_keys
from alliance.auth.operator_identity import server_operator
from alliance.auth.origins import BadOrigin, parse_origins
from alliance.auth.scopes import HOSTED_TYPES, BadScope, parse_scopes
from alliance.models import Hospital
from alliance.models.client import ALL_SCOPES
from alliance.platform.operator_command import OperatorCommand
from alliance.services.clients import do_register_client


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hospital", required=True, metavar="CODE")
        parser.add_argument("--name", required=True)
        way = parser.add_mutually_exclusive_group()
        way.add_argument(
            "--secret",
            action="store_true",
            help="with a client secret, which is printed once (so it is without either)",
        )
        way.add_argument(
            "--jwks",
            type=Path,
            metavar="FILE",
            help="with the client's own keys: a JWK set with their public parts (private_key_jwt)",
        )

        parser.add_argument(
            "--scope",
            default=ALL_SCOPES,
            metavar="SCOPES",
            help=(
                'what its tokens may have at most, for example "system/*.rs" to read only (default:'
                " %(default)s)"
            ),
        )
        parser.add_argument(
            "--launch",
            action="store_true",
            help="it opens records as doctors of its hospital (POST /launch)",
        )
        parser.add_argument(
            "--frame",
            action="append",
            default=[],
            metavar="https://HOST",
            help="with --launch: of its pages in whose frames they are shown; once for each",
        )
        parser.add_argument(
            "--origin",
            action="append",
            default=[],
            metavar="https://HOST",
            help="of its pages in browsers; once for each",
        )

    def handle(
        self,
        *args: Any,
        hospital: str,
        name: str,
        jwks: Path | None = None,
        scope: str = ALL_SCOPES,
        origin: Sequence[str] = (),
        launch: bool = False,
        frame: Sequence[str] = (),
        **options: Any,
    ) -> None:
        found = Hospital.objects.filter(code=hospital).first()
        if found is None:
            codes = ", ".join(Hospital.objects.values_list("code", flat=True)) or "none yet"
            raise CommandError(f"No member hospital has the code {hospital!r}. Members: {codes}.")
        try:
            keys = parse_public_keys(jwks.read_bytes()) if jwks else None
        except (OSError, BadKeySet) as error:
            raise CommandError(f"{jwks}: {error}") from error
        try:
            scopes, origins, frames = (
                str(parse_scopes(scope, HOSTED_TYPES)),
                parse_origins(" ".join(origin)),
                parse_origins(" ".join(frame)),
            )
        except BadScope as error:
            raise CommandError(str(error)) from error
        except BadOrigin as error:
            raise CommandError(
                f"{error} is no origin of a page: write https:// and the host, with a port where it"
                " is not the usual one."
            ) from error
        if frames and not launch:
            raise CommandError("--frame is for a system that opens records: say --launch, too.")
        client, secret = do_register_client(
            found,
            name=name,
            acting=server_operator(),
            jwks=keys,
            again=True,
            scopes=scopes,
            origins=origins,
            may_launch=launch,
            frame_origins=frames,
        )
        self.stdout.write(
            json.dumps(
                {"client_id": client.client_id, **({"client_secret": secret} if secret else {})}
            )
        )
