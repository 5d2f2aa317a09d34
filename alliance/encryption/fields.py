"""Model fields whose values lie encrypted in the database and are readable in the model. What is
encrypted is not searched: asking for a value raises.
"""

from typing import Any

from django.core.exceptions import FieldError
from django.core.validators import MaxLengthValidator
from django.db import models

from alliance.encryption.columns import decrypt_bytes, decrypt_text, encrypt_bytes, encrypt_text


class EncryptedField:
    """Of both fields. NULL and nothing at all stay what they are."""

    model: type[models.Model]
    column: str

    @property
    def place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def get_lookup(self, name: str) -> Any:
        if name != "isnull":
            raise FieldError(
                f"{self.place} is encrypted: the database cannot look for a value of it."
            )
        return super().get_lookup(name)  # type: ignore[misc]


class EncryptedTextField(EncryptedField, models.TextField):  # type: ignore[type-arg]
    """max_length: characters of the readable text."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators = [*self.validators, MaxLengthValidator(self.max_length)]

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return (
            encrypt_text(value, self.place)
            if isinstance(value, str) and value
            else super().get_db_prep_save(value, connection)
        )

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return decrypt_text(value, self.place) if value else value


class EncryptedBinaryField(EncryptedField, models.BinaryField):  # type: ignore[type-arg]
    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return super().get_db_prep_save(
            encrypt_bytes(bytes(value), self.place) if value else value, connection
        )

    def from_db_value(self, value: Any, *_: Any) -> bytes | None:
        return decrypt_bytes(bytes(value), self.place) if value else value
