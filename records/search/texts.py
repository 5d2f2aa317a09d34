"""How texts are folded before they are compared (FHIR R4 search.html#string)."""

import unicodedata


def normal(text: str) -> str:
    """Compatibility-folded, without accents, small letters, single spaces."""
    folded = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).casefold().split())
