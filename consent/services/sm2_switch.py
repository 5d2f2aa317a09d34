"""Turn the SM2 signature of the log on or off, and change its key (audit_key --sm2): while nothing
seals, so that each statement lies on one side of that moment.

The private key goes to secrets/audit_sm2_key, the public one with its times to audit_keys.pem and
consent_audit_second_key. A key that ended goes on to prove what it has signed.
"""

import datetime as dt
import os
import secrets
from pathlib import Path

from django.db import connection
from django.utils import timezone

from alliance.auth.operator_identity import server_operator
from alliance.platform import state_files
from consent.audit import libcrypto_sm2
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.sealer import seal_all
from consent.audit.signing_keys import PEM_BLOCK, RETIRED_KEYS_FILE, PinnedKey, find_open_sm2_pin
from consent.audit.sm2_key import KEY_NAME, fetch_open_key
from consent.audit.sm2_suite import SM2

ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123  # of SM2's group
BEGIN_SQL = "INSERT INTO consent_audit_second_key (key, begins_at) VALUES (%s, %s)"
# index: consent_audit_second_key_open
END_SQL = "UPDATE consent_audit_second_key SET ended_at = %s WHERE ended_at IS NULL"


class SwitchRefused(Exception):
    """What was asked for is so already, or this machine cannot do it."""


def turn_on() -> PinnedKey:
    """Raises SwitchRefused."""
    if is_on():
        raise SwitchRefused("The SM2 signature is on already; --sm2 renew changes its key.")
    return begin_key()


def renew_key() -> PinnedKey:
    """Raises SwitchRefused."""
    if not is_on():
        raise SwitchRefused("The SM2 signature is off; --sm2 on turns it on.")
    draw_key()  # whatever is missing is said before anything ends
    end_key("another follows")
    return begin_key()


def turn_off() -> None:
    """Raises SwitchRefused."""
    if not is_on():
        raise SwitchRefused("The SM2 signature is off.")
    end_key("it is off from here on")


def is_on() -> bool:
    with connection.cursor() as cursor:
        return bool(fetch_open_key(cursor)) or find_open_sm2_pin() is not None


def draw_key() -> tuple[str, bytes]:
    """(private key in hex, public key). Raises SwitchRefused."""
    private = 1 + secrets.randbelow(ORDER - 2)
    try:
        return f"{private:064x}", libcrypto_sm2.find_public_key(private.to_bytes(32, "big"))
    except libcrypto_sm2.Sm2Unavailable as error:
        raise SwitchRefused(f"This machine cannot sign with SM2. {error}.") from error


def begin_key() -> PinnedKey:
    private, public = draw_key()
    mark = SM2.mark(SM2.fingerprint(public))
    note_line(f"SM2 from here {mark}")
    begins = database_now()
    block = f"fingerprint: {mark}\nfrom: {begins}\n{SM2.pem(public)}"
    write_whole(state_files.key_file(KEY_NAME), private, 0o600)
    write_pins(read_pins() + block)
    with connection.cursor() as cursor:
        cursor.execute(BEGIN_SQL, [public, begins])
    pin = find_open_sm2_pin()
    assert pin is not None
    return pin


def end_key(why: str) -> None:
    """Of what was sealed until here nothing waits: it is signed by this key still."""
    pin = find_open_sm2_pin()
    note_line(f"SM2 until here {pin.mark if pin else 'a key that this machine lacks'}: {why}")
    until = database_now()
    if pin:
        write_pins(end_block(read_pins(), pin, until))
    with connection.cursor() as cursor:
        cursor.execute(END_SQL, [until])
    state_files.key_file(KEY_NAME).unlink(missing_ok=True)


def note_line(detail: str) -> None:
    """Into the log, and sealed."""
    event = AuditEvent.from_principal(server_operator(), EventCode.AUDIT_KEY, detail=detail)
    append_event(event)
    seal_all()


def end_block(text: str, pin: PinnedKey, until: str) -> str:
    """The same pins, with an end to this one."""
    for block in PEM_BLOCK.finditer(text):
        if "".join(block[1].split()) in "".join(SM2.pem(pin.key).split()):
            return f"{text[: block.start()]}until: {until}\n{text[block.start() :]}"
    return text


def database_now() -> str:
    """The clock of the heads, a millisecond on, after which nothing bears an earlier moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp(), pg_sleep(0.003)")
        at = cursor.fetchone()[0] + dt.timedelta(milliseconds=1)
    return timezone.localtime(at).isoformat(timespec="milliseconds")


def pins_path() -> Path:
    return state_files.state_folder() / RETIRED_KEYS_FILE


def read_pins() -> str:
    return pins_path().read_text() if pins_path().exists() else ""


def write_pins(text: str) -> None:
    write_whole(pins_path(), text, 0o644)


def write_whole(path: Path, text: str, mode: int) -> None:
    """All of it or nothing, on the disk when this returns."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
