"""Print the public keys of this installation's audit log, to be kept elsewhere: who verifies
must not take the key from what is verified.

--renew makes a new key in secrets/audit_key; the old one goes on to prove what it has signed. Stop
the site before, start it afterwards.

--sm2 on adds a second signature, by SM2 with SM3, to each head of the log, its note and the
manifests of exports, evidence packages and archives; --sm2 renew changes its key, --sm2 off ends
it, --sm2 show prints its public keys and whether it signs.
"""

import os
import secrets
import sys
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
from consent.audit.ed25519_suite import ED25519
from consent.audit.event import AuditEvent, EventCode
from consent.audit.sealer import seal_all
from consent.audit.signing_keys import PinnedKey
from consent.audit.sm2_key import load_sm2_signer
from consent.audit.sm2_suite import SM2
from consent.services import sm2_switch
from consent.services.sm2_switch import write_whole


class Command(OperatorCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--renew", action="store_true")
        parser.add_argument("--sm2", choices=("on", "renew", "off", "show"))

    def handle(self, *args: Any, renew: bool, sm2: str | None = None, **options: Any) -> None:
        if renew and sm2:
            raise CommandError("--renew and --sm2 are two steps: one after the other.")
        if renew:
            self.require_rest()
            self.renew_key()
        elif sm2 == "show":
            self.show_sm2()
        elif sm2:
            self.require_rest()
            self.switch_sm2(sm2)
        else:  # agents read this, and know Ed25519 alone
            self.print_keys(ED25519.name)

    def print_keys(self, suite: str) -> None:
        for pin in signing_keys.load_own_pins():
            if pin.suite == suite:
                self.stdout.write(format_key_block(pin))

    def switch_sm2(self, to: str) -> None:
        try:
            if to == "off":
                sm2_switch.turn_off()
                self.stdout.write(
                    "Heads are signed with Ed25519 alone from now on. Start the site, and back up"
                    " audit_keys.pem."
                )
                return
            pin = sm2_switch.turn_on() if to == "on" else sm2_switch.renew_key()
        except sm2_switch.SwitchRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(format_key_block(pin))
        self.stdout.write(
            "Each head is signed with SM2 too from now on. Copy secrets/ and audit_keys.pem to"
            " every machine of this installation, start the site, keep what audit_key --sm2 show"
            " prints, and back up."
        )

    def show_sm2(self) -> None:
        """Exit code 1 where it is on and does not sign."""
        self.print_keys(SM2.name)
        signer = load_sm2_signer()
        if signer is None:
            self.stdout.write("off: heads are signed with Ed25519 alone")
        elif signer.missing:
            self.stdout.write(f"ON, AND NOT SIGNING on this machine: {signer.why_not}")
            sys.exit(1)
        else:
            self.stdout.write("on, and signing on this machine")

    def require_rest(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT max(checked_at) > now() - interval '15 seconds' FROM consent_audit_sealer"
            )
            if cursor.fetchone()[0]:
                raise CommandError(
                    "The sealer runs and would go on with the old key: stop the site, wait 15"
                    " seconds, and try again."
                )

    def renew_key(self) -> None:
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
        write_whole(path, (path.read_text() if path.exists() else "") + told, 0o644)
        made, from_file = secrets.token_hex(32), not os.environ.get("XINGLIN_AUDIT_KEY")
        if from_file:
            write_whole(key_file("audit_key_next"), made, 0o600)
        record_key_fingerprint("audit_key", made)
        if from_file:
            key_file("audit_key_next").replace(key_file("audit_key"))
        where = "" if from_file else f" Set XINGLIN_AUDIT_KEY for all processes to {made}."
        self.stdout.write(
            f"The key before signs nothing from {until} on, and stands in {path}.{where} Start the"
            " site, and keep what audit_key prints."
        )


def format_key_block(pin: PinnedKey, until: str = "") -> str:
    """A key as consent.audit.signing_keys.parse_pinned_keys reads it. until: in place of its own
    end.
    """
    said = {
        "fingerprint": pin.mark,
        "from": pin.since and pin.since.isoformat(),
        "until": until or (pin.until and pin.until.isoformat()),
    }
    return "".join(f"{k}: {v}\n" for k, v in said.items() if v) + signing_keys.pem_from_key(pin.key)
