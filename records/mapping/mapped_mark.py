"""The mark of what the platform has added to a record: an extension on a Coding, or on a Quantity
whose unit got a code (FHIR R4 extensibility.html). By it each addition is taken off again, and what
was sent stays whole. Pure.
"""

from typing import Any

Json = dict[str, Any]
MAPPED = "urn:xinglin:extension:mapped"  # valueUri: which map, and since which of its versions
UNIT_AS_SENT = "urn:xinglin:extension:unit-as-sent"  # valueCoding: what stood there before


def extensions_of(element: Any, url: str) -> list[Json]:
    found = element.get("extension") if isinstance(element, dict) else None
    return (
        [e for e in found if isinstance(e, dict) and e.get("url") == url]
        if isinstance(found, list)
        else []
    )


def is_mapped(element: Any) -> bool:
    """Whether the platform has added it, or its unit's code."""
    return bool(extensions_of(element, MAPPED))


def make_mapped_coding(system: str, code: str, display: str, source: str) -> Json:
    return {
        "extension": [{"url": MAPPED, "valueUri": source}],
        "system": system,
        "code": code,
        **({"display": display} if display else {}),
    }


def drop_mapped_codings(concept: Json) -> bool:
    """Take off what the platform added to a CodeableConcept; whether there was any."""
    found = concept.get("coding")
    if not isinstance(found, list) or not any(is_mapped(c) for c in found):
        return False
    kept = [c for c in found if not is_mapped(c)]
    if kept:
        concept["coding"] = kept
    else:
        del concept["coding"]
    return True


def set_mapped_unit(quantity: Json, system: str, code: str, source: str) -> None:
    """Give a Quantity a unit's code; what its hospital sent as system and code stands beside it."""
    marks: list[Json] = [{"url": MAPPED, "valueUri": source}]
    sent = {k: quantity[k] for k in ("system", "code") if quantity.get(k)}
    if sent:
        marks.append({"url": UNIT_AS_SENT, "valueCoding": sent})
    quantity["extension"] = [*(quantity.get("extension") or []), *marks]
    quantity["system"], quantity["code"] = system, code


def drop_mapped_unit(quantity: Json) -> bool:
    """Put back what stood in the Quantity; whether anything had been added."""
    if not is_mapped(quantity):
        return False
    system, code, _ = read_sent_unit(quantity)
    for name, value in (("system", system), ("code", code)):
        if value:
            quantity[name] = value
        else:
            quantity.pop(name, None)
    kept = [e for e in quantity["extension"] if e.get("url") not in (MAPPED, UNIT_AS_SENT)]
    if kept:
        quantity["extension"] = kept
    else:
        del quantity["extension"]
    return True


def read_sent_unit(quantity: Json) -> tuple[str, str, str]:
    """(system, code, unit) of a Quantity as its hospital sent them."""
    written = str(quantity.get("unit") or "")
    if not is_mapped(quantity):
        return str(quantity.get("system") or ""), str(quantity.get("code") or ""), written
    before = [e.get("valueCoding") or {} for e in extensions_of(quantity, UNIT_AS_SENT)]
    sent = before[0] if before else {}
    return str(sent.get("system") or ""), str(sent.get("code") or ""), written
