"""Values of results as a page shows them. No digit is lost without saying so, and no kind of value is left out."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from records.fhir.json import Number

Shown = tuple[str, str, float | None]  # text, unit, number for a chart


def text(concept: Any) -> str:
    """A CodeableConcept or Coding as sent: its text, else a display, else a code."""
    if isinstance(concept, list):
        return "、".join(filter(None, (text(c) for c in concept)))
    if not isinstance(concept, dict):
        return ""
    if concept.get("text"):
        return str(concept["text"])
    for coding in concept.get("coding") or [concept]:
        if coding.get("display") or coding.get("code"):
            return str(coding.get("display") or coding.get("code"))
    return ""


def decimal(value: Any) -> str:
    """As sent; more than three decimals are rounded to four digits that count (never before the point), and marked ≈."""
    sent = value.text if isinstance(value, Number) else str(value)
    exact = Decimal(sent)
    decimals = -int(exact.as_tuple().exponent)
    keep = max(2, 3 - exact.adjusted())
    return sent if decimals <= 3 or decimals <= keep else f"≈\u00a0{round(exact, keep):f}"


def quantity(value: Any) -> Shown:
    if not isinstance(value, dict) or "value" not in value:
        return "", "", None
    return str(value.get("comparator") or "") + decimal(value["value"]), str(value.get("unit") or value.get("code") or ""), float(value["value"])


def ranged(low: str, high: str) -> str:
    return f"{low}–{high}" if low and high else f"≥ {low}" if low else f"≤ {high}" if high else ""


def value_of(part: dict[str, Any]) -> Shown:
    """value[x] of an Observation or of its component, or why there is none; ("", "", None) where it has none to tell."""
    for key, value in part.items():
        match key:
            case "valueQuantity" if "value" in value:
                return quantity(value)
            case "valueInteger":
                return str(value), "", float(value)
            case "valueCodeableConcept" if text(value):
                return text(value), "", None
            case "valueString" | "valueTime":
                return str(value), "", None
            case "valueDateTime":
                return value[:16].replace("T", " "), "", None
            case "valueBoolean":
                return (_("yes") if value else _("no")), "", None
            case "valueRange":
                low, high = quantity(value.get("low")), quantity(value.get("high"))
                return ranged(low[0], high[0]), low[1] or high[1], None
            case "valueRatio":
                top, bottom = quantity(value.get("numerator")), quantity(value.get("denominator"))
                return f"{top[0]} {top[1]}".strip() + " : " + f"{bottom[0]} {bottom[1]}".strip(), "", None
            case "valuePeriod":
                return f"{value.get('start', '')} – {value.get('end', '')}", "", None
            case "valueSampledData":
                return _("a curve of %(n)s values") % {"n": len(str(value.get("data") or "").split())}, "", None
    if "dataAbsentReason" in part:
        return _("no value: %(why)s") % {"why": text(part["dataAbsentReason"])}, "", None
    return "", "", None
