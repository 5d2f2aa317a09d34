"""patch: JSON Patch (RFC 6902) or FHIRPath Patch on the current version (FHIR R4
http.html#patch). The result is validated like any other write. It takes the scope r beside u: the
answer, and what a patch fails at, tell of what stands there.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import jsonpatch
import jsonpointer

from alliance.auth.scopes import ScopeNeed
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Scope
from records.fhir import fhirpatch
from records.fhir.issues import Gone, Issue, Malformed, NotFound, TooLarge, Unprocessable
from records.fhir.json_codec import InvalidJson, dump_json, parse_json
from records.fhir.operation_outcome import ABSENT
from records.ingest.incoming_resource import IncomingResource
from records.ingest.store_resources import store_resources
from records.interactions.preconditions import NO_PRECONDITIONS, Preconditions, check_preconditions
from records.interactions.write import (
    build_write_response,
    check_and_normalize,
    check_id_form,
    request_write_access,
)
from records.requests.fhir_request import FhirRequest, FhirResponse, check_hosted_type
from records.store import resource_writer

MOST_OPERATIONS, LARGEST_RESULT = 500, 8 * 1024 * 1024  # operations; bytes of what they make


def patch_by_id(
    fhir_request: FhirRequest,
    type_name: str,
    fhir_id: str,
    operations: Any,
    preconditions: Preconditions = NO_PRECONDITIONS,
) -> FhirResponse:
    check_hosted_type(type_name)
    check_id_form(fhir_id)
    with gate.audited_write(
        request_write_access(
            fhir_request,
            EventCode.RECORD_PATCH,
            f"{type_name}/{fhir_id}",
            ScopeNeed("ru", (type_name,)),
        )
    ) as (scope, ledger):
        return write_changed_version(
            fhir_request,
            scope,
            ledger,
            type_name,
            fhir_id,
            lambda body: apply_patch(type_name, fhir_id, body, operations),
            preconditions,
        )


def write_changed_version(
    fhir_request: FhirRequest,
    scope: Scope,
    ledger: gate.WriteLedger,
    type_name: str,
    fhir_id: str,
    change: Callable[[bytes], Any],
    preconditions: Preconditions = NO_PRECONDITIONS,
) -> FhirResponse:
    """The next version, made from the body of the current one; inside the writer's transaction."""
    current = resource_writer.lock_rows(scope, [(type_name, fhir_id)]).get((type_name, fhir_id))
    if current is None:
        raise NotFound(ABSENT)
    if current[2]:
        raise Gone(
            Issue(
                "deleted",
                f"{type_name}/{fhir_id} was deleted at version {current[1]}: PUT it to bring it"
                " back.",
            )
        )
    check_preconditions(preconditions, current)
    resource = change(resource_writer.read_locked_body(scope, current[0]))
    check_and_normalize(fhir_request, type_name, resource)
    [draft] = store_resources(
        scope, ledger, [IncomingResource(resource, fhir_id, current[1] + 1, current[0])]
    )
    return build_write_response(fhir_request, 200, draft)


def apply_patch(type_name: str, fhir_id: str, body: bytes, operations: Any) -> Any:
    """The changed resource, not yet validated. operations: a JSON Patch, Parameters, or a Binary
    that holds a JSON Patch (in Bundles).
    """
    if isinstance(operations, dict) and operations.get("resourceType") == "Binary":
        operations = patch_from_binary(operations)
    change = fhirpatch.apply_fhirpath_patch if isinstance(operations, dict) else apply_json_patch
    resource = change(parse_json(body), operations)
    if (
        not isinstance(resource, dict)
        or resource.get("id") != fhir_id
        or resource.get("resourceType") != type_name
    ):
        raise Unprocessable(
            Issue(
                "value",
                "A patch does not change the id or the type: remove that operation.",
                f"{type_name}.id",
            )
        )
    return resource


def patch_from_binary(binary: dict[str, Any]) -> Any:
    if binary.get("contentType") != "application/json-patch+json":
        raise Malformed(
            Issue(
                "value",
                "A patch in a Bundle is Parameters, or a Binary of contentType"
                " application/json-patch+json.",
                "Binary.contentType",
            )
        )
    try:
        return parse_json(base64.b64decode(str(binary.get("data") or ""), validate=True))
    except (binascii.Error, InvalidJson) as error:
        raise Malformed(
            Issue("structure", f"The Binary's data is no JSON in Base64: {error}.", "Binary.data")
        ) from error


def apply_json_patch(resource: Any, operations: Any) -> Any:
    """Raises Malformed for what is no JSON Patch, Unprocessable naming the operation that does
    not fit the resource.
    """
    if not isinstance(operations, list) or not all(
        isinstance(operation, dict) for operation in operations
    ):
        raise Malformed(
            Issue(
                "structure",
                'A JSON Patch is an array of operations such as {"op": "replace", "path":'
                ' "/gender", "value": "female"}.',
            )
        )
    if len(operations) > MOST_OPERATIONS:
        raise TooLarge(
            Issue(
                "too-long",
                f"A patch has at most {MOST_OPERATIONS} operations: send the whole resource by"
                " PUT.",
            )
        )
    for index, operation in enumerate(operations):
        try:
            resource = jsonpatch.JsonPatch([operation]).apply(resource)
        except jsonpatch.InvalidJsonPatch:
            raise Malformed(
                Issue(
                    "structure",
                    f"Operation {index} is no JSON Patch operation: it has an op (add, remove,"
                    " replace,"
                    " move, copy, test), a path, and for its op a value or from.",
                )
            ) from None
        except (
            jsonpatch.JsonPatchException,
            jsonpointer.JsonPointerException,
            TypeError,
            KeyError,
            ValueError,
            IndexError,
        ) as error:
            raise Unprocessable(
                Issue(
                    "processing",
                    f"Operation {index} ({operation.get('op')} {str(operation.get('path'))[:80]})"
                    " does"
                    f" not fit the resource: {describe_patch_failure(error)}.",
                )
            ) from None
        if operation.get("op") == "copy" and len(dump_json(resource)) > LARGEST_RESULT:
            raise TooLarge(Issue("too-long", f"Operation {index} makes the resource too large."))
    return resource


def describe_patch_failure(error: Exception) -> str:
    """Why an operation does not fit, without a word of what stands in the resource."""
    return (
        "the value there is another"
        if isinstance(error, jsonpatch.JsonPatchTestFailed)
        else "its path, or from, names nothing that is there, or nothing that can be changed so"
    )
