"""Print the public keys of this installation's audit log, to be kept elsewhere: who verifies
must not take the key from what is verified.

--renew makes a new key in secrets/audit_key; the old one goes on to prove what it has signed. Stop
the site before, start it afterwards.
"""

import os
import secrets
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from alliance.auth.operator_identity import server_operator
from alliance.database.connection_guard import record_key_fingerprint
from alliance.platform.operator_command import OperatorCommand
from alliance.platform.state_files import key_file, state_folder
from consent.audit import signing_keys
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.sealer import seal_all


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--renew", action="store_true")

    def handle(self, *args: Any, renew: bool, **options: Any) -> None:
        if renew:
            self.renew_key()
            return
        earlier = state_folder() / signing_keys.RETIRED_KEYS_FILE
        if earlier.exists():
            self.stdout.write(earlier.read_text())
        self.stdout.write(format_key_block(signing_keys.load_own_pins()[-1]))

    def renew_key(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(checked_at) > now() - interval '15 seconds' FROM consent_audit_sealer"
            )
            if cursor.fetchone()[0]:
                raise CommandError(
                    "The sealer runs and would go on with the old key: stop the site, wait 15"
                    " seconds, and try again."
                )
        fingerprint = signing_keys.fingerprint_of_key(signing_keys.own_public_key_bytes())
        append_event(
            AuditEvent.from_principal(
                server_operator(),
                EventCode.AUDIT_KEY,
                detail=f"until here SHA256:{fingerprint}",
            )
        )
        seal_all()
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")  # the clock of the heads
            until = timezone.localtime(cursor.fetchone()[0]).isoformat(timespec="milliseconds")
        path = state_folder() / signing_keys.RETIRED_KEYS_FILE
        told = format_key_block(signing_keys.load_own_pins()[-1], until)
        write_audit_key_file(path, (path.read_text() if path.exists() else "") + told, 0o644)
        made, from_file = secrets.token_hex(32), not os.environ.get("XINGLIN_AUDIT_KEY")
        if from_file:
            write_audit_key_file(key_file("audit_key_next"), made, 0o600)
        record_key_fingerprint("audit_key", made)
        if from_file:
            key_file("audit_key_next").replace(key_file("audit_key"))
        where = "" if from_file else f" Set XINGLIN_AUDIT_KEY for all processes to {made}."
        self.stdout.write(
            f"The key before signs nothing from {until} on, and stands in {path}.{where} Start the"
            " site, and keep what audit_key prints."
        )


def format_key_block(pin: signing_keys.PinnedKey, until: str = "") -> str:
    """This process's key as consent.audit.signing_keys.parse_pinned_keys reads it."""
    said = {
        "fingerprint": f"SHA256:{pin.fingerprint}",
        "from": pin.since and pin.since.isoformat(),
        "until": until,
    }
    return "".join(f"{k}: {v}\n" for k, v in said.items() if v) + signing_keys.pem_from_key(
        signing_keys.own_public_key_bytes()
    )


def write_audit_key_file(path: Path, text: str, mode: int) -> None:
    """All of it or nothing."""
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
