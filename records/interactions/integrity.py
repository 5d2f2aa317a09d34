"""Referential integrity of a member's own store (FHIR R4 CapabilityStatement.rest.resource.referencePolicy): what is written refers to what is there, what is deleted
is referred to by nothing. Where the hospital does not enforce it, Patients must be there all the same: a record about nobody known is found by nobody.

A Consent is taken whatever else it refers to: a patient's refusal is not lost because a directory lacks somebody.
"""

from collections.abc import Collection, Sequence
from typing import Any

from alliance.models import Hospital
from consent.terms import Scope
from records.fhir.hashes import named
from records.fhir.issues import Conflict, Issue, Unprocessable, first
from records.fhir.limits import ISSUES
from records.fhir.references import place, targets
from records.interactions.item import Item
from records.search.referrers import FREE, referrers
from records.store import find
from records.store.rows import Draft

Missing = tuple[Item, tuple[str, str], dict[str, Any]]  # who refers, (type, id) of what is not there, the Reference


def missing_targets(scope: Scope, items: Sequence[Item], coming: Collection[tuple[str, str]] = ()) -> list[Missing]:
    """What the items refer to, beside what is coming, that must be in the store and is not; what is there stays until the transaction ends. Organization/CODE is a
    member of the alliance wherever it stands."""
    wanted = [(item, key, node) for item in items for key, node in targets(item.resource).items() if key not in coming]
    there, enforced = find.targets(scope, {key for _, key, _ in wanted})
    lacking = [(i, key, node) for i, key, node in wanted if key not in there and (key[0] == "Patient" or (enforced and i.resource["resourceType"] not in FREE))]
    codes = {i for _, (name, i), _ in lacking if name == "Organization"}
    members = set(Hospital.objects.filter(code__in=codes).values_list("code", flat=True)) if codes else set()
    return [w for w in lacking if w[1][0] != "Organization" or w[1][1] not in members]


def check_targets(scope: Scope, items: Sequence[Item]) -> None:
    """What the items refer to is in the store or among them. Raises Unprocessable naming each place.

    A reference that stood in the version before may stay, but to a Patient."""
    missing = missing_targets(scope, items, {(i.resource["resourceType"], i.fhir_id) for i in items})
    if not missing:
        return
    before = find.referred(scope, {i.rid for i, _, _ in missing if i.rid})
    issues = [Issue("not-found", f"{'/'.join(key)} is not in this store, or was deleted: send it first, or in the same transaction.", whereabouts(item, node))
              for item, key, node in missing if key[0] == "Patient" or (item.rid, named("/".join(key))) not in before]
    if issues:
        raise Unprocessable(*first(issues, ISSUES))


def whereabouts(item: Item, node: object) -> str:
    """The FHIRPath of a Reference in an item."""
    kind = item.resource["resourceType"]
    return place(item.resource, node, item.place or kind) + ".reference"  # type: ignore[arg-type]


def check_referrers(scope: Scope, gone: Sequence[Draft]) -> None:
    """Nothing that is left refers to what was deleted, where the hospital enforces that. Raises Conflict."""
    issues = [
        Issue("conflict", f"{count} {'resource refers' if count == 1 else 'resources refer'} to {d.type_name}/{d.fhir_id}{f', such as {some}' if some else ''}: "
                          "delete or change what refers to it first, or in the same transaction.", f"{d.type_name}/{d.fhir_id}")
        for d in gone for count, some in [find.referrers(scope, d.type_name, d.fhir_id, d.patient if d.type_name == "Patient" else 0, referrers(d.type_name))] if count
    ]
    if issues:
        raise Conflict(*first(issues, ISSUES))


