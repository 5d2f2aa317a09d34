"""Values of columns, each encrypted (AES-256-GCM) with a data key that it names, and bound to its column. `setup` makes the first key, and encrypts what an
earlier release wrote readable; until then that is given back as it is."""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from alliance.encryption.master import NoKey, masters, unwrap, wrap
from alliance.models.keys import ColumnKey

MARK = b"xin1"  # what an encrypted value begins with: no image, and no text that anybody types
NUMBER, NONCE = 4, 12  # bytes
TEXT = "xin1:"
SECOND_FACTOR = "mfa_authenticator.data"
ciphers: dict[int, AESGCM] = {}


class Altered(ValueError):
    """A value that does not open: it was changed in the database, or belongs to another column."""


def purpose(key: int) -> str:
    return f"column/{key}"


def make_key() -> int:
    """A new data key, with which all is encrypted from now on; in the caller's transaction."""
    key = ColumnKey.objects.create(wrapped=b"")
    key.wrapped = wrap(masters()[-1], AESGCM.generate_key(256), purpose(key.pk))
    key.save(update_fields=["wrapped"])
    return int(key.pk)


def newest() -> int:
    """Raises NoKey where `setup` has made none yet."""
    found = ColumnKey.objects.order_by("-pk").values_list("pk", flat=True).first()
    if found is None:
        raise NoKey("there is no key for encrypted columns yet: run `manage.py setup`")
    return int(found)


def named(key: int) -> AESGCM:
    """Raises NoKey."""
    found = ciphers.get(key)
    if found is None:
        row = ColumnKey.objects.filter(pk=key).first()
        if row is None:
            raise NoKey(f"the database has no key {key} for encrypted columns: it is a row of alliance_columnkey, which every backup holds")
        found = ciphers[key] = AESGCM(unwrap(row.wrapped, purpose(key)))
    return found


def sealed(key: int, content: bytes, column: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + named(key).encrypt(nonce, content, column.encode())


def opened(key: int, stored: bytes, column: str) -> bytes:
    """Raises NoKey, Altered."""
    try:
        return named(key).decrypt(stored[:NONCE], stored[NONCE:], column.encode())
    except InvalidTag:
        raise Altered(f"a value of {column} was altered, or is another column's") from None


def head(key: int) -> bytes:
    """How bytes under this key begin."""
    return MARK + key.to_bytes(NUMBER, "big")


def text_head(key: int) -> str:
    """How texts under this key begin."""
    return f"{TEXT}{key}:"


def encrypt(content: bytes, column: str) -> bytes:
    key = newest()
    return head(key) + sealed(key, content, column)


def decrypt(stored: bytes, column: str) -> bytes:
    """Raises NoKey, Altered."""
    if not stored.startswith(MARK):
        return stored
    begins = len(MARK) + NUMBER
    return opened(int.from_bytes(stored[len(MARK):begins], "big"), stored[begins:], column)


def encrypt_text(text: str, column: str) -> str:
    key = newest()
    return text_head(key) + base64.b64encode(sealed(key, text.encode(), column)).decode()


def decrypt_text(stored: str, column: str) -> str:
    """Raises NoKey, Altered."""
    if not stored.startswith(TEXT):
        return stored
    key, _, rest = stored.removeprefix(TEXT).partition(":")
    return opened(int(key), base64.b64decode(rest), column).decode()
