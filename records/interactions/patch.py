"""patch: JSON Patch (RFC 6902) or FHIRPath Patch on the current version (FHIR R4 http.html#patch). The result is validated like any other
write. It takes the scope r beside u: the answer, and what a patch fails at, tell of what stands there."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import jsonpatch
import jsonpointer

from alliance.auth.scopes import Need
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir import fhirpatch
from records.fhir.issues import Gone, Issue, Malformed, NotFound, TooLarge, Unprocessable
from records.fhir.json import InvalidJson, dump, parse
from records.fhir.outcome import ABSENT
from records.interactions.ask import Answer, Ask, known_type
from records.interactions.filing import file
from records.interactions.item import Item
from records.interactions.preconditions import NONE, Preconditions, must_hold
from records.interactions.write import answer, good_id, request, valid
from records.store import write as store

MOST, LARGEST = 500, 8 * 1024 * 1024  # operations; bytes of what they make


def patch(ask: Ask, type_name: str, fhir_id: str, operations: Any, holds: Preconditions = NONE) -> Answer:
    known_type(type_name)
    good_id(fhir_id)
    with gate.writing(request(ask, EventCode.RECORD_PATCH, f"{type_name}/{fhir_id}", Need("ru", (type_name,)))) as (scope, written):
        return changed(ask, scope, written, type_name, fhir_id, lambda body: patched(type_name, fhir_id, body, operations), holds)


def changed(ask: Ask, scope: Scope, written: gate.Ledger, type_name: str, fhir_id: str, change: Callable[[bytes], Any], holds: Preconditions = NONE) -> Answer:
    """The next version, made from the body of the current one; inside the writer's transaction."""
    current = store.lock(scope, [(type_name, fhir_id)]).get((type_name, fhir_id))
    if current is None:
        raise NotFound(ABSENT)
    if current[2]:
        raise Gone(Issue("deleted", f"{type_name}/{fhir_id} was deleted at version {current[1]}: PUT it to bring it back."))
    must_hold(holds, current)
    resource = change(store.held(scope, current[0]))
    valid(ask, type_name, resource)
    [made] = file(scope, written, [Item(resource, fhir_id, current[1] + 1, current[0])])
    return answer(ask, 200, made)


def patched(type_name: str, fhir_id: str, body: bytes, operations: Any) -> Any:
    """The changed resource, not yet validated. operations: a JSON Patch, Parameters, or a Binary that holds a JSON Patch (in Bundles)."""
    if isinstance(operations, dict) and operations.get("resourceType") == "Binary":
        operations = unpacked(operations)
    change = fhirpatch.applied if isinstance(operations, dict) else applied
    resource = change(parse(body), operations)
    if not isinstance(resource, dict) or resource.get("id") != fhir_id or resource.get("resourceType") != type_name:
        raise Unprocessable(Issue("value", "A patch does not change the id or the type: remove that operation.", f"{type_name}.id"))
    return resource


def unpacked(binary: dict[str, Any]) -> Any:
    if binary.get("contentType") != "application/json-patch+json":
        raise Malformed(Issue("value", "A patch in a Bundle is Parameters, or a Binary of contentType application/json-patch+json.", "Binary.contentType"))
    try:
        return parse(base64.b64decode(str(binary.get("data") or ""), validate=True))
    except (binascii.Error, InvalidJson) as error:
        raise Malformed(Issue("structure", f"The Binary's data is no JSON in Base64: {error}.", "Binary.data")) from error


def applied(resource: Any, operations: Any) -> Any:
    """Raises Malformed for what is no JSON Patch, Unprocessable naming the operation that does not fit the resource."""
    if not isinstance(operations, list) or not all(isinstance(o, dict) for o in operations):
        raise Malformed(Issue("structure", 'A JSON Patch is an array of operations such as {"op": "replace", "path": "/gender", "value": "female"}.'))
    if len(operations) > MOST:
        raise TooLarge(Issue("too-long", f"A patch has at most {MOST} operations: send the whole resource by PUT."))
    for i, operation in enumerate(operations):
        try:
            resource = jsonpatch.JsonPatch([operation]).apply(resource)
        except jsonpatch.InvalidJsonPatch:
            raise Malformed(Issue("structure", f"Operation {i} is no JSON Patch operation: it has an op (add, remove, replace, move, copy, test), a path, and for its op a value or from.")) from None
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, ValueError, IndexError) as error:
            raise Unprocessable(Issue("processing", f"Operation {i} ({operation.get('op')} {str(operation.get('path'))[:80]}) does not fit the resource: {unfit(error)}.")) from None
        if operation.get("op") == "copy" and len(dump(resource)) > LARGEST:
            raise TooLarge(Issue("too-long", f"Operation {i} makes the resource too large."))
    return resource


def unfit(error: Exception) -> str:
    """Why an operation does not fit, without a word of what stands in the resource."""
    return "the value there is another" if isinstance(error, jsonpatch.JsonPatchTestFailed) else "its path, or from, names nothing that is there, or nothing that can be changed so"
