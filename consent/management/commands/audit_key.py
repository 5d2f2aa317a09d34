"""Print the public keys of this installation's audit log, to be kept elsewhere: who verifies must not take the key from what is verified.

--renew makes a new key in secrets/audit_key; the old one goes on to prove what it has signed. Stop the site before, start it afterwards.
"""

import os
import secrets
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from alliance.config.guard import record_print
from alliance.config.home import home, key_file
from alliance.management.acting import server_operator
from consent.audit import keys
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.audit.seal import seal_all


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--renew", action="store_true")

    def handle(self, *args: Any, renew: bool, **options: Any) -> None:
        if renew:
            self.renew()
            return
        earlier = home() / keys.RETIRED
        if earlier.exists():
            self.stdout.write(earlier.read_text())
        self.stdout.write(block(keys.own()[-1]))

    def renew(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT max(checked_at) > now() - interval '15 seconds' FROM consent_audit_sealer")
            if cursor.fetchone()[0]:
                raise CommandError("The sealer runs and would go on with the old key: stop the site, wait 15 seconds, and try again.")
        append(Event.of(server_operator(), EventCode.AUDIT_KEY, detail=f"until here SHA256:{keys.fingerprint(keys.public_bytes())}"))
        seal_all()
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")  # the clock of the heads
            until = timezone.localtime(cursor.fetchone()[0]).isoformat(timespec="milliseconds")
        path = home() / keys.RETIRED
        told = block(keys.own()[-1], until)
        write(path, (path.read_text() if path.exists() else "") + told, 0o644)
        made, from_file = secrets.token_hex(32), not os.environ.get("XINGLIN_AUDIT_KEY")
        if from_file:
            write(key_file("audit_key_next"), made, 0o600)
        record_print("audit_key", made)
        if from_file:
            key_file("audit_key_next").replace(key_file("audit_key"))
        where = "" if from_file else f" Set XINGLIN_AUDIT_KEY for all processes to {made}."
        self.stdout.write(f"The key before signs nothing from {until} on, and stands in {path}.{where} Start the site, and keep what audit_key prints.")


def block(pin: keys.Pin, until: str = "") -> str:
    """This process's key as consent.audit.keys.parse reads it."""
    said = {"fingerprint": f"SHA256:{pin.fingerprint}", "from": pin.since and pin.since.isoformat(), "until": until}
    return "".join(f"{k}: {v}\n" for k, v in said.items() if v) + keys.pem(keys.public_bytes())


def write(path: Path, text: str, mode: int) -> None:
    """All of it or nothing."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
