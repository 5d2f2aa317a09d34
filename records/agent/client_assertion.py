"""Sign a client assertion with the system's own key (SMART Backend Services; RFC 7523): ES384 or
RS384, by the kind of key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

from .platform_away import PlatformAway, Trouble

LIFETIME = 240  # seconds; the platform takes five minutes at most


def load_key(path: Path) -> Any:
    """Raises PlatformAway(SETTINGS) where there is none that serves."""
    try:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as error:
        raise PlatformAway(
            Trouble.SETTINGS, f"the package `cryptography` is not installed ({error})"
        ) from error
    try:
        return load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise PlatformAway(Trouble.SETTINGS, f"[platform] key {path}: {error}") from error


def sign_assertion(key: Any, client_id: str, url: str, now: float, **more: Any) -> str:
    """url: what it is for. now: by the platform's clock. more: what else it claims."""
    from cryptography.hazmat.primitives.asymmetric import ec

    header: dict[str, Any] = {
        "alg": "ES384" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS384",
        "typ": "JWT",
        "kid": thumbprint(key),
    }
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": url,
        "iat": int(now),
        "exp": int(now) + LIFETIME,
        "jti": uuid.uuid4().hex,
        **more,
    }
    signed = b".".join(encode_part(json.dumps(part).encode()) for part in (header, claims))
    return (signed + b"." + encode_part(sign_bytes(key, signed))).decode()


def sign_bytes(key: Any, data: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return bytes(key.sign(data, padding.PKCS1v15(), hashes.SHA384()))
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA384())))
    return r.to_bytes(48, "big") + s.to_bytes(48, "big")


def public_jwk(key: Any) -> dict[str, str]:
    """The public part, with its RFC 7638 thumbprint as `kid`."""
    members = jwk_members(key)
    algorithm = "ES384" if members["kty"] == "EC" else "RS384"
    return {**members, "kid": thumbprint(key), "alg": algorithm, "use": "sig"}


def jwk_members(key: Any) -> dict[str, str]:
    """What RFC 7638 hashes."""
    from cryptography.hazmat.primitives.asymmetric import ec

    numbers = key.public_key().public_numbers()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {
            "crv": "P-384",
            "kty": "EC",
            "x": encode_part(numbers.x.to_bytes(48, "big")).decode(),
            "y": encode_part(numbers.y.to_bytes(48, "big")).decode(),
        }
    return {
        "e": encode_part(number_bytes(numbers.e)).decode(),
        "kty": "RSA",
        "n": encode_part(number_bytes(numbers.n)).decode(),
    }


def thumbprint(key: Any) -> str:
    canonical = json.dumps(jwk_members(key), sort_keys=True, separators=(",", ":")).encode()
    return encode_part(hashlib.sha256(canonical).digest()).decode()


def number_bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_part(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
