"""What the references of a resource mean in the store that it goes to: each is written as the store keeps it, or refused with its place and the mend (FHIR R4 references.html).

Every way in passes here: create, update, patch, batch, transaction, import, $validate.
"""

from typing import Any

from records.fhir.base_address import nearly, relative
from records.fhir.issues import Issue, Unprocessable, first
from records.fhir.limits import ISSUES_A_RESOURCE
from records.fhir.reference_forms import Form, form_of, refusal
from records.fhir.references import RELATIVE, Found, place, walk
from records.fhir.types import table

NEARLY = "This address is nearly one of this base, and leads nowhere: write Type/id."
DEFINITION = "http://hl7.org/fhir/StructureDefinition/"


def settle(resource: dict[str, Any], address: str) -> None:
    """Write each reference as the store keeps it: Type/id for what is in the store, whose absolute address is given. Raises Unprocessable."""
    issues = []
    contained: dict[Any, dict[str, Any]] = {}
    for i, inner in enumerate(c for c in resource.get("contained") or () if isinstance(c, dict)):
        if "id" in inner and contained.setdefault(inner["id"], inner) is not inner:
            issues.append(Issue("duplicate", "Another contained resource has this id, and a reference to it would mean either: give each its own.", f"{resource['resourceType']}.contained[{i}].id"))
        if "contained" in inner:
            issues.append(Issue("structure", "What is contained contains nothing itself (FHIR R4 dom-2): put all of it side by side.", f"{resource['resourceType']}.contained[{i}].contained"))
    for found in walk(resource):
        found.node["reference"] = relative(found.node["reference"], address)
        if says := NEARLY if nearly(found.node["reference"], address) else fault(found, contained, resource):
            issues.append(Issue("value", says, place(resource, found.node, resource["resourceType"]) + ".reference"))
    if issues:
        raise Unprocessable(*first(issues, ISSUES_A_RESOURCE))


def fault(found: Found, contained: dict[Any, dict[str, Any]], resource: dict[str, Any]) -> str:
    """What is wrong with a reference, "" for nothing."""
    text, allowed = found.node["reference"], table("targets").get(found.owner, {}).get(found.key, [])
    if says := refusal(text):
        return says
    form = form_of(text)
    if form is Form.CONTAINED:
        if text == "#":
            return "" if found.within is not resource else "# alone means the resource around it, and is for contained resources: name what is meant."
        if text[1:] not in contained:
            return f"The resource contains nothing with the id {text[1:61]!r}: add it to contained, or correct the reference (FHIR R4 ref-1)."
        kind = str(contained[text[1:]].get("resourceType"))
    elif form is Form.LOCAL:
        m = RELATIVE.fullmatch(text)
        kind = m.group(1) if m else ""
    else:
        return ""
    told = found.node.get("type")
    if allowed and kind not in allowed:
        return f"{found.key} leads to {' or '.join(allowed)}, never to {kind}: correct the reference."
    if isinstance(told, str) and told.removeprefix(DEFINITION) != kind and told.removeprefix(DEFINITION) in table("targets")["*"]:
        return f"The reference leads to {kind}, its type says {told.removeprefix(DEFINITION)}: make them agree."
    return ""
