"""Concepts, numbers and quantities as a page shows them. No digit is lost without saying so."""

from decimal import Context, Decimal
from typing import Any

from records.fhir.json_codec import ExactNumber
from records.meaning.stored_resource import StoredResource

Shown = tuple[str, str, float | None]  # text, unit, number for a chart
WIDE = Context(prec=400)  # digits; a number of JSON has 309 before the point at most
FINEST = 12  # decimals that are written out
# characters of a name, a value, a range or a dosage; a longer text is shown as sent and not read,
# for reading takes time that grows with its square
LONGEST = 120


def concept_text(concept: Any) -> str:
    """A CodeableConcept or Coding as sent: its text, else a display, else a code."""
    if isinstance(concept, list):
        return "、".join(filter(None, map(concept_text, concept)))
    if not isinstance(concept, dict):
        return ""
    if concept.get("text"):
        return str(concept["text"])
    found = [c for c in concept.get("coding") or [concept] if isinstance(c, dict)]
    return str(
        next((c["display"] for c in found if c.get("display")), None)
        or next((c["code"] for c in found if c.get("code")), "")
    )


def first_code(concept: Any) -> str:
    """The first code of a CodeableConcept, "" where it has none."""
    codings = concept.get("coding") or [] if isinstance(concept, dict) else []
    return next((str(c["code"]) for c in codings if c.get("code")), "")


def drop_nulls(node: Any) -> Any:
    """A resource without the nulls that hold a place in its arrays (FHIR R4 json.html#null):
    they are no values. The same object where it has none.
    """
    if isinstance(node, StoredResource):
        return node
    return copy_without_nulls(node) if has_null(node) else node


def has_null(node: Any) -> bool:
    """Whether a null stands in any part of it."""
    waiting = [node]
    while waiting:  # a loop, for each page asks this of each part of hundreds of resources
        part = waiting.pop()
        values = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        for value in values:
            if value is None:
                return True
            if isinstance(value, dict | list):
                waiting.append(value)
    return False


def copy_without_nulls(node: Any) -> Any:
    """The same with no null in any part of it."""
    if isinstance(node, dict):
        return {k: copy_without_nulls(v) for k, v in node.items() if v is not None}
    if isinstance(node, list):
        return [copy_without_nulls(x) for x in node if x is not None]
    return node


def format_decimal(value: Any) -> str:
    """As sent; more than three decimals are rounded to four digits that count (never before the
    point), and marked ≈.
    """
    sent = value.text if isinstance(value, ExactNumber) else str(value)
    exact = Decimal(sent)
    decimals = -int(exact.as_tuple().exponent)
    keep = max(2, 3 - exact.adjusted())
    if decimals <= 3 or decimals <= keep:
        return sent
    return (
        f"≈\u00a0{exact.quantize(Decimal(1).scaleb(-keep), context=WIDE):f}"
        if keep <= FINEST
        else f"≈\u00a0{exact:.3e}"
    )


def split_quantity(value: Any) -> Shown:
    if not isinstance(value, dict) or "value" not in value:
        return "", "", None
    return (
        str(value.get("comparator") or "") + format_decimal(value["value"]),
        str(value.get("unit") or value.get("code") or ""),
        float(value["value"]),
    )


def join_bounds(low: str, high: str) -> str:
    """Both ends of a range as one text; of a single one, on which side it lies."""
    return f"{low}–{high}" if low and high else f"≥ {low}" if low else f"≤ {high}" if high else ""
