"""private_key_jwt: a client proves itself with its own key and no shared secret (RFC 7523; SMART Backend Services 2.2)."""

import binascii
import hashlib
import json
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

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ["RS384", "ES384"]
HEADERS = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)  # a parameter that is not understood is ignored, but for those of crit (RFC 7515 4)
LIFE, SKEW = 300, 30  # seconds that an assertion may live, and by which clocks may differ
LONGEST = 8192
COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class BadKeys(ValueError):
    """A JWK set that cannot be taken; the message says why."""


def public_keys(text: bytes) -> dict[str, Any]:
    """A JWK set with public keys for RS384 (2048 bits or more) or ES384. Raises BadKeys."""
    try:
        given = json.loads(text)
        if not isinstance(given, dict) or not isinstance(given.get("keys"), list) or not given["keys"]:
            raise BadKeys('A JWK set is a JSON object with the keys in an array: {"keys": [ … ]}.')
        for i, key in enumerate(given["keys"]):
            if not isinstance(key, dict) or "d" in key or key.get("kty") == "oct":
                raise BadKeys(f"keys[{i}] is a private or shared key: take out all but its public part.")
        keys = KeySet.import_key_set(given)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise error if isinstance(error, BadKeys) else BadKeys(f"This is no JWK set: {str(error)[:200]}") from error
    for i, loaded in enumerate(keys.keys):
        large = isinstance(loaded, RSAKey) and loaded.raw_value.key_size >= 2048
        if not large and not (isinstance(loaded, ECKey) and loaded.as_dict().get("crv") == "P-384"):
            raise BadKeys(f"keys[{i}] is neither an RSA key of 2048 bits or more nor an EC key on P-384.")
    return given


def named(assertion: str) -> str:
    """The client_id that it claims, not yet believed; "" where there is none."""
    if len(assertion) > LONGEST or not COMPACT.fullmatch(assertion):
        return ""
    payload = assertion.split(".")[1]
    try:
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return ""
    return str(claims.get("iss") or "") if isinstance(claims, dict) else ""


def check(assertion: str, client_id: str, keys: dict[str, Any], audience: str) -> None:
    """Raises AuthenticationFailed with the mend unless the holder of one of the keys made it just now, for this server, once."""
    try:
        claims = jwt.decode(assertion, KeySet.import_key_set(keys), algorithms=ALGORITHMS, registry=HEADERS).claims  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise AuthenticationFailed("The assertion is not signed by a registered key of this client with RS384 or ES384.") from error
    now = timezone.now().timestamp()
    expires, jti = claims.get("exp"), claims.get("jti")
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise AuthenticationFailed("iss and sub of the assertion must both be the client_id.")
    if audience not in (claims["aud"] if isinstance(claims.get("aud"), list) else [claims.get("aud")]):
        raise AuthenticationFailed(f"aud of the assertion must be {audience}.")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or not now - SKEW < expires <= now + LIFE + SKEW:
        raise AuthenticationFailed("exp of the assertion must lie in the next five minutes: check this server's and your clock.")
    if not isinstance(jti, str) or not 0 < len(jti) <= 200:
        raise AuthenticationFailed("jti of the assertion must be a text of its own, of at most 200 characters.")
    seen = "assertion:" + hashlib.sha256(f"{client_id}|{jti}".encode()).hexdigest()
    if not cache.add(seen, 1, LIFE + 2 * SKEW):
        raise AuthenticationFailed("This assertion was used before: make a new one, with a new jti, for each token.")
