"""Browsers of members' staff that witness the log: their keys, who offered and who accepted them
(docs/adr/0081).
"""

import datetime as dt
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection

from alliance.models import Staff
from consent.audit.signing_keys import fingerprint_of_key

COLUMNS = "code, name, key, hospital, offered_at, accepted_at, ended_at, offered_by, accepted_by"
# index: consent_audit_witness_hospital, consent_audit_witness_pkey, consent_audit_witness_key_key
FIND_SQL = f"SELECT {COLUMNS} FROM consent_audit_witness WHERE "
OFFER_SQL = """
INSERT INTO consent_audit_witness (code, hospital, name, key, offered_by)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING
"""
ACCEPT_SQL = """
UPDATE consent_audit_witness SET accepted_by = %s, accepted_at = clock_timestamp()
WHERE code = %s AND accepted_at IS NULL AND ended_at IS NULL
"""
END_SQL = """
UPDATE consent_audit_witness SET ended_by = %s, ended_at = clock_timestamp()
WHERE code = %s AND ended_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class BrowserWitness:
    """code: its name in signature lines; offered_by, accepted_by: names of staff."""

    code: str
    name: str
    key: bytes
    hospital_id: int
    offered_at: dt.datetime
    accepted_at: dt.datetime | None
    ended_at: dt.datetime | None
    offered_by: str
    accepted_by: str | None

    @property
    def stands(self) -> bool:
        """Whether its co-signatures count."""
        return self.accepted_at is not None and self.ended_at is None

    @property
    def fingerprint(self) -> str:
        return f"SHA256:{fingerprint_of_key(self.key)}"


def select_witnesses(condition: str, parameter: Any) -> list[BrowserWitness]:
    with connection.cursor() as cursor:
        cursor.execute(f"{FIND_SQL}{condition} ORDER BY offered_at, code", [parameter])
        rows = cursor.fetchall()
    people = Staff.objects.in_bulk({one for row in rows for one in row[-2:] if one})
    names = {number: who.name for number, who in people.items()}
    return [
        BrowserWitness(code, name, bytes(key), *rest, names.get(offered, ""), names.get(accepted))
        for code, name, key, *rest, offered, accepted in rows
    ]


def find_browser_witness(code: str) -> BrowserWitness | None:
    return next(iter(select_witnesses("code = %s", code)), None)


def list_browser_witnesses(hospital_ids: Collection[int]) -> list[BrowserWitness]:
    """Of these hospitals, those that wait and those that were ended, too."""
    return select_witnesses("hospital = ANY(%s)", list(hospital_ids))


def offer_witness_key(
    hospital_id: int, hospital_code: str, name: str, key: bytes, staff_id: int
) -> str:
    """Its code; "" where that key is known already."""
    code = f"{hospital_code}-browser-{secrets.token_hex(4)}"
    with connection.cursor() as cursor:
        cursor.execute(OFFER_SQL, [code, hospital_id, name, key, staff_id])
        return code if cursor.rowcount else ""


def note_accepted(code: str, staff_id: int) -> bool:
    """Whether it waited until now."""
    with connection.cursor() as cursor:
        cursor.execute(ACCEPT_SQL, [staff_id, code])
        return bool(cursor.rowcount)


def note_ended(code: str, staff_id: int) -> bool:
    """Whether it stood, or waited, until now."""
    with connection.cursor() as cursor:
        cursor.execute(END_SQL, [staff_id, code])
        return bool(cursor.rowcount)
