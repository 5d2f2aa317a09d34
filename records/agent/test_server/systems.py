"""Make a code into a system with a key of its own, replace that key, and give tokens (docs/sync.md,
Enrol; RFC 6749 4.4).
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import unicodedata
from typing import Any
from urllib.parse import unquote_plus

from .proofs import (
    ASSERTION_TYPE,
    ProofFault,
    compute_thumbprint,
    read_claimed_client,
    read_jwk,
    verify_assertion,
)
from .refusals import SyncFault
from .site import HOSPITALS, HOSPITALS_EN, Site, format_time, hash_text

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans("ILO", "110")
LENGTH, GROUP = 24, 4
CODE_SECONDS, TOKEN_SECONDS, OLD_KEY_SECONDS = 86_400, 3_600, 3_600
SCOPE = "system/*.cruds"


def make_code(site: Site, hospital: str) -> str:
    """Good once, for 24 hours."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    site.database.write("INSERT INTO codes VALUES (?, ?, ?, NULL)", text, hospital, site.now())
    return "-".join(text[i : i + GROUP] for i in range(0, LENGTH, GROUP))


def renew_code(site: Site, hospital: str) -> str:
    """The code; "" where one that nobody has used is left."""
    left = "SELECT 1 FROM codes WHERE hospital = ? AND client IS NULL"
    return "" if site.database.row(left, hospital) else make_code(site, hospital)


def make_secret_system(site: Site, hospital: str) -> tuple[str, str]:
    """(client_id, client_secret) of the simplest system."""
    client, secret = f"{hospital}-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    site.database.write(
        "INSERT INTO systems VALUES (?, ?, ?, NULL, ?, NULL)",
        client,
        hospital,
        client,
        hash_text(secret),
    )
    return client, secret


def enrol(site: Site, asked: dict[str, Any], root: str) -> dict[str, Any]:
    """The same code with the same key again gives the same. Raises SyncFault."""
    code, name = read_code(asked.get("code")), read_name(asked.get("name"))
    jwk, witness = read_jwk(asked.get("jwk")), read_witness_key(asked.get("witness_key"))
    row = site.database.row("SELECT * FROM codes WHERE code = ?", code)
    if row is None:
        raise SyncFault("enrol.unknown-code")
    if row["made"] + CODE_SECONDS <= site.now():
        raise SyncFault("enrol.expired-code")
    if row["client"] is not None:
        known = load_keys(site, row["client"])
        if compute_thumbprint(jwk) not in {compute_thumbprint(key) for key in known}:
            raise SyncFault("enrol.used-code")
        return describe_enrolment(site, row["client"], row["hospital"], root)
    if site.database.row(
        "SELECT 1 FROM systems WHERE hospital = ? AND name = ?", row["hospital"], name
    ):
        raise SyncFault("enrol.name-taken", name=name)
    client = f"{row['hospital']}-{secrets.token_hex(4)}"
    site.database.write(
        "INSERT INTO systems VALUES (?, ?, ?, ?, NULL, ?)",
        client,
        row["hospital"],
        name,
        json.dumps([jwk]),
        witness,
    )
    site.database.change("UPDATE codes SET client = ? WHERE code = ?", client, code)
    return describe_enrolment(site, client, row["hospital"], root)


def describe_enrolment(site: Site, client: str, hospital: str, root: str) -> dict[str, Any]:
    return {
        "client_id": client,
        "hospital": hospital,
        "hospital_name": HOSPITALS[hospital],
        "hospital_name_en": HOSPITALS_EN[hospital],
        "token_url": f"{root}/oauth/token",
        "sync_url": f"{root}/sync/{hospital}/",
        "fhir_url": f"{root}/fhir/{hospital}/",
        "keys": [{"fingerprint": site.fingerprint, "pem": site.pem}],
        "time": format_time(site.now(), 3),
        "sandbox": True,
        "vouched": True,
    }


def read_text(text: Any, field: str) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > 400:
        raise SyncFault("enrol.malformed", field=field)
    return text.strip()


def read_code(text: Any) -> str:
    """However it was typed. Without check characters it is not told which group is wrong."""
    code = unicodedata.normalize("NFKC", read_text(text, "code")).upper().translate(MISREAD)
    code = "".join(c for c in code if not (c.isspace() or unicodedata.category(c) == "Pd"))
    if len(code) != LENGTH:
        raise SyncFault("enrol.mistyped-code", length=len(code))
    return code


def read_name(text: Any) -> str:
    name = read_text(text, "name")
    if len(name) > 100 or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        raise SyncFault("enrol.name")
    return name


def read_witness_key(given: Any) -> str | None:
    """None where the system witnesses nothing."""
    if given is None:
        return None
    try:
        key = bytes.fromhex(given)
    except (TypeError, ValueError):
        key = b""
    if len(key) != 32 or not any(key):
        raise SyncFault("enrol.witness-key")
    return key.hex()


def load_keys(site: Site, client: str) -> list[dict[str, Any]]:
    """Those that count now."""
    row = site.database.row("SELECT jwk FROM systems WHERE client = ?", client)
    keys = json.loads(row["jwk"]) if row and row["jwk"] else []
    return [key for key in keys if key.get("exp", site.now() + 1) > site.now()]


def replace_key(site: Site, client: str, asked: dict[str, Any], address: str) -> dict[str, Any]:
    """The keys before it end an hour later. Raises SyncFault."""
    jwk = read_jwk(asked.get("jwk"))
    kept, mark = load_keys(site, client), compute_thumbprint(jwk)
    if not kept:
        raise SyncFault("enrol.has-secret")
    known = next((key for key in kept if compute_thumbprint(key) == mark), None)
    signers = kept if known else [key for key in kept if "exp" not in key]
    try:
        proof = str(asked.get("proof") or "")
        claims = verify_assertion(site, proof, client, signers, address)
        if (claims.get("cnf") or {}).get("jkt") != mark:
            raise ProofFault("cnf.jkt is not the thumbprint of the new key.")
    except ProofFault as fault:
        raise SyncFault("enrol.proof", detail=str(fault)) from fault
    if known and "exp" in known:
        raise SyncFault("enrol.old-key")
    end = site.now() + OLD_KEY_SECONDS
    if not known:
        kept = [{**key, "exp": key.get("exp", int(end))} for key in kept] + [jwk]
        site.database.change(
            "UPDATE systems SET jwk = ? WHERE client = ?", json.dumps(kept), client
        )
    end = max((key["exp"] for key in kept if "exp" in key), default=site.now())
    return {
        "client_id": client,
        "others_end": format_time(end, 3),
        "time": format_time(site.now(), 3),
    }


def give_token(site: Site, form: dict[str, str], basic: str, root: str) -> tuple[int, Any]:
    """(status, answer) of POST /oauth/token. basic: of the header Authorization."""
    if form.get("grant_type") != "client_credentials":
        return 400, refuse("unsupported_grant_type", "grant_type must be client_credentials.")
    proof = form.get("client_assertion", "")
    if proof and form.get("client_assertion_type") != ASSERTION_TYPE:
        return 400, refuse("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}.")
    if proof:
        client = read_claimed_client(proof)
        try:
            keys = load_keys(site, client)
            verify_assertion(site, proof, client, keys, f"{root}/oauth/token")
        except ProofFault as fault:
            return 401, refuse("invalid_client", str(fault))
    else:
        client, secret = read_credentials(form, basic)
        row = site.database.row("SELECT secret FROM systems WHERE client = ?", client)
        known = (row["secret"] if row else None) or ""
        if not hmac.compare_digest(known, hash_text(secret)):
            return 401, refuse("invalid_client", "Unknown client or wrong secret.")
    token = secrets.token_urlsafe(32)
    site.tokens[hash_text(token)] = (client, site.now() + TOKEN_SECONDS)
    return 200, {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": SCOPE,
    }


def read_credentials(form: dict[str, str], basic: str) -> tuple[str, str]:
    scheme, _, value = basic.partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def refuse(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}
