"""Bodies at rest: change keys, train dictionaries, write anew what older ones wrote; beside the
running site.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator

from django.db import transaction

from alliance.auth.principal import operator_principal
from alliance.database.connection_guard import record_key_fingerprint
from alliance.encryption.columns import make_column_key
from alliance.encryption.master_key import MASTER_KEY_NAME, NEXT_KEY_NAME
from alliance.encryption.reencrypt import reencrypt_all
from alliance.models import Handover, Hospital
from alliance.platform.state_files import create_key_file, find_key, key_file, state_folder
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.store import keys
from records.store.maintenance import reencode_rows
from records.store.maintenance.dictionary_training import TrainedDictionary, train_on_sample


class KeyChangeRefused(Exception):
    """An operator's order that cannot be carried out; the message says why and what to do."""


def audit_key_change(by: str, target: str, detail: str) -> None:
    append_event(
        AuditEvent.from_principal(
            operator_principal(by), EventCode.STORE_KEY, target=target, detail=detail
        )
    )


def rotate_body_key(
    hospital: Hospital,
    by: str,
    wait: Callable[[float], None] = time.sleep,
    lost: list[str] | None = None,
) -> Iterator[int]:
    """A new data key, then every body under it; yields how many were looked at. lost: gets those
    that do not open, which stay as they are.
    """
    with keys.separate_connection() as cursor:
        made = keys.create_key(cursor, hospital.pk)
    keys.newest.clear()
    audit_key_change(by, f"key/{made}", f"hospital/{hospital.code}")
    wait(keys.BELIEVED_SECONDS + 1)  # until no other process writes with the old one
    yield from reencode_rows.reencode_hospital(hospital.pk, lost)
    reencode_rows.retire_unused_keys(hospital.pk)


def rotate_master_key(by: str) -> int:
    """A new master key; how many keys and dictionaries were wrapped anew. Broken off at any
    point, all of them still open: while both files are there, both keys are tried.
    """
    folder = state_folder() / "secrets"
    if os.environ.get("XINGLIN_BODY_KEY"):
        return rotate_environment_master_key(by)
    following = folder / NEXT_KEY_NAME
    if not following.exists():
        create_key_file(NEXT_KEY_NAME, secrets.token_hex(32))
    done = rewrap_all_keys(bytes.fromhex(following.read_text().strip()))
    os.replace(following, folder / MASTER_KEY_NAME)
    audit_key_change(by, "key/master", f"{done} wrapped anew")
    return done


def rotate_environment_master_key(by: str) -> int:
    """The operator puts the new key in place after this: until every key and dictionary
    is wrapped with it, the old one must stay.
    """
    following = os.environ.get("XINGLIN_BODY_KEY_NEXT") and find_key(NEXT_KEY_NAME)
    if not following:
        raise KeyChangeRefused(
            "The master key comes from the environment (XINGLIN_BODY_KEY): set"
            " XINGLIN_BODY_KEY_NEXT to the new one for all processes, restart them, and run this"
            " again (docs/how-to/keys.md)."
        )
    done = rewrap_all_keys(bytes.fromhex(following))
    audit_key_change(by, "key/master", f"{done} wrapped anew")
    return done


@transaction.atomic
def rewrap_all_keys(master: bytes) -> int:
    record_key_fingerprint(MASTER_KEY_NAME, master.hex())
    return reencode_rows.rewrap_rows(master)


def rotate_secret_key(by: str) -> str:
    """A new key for sessions, forms, patients' codes and the pages of searches: with the next
    start of the processes all that there are end. The key itself where it comes from the
    environment, else ""; broken off at any point, every process starts.
    """
    made = find_key("secret_key_next") or secrets.token_hex(32)
    from_file = not os.environ.get("XINGLIN_SECRET_KEY")
    if from_file and not key_file("secret_key_next").exists():
        create_key_file("secret_key_next", made)
    with transaction.atomic():
        record_key_fingerprint("secret_key", made)
        Handover.objects.all().delete()  # sealed with the old one, for ten minutes at most
        audit_key_change(by, "key/secret", "sessions, forms, patients' codes")
    if from_file:
        os.replace(key_file("secret_key_next"), key_file("secret_key"))
    return "" if from_file else made


def rotate_column_key(by: str) -> int:
    """A new data key for second factors, scans and reasons, then all of them under it; how many
    were written anew.
    """
    made = make_column_key()
    audit_key_change(by, f"key/column/{made}", "columns")
    return reencrypt_all()


def reencode_all_bodies(lost: list[str] | None = None) -> Iterator[int]:
    """Every body with the current dictionary; yields how many were looked at."""
    before = 0
    for hospital in Hospital.with_sandboxes.order_by("pk"):
        done = 0
        for done in reencode_rows.reencode_hospital(hospital.pk, lost):
            yield before + done
        before += done


def train_dictionary(by: str, most: int) -> TrainedDictionary | None:
    found = train_on_sample(most)
    if found and found.version:
        audit_key_change(by, f"dictionary/{found.version}", f"{found.samples} samples")
    return found
