"""A resource as it stands in the store, for pages that ask hundreds of them the same."""

from typing import Any


class StoredResource(dict[str, Any]):
    """Without nulls, and never changed. has_modifier: whether an unknown modifier stands in it,
    None until somebody has asked (records/meaning/unknown_modifiers.py).
    """

    has_modifier: bool | None = None
