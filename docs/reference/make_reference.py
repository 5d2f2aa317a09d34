"""make reference: write the pages on the two doors for machines from what the code states of
itself, so that they cannot differ from it.

fhir.md and fhir.json from what makes the CapabilityStatement and the OpenAPI description of a FHIR
base, administration.md and administration.json from the OpenAPI description that /api/schema/
serves. `tests/contracts/test_reference.py` holds the files to the code.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
WRITTEN = "<!-- written by `make reference`: change the code, not this page -->\n"
# What a caller does about each kind of refusal (records/fhir/operation_outcome.py STATUS); a kind
# without words stops the writing.
MENDS = {
    "invalid": "mend the request: the diagnostics name the place",
    "malformed": "no JSON, or no request that can be read: mend it",
    "method": "the address has no such method",
    "unprocessable": (
        "JSON, and no valid or plausible resource: mend it by `expression` and `diagnostics`"
    ),
    "not-found": "there is none, or it is not shared with you: the answer is the same",
    "gone": (
        "it was deleted; of a feed: a restore took back what the cursor has read, so read again"
        " from the address in the answer"
    ),
    "not-acceptable": "accept JSON",
    "conflict": "something stands against it, such as a number that another patient has",
    "precondition": "the version is another one, or several resources fit the condition",
    "not-supported": (
        "a parameter, modifier or operation that is not served: leave it out, or search with"
        " `Prefer: handling=lenient`"
    ),
    "too-large": "send it in parts, or ask for less",
    "too-many": "wait for the seconds in `Retry-After`; nothing was done",
    "unavailable": "wait for the seconds in `Retry-After`; nothing was stored",
    "media-type": "send `application/fhir+json`, or what the interaction takes",
}
ALSO = {
    401: ("login", "take a new token"),
    403: ("forbidden", "your role, scope or hospital does not include it"),
    500: (
        "exception",
        "the server failed and stored nothing: tell its operator the `X-Request-Id`",
    ),
}


def files() -> dict[str, str]:
    """Name -> contents, of all that this writes."""
    from records.api.openapi import describe_door

    described = openapi()
    own_base = {"url": "/fhir/{hospital}", "variables": {"hospital": {"default": "beishan"}}}
    door = describe_door(own_base, shared=False)
    return {
        "fhir.md": fhir(),
        "fhir.json": json.dumps(door, ensure_ascii=False, indent=1) + "\n",
        "administration.md": administration(described),
        "administration.json": json.dumps(described, ensure_ascii=False, indent=1) + "\n",
    }


def fhir() -> str:
    from records import capability
    from records.fhir import limits, operation_outcome
    from records.fhir.resource_types import TYPES
    from records.requests import served_routes

    own = [capability.resource_capability(name, False) for name in TYPES]
    shared = [capability.resource_capability(name, True) for name in served_routes.SHARED_TYPES]
    return "\n".join(
        [
            "# FHIR: what the two bases serve",
            "",
            WRITTEN,
            (
                "FHIR R4 (4.0.1), JSON. A member's own store stands at `/fhir/<hospital>/`, the"
                " shared record at `/fhir/alliance/`. Each base says the same of itself at"
                " `metadata`, and as OpenAPI at `openapi.json` ([fhir.json](fhir.json)), without a"
                " token."
            ),
            (
                "How to: [send records](../how-to/send-records.md), [ask](../how-to/ask.md),"
                " [scopes](../how-to/scopes.md), [bulk](../how-to/bulk.md),"
                " [subscriptions](../how-to/subscribe.md), [identities](../how-to/identities.md),"
                " [what is our own](../how-to/definitions.md), [how searches"
                " compare](../how-to/compare.md)."
            ),
            "",
            "## Who may",
            "",
            capability.SECURITY,
            "",
            "## Interactions",
            "",
            "| base | of the base | of a type | what else |",
            "|---|---|---|---|",
            (
                f"| `/fhir/<hospital>/` | {codes('', False)} | {codes('Observation', False)} |"
                " conditional create, read, update; conditional"
                " delete of one; create by update; `_include`, `_revinclude` of every reference;"
                " JSON Patch and FHIRPath Patch |"
            ),
            (
                f"| `/fhir/alliance/` | {codes('', True)} | {codes('Observation', True)}; of"
                f" Patient also {codes('Patient', True, but='search-type')}; of Person"
                f" {codes('Person', True)} | each search names one patient |"
            ),
            "",
            capability.FEED,
            "",
            capability.PUSHES,
            "",
            "## Operations",
            "",
            "| operation | of | base | definition |",
            "|---|---|---|---|",
            *(
                f"| `{called}` |"
                f" {', '.join({'': 'the base', '*': 'each type'}.get(t, t) for t in types)} |"
                f" {'both' if operation.at_shared_base else 'own'} | `{operation.definition}` |"
                for operation, (called, types) in operations().items()
            ),
            "",
            "## Refusals",
            "",
            (
                "Each is an OperationOutcome with the place (FHIRPath, in Bundles with the entry's"
                " index) and the mend."
            ),
            "",
            "| status | kind | what to do |",
            "|---|---|---|",
            *(
                f"| {status} | {kind} | {what} |"
                for status, kind, what in sorted(
                    [
                        *((s, k, MENDS[k]) for k, s in operation_outcome.STATUS.items()),
                        *((s, k, w) for s, (k, w) in ALSO.items()),
                    ]
                )
            ),
            "",
            "## Limits",
            "",
            limits.describe_limits(),
            "More, with what is counted by system and by hospital: [limits](../how-to/limits.md).",
            "",
            "## Search parameters of each type",
            "",
            (
                f"Every type also has {', '.join(f'`{n}` ({k})' for n, k in capability.COMMON)},"
                " `_sort`, `_count`, `_total`, `_elements`, `_summary`, `_has`, `_tag`,"
                " `_profile`, `_security`, `_source`."
            ),
            "Modifiers and prefixes by kind: [ask a store](../how-to/ask.md).",
            "",
            "| type | parameters |",
            "|---|---|",
            *(row(r, capability.COMMON) for r in own),
            "",
            "## At the shared base",
            "",
            (
                f"{len(shared)} types, those that are about a patient, with the same parameters; of"
                f" Patient: {asked(next(r for r in shared if r['type'] == 'Patient'), ())}. Each"
                " search names one patient."
            ),
            "",
            ", ".join(r["type"] for r in shared),
            "",
        ]
    )


def codes(type_name: str, shared: bool, but: str = "") -> str:
    from records import capability

    found = [i["code"] for i in capability.list_interactions(type_name, shared)]
    return ", ".join(code for code in found if code != but)


def operations() -> dict[Any, tuple[str, dict[str, None]]]:
    """Operation -> (how it is called, the types that have it)."""
    from records.requests.served_routes import list_routes

    out: dict[Any, tuple[str, dict[str, None]]] = {}
    for route in list_routes():
        if route.operation:
            called = route.path.rpartition("/")[2]
            out.setdefault(route.operation, (called, {}))[1][route.type_name] = None
    return out


def row(resource: dict[str, Any], common: tuple[tuple[str, str], ...]) -> str:
    return f"| {resource['type']} | {asked(resource, common)} |"


def asked(resource: dict[str, Any], common: tuple[tuple[str, str], ...]) -> str:
    """Its search parameters by kind, but for the common ones."""
    kinds: dict[str, list[str]] = {}
    for p in resource["searchParam"]:
        if (p["name"], p["type"]) not in common:
            kinds.setdefault(p["type"], []).append(p["name"])
    return (
        "; ".join(f"{kind}: {', '.join(f'`{n}`' for n in names)}" for kind, names in kinds.items())
        or "—"
    )


def openapi() -> dict[str, Any]:
    """What /api/schema/ says."""
    from alliance.api.openapi import describe_api

    return json.loads(describe_api())  # type: ignore[no-any-return]


def administration(described: dict[str, Any]) -> str:
    schemas = described["components"]["schemas"]
    return "\n".join(
        [
            "# Administration as JSON",
            "",
            WRITTEN,
            (
                "What administrators do on pages, for scripts: the same verbs, refusals and audit"
                " lines. Machine-readable: [administration.json](administration.json) (OpenAPI"
                f" {described['openapi']}), which the site serves to everybody at `/api/schema/`."
                " How to: [administer by script](../how-to/administer-by-script.md)."
            ),
            "",
            (
                "A script sends `Authorization: Bearer …` with a token of an administrator's"
                " client; a page's script has the session's cookie, and with each change the header"
                " `X-CSRFToken`. Both together are refused. The role must hold what the page would"
                " ask for ([accounts](../how-to/accounts.md)), and a token the scope that stands"
                " below; else 403. What opens something for the alliance answers 202 with a"
                " proposal, to which another administrator agrees in person."
            ),
            *(
                line
                for address, methods in described["paths"].items()
                for method, call in methods.items()
                for line in told(address, method, call)
            ),
            "",
            "## Shapes",
            "",
            *(
                line
                for name, schema in schemas.items()
                if not name.startswith(("Paginated", "Patched"))
                for line in shape(name, schema)
            ),
        ]
    )


def told(address: str, method: str, call: dict[str, Any]) -> Iterator[str]:
    yield from ("", f"## {method.upper()} {address}", "")
    yield from (f"{call['summary']}. {call.get('description', '')}".strip(), "")
    sent = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    query = ", ".join(f"`{p['name']}`" for p in call.get("parameters", []) if p["in"] == "query")
    scopes = [x for s in call["security"] for x in s.get("administratorClient", ())]
    yield from (f"Takes `{' '.join(scopes)}`.", "")
    if sent:
        yield from (f"Sends {named(sent)}.", "")
    if query:
        yield from (f"By pages: {query}.", "")
    yield from ("| status | answer | |", "|---|---|---|")
    for status, answer in sorted(call["responses"].items()):
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        shape_of = named(schema) if "$ref" in schema else "an object" if schema else "nothing"
        yield f"| {status} | {shape_of} | {answer.get('description', '')} |"


def named(schema: dict[str, Any]) -> str:
    name = schema.get("$ref", "").rpartition("/")[2]
    plain = name.removeprefix("Paginated").removeprefix("Patched").removesuffix("List")
    kinds = {"Paginated": "a list of ", "Patched": "parts of "}
    kind = next((text for start, text in kinds.items() if name.startswith(start)), "")
    return f"[{kind}{plain}](#{plain.lower()})"


def shape(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield from (f"### {name}", "")
    if "enum" in schema:
        yield from ("One of " + ", ".join(f"`{v}`" for v in schema["enum"]) + ".", "")
        return
    yield from ("| field | type | |", "|---|---|---|")
    for field, what in schema["properties"].items():
        notes = [
            n
            for n, holds in (
                ("required", field in schema.get("required", ()) and not what.get("readOnly")),
                ("only read", what.get("readOnly")),
                ("only written", what.get("writeOnly")),
                ("may be null", what.get("nullable")),
            )
            if holds
        ]
        notes += [said] if (said := what.get("description")) else []
        notes += [f"at most {what['maxLength']} characters"] if "maxLength" in what else []
        notes += [f"`{what['pattern']}`"] if "pattern" in what else []
        ref = [
            r["$ref"].rpartition("/")[2]
            for r in what.get("allOf") or what.get("oneOf") or []
            if "$ref" in r
        ]
        kind = (
            f"[{ref[0]}](#{ref[0].lower()})"
            if ref
            else what.get("format") or what.get("type") or "any JSON"
        )
        yield f"| `{field}` | {kind} | {'; '.join(notes)} |"
    yield ""


def main() -> None:
    import django

    sys.path.insert(0, str(FOLDER.parents[1]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliance.config.settings")
    django.setup()
    for name, text in files().items():
        (FOLDER / name).write_text(text)
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    main()
