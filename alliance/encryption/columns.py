"""Values of columns, each encrypted (AES-256-GCM) with a data key that it names, and bound to
its column. `setup` makes the first key, and encrypts what an earlier release wrote readable; until
then that is given back as it is.
"""

import base64
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps

from alliance.encryption.master_key import KeyNotFound, load_master_keys, unwrap_key, wrap_key

BINARY_MARK = (  # what an encrypted value begins with: no image, and no text that anybody types
    b"xin1"
)
NUMBER, NONCE = 4, 12  # bytes
TEXT_MARK = "xin1:"
SECOND_FACTOR_COLUMN = "mfa_authenticator.data"
column_ciphers: dict[int, AESGCM] = {}


class AlteredValue(ValueError):
    """A value that does not open: it was changed in the database, or belongs to another column."""


def key_purpose(key: int) -> str:
    return f"column/{key}"


def stored_column_keys() -> Any:
    """The manager of ColumnKey, a model; models stand on this room, for they have encrypted
    fields.
    """
    return apps.get_model("alliance", "ColumnKey").objects


def make_column_key() -> int:
    """A new data key, with which all is encrypted from now on; in the caller's transaction."""
    key = stored_column_keys().create(wrapped=b"")
    key.wrapped = wrap_key(load_master_keys()[-1], AESGCM.generate_key(256), key_purpose(key.pk))
    key.save(update_fields=["wrapped"])
    return int(key.pk)


def newest_column_key() -> int:
    """Raises NoAuditKey where `setup` has made none yet."""
    found = stored_column_keys().order_by("-pk").values_list("pk", flat=True).first()
    if found is None:
        raise KeyNotFound("there is no key for encrypted columns yet: run `manage.py setup`")
    return int(found)


def load_column_cipher(key: int) -> AESGCM:
    """Raises NoAuditKey."""
    found = column_ciphers.get(key)
    if found is None:
        row = stored_column_keys().filter(pk=key).first()
        if row is None:
            raise KeyNotFound(
                f"the database has no key {key} for encrypted columns: it is a row of"
                " alliance_columnkey, which every backup holds"
            )
        found = column_ciphers[key] = AESGCM(unwrap_key(row.wrapped, key_purpose(key)))
    return found


def encrypt_with_key(key: int, content: bytes, column: str) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + load_column_cipher(key).encrypt(nonce, content, column.encode())


def decrypt_with_key(key: int, stored: bytes, column: str) -> bytes:
    """Raises NoAuditKey, Altered."""
    try:
        return load_column_cipher(key).decrypt(stored[:NONCE], stored[NONCE:], column.encode())
    except InvalidTag:
        raise AlteredValue(f"a value of {column} was altered, or is another column's") from None


def binary_prefix(key: int) -> bytes:
    """How bytes under this key begin."""
    return BINARY_MARK + key.to_bytes(NUMBER, "big")


def text_prefix(key: int) -> str:
    """How texts under this key begin."""
    return f"{TEXT_MARK}{key}:"


def encrypt_bytes(content: bytes, column: str) -> bytes:
    key = newest_column_key()
    return binary_prefix(key) + encrypt_with_key(key, content, column)


def decrypt_bytes(stored: bytes, column: str) -> bytes:
    """Raises NoAuditKey, Altered."""
    if not stored.startswith(BINARY_MARK):
        return stored
    begins = len(BINARY_MARK) + NUMBER
    return decrypt_with_key(
        int.from_bytes(stored[len(BINARY_MARK) : begins], "big"), stored[begins:], column
    )


def encrypt_text(text: str, column: str) -> str:
    key = newest_column_key()
    return (
        text_prefix(key) + base64.b64encode(encrypt_with_key(key, text.encode(), column)).decode()
    )


def decrypt_text(stored: str, column: str) -> str:
    """Raises NoAuditKey, Altered."""
    if not stored.startswith(TEXT_MARK):
        return stored
    key, _, rest = stored.removeprefix(TEXT_MARK).partition(":")
    return decrypt_with_key(int(key), base64.b64decode(rest), column).decode()
