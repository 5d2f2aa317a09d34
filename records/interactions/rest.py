"""Bodies at rest: change keys, train dictionaries, write anew what older ones wrote; beside the running site."""

import os
import secrets
import time
from collections.abc import Callable, Iterator

from django.db import transaction

from alliance.auth.principal import operator
from alliance.config.guard import record_print
from alliance.config.home import home, key_file, secret_if_there, write_key
from alliance.encryption.columns import make_key
from alliance.encryption.master import MASTER, NEXT
from alliance.encryption.reencrypt import reencrypt
from alliance.models import Handover, Hospital
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from records.store import keys, rewrite
from records.store.training import Trained, train


class Refused(Exception):
    """An operator's order that cannot be carried out; the message says why and what to do."""


def note(by: str, target: str, detail: str) -> None:
    append(Event.of(operator(by), EventCode.STORE_KEY, target=target, detail=detail))


def new_key(hospital: Hospital, by: str, wait: Callable[[float], None] = time.sleep, lost: list[str] | None = None) -> Iterator[int]:
    """A new data key, then every body under it; yields how many were looked at. lost: gets those that do not open, which stay as they are."""
    with keys.apart() as cursor:
        made = keys.create(cursor, hospital.pk)
    keys.newest.clear()
    note(by, f"key/{made}", f"hospital/{hospital.code}")
    wait(keys.FRESH + 1)  # until no other process writes with the old one
    yield from rewrite.rewrite(hospital.pk, lost)
    rewrite.retire(hospital.pk)


def new_master(by: str) -> int:
    """A new master key; how many keys and dictionaries were wrapped anew. Broken off at any point, all of them still open: while both files
    are there, both keys are tried."""
    folder = home() / "secrets"
    if os.environ.get("XINGLIN_BODY_KEY"):
        return new_master_from_environment(by)
    following = folder / NEXT
    if not following.exists():
        write_key(NEXT, secrets.token_hex(32))
    done = rewrap(bytes.fromhex(following.read_text().strip()))
    os.replace(following, folder / MASTER)
    note(by, "key/master", f"{done} wrapped anew")
    return done


def new_master_from_environment(by: str) -> int:
    """The operator puts the new key in place himself, after this: until every key and dictionary is wrapped with it, the old one must stay."""
    following = os.environ.get("XINGLIN_BODY_KEY_NEXT") and secret_if_there(NEXT)
    if not following:
        raise Refused("The master key comes from the environment (XINGLIN_BODY_KEY): set XINGLIN_BODY_KEY_NEXT to the new one for all processes, "
                      "restart them, and run this again (docs/how-to/keys.md).")
    done = rewrap(bytes.fromhex(following))
    note(by, "key/master", f"{done} wrapped anew")
    return done


@transaction.atomic
def rewrap(master: bytes) -> int:
    record_print(MASTER, master.hex())
    return rewrite.rewrap(master)


def new_secret_key(by: str) -> str:
    """A new key for sessions, forms, patients' codes and the pages of searches: with the next start of the processes all that there are end. The key itself where it comes
    from the environment, else ""; broken off at any point, every process starts."""
    made = secret_if_there("secret_key_next") or secrets.token_hex(32)
    from_file = not os.environ.get("XINGLIN_SECRET_KEY")
    if from_file and not key_file("secret_key_next").exists():
        write_key("secret_key_next", made)
    with transaction.atomic():
        record_print("secret_key", made)
        Handover.objects.all().delete()  # sealed with the old one, for ten minutes at most
        note(by, "key/secret", "sessions, forms, patients' codes")
    if from_file:
        os.replace(key_file("secret_key_next"), key_file("secret_key"))
    return "" if from_file else made


def new_column_key(by: str) -> int:
    """A new data key for second factors, scans and reasons, then all of them under it; how many were written anew."""
    made = make_key()
    note(by, f"key/column/{made}", "columns")
    return reencrypt()


def pack_anew(lost: list[str] | None = None) -> Iterator[int]:
    """Every body with the current dictionary; yields how many were looked at."""
    before = 0
    for hospital in Hospital.objects.order_by("pk"):
        done = 0
        for done in rewrite.rewrite(hospital.pk, lost):
            yield before + done
        before += done


def learn(by: str, most: int) -> Trained | None:
    found = train(most)
    if found and found.version:
        note(by, f"dictionary/{found.version}", f"{found.samples} samples")
    return found
