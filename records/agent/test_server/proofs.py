"""Check what a system proves with its own key: a JWK, and a client assertion that it signed
(RFC 7523; SMART Backend Services).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from .refusals import SyncFault
from .site import Site

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME, SKEW = 300, 30  # seconds
LEAST_BITS, MOST_BITS = 3072, 8192
JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
MEMBERS = {"EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}


class ProofFault(Exception):
    """What is wrong with a proof, and how to mend it."""


def decode_part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read_jwk(jwk: Any) -> dict[str, str]:
    """Its public members. Raises SyncFault."""
    try:
        if "d" in jwk:
            raise ValueError("private")
        key = load_public_key(jwk)
        if jwk["kty"] == "RSA" and not LEAST_BITS <= key.key_size <= MOST_BITS:
            raise SyncFault("enrol.weak-key" if key.key_size < LEAST_BITS else "enrol.key")
    except (KeyError, TypeError, ValueError) as error:
        raise SyncFault("enrol.key") from error
    return {name: jwk[name] for name in MEMBERS[jwk["kty"]]}


def load_public_key(jwk: dict[str, Any]) -> Any:
    """Raises KeyError, TypeError, ValueError."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if jwk["kty"] == "RSA":
        n, e = (int.from_bytes(decode_part(jwk[name]), "big") for name in "ne")
        return rsa.RSAPublicNumbers(e, n).public_key()
    if (jwk["kty"], jwk["crv"]) != ("EC", "P-384"):
        raise ValueError(jwk["kty"])
    x, y = (int.from_bytes(decode_part(jwk[name]), "big") for name in "xy")
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP384R1()).public_key()


def compute_thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638."""
    members = {name: jwk[name] for name in MEMBERS[jwk["kty"]]}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def read_claimed_client(assertion: str) -> str:
    """Not yet believed; "" where it claims none."""
    try:
        return str(json.loads(decode_part(assertion.split(".")[1])).get("iss") or "")
    except (ValueError, IndexError, AttributeError):
        return ""


def verify_assertion(
    site: Site, assertion: str, client: str, jwks: list[dict[str, Any]], audience: str
) -> dict[str, Any]:
    """What it claims. Raises ProofFault unless the holder of one of the keys made it just now, for
    this address, once.
    """
    if not JWS.fullmatch(assertion) or not any(is_signed(assertion, jwk) for jwk in jwks):
        raise ProofFault(
            "The assertion is not signed by a registered key of this client with RS384 or ES384."
        )
    try:
        claims = json.loads(decode_part(assertion.split(".")[1]))
        if claims.get("iss") != client or claims.get("sub") != client:
            raise ProofFault("iss and sub of the assertion must both be the client_id.")
        said = claims.get("aud")
        if audience not in (said if isinstance(said, list) else [said]):
            raise ProofFault(f"aud of the assertion must be {audience}.")
        now, end = site.now(), float(claims["exp"])
        early = max(float(claims.get(name, now)) for name in ("iat", "nbf")) > now + SKEW
        jti = str(claims["jti"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProofFault("The assertion has iss, sub, aud, exp and jti.") from error
    if not now - SKEW < end <= now + LIFETIME + SKEW or early:
        raise ProofFault(
            "exp of the assertion must lie in the next five minutes. Check your clock. The Date of"
            " this answer says the time here."
        )
    if site.used_proofs.get(f"{client}|{jti}", 0) > now:
        raise ProofFault(
            "This assertion was used before: make a new one, with a new jti, for each token."
        )
    kept = {name: until for name, until in site.used_proofs.items() if until > now}
    site.used_proofs = {**kept, f"{client}|{jti}": now + LIFETIME + 2 * SKEW}
    return dict(claims)


def is_signed(assertion: str, jwk: dict[str, Any]) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    signed, _, last = assertion.rpartition(".")
    signature, key = decode_part(last), load_public_key(jwk)
    try:
        algorithm = json.loads(decode_part(signed.split(".")[0])).get("alg")
        if jwk["kty"] == "RSA":
            key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA384())
            return bool(algorithm == "RS384")
        r, s = (int.from_bytes(half, "big") for half in (signature[:48], signature[48:]))
        der = utils.encode_dss_signature(r, s)
        key.verify(der, signed.encode(), ec.ECDSA(hashes.SHA384()))
        return bool(algorithm == "ES384" and len(signature) == 96)
    except (InvalidSignature, ValueError, AttributeError):
        return False
