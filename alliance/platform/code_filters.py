"""Template filters that show a code in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.template import Library


def register_code_filters(library: Library, tables: Mapping[str, Mapping[str, Any]]) -> None:
    """Register a filter for each table of words, by its name; an unknown code is shown as it is."""
    for name, words in tables.items():
        register_code_filter(library, name, words)


def register_code_filter(library: Library, name: str, words: Mapping[str, Any]) -> None:
    """Register one filter that looks a code up in `words`."""
    library.filter(name, lambda code: str(words.get(str(code), code or "")))
