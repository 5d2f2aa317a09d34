"""The FHIR door as OpenAPI 3.0, for tools that know no FHIR: made from the URLconf and from what
its views declare. What each type's search parameters are, the CapabilityStatement says.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from records.api.bulk_transfer import NDJSON_IN
from records.api.negotiate import ANY_MEDIA, JSON_PATCH
from records.api.request_parameters import FORM
from records.fhir.resource_types import TYPES
from records.requests.fhir_request import ALLIANCE_BASE
from records.requests.interaction import EVERY_TYPE, FHIR_JSON, Interaction
from records.requests.served_routes import ServedRoute, is_at_shared_base, list_routes

Json = dict[str, Any]
ABOUT = (
    "FHIR R4 (4.0.1), JSON. HEAD is answered as GET is; another method than those listed is refused"
    " with 405. Every refusal is an OperationOutcome that names the place and the mend. The search"
    " parameters of each type, and what else there is of FHIR, states GET /metadata."
)
VARIABLES: dict[str, tuple[str, Json]] = {
    "type_name": ("Type of the resource", {"type": "string", "enum": list(TYPES)}),
    "fhir_id": ("Id of the resource", {"type": "string", "pattern": r"^[A-Za-z0-9\-.]{1,64}$"}),
    "version": ("Version of the resource", {"type": "integer", "minimum": 1}),
    "types": ("Type that is searched in the compartment, or *", {"type": "string"}),
    "job_id": ("Of the job: Content-Location of its kick-off ends with it", {"type": "string"}),
    "number": ("Of the file: its address in the manifest ends with it", {"type": "string"}),
    "push_id": ("Of the push: Content-Location of the 202 ends with it", {"type": "string"}),
}
READS = ("read", "vread")
WITH_PARAMETERS = ("search", "history", "conditional", "$")  # how names of interactions begin
BYTES = {"type": "string", "format": "binary"}
OBJECT = {"type": "object", "additionalProperties": True}
MEDIA: dict[str, Json] = {
    FHIR_JSON: {"$ref": "#/components/schemas/Resource"},
    "application/json": OBJECT,
    JSON_PATCH: {"type": "array", "items": OBJECT},
    FORM: {"type": "object", "additionalProperties": {"type": "string"}},
    **dict.fromkeys((*NDJSON_IN, ANY_MEDIA), BYTES),
}
SUCCESS = {
    200: "Done",
    201: "Created; Location has its address",
    202: "Accepted; Content-Location, where there is one, has the address to ask at",
    204: "Done",
    206: "A part, for Range",
}


def describe_base(base: str, root: str) -> Json:
    return describe_door({"url": f"{root}/{base}"}, shared=base == ALLIANCE_BASE)


def describe_door(server: Json, *, shared: bool) -> Json:
    return {
        "openapi": "3.0.3",
        "info": {"title": "Xinglin: FHIR", "version": "4.0.1", "description": ABOUT},
        "servers": [server],
        "security": [{"bearer": []}],
        "paths": {
            f"/{route.template}": calls
            for route in list_routes()
            if (calls := dict(describe_calls(route, shared)))
        },
        "components": describe_components(),
    }


def describe_calls(route: ServedRoute, shared: bool) -> Iterator[tuple[str, Json]]:
    for method, interaction in route.interactions.items():
        types = list_types(route, interaction, shared)
        if types is not None:
            yield method.lower(), describe_call(route, method, interaction, types)


def list_types(
    route: ServedRoute, interaction: Interaction, shared: bool
) -> tuple[str, ...] | None:
    """Those that the address may name, none where it names none; None: it is not served."""
    if shared and not (
        route.operation.at_shared_base if route.operation else interaction.at_shared_base
    ):
        return None
    if not shared and route.operation and not route.operation.at_own_base:
        return None
    if route.type_name != EVERY_TYPE:
        return ()
    if not shared:
        return tuple(TYPES)
    named = (*TYPES, *(t for t in interaction.at_shared_base if t != EVERY_TYPE))
    return tuple(t for t in dict.fromkeys(named) if is_at_shared_base(interaction, t))


def describe_call(
    route: ServedRoute, method: str, interaction: Interaction, types: tuple[str, ...]
) -> Json:
    do = getattr(route.view, method.lower())
    call: Json = {
        "operationId": f"{route.name}-{method.lower()}",
        "tags": [route.view.__module__.rpartition(".")[2]],
        "summary": (inspect.getdoc(do) or "").partition("\n\n")[0],
        "x-fhir-interaction": interaction.name,
        "parameters": list(describe_parameters(route, interaction, types)),
        "responses": describe_responses(route, interaction),
    }
    if body := describe_body(method, interaction):
        call["requestBody"] = body
    return call if route.needs_token else call | {"security": []}


def describe_parameters(
    route: ServedRoute, interaction: Interaction, types: tuple[str, ...]
) -> Iterator[Json]:
    for name in re.findall(r"\{(\w+)\}", route.template):
        yield describe_type(types) if name == "type_name" else refer("parameters", name)
    if interaction.name.startswith(WITH_PARAMETERS):
        yield refer("parameters", "parameters")
    if interaction.name in READS:
        yield from (refer("parameters", name) for name in ("_elements", "_summary"))
    for name in interaction.headers:
        yield {"name": name, "in": "header", "schema": {"type": "string"}}


def describe_type(types: tuple[str, ...]) -> Json:
    if types == tuple(TYPES):
        return refer("parameters", "type_name")
    schema = {"type": "string", "enum": list(types)}
    return {"name": "type_name", "in": "path", "required": True, "schema": schema}


def describe_body(method: str, interaction: Interaction) -> Json:
    """An operation that is asked by GET, too, takes a Parameters resource by POST, or nothing."""
    if interaction.takes:
        return {"required": True, "content": {m: {"schema": MEDIA[m]} for m in interaction.takes}}
    if method == "POST" and interaction.name.startswith("$"):
        return {"content": {FHIR_JSON: {"schema": MEDIA[FHIR_JSON]}}}
    return {}


def describe_responses(route: ServedRoute, interaction: Interaction) -> Json:
    media = [interaction.gives] if interaction.gives else []
    if route.view.may_give_bytes and interaction.name in READS:
        media.append(ANY_MEDIA)
    content = {"content": {m: {"schema": MEDIA[m]} for m in media}} if media else {}
    statuses = sorted({*interaction.statuses, *([202] if interaction.async_option else [])})
    return {
        **{
            str(status): {"description": SUCCESS[status], **(content if status != 202 else {})}
            for status in statuses
        },
        **({"304": {"description": "Not changed"}} if interaction.name in READS else {}),
        "4XX": refer("responses", "Refusal"),
        "5XX": refer("responses", "Refusal"),
    }


def refer(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def describe_components() -> Json:
    return {
        "securitySchemes": {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": (
                    "SMART Backend Services: a token from /oauth/token; GET"
                    " /.well-known/smart-configuration of the base tells more."
                ),
            }
        },
        "parameters": {
            name: {
                "name": name,
                "in": "path",
                "required": True,
                "description": about,
                "schema": schema,
            }
            for name, (about, schema) in VARIABLES.items()
        }
        | {
            "parameters": {
                "name": "parameters",
                "in": "query",
                "description": "As GET /metadata states them, each under its own name",
                "style": "form",
                "explode": True,
                "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "_elements": {
                "name": "_elements",
                "in": "query",
                "description": "Elements that are shown, with commas between them",
                "schema": {"type": "string"},
            },
            "_summary": {
                "name": "_summary",
                "in": "query",
                "schema": {"type": "string", "enum": ["true", "text", "data", "false"]},
            },
        },
        "responses": {
            "Refusal": {
                "description": "What is wrong, and how to mend it; 401 with WWW-Authenticate, 429"
                " and 503 with Retry-After",
                "content": {FHIR_JSON: {"schema": refer("schemas", "OperationOutcome")}},
            }
        },
        "schemas": {
            "Resource": {
                "type": "object",
                "description": "A FHIR R4 resource: one of the type, a Bundle, or Parameters",
                "required": ["resourceType"],
                "properties": {"resourceType": {"type": "string"}},
                "additionalProperties": True,
            },
            "OperationOutcome": {
                "type": "object",
                "required": ["resourceType", "issue"],
                "properties": {
                    "resourceType": {"type": "string", "enum": ["OperationOutcome"]},
                    "issue": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["severity", "code"],
                            "properties": {
                                "severity": {"type": "string"},
                                "code": {"type": "string"},
                                "diagnostics": {"type": "string"},
                                "expression": {"type": "array", "items": {"type": "string"}},
                            },
                        },
                    },
                },
            },
        },
    }
