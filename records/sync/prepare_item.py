"""Look at an item before anything is locked: is its resource what it says, and valid? Faults are
found here item by item, so that one never stops the others.
"""

from dataclasses import dataclass, field
from typing import Any

from records.fhir.issues import Problem
from records.fhir.json_codec import InvalidJson, parse_json
from records.fhir.resource_types import TYPES
from records.ingest.incoming_resource import IncomingResource
from records.interactions.write import check_and_normalize
from records.requests.fhir_request import FhirRequest
from records.sync.batch_lines import ItemAction, SyncItem, printable
from records.sync.fault import Fault, faults_from_problem, make_fault


@dataclass(slots=True)
class PreparedItem:
    """place: in its batch, from 0; resource: valid and normalized, None where there is none."""

    place: int
    item: SyncItem
    resource: dict[str, Any] | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def target(self) -> tuple[str, str]:
        """(type, id) in the store."""
        return self.item.type, self.item.fhir_id

    def as_incoming(self) -> IncomingResource:
        assert self.resource is not None
        return IncomingResource(self.resource, self.item.fhir_id)


def prepare_item(fhir_request: FhirRequest, place: int, item: SyncItem) -> PreparedItem:
    prepared = PreparedItem(place, item)
    if item.type not in TYPES:
        prepared.faults = [make_fault("type.unknown", "resourceType", item.type, type=item.type)]
    elif item.action is ItemAction.PUT:
        prepare_resource(fhir_request, prepared)
    return prepared


def prepare_resource(fhir_request: FhirRequest, prepared: PreparedItem) -> None:
    item, resource = prepared.item, None
    try:
        resource = parse_json(item.body)
        prepared.faults = find_item_faults(item, resource)
        if not prepared.faults:
            check_and_normalize(fhir_request, item.type, resource)
            prepared.resource = resource
    except InvalidJson as error:
        prepared.faults = [make_fault("json.invalid", detail=printable(str(error)))]
    except Problem as problem:
        prepared.faults = faults_from_problem(problem, resource)


def find_item_faults(item: SyncItem, resource: Any) -> list[Fault]:
    """Where the resource is not the one that the item says."""
    if not isinstance(resource, dict):
        return [make_fault("json.object")]
    said = resource.get("resourceType")
    if isinstance(said, str) and said != item.type:
        return [make_fault("type.other", "resourceType", said, said=item.type)]
    if "id" in resource and resource["id"] != item.fhir_id:
        return [make_fault("id.other", f"{item.type}.id", resource["id"], expected=item.fhir_id)]
    return []
