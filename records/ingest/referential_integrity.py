"""Referential integrity of a member's own store (FHIR R4
CapabilityStatement.rest.resource.referencePolicy): what is written refers to what is there, what is
deleted is referred to by nothing. Where the hospital does not enforce it, Patients must be there
all the same: a record about nobody known is found by nobody.

A Consent is taken whatever else it refers to: a patient's refusal is not lost because a directory
lacks somebody.
"""

from collections.abc import Collection, Sequence
from typing import Any

from alliance.models import Hospital
from consent.terms import Scope
from records.fhir.hashes import reference_hash
from records.fhir.issues import Conflict, Issue, Unprocessable, truncate_issues
from records.fhir.limits import ISSUES
from records.fhir.resource_references import find_local_targets, path_of_node
from records.ingest.incoming_resource import IncomingResource
from records.search.referrers import UNENFORCED_TYPES, referrer_parameters
from records.store import write_lookups
from records.store.rows import Draft

MissingTarget = tuple[
    IncomingResource, tuple[str, str], dict[str, Any]
]  # who refers, (type, id) of what is not there, the Reference


def find_missing_targets(
    scope: Scope, items: Sequence[IncomingResource], arriving: Collection[tuple[str, str]] = ()
) -> list[MissingTarget]:
    """What the items refer to, beside what is coming, that must be in the store and is not; what
    is there stays until the transaction ends. Organization/CODE is a member of the alliance
    wherever it stands.
    """
    references = [
        (item, key, node)
        for item in items
        for key, node in find_local_targets(item.resource).items()
        if key not in arriving
    ]
    existing, is_enforced = write_lookups.lock_targets(scope, {key for _, key, _ in references})
    missing = [
        (item, key, node)
        for item, key, node in references
        if key not in existing
        and (
            key[0] == "Patient"
            or (is_enforced and item.resource["resourceType"] not in UNENFORCED_TYPES)
        )
    ]
    organization_codes = {
        code for _, (type_name, code), _ in missing if type_name == "Organization"
    }
    members = (
        set(Hospital.objects.filter(code__in=organization_codes).values_list("code", flat=True))
        if organization_codes
        else set()
    )
    return [
        reference
        for reference in missing
        if reference[1][0] != "Organization" or reference[1][1] not in members
    ]


def check_targets(scope: Scope, items: Sequence[IncomingResource]) -> None:
    """What the items refer to is in the store or among them. Raises Unprocessable naming each
    place.

    A reference that stood in the version before may stay, but to a Patient.
    """
    missing = find_missing_targets(
        scope, items, {(item.resource["resourceType"], item.fhir_id) for item in items}
    )
    if not missing:
        return
    earlier_references = write_lookups.fetch_reference_hashes(
        scope, {item.resource_id for item, _, _ in missing if item.resource_id}
    )
    issues = [
        Issue(
            "not-found",
            f"{'/'.join(key)} is not in this store, or was deleted: send it first, or in the same"
            " transaction.",
            locate_reference(item, node),
            rule="reference.missing",
            words=(("target", "/".join(key)),),
        )
        for item, key, node in missing
        if key[0] == "Patient"
        or (item.resource_id, reference_hash("/".join(key))) not in earlier_references
    ]
    if issues:
        raise Unprocessable(*truncate_issues(issues, ISSUES))


def locate_reference(item: IncomingResource, node: object) -> str:
    """The FHIRPath of a Reference in an item."""
    type_name = item.resource["resourceType"]
    return path_of_node(item.resource, node, item.place or type_name) + ".reference"  # type: ignore[arg-type]


def check_referrers(scope: Scope, tombstones: Sequence[Draft]) -> None:
    """Nothing that is left refers to what was deleted, where the hospital enforces that. Raises
    Conflict.
    """
    issues = [
        Issue(
            "conflict",
            f"{count} {'resource refers' if count == 1 else 'resources refer'} to"
            f" {tombstone.type_name}/{tombstone.fhir_id}"
            f"{f', such as {example}' if example else ''}: delete or change what refers to it"
            " first, or in the same transaction.",
            f"{tombstone.type_name}/{tombstone.fhir_id}",
            rule="reference.referred",
            words=(("count", str(count)), ("target", f"{tombstone.type_name}/{tombstone.fhir_id}")),
        )
        for tombstone in tombstones
        for count, example in [
            write_lookups.count_referrers(
                scope,
                tombstone.type_name,
                tombstone.fhir_id,
                tombstone.source_patient_id if tombstone.type_name == "Patient" else 0,
                referrer_parameters(tombstone.type_name),
            )
        ]
        if count
    ]
    if issues:
        raise Conflict(*truncate_issues(issues, ISSUES))
