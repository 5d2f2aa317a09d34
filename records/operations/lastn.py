"""Observation/$lastn: of each code the newest observations (FHIR R4
observation-operation-lastn.html).
"""

from records.fhir import bundle
from records.fhir.issues import Issue, TooLarge
from records.fhir.json_codec import parse_json
from records.fhir.query_string import build_link
from records.interactions.code_modifiers import expand_code_modifiers
from records.interactions.search import enter_search
from records.requests.fhir_request import FhirRequest, FhirResponse
from records.requests.search_conditions import parse_search_conditions
from records.search.search_plan import plan_search
from records.search.search_request import BadSearch, SortKey
from records.store import search_query

MOST_OBSERVATIONS = 20_000  # observations that are looked at
Pairs = list[tuple[str, str]]


def read_last_observations(fhir_request: FhirRequest, pairs: Pairs) -> FhirResponse:
    """max: how many of each code, 1 where it is not said; the rest is a search, which must name
    a patient or a subject.
    """
    most, rest = 1, []
    for name, value in pairs:
        if name == "max":
            if not (
                value.isascii()
                and value.isdecimal()
                and 0 < int(value[:6] or 0) <= 1000
                and len(value) < 5
            ):
                raise BadSearch(
                    Issue("invalid", "Parameter max: it is a whole number from 1 to 1000.")
                )
            most = int(value)
        elif name.startswith(
            ("_sort", "_count", "_cursor", "_total", "_summary", "_include", "_revinclude")
        ):
            raise BadSearch(
                Issue(
                    "invalid",
                    f"Parameter {name}: $lastn orders and limits by itself; leave it out.",
                )
            )
        else:
            rest.append((name, value))
    request = parse_search_conditions(
        ["Observation"],
        expand_code_modifiers(fhir_request, ("Observation",), rest),
        fhir_request.base_url,
    )
    if not request.subjects:
        raise BadSearch(
            Issue("required", "$lastn is asked about one patient: add patient=Patient/<id>.")
        )
    request.sorts = [SortKey("dated")]
    scope = enter_search(fhir_request, request, "Observation/$lastn")
    plan = plan_search(request, fhir_request.hospital_id, None)
    observation_count, bodies = search_query.fetch_inner_bodies(scope, plan, MOST_OBSERVATIONS + 1)
    if observation_count > MOST_OBSERVATIONS:
        raise TooLarge(
            Issue(
                "too-costly",
                f"More than {MOST_OBSERVATIONS} observations fit: narrow the question, for example"
                " by category or date.",
            )
        )
    counts: dict[object, int] = {}
    rids = []
    for rid, body in bodies:
        group = derive_code_key(body)
        counts[group] = counts.get(group, 0) + 1
        if counts[group] <= most:
            rids.append(rid)
    rows = search_query.fetch_rows_by_number(scope, plan, rids)
    operation_url = build_link(f"{fhir_request.root}/{fhir_request.base}/Observation/$lastn", pairs)
    return FhirResponse(
        200,
        bundle.build_bundle(
            "searchset",
            [
                bundle.build_entry(fhir_request.full_url(r), r.body, search={"mode": "match"})
                for r in rows
            ],
            [("self", operation_url)],
            len(rows),
        ),
    )


def derive_code_key(body: bytes) -> object:
    """What makes observations the same: all their codings, or their text."""
    code = parse_json(body).get("code") or {}
    return frozenset((c.get("system"), c.get("code")) for c in code.get("coding", [])) or code.get(
        "text"
    )
