"""Print the public keys that sign documents in hospitals' names, to be published: who verifies must
not take a key from the file that is verified. --hospital CODE: of one alone.

--renew begins the next key of that hospital; the one before it signs no more, and goes on to prove
what it has signed.
"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from alliance.auth.operator_identity import server_operator
from alliance.models import Hospital
from alliance.platform.operator_command import OperatorCommand
from records.consultations.hospital_keys import list_public_keys, renew_signing_key


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hospital", metavar="CODE")
        parser.add_argument("--renew", action="store_true")

    def handle(self, *args: Any, hospital: str | None, renew: bool, **options: Any) -> None:
        if renew and not hospital:
            raise CommandError("Say whose key is renewed: --hospital CODE.")
        chosen = list(
            Hospital.objects.filter(code=hospital) if hospital else Hospital.objects.all()
        )
        if hospital and not chosen:
            raise CommandError(f"No hospital has the code {hospital}.")
        if renew:
            key = renew_signing_key(chosen[0], server_operator())
            self.stdout.write(f"{key.name} signs from now on: {key.mark}\n")
        for one in chosen:
            for key in list_public_keys(one):
                self.stdout.write(f"fingerprint: {key.mark}\n{key.pem}")
