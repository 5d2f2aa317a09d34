"""Columns of encrypted fields, for migrations: a migration lays the column and knows no key, so it needs no code that encrypts. Each names the model's field
(alliance.encryption.fields), so that `makemigrations` sees no difference."""

from typing import Any

from django.db import models


class Named(models.Field):  # type: ignore[type-arg]
    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _, args, kwargs = super().deconstruct()
        return name, f"alliance.encryption.fields.{type(self).__name__}", args, kwargs


class EncryptedTextField(Named, models.TextField):  # type: ignore[type-arg]
    """text."""


class EncryptedBinaryField(Named, models.BinaryField):
    """bytea."""
