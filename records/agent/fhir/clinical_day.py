"""Tell the clinical day of a resource: the bucket in which it is compared. Pure."""

from __future__ import annotations

import re
from typing import Any

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
PATHS = (
    ("effectiveDateTime",),
    ("effectivePeriod", "start"),
    ("effectiveInstant",),
    ("performedDateTime",),
    ("performedPeriod", "start"),
    ("occurrenceDateTime",),
    ("occurrencePeriod", "start"),
    ("period", "start"),
    ("started",),
    ("start",),
    ("authoredOn",),
    ("recordedDate",),
    ("onsetDateTime",),
    ("dateAsserted",),
    ("billablePeriod", "start"),
    ("created",),
    ("date",),
    ("issued",),
)


def find_clinical_day(resource: dict[str, Any]) -> str:
    """YYYY-MM-DD as written there, or "". A Patient has none."""
    if resource.get("resourceType") == "Patient":
        return ""
    for path in PATHS:
        value: Any = resource
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and DAY.match(value):
            return value[:10]
    return ""
