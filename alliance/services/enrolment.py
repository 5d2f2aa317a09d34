"""Make and withdraw codes by which a machine becomes a system of a hospital with a key of its own,
take such a code, and replace the key (docs/adr/0064).

The system follows from whoever made the code: what the server's operator made counts at once, what
an administrator made reaches its own store alone until an officer vouches (docs/adr/0030).
"""

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from alliance.auth.assertion import (
    find_key_end,
    find_key_thumbprint,
    verify_client_assertion,
)
from alliance.auth.errors import AlreadyDone, AuthenticationFailed, Forbidden
from alliance.auth.principal import Principal, principal_from_staff
from alliance.auth.scopes import HOSTED_TYPES, covers_grant, parse_scopes
from alliance.models import Client, EnrolmentCode, Hospital, Staff
from alliance.models.client import ALL_SCOPES
from alliance.roles import Permission
from alliance.services.authority import (
    ADMINISTRATION_LOCK,
    administrative_transaction,
    check_may_administer,
)
from alliance.services.clients import (
    client_principal,
    draw_client_id,
    is_name_taken,
    of_members,
    registration_fields,
)
from alliance.services.enrolment_code import hash_code, make_code
from alliance.services.enrolment_refusal import EnrolmentRefusal
from alliance.services.handover import forget_secret, keep_secret
from alliance.services.sandboxes import open_sandbox
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

CODE_LIFETIME = dt.timedelta(hours=24)
OLD_KEY_LIFETIME = dt.timedelta(hours=1)  # of a key that was replaced
MOST_KEYS = 4  # of one system that count at once


@dataclass(frozen=True, slots=True)
class KeyProof:
    """What the key that counts has signed over the one that shall. audience: the address that it
    is for.
    """

    text: str
    audience: str


def code_target(code: EnrolmentCode) -> str:
    """As the audit log, and what hands it over, call it."""
    return f"enrolment/{code.pk}"


@administrative_transaction(EventCode.ENROLMENT_CODE_MAKE)
def do_make_enrolment_code(
    hospital: Hospital, *, acting: Principal, sandbox: bool = False, scopes: str = ALL_SCOPES
) -> tuple[EnrolmentCode, str]:
    """(the code's row, the code). The acting one may see it for ten minutes, then it is kept as a
    hash alone. sandbox: of the hospital's sandbox, which is made on first use.
    """
    check_may_administer(acting, Permission.CLIENT_MANAGE, hospital)
    at = open_sandbox(hospital, acting=acting) if sandbox else hospital
    text, now = make_code(), timezone.now()
    made = EnrolmentCode.objects.create(
        digest=hash_code(text),
        hospital=at,
        scopes=str(parse_scopes(scopes, HOSTED_TYPES)),
        made_by_id=None if acting.kind == "operator" else int(acting.id),
        made_through=acting.client,
        made_at=now,
        expires_at=now + CODE_LIFETIME,
    )
    keep_secret(code_target(made), text, acting=acting)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.ENROLMENT_CODE_MAKE,
            target=code_target(made),
            detail=at.code if made.scopes == ALL_SCOPES else f"{at.code} · {made.scopes}",
        )
    )
    return made, text


def query_open_codes(hospitals: list[Hospital]) -> QuerySet[EnrolmentCode]:
    """Those that still make a system, of these members or their sandboxes, the newest first."""
    return EnrolmentCode.objects.filter(
        of_members(hospitals),
        used_at=None,
        withdrawn_at=None,
        expires_at__gt=timezone.now(),
    ).select_related("hospital__sandbox_of", "made_by")


@administrative_transaction(EventCode.ENROLMENT_CODE_WITHDRAW)
def do_withdraw_enrolment_code(code: EnrolmentCode, *, acting: Principal) -> None:
    """It makes no system any more. Raises AlreadyDone where it has made one."""
    check_may_administer(acting, Permission.CLIENT_MANAGE, code.hospital)
    withdrawn = EnrolmentCode.objects.filter(pk=code.pk, used_at=None, withdrawn_at=None).update(
        withdrawn_at=timezone.now()
    )
    if not withdrawn:
        raise AlreadyDone("used", "This code has been used or withdrawn already.")
    forget_secret(code_target(code))
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.ENROLMENT_CODE_WITHDRAW,
            target=code_target(code),
            detail=code.hospital.code,
        )
    )


@transaction.atomic
def do_enrol_client(
    digest: bytes,
    *,
    name: str,
    jwk: dict[str, Any],
    witness_key: bytes | None,
    address: str,
    request_id: str,
) -> Client:
    """Take the code, once, and make the system; the same code with the same key again gives the
    same system. digest: of the code (hash_code). Raises EnrolmentRefusal; the code then stays as it
    is.
    """
    if not EnrolmentCode.objects.filter(digest=digest).exists():
        raise EnrolmentRefusal("unknown-code")
    with connection.cursor() as cursor:  # as verbs of administration do: one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADMINISTRATION_LOCK])
    code = EnrolmentCode.objects.select_related(
        "hospital__sandbox_of", "made_by__hospital", "client__hospital__sandbox_of"
    ).get(digest=digest)
    if (same := find_same_enrolment(code, jwk)) is not None:
        return same
    check_code_stands(code)
    at = code.hospital
    if is_name_taken(at, name):
        raise EnrolmentRefusal("name-taken", name=name)
    client = Client.objects.create(
        client_id=draw_client_id(at),
        hospital=at,
        name=name,
        jwks={"keys": [jwk]},
        secret_hash=b"",
        scopes=code.scopes,
        witness_key=witness_key,
        **registration_fields(at, code.made_by_id, code.made_through),
    )
    code.used_at, code.client = timezone.now(), client
    code.save(update_fields=["used_at", "client"])
    forget_secret(code_target(code))
    append_event(
        AuditEvent.from_principal(
            client_principal(client.client_id, request_id, client.scopes),
            EventCode.CLIENT_ENROL,
            target=f"client/{client.client_id}",
            detail=code_target(code),
        ).with_changes(address=address)
    )
    return client


def find_same_enrolment(code: EnrolmentCode, jwk: dict[str, Any]) -> Client | None:
    """The system that this code and this key made, where the answer was lost on the line."""
    client = code.client
    if client is None or client.revoked_at is not None or code.expires_at <= timezone.now():
        return None
    marks = {find_key_thumbprint(k) for k in (client.jwks or {"keys": []})["keys"]}
    return client if find_key_thumbprint(jwk) in marks else None


def check_code_stands(code: EnrolmentCode) -> None:
    """Raises EnrolmentRefusal unless it makes a system now."""
    if code.used_at is not None:
        raise EnrolmentRefusal("used-code")
    if code.withdrawn_at is not None:
        raise EnrolmentRefusal("withdrawn-code")
    if code.expires_at <= timezone.now():
        raise EnrolmentRefusal("expired-code")
    if not code.hospital.active:
        raise EnrolmentRefusal("suspended")
    if code.made_by is not None and not may_still_administer(code.made_by, code.hospital):
        raise EnrolmentRefusal("withdrawn-code")


def may_still_administer(staff: Staff, hospital: Hospital) -> bool:
    """Whether who made the code could make it today: what somebody has left behind makes
    nothing.
    """
    try:
        check_may_administer(principal_from_staff(staff), Permission.CLIENT_MANAGE, hospital)
    except Forbidden:
        return False
    return True


@transaction.atomic
def do_replace_client_key(
    jwk: dict[str, Any], *, proof: KeyProof, acting: Principal
) -> tuple[Client, dt.datetime]:
    """(the system, when its other keys end). acting: the system itself, by a token that may all
    that it may; a token that was stolen brings no key of its own. The same key again changes
    nothing. Raises EnrolmentRefusal.
    """
    client = (
        Client.objects.select_for_update(of=("self",))
        .select_related("hospital__sandbox_of")
        .get(client_id=acting.id)
    )
    if not covers_grant(acting.grant, parse_scopes(client.scopes)):
        raise EnrolmentRefusal("narrow-token")
    if not client.jwks:
        raise EnrolmentRefusal("has-secret")
    now = timezone.now()
    kept = [k for k in client.jwks["keys"] if find_key_end(k) > now.timestamp()]
    mark = find_key_thumbprint(jwk)
    known = next((k for k in kept if find_key_thumbprint(k) == mark), None)
    ends = [dt.datetime.fromtimestamp(k["exp"], dt.UTC) for k in kept if is_replaced(k)]
    # whoever has a key that was replaced may finish its change, and begin no other
    signers = kept if known is not None else [k for k in kept if not is_replaced(k)]
    check_key_proof(proof, client.client_id, signers, mark)
    if known is not None:
        if is_replaced(known):
            raise EnrolmentRefusal("old-key")
        return client, max(ends, default=now)
    if len(kept) >= MOST_KEYS:
        raise EnrolmentRefusal("many-keys")
    end = (now + OLD_KEY_LIFETIME).replace(microsecond=0)
    for key in kept:
        if not is_replaced(key):
            key["exp"] = int(end.timestamp())
    client.jwks = {"keys": [*kept, jwk]}
    client.save(update_fields=["jwks"])
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CLIENT_KEY, target=f"client/{client.client_id}", detail=mark[:16]
        )
    )
    return client, end


def check_key_proof(
    proof: KeyProof, client_id: str, signers: list[dict[str, Any]], mark: str
) -> None:
    """Raises EnrolmentRefusal unless the holder of one of these keys wants just this one."""
    try:
        claims = verify_client_assertion(proof.text, client_id, {"keys": signers}, proof.audience)
    except AuthenticationFailed as error:
        raise EnrolmentRefusal("proof", detail=str(error)) from error
    said = claims.get("cnf")
    if not isinstance(said, dict) or said.get("jkt") != mark:
        raise EnrolmentRefusal("proof", detail="cnf.jkt is not the thumbprint of the new key.")


def is_replaced(jwk: dict[str, Any]) -> bool:
    return find_key_end(jwk) < math.inf
