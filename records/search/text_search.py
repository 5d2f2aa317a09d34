"""Texts: how they are folded before they are compared, and the two parameters that look at whole
ones, _text and _content (FHIR R4 search.html#string, #content).
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

TAG = re.compile(r"<[^>]*>")


def fold_text(text: str) -> str:
    """Compatibility-folded, without accents, small letters, single spaces."""
    folded = unicodedata.normalize("NFKD", text)
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).casefold().split())


@dataclass(frozen=True, slots=True)
class TextCondition:
    """alternatives: of one, all words must stand in the text. narrative: in the resource's
    narrative (_text), else anywhere (_content).
    """

    narrative: bool
    alternatives: tuple[tuple[str, ...], ...]

    def matches(self, resource: dict[str, Any]) -> bool:
        said = resource.get("text") or {}
        text = fold_text(
            " ".join(list_texts(said.get("div") or "" if self.narrative else resource))
        )
        return any(all(word in text for word in words) for words in self.alternatives)


def list_texts(value: Any) -> list[str]:
    """Every value in a part of a resource, markup left out."""
    if isinstance(value, dict):
        return [s for v in value.values() for s in list_texts(v)]
    if isinstance(value, list):
        return [s for v in value for s in list_texts(v)]
    return [TAG.sub(" ", value) if isinstance(value, str) else str(value)]
