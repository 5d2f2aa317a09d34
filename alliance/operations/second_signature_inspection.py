"""Inspect the second signature of the log, by SM2: where it is on and its library or key is gone,
the log goes on without it, and somebody has to know (docs/adr/0087).
"""

from typing import Any

from alliance.operations.inspection import Inspection
from alliance.platform import state_files
from consent.audit import libcrypto_sm2
from consent.audit.signing_keys import NoAuditKey, find_open_sm2_pin
from consent.audit.sm2_key import KEY, fetch_open_key, load_sm2_signer
from consent.audit.sm2_suite import SM2
from consent.sql import log

NAME = "SM2 signature"
MEND_KEY = (
    "put secrets/audit_sm2_key back from the backup of the secrets, or change the key: stop the"
    " site, `manage.py audit_key --sm2 renew`, start it"
)
MEND_LIBRARY = (
    "run the site on a Python whose libcrypto has SM2 (docs/how-to/keys.md), or turn it off: stop"
    " the site, `manage.py audit_key --sm2 off`, start it"
)
MEND_PINS = "copy audit_keys.pem from the machine that turned it on, or from the backup"


def inspect_sm2(cursor: Any) -> Inspection:
    try:
        pin = find_open_sm2_pin()
    except NoAuditKey as error:
        return Inspection(NAME, False, str(error), MEND_PINS)
    named = fetch_open_key(cursor)
    signer = load_sm2_signer(cursor)
    if signer is None:
        return Inspection(NAME, True, f"off; {describe_library()}")
    mark = SM2.mark(SM2.fingerprint(signer.public))
    if signer.missing:
        mend = MEND_KEY if signer.missing == KEY else MEND_LIBRARY
        said = f"it is on, and heads of the log go on without it: {signer.why_not}"
        return Inspection(NAME, False, said, mend)
    if pin is None or named not in (b"", pin.key):
        said = f"{state_files.state_folder()}/audit_keys.pem does not name the key that is open"
        return Inspection(NAME, False, said, MEND_PINS)
    cursor.execute(log.NEWEST_ABSENCE)
    absent, at = cursor.fetchone() or (None, "")
    if absent:
        said = f"the machine that sealed the newest head ({at}) could not sign it: {absent}"
        return Inspection(NAME, False, said, MEND_KEY if absent == KEY else MEND_LIBRARY)
    return Inspection(NAME, True, f"on, by {mark}; no certified cryptographic module holds it")


def describe_library() -> str:
    try:
        libcrypto_sm2.load_library()
    except libcrypto_sm2.Sm2Unavailable as error:
        return f"it could not be turned on here ({error})"
    return "this machine could sign (audit_key --sm2 on)"
