"""private_key_jwt: a client proves itself with its own key and no shared secret (RFC 7523; SMART
Backend Services 2.2).
"""

import binascii
import datetime as dt
import hashlib
import json
import math
import re
from base64 import urlsafe_b64decode
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry

from alliance.auth.errors import AuthenticationFailed

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ["RS384", "ES384"]
HEADER_REGISTRY = JWSRegistry(
    algorithms=ASSERTION_ALGORITHMS, strict_check_header=False
)  # a parameter that is not understood is ignored, but for those of crit (RFC 7515 4)
MAX_LIFETIME, CLOCK_SKEW = (
    300,
    30,
)  # seconds that an assertion may live, and by which clocks may differ
TIME_CLAIMS = ("exp", "nbf", "iat")
MOST_KEYS = 20  # of one client that are tried
ENROLLED_RSA_BITS, MOST_RSA_BITS = 3072, 8192  # larger ones are no safer, and dear to check
KEY_NAME = re.compile(r"[\x20-\x7e]{1,100}")  # a kid that is kept
PUBLIC_MEMBERS = ("kty", "crv", "x", "y", "n", "e")
MAX_ASSERTION_LENGTH = 8192
COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class BadKeySet(ValueError):
    """A JWK set that cannot be taken; the message says why."""


class WeakKey(BadKeySet):
    """A key that is too small for what it is made for."""


def parse_public_keys(text: bytes) -> dict[str, Any]:
    """A JWK set with public keys for RS384 (2048 bits or more) or ES384. Raises BadKeys."""
    try:
        given = json.loads(text)
        if (
            not isinstance(given, dict)
            or not isinstance(given.get("keys"), list)
            or not given["keys"]
        ):
            raise BadKeySet(
                'A JWK set is a JSON object with the keys in an array: {"keys": [ … ]}.'
            )
        for i, key in enumerate(given["keys"]):
            if not isinstance(key, dict) or "d" in key or key.get("kty") == "oct":
                raise BadKeySet(
                    f"keys[{i}] is a private or shared key: take out all but its public part."
                )
        keys = KeySet.import_key_set(given)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise (
            error
            if isinstance(error, BadKeySet)
            else BadKeySet(f"This is no JWK set: {str(error)[:200]}")
        ) from error
    for i, loaded in enumerate(keys.keys):
        large = isinstance(loaded, RSAKey) and loaded.raw_value.key_size >= 2048
        if not large and not (isinstance(loaded, ECKey) and loaded.as_dict().get("crv") == "P-384"):
            raise BadKeySet(
                f"keys[{i}] is neither an RSA key of 2048 bits or more nor an EC key on P-384."
            )
    return given


def read_claimed_client_id(assertion: str) -> str:
    """The client_id that it claims, not yet believed; "" where there is none."""
    if len(assertion) > MAX_ASSERTION_LENGTH or not COMPACT_JWS.fullmatch(assertion):
        return ""
    payload = assertion.split(".")[1]
    try:
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return ""
    return str(claims.get("iss") or "") if isinstance(claims, dict) else ""


def decode_claims(assertion: str, keys: dict[str, Any], now: float) -> dict[str, Any]:
    """What is claimed in an assertion that one of the keys has signed. Raises
    AuthenticationFailed.

    A key that was replaced has `exp`, seconds, from when on it proves nothing.
    """
    try:
        kid = json.loads(urlsafe_b64decode(assertion.split(".")[0] + "==")).get("kid")
    except (ValueError, AttributeError, RecursionError):
        kid = None
    known = [k for k in keys["keys"] if not kid or k.get("kid") in (None, kid)][:MOST_KEYS]
    for key in sorted(known, key=find_key_end, reverse=True):
        try:
            token = jwt.decode(
                assertion,
                import_public_key(key),
                algorithms=ASSERTION_ALGORITHMS,
                registry=HEADER_REGISTRY,
            )
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if find_key_end(key) <= now:
            raise AuthenticationFailed(
                "The key that signed the assertion was replaced by another one, and ended at"
                f" {format_moment(find_key_end(key))}: sign with the new one."
            )
        return dict(token.claims)
    raise AuthenticationFailed(
        "The assertion is not signed by a registered key of this client with RS384 or ES384."
    )


def find_time_fault(claims: dict[str, Any], now: float) -> str:
    """What is wrong with exp, iat or nbf, and by how much the clocks differ; "" where nothing
    is.
    """
    if not is_number(claims.get("exp")):
        return (
            "exp of the assertion must be a number, seconds since 1970, that lies in the next five"
            " minutes."
        )
    times = {name: claims[name] for name in TIME_CLAIMS if is_number(claims.get(name))}
    if times["exp"] <= now - CLOCK_SKEW or times["exp"] > now + MAX_LIFETIME + CLOCK_SKEW:
        wrong = "exp"
    else:
        wrong = next((n for n in ("nbf", "iat") if times.get(n, now) > now + CLOCK_SKEW), "")
    if not wrong:
        return ""
    off = round(times[wrong] - now)
    skew = round(times["iat"] - now) if "iat" in times else None
    clock = (
        f" By iat your clock is {abs(skew)} seconds {'ahead' if skew > 0 else 'behind'}: set it."
        if skew is not None and abs(skew) > CLOCK_SKEW
        else " Check your clock."
    )
    said = "must lie in the next five minutes" if wrong == "exp" else "must not lie in the future"
    return (
        f"{wrong} of the assertion {said}, and lies {abs(off)} seconds"
        f" {'ahead of' if off > 0 else 'behind'} this server's time, {format_moment(now)}."
        f"{clock} The Date of this answer says the time here."
    )


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def format_moment(seconds: float) -> str:
    return f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def parse_enrolled_key(jwk: object) -> dict[str, Any]:
    """The public part of a key that a machine has made for itself: P-384, or RSA of 3072 bits or
    more. Raises BadKeySet.
    """
    if not isinstance(jwk, dict):
        raise BadKeySet("jwk is no JSON object.")
    parse_public_keys(json.dumps({"keys": [jwk]}).encode())
    loaded = import_public_key(jwk)
    if isinstance(loaded, RSAKey) and loaded.raw_value.key_size < ENROLLED_RSA_BITS:
        raise WeakKey(f"An RSA key has {ENROLLED_RSA_BITS} bits or more, or take P-384.")
    if isinstance(loaded, RSAKey) and loaded.raw_value.key_size > MOST_RSA_BITS:
        raise BadKeySet(f"An RSA key has {MOST_RSA_BITS} bits at most.")
    kid = jwk.get("kid")
    return {
        **{n: v for n, v in loaded.as_dict(private=False).items() if n in PUBLIC_MEMBERS},
        **({"kid": kid} if isinstance(kid, str) and KEY_NAME.fullmatch(kid) else {}),
    }


def find_key_thumbprint(jwk: dict[str, Any]) -> str:
    """RFC 7638."""
    return str(import_public_key(jwk).thumbprint())


def find_key_end(jwk: dict[str, Any]) -> float:
    """From when on it proves nothing, in seconds; infinite for one that was not replaced."""
    return float(jwk["exp"]) if is_number(jwk.get("exp")) else math.inf


def import_public_key(jwk: dict[str, Any]) -> Any:
    return KeySet.import_key_set({"keys": [jwk]}).keys[0]


def verify_client_assertion(
    assertion: str, client_id: str, keys: dict[str, Any], audience: str
) -> dict[str, Any]:
    """What it claims. Raises AuthenticationFailed with the mend unless the holder of one of the
    keys made it just now, for this server, once.
    """
    now = timezone.now().timestamp()
    claims = decode_claims(assertion, keys, now)
    jti = claims.get("jti")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise AuthenticationFailed("iss and sub of the assertion must both be the client_id.")
    if audience not in (
        claims["aud"] if isinstance(claims.get("aud"), list) else [claims.get("aud")]
    ):
        raise AuthenticationFailed(f"aud of the assertion must be {audience}.")
    if fault := find_time_fault(claims, now):
        raise AuthenticationFailed(fault)
    if not isinstance(jti, str) or not 0 < len(jti) <= 200:
        raise AuthenticationFailed(
            "jti of the assertion must be a text of its own, of at most 200 characters."
        )
    seen = "assertion:" + hashlib.sha256(f"{client_id}|{jti}".encode()).hexdigest()
    if not cache.add(seen, 1, MAX_LIFETIME + 2 * CLOCK_SKEW):
        raise AuthenticationFailed(
            "This assertion was used before: make a new one, with a new jti, for each token."
        )
    return claims
