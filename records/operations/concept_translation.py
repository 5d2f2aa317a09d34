"""Serve ConceptMap/$translate (FHIR R4 conceptmap-operation-translate.html)."""

from typing import Any

from records.fhir.issues import Issue, NotFound
from records.fhir.json_codec import parse_json
from records.interactions.store_terminology import StoreTerminology
from records.operations.terminology_parameters import (
    Pairs,
    build_parameters_response,
    parse_codings,
    parse_terminology_parameters,
)
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.search.escapes import escape_value
from records.search.parse import parse_search
from records.search.search_plan import plan_search
from records.store import search_query
from records.terminology.translate import find_translations


def translate_code(
    fhir_request: FhirRequest, fhir_id: str, pairs: Pairs, body: Any = None
) -> FhirResponse:
    parameters = parse_terminology_parameters(
        pairs,
        body,
        (
            "url",
            "conceptMap",
            "code",
            "system",
            "coding",
            "codeableConcept",
            "source",
            "target",
            "targetsystem",
            "reverse",
        ),
    )
    terminology = StoreTerminology(fhir_request, "ConceptMap/$translate", ("ConceptMap",))
    if fhir_id:
        maps = [terminology.read_by_id("ConceptMap", fhir_id)]
    elif isinstance(parameters.get("conceptMap"), dict):
        maps = [parameters["conceptMap"]]
    elif parameters.get("url"):
        concept_map = terminology.find_by_url("ConceptMap", str(parameters["url"]))
        if concept_map is None:
            raise NotFound(
                Issue(
                    "not-found",
                    f"The concept map {str(parameters['url'])[:200]} is not loaded here.",
                )
            )
        maps = [concept_map]
    else:
        request = parse_search(
            ["ConceptMap"],
            [
                (k, escape_value(str(parameters[n])))
                for k, n in (("source", "source"), ("target", "target"))
                if parameters.get(n)
            ],
        )
        maps = [
            parse_json(r.body)
            for r in search_query.fetch_page(
                terminology.scope, plan_search(request, terminology.fhir_request.hospital_id, None)
            )
        ]
    reverse = str(parameters.get("reverse")).lower() == "true"
    mappings = [
        m
        for x in maps
        for s, c, _ in parse_codings(parameters)
        for m in find_translations(x, s, c, str(parameters.get("targetsystem") or ""), reverse)
    ]
    equivalent = [m for m in mappings if m.equivalence not in ("unmatched", "disjoint")]
    rows = [
        {
            "name": "match",
            "part": [
                {"name": "equivalence", "valueCode": m.equivalence},
                *(
                    [
                        {
                            "name": "concept",
                            "valueCoding": {
                                "system": m.system,
                                "code": m.code,
                                **({"display": m.display} if m.display else {}),
                            },
                        }
                    ]
                    if m.code
                    else []
                ),
                {"name": "source", "valueUri": m.source},
            ],
        }
        for m in mappings
    ]
    return build_parameters_response(
        {"name": "result", "valueBoolean": bool(equivalent)},
        *(
            []
            if mappings
            else [
                {
                    "name": "message",
                    "valueString": "No concept map that is loaded here knows this code.",
                }
            ]
        ),
        *rows,
    )
