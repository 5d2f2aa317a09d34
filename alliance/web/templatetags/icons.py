"""Icons: drawings for the eye alone, of alliance/icon.html; words say the same beside each."""

from django import template

register = template.Library()
ICONS = frozenset(
    {
        "allergy",
        "warning",
        "locked",
        "hospital",
        "new",
        "document",
        "image",
        "print",
        "search",
        "menu",
    }
)
DOCUMENT_ICONS = {
    "ImagingStudy": "image",
    "Media": "image",
    "Composition": "document",
    "DiagnosticReport": "document",
    "DocumentReference": "document",
}


@register.inclusion_tag("alliance/icon.html")
def icon(name: str) -> dict[str, str]:
    """Raises KeyError for a name that is none."""
    if name not in ICONS:
        raise KeyError(name)
    return {"name": name}


@register.filter
def document_icon(url: str) -> str:
    """Of a document, by its address …/Type/id; "" for anything else."""
    parts = url.rsplit("/", 2)
    return DOCUMENT_ICONS.get(parts[-2], "") if len(parts) > 1 else ""
