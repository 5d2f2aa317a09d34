"""What the references of a resource mean in the store that it goes to: each is written as the
store keeps it, or refused with its place and the mend (FHIR R4 references.html).

Every way in passes here: create, update, patch, batch, transaction, import, $validate.
"""

from typing import Any

from records.fhir.base_address import is_nearly_own_address, make_relative
from records.fhir.issues import Issue, Unprocessable, truncate_issues
from records.fhir.limits import ISSUES_A_RESOURCE
from records.fhir.reference_forms import ReferenceForm, classify_reference, reference_form_fault
from records.fhir.resource_references import RELATIVE, FoundReference, find_references, path_of_node
from records.fhir.resource_types import load_definition_table

NEARLY_OWN_ADDRESS = "This address is nearly one of this base, and leads nowhere: write Type/id."
DEFINITION = "http://hl7.org/fhir/StructureDefinition/"


def normalize_references(resource: dict[str, Any], address: str) -> None:
    """Write each reference as the store keeps it: Type/id for what is in the store, whose
    absolute address is given. Raises Unprocessable.
    """
    issues = []
    contained: dict[Any, dict[str, Any]] = {}
    for i, contained_resource in enumerate(
        element for element in resource.get("contained") or () if isinstance(element, dict)
    ):
        if (
            "id" in contained_resource
            and contained.setdefault(contained_resource["id"], contained_resource)
            is not contained_resource
        ):
            issues.append(
                Issue(
                    "duplicate",
                    "Another contained resource has this id, and a reference to it would mean"
                    " either: give each its own.",
                    f"{resource['resourceType']}.contained[{i}].id",
                    rule="contained.twice",
                )
            )
        if "contained" in contained_resource:
            issues.append(
                Issue(
                    "structure",
                    "What is contained contains nothing itself (FHIR R4 dom-2): put all of it side"
                    " by side.",
                    f"{resource['resourceType']}.contained[{i}].contained",
                    rule="contained.nested",
                )
            )
    for reference in find_references(resource):
        reference.node["reference"] = make_relative(reference.node["reference"], address)
        if fault := (
            NEARLY_OWN_ADDRESS
            if is_nearly_own_address(reference.node["reference"], address)
            else reference_fault(reference, contained, resource)
        ):
            issues.append(
                Issue(
                    "value",
                    fault,
                    path_of_node(resource, reference.node, resource["resourceType"]) + ".reference",
                    rule="reference.form",
                    words=(("detail", fault),),
                )
            )
    if issues:
        raise Unprocessable(*truncate_issues(issues, ISSUES_A_RESOURCE))


def reference_fault(
    reference: FoundReference, contained: dict[Any, dict[str, Any]], resource: dict[str, Any]
) -> str:
    """What is wrong with a reference, "" for nothing."""
    text, allowed_types = (
        reference.node["reference"],
        load_definition_table("targets").get(reference.owner, {}).get(reference.key, []),
    )
    if form_fault := reference_form_fault(text):
        return form_fault
    form = classify_reference(text)
    if form is ReferenceForm.CONTAINED:
        if text == "#":
            return (
                ""
                if reference.within is not resource
                else (
                    "# alone means the resource around it, and is for contained resources: name"
                    " what is meant."
                )
            )
        if text[1:] not in contained:
            return (
                f"The resource contains nothing with the id {text[1:61]!r}: add it to contained, or"
                " correct the reference (FHIR R4 ref-1)."
            )
        target_type = str(contained[text[1:]].get("resourceType"))
    elif form is ReferenceForm.LOCAL:
        type_and_id = RELATIVE.fullmatch(text)
        target_type = type_and_id.group(1) if type_and_id else ""
    else:
        return ""
    stated_type = reference.node.get("type")
    if allowed_types and target_type not in allowed_types:
        return (
            f"{reference.key} leads to {' or '.join(allowed_types)}, never to {target_type}:"
            " correct"
            " the reference."
        )
    if (
        isinstance(stated_type, str)
        and stated_type.removeprefix(DEFINITION) != target_type
        and stated_type.removeprefix(DEFINITION) in load_definition_table("targets")["*"]
    ):
        return (
            f"The reference leads to {target_type}, its type says"
            f" {stated_type.removeprefix(DEFINITION)}: make"
            " them agree."
        )
    return ""
