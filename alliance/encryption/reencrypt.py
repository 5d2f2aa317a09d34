"""Encrypt with the newest key what lies readable, or under an older one. `setup` does it, beside
the running site.
"""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connection, transaction

from alliance.database import locks
from alliance.encryption.columns import (
    SECOND_FACTOR_COLUMN,
    binary_prefix,
    decrypt_bytes,
    decrypt_text,
    encrypt_bytes,
    encrypt_text,
    make_column_key,
    newest_column_key,
    stored_column_keys,
    text_prefix,
)
from alliance.encryption.fields import EncryptedField, EncryptedTextField

BATCH = 200
SECRET_WORDS = ("secret", "seed", "migrated_codes")  # of an authenticator's data


def ensure_first_key() -> bool:
    """Make the first key; False where there is one. Two at the same moment make one."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE alliance_columnkey IN SHARE ROW EXCLUSIVE MODE")
        if stored_column_keys().exists():
            return False
        make_column_key()
        return True


def reencrypt_all() -> int:
    """How many values were written anew."""
    done = sum(
        reencrypt_column(field)
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, EncryptedField)
    )
    return done + reencrypt_second_factors()


def reencrypt_column(field: Any) -> int:
    """One column of one table, in batches of their own transactions."""
    table, name, key = field.model._meta.db_table, field.column, newest_column_key()
    text = isinstance(field, EncryptedTextField)
    other = (
        f"left({name}, %(long)s) <> %(head)s AND {name} <> ''"
        if text
        else f"substring({name} FROM 1 FOR %(long)s) <> %(head)s"
    )
    begins: Any = text_prefix(key) if text else binary_prefix(key)
    anew: Callable[[Any], Any] = (
        (lambda v: encrypt_text(decrypt_text(v, field.place), field.place))
        if text
        else (lambda v: encrypt_bytes(decrypt_bytes(bytes(v), field.place), field.place))
    )

    def batch() -> int:
        with locks.brief_lock_timeout(), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, {name} FROM {table} WHERE {name} IS NOT NULL AND {other} ORDER BY id"
                f" LIMIT {BATCH} FOR NO KEY UPDATE",
                {"long": len(begins), "head": begins},
            )
            rows = cursor.fetchall()
            for number, value in rows:
                cursor.execute(
                    f"UPDATE {table} SET {name} = %s WHERE id = %s", [anew(value), number]
                )
        return len(rows)

    done, some = 0, BATCH
    while some == BATCH:
        some = locks.retry_on_lock(batch)
        done += some
    return done


def reencrypt_second_factors() -> int:
    """allauth keeps them in a JSON column of its own."""
    done, begins = 0, text_prefix(newest_column_key())
    for number in Authenticator.objects.values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=number).first()
            if row is None:
                continue
            data = {
                k: reencrypt_text(v, begins) if k in SECRET_WORDS else v
                for k, v in row.data.items()
            }
            if data != row.data:
                Authenticator.objects.filter(pk=number).update(data=data)
                done += 1
    return done


def reencrypt_text(value: Any, begins: str) -> Any:
    if isinstance(value, list):
        return [reencrypt_text(v, begins) for v in value]
    return (
        value
        if value.startswith(begins)
        else encrypt_text(decrypt_text(value, SECOND_FACTOR_COLUMN), SECOND_FACTOR_COLUMN)
    )
