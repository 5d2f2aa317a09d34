"""What an export is narrowed to: _typeFilter, _elements, includeAssociatedData, by GET and by
POST (Bulk Data Access 2.0).
"""

from typing import Any

import pytest
from django.core.management import call_command

from alliance.models import Hospital
from tests.factories import alliance
from tests.factories.bulk_jobs import (
    ASYNC_HEADERS,
    LENIENT_HEADERS,
    read_export_keys,
    read_export_lines,
    run_export_job,
    strip_fhir_base,
)
from tests.factories.fhir import Api, make_observation, make_patient

SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}


def provenance(about: list[str], recorded: str) -> dict[str, Any]:
    return {
        "resourceType": "Provenance",
        "target": [{"reference": x} for x in about],
        "recorded": recorded,
        "agent": [{"who": {"display": "检验科"}}],
    }


def parameters(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": n,
                **({"valueReference": {"reference": v}} if n == "patient" else {"valueString": v}),
            }
            for n, v in pairs
        ],
    }


def test_a_type_is_restricted_and_the_others_are_not(api: Api) -> None:
    man, woman = api.create(make_patient()), api.create(make_patient(gender="female"))
    low, high, late = (
        api.create(make_observation(man, value=1)),
        api.create(make_observation(man, value=9)),
        api.create(make_observation(woman, value=2, date="2026-06-01")),
    )
    first, second = (
        "_typeFilter=Observation%3Fvalue-quantity%3Dlt5%26date%3Dlt2026-03",
        "_typeFilter=Observation%3Fdate%3Dge2026-06",
    )
    raw = lambda query: export_raw(api, query)  # noqa: E731
    assert raw(first) == sorted([man, woman, low]), "another type comes whole"
    assert raw(f"_type=Observation&{first}&{second}") == sorted([low, late]), "one or the other"
    assert raw(
        "_type=Observation&_typeFilter=Observation%3Fvalue-quantity%3Dgt5,Observation%3Fdate%3Dge2026-06"
    ) == sorted([high, late]), "as 1.0.1 lists them"
    assert raw("_type=Observation&_typeFilter=Observation%3Fcode%3Dx,4548-4") == sorted(
        [low, high, late]
    ), "a comma in a value is an or"
    assert raw(f"_type=Observation&_typeFilter=Observation%3Fpatient%3D{woman}") == [late]
    assert raw("_type=Observation&_typeFilter=Observation%3Fsubject:Patient.gender%3Dfemale") == [
        late
    ], "a chain"
    by_post = run_export_job(
        api,
        "Patient/$export",
        parameters(
            ("_type", "Observation"),
            ("_typeFilter", "Observation?value-quantity=gt5"),
            ("patient", man),
        ),
    )
    assert read_export_keys(api, by_post) == [high]


def export_raw(api: Api, query: str) -> list[str]:
    """Sent as written, so that what is percent-encoded stays so."""
    reply = api.raw(
        "GET",
        f"/fhir/{api.base}/$export?{query}",
        None,
        {"Authorization": f"Bearer {api.token}", **ASYNC_HEADERS},
    )
    assert reply.status == 202, reply.body
    call_command("bulk_work")
    return read_export_keys(
        api, api("GET", strip_fhir_base(api, reply.headers["content-location"])).json
    )


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ((("_typeFilter", "Patient?colour=blue"),), "_typeFilter[0]"),
        (
            (("_typeFilter", "Patient?gender=male"), ("_typeFilter", "Nothing?a=b")),
            "_typeFilter[1]",
        ),
        ((("_typeFilter", "Patient"),), "is no search of a resource type"),
        ((("_typeFilter", "Patient?_sort=birthdate"),), "this is no condition"),
        ((("_typeFilter", "Observation?_include=Observation:subject"),), "this is no condition"),
        ((("_typeFilter", "Patient?_text=x"),), "not decided by an index"),
        (
            (("_type", "Observation"), ("_typeFilter", "Patient?gender=male")),
            "a type that _type leaves out",
        ),
        ((("_elements", "Patient.name.family"),), "no element of a resource's root"),
        ((("_elements", "id"), ("_elements", "nmae")), "_elements[1]"),
        ((("_elements", "Patient.status"),), "Patient has no element"),
        (
            (("includeAssociatedData", "_custom"),),
            "LatestProvenanceResources and RelevantProvenanceResources are",
        ),
    ],
)
def test_what_is_not_understood_is_refused_or_left_out_and_told(
    api: Api, pairs: tuple[tuple[str, str], ...], says: str
) -> None:
    about = api.create(make_patient())
    refused = api("POST", "$export", parameters(*pairs), **ASYNC_HEADERS)
    assert refused.status == 400 and says in refused.says, refused.body
    if pairs[0][0] == "_type":
        return
    found = run_export_job(api, "$export", parameters(*pairs), **LENIENT_HEADERS)
    assert read_export_keys(api, found) == [about]
    [told] = [r["issue"][0] for r in read_export_lines(api, found, "error")]
    assert (
        told["severity"] == "warning"
        and says in f"{told['expression']}{told['diagnostics']}"
        and "left out" in told["diagnostics"]
    )


def test_lenient_is_not_for_what_would_let_out_more(api: Api) -> None:
    api.create(make_patient())
    for query in (
        "_since=soon",
        "patient=Observation/1",
        "_outputFormat=text/csv",
        "_type=Nothing",
    ):
        assert api("GET", f"Patient/$export?{query}", **LENIENT_HEADERS).status == 400
    for kind in ("application/fhir ndjson", "application/ndjson", "NDJSON"):
        assert (
            api("GET", f"$export?_outputFormat={kind.replace(' ', '+')}", **ASYNC_HEADERS).status
            == 202
        )
    assert [
        o["type"]
        for o in run_export_job(api, "$export?_type=Nothing,Patient", **LENIENT_HEADERS)["output"]
    ] == ["Patient"]


def test_elements(api: Api) -> None:
    about = api.create(make_patient("叶圣陶"))
    api.create(make_observation(about))
    rows = {
        r["resourceType"]: r
        for r in read_export_lines(
            api, run_export_job(api, "$export?_elements=id,Patient.gender&_elements=effective")
        )
    }
    assert set(rows["Patient"]) == {"resourceType", "id", "meta", "gender"}
    assert set(rows["Observation"]) == {
        "resourceType",
        "id",
        "meta",
        "status",
        "code",
        "effectiveDateTime",
    }, "mandatory ones, and what was asked for"
    assert all(SUBSETTED in r["meta"]["tag"] for r in rows.values())
    assert all("tag" not in r["meta"] for r in read_export_lines(api, run_export_job(api))), (
        "the control"
    )


def test_provenances_of_what_is_exported(api: Api) -> None:
    one, two = api.create(make_patient()), api.create(make_patient())
    mine, other = api.create(make_observation(one)), api.create(make_observation(two))
    old, new = (
        api.create(provenance([one, mine], "2026-01-01T00:00:00Z")),
        api.create(provenance([one], "2026-02-01T00:00:00Z")),
    )
    theirs, organization = (
        api.create(provenance([other], "2026-01-01T00:00:00Z")),
        api.create({"resourceType": "Organization", "name": "内科"}),
    )
    of_organization = api.create(provenance([organization], "2026-01-01T00:00:00Z"))

    def found(query: str) -> list[str]:
        return [
            k
            for k in read_export_keys(api, run_export_job(api, query))
            if k.startswith("Provenance")
        ]

    relevant, latest = (
        "includeAssociatedData=RelevantProvenanceResources",
        "includeAssociatedData=LatestProvenanceResources",
    )
    assert found("$export?_type=Patient,Observation") == []
    assert found(f"$export?_type=Patient,Observation&{relevant}") == sorted([old, new, theirs])
    assert found(f"$export?_type=Patient&{latest}") == [new]
    assert found(f"$export?_type=Observation&{latest}") == sorted([old, theirs])
    assert found(f"Patient/$export?patient={one}&{relevant}") == sorted([old, new])
    assert found(f"$export?_type=Observation&_typeFilter=Observation?patient={two}&{relevant}") == [
        theirs
    ]
    assert found(f"$export?{relevant},LatestProvenanceResources") == sorted(
        [old, new, theirs, of_organization]
    )


def test_filters_feel_nothing_beyond_the_scopes(api: Api) -> None:
    about = api.create(make_patient("丁玲", gender="female"))
    api.create(make_observation(about))
    some = Api(
        f"http://{api.at.netloc}",
        api.base,
        credentials=alliance.make_credentials(Hospital.objects.get(code=api.base)),
        scope="system/Observation.rs",
    )
    for query in (
        "_typeFilter=Observation?subject:Patient.gender=female",
        "_typeFilter=Patient?gender=female",
        "_type=Observation&includeAssociatedData=LatestProvenanceResources",
    ):
        for prefer in (ASYNC_HEADERS, LENIENT_HEADERS):
            refused = some("GET", f"$export?{query}", **prefer)
            assert refused.status == 403 and "lacks the scope" in refused.says, query
        assert api("GET", f"$export?{query}", **ASYNC_HEADERS).status == 202, "the control"
    assert (
        some("GET", "$export?_typeFilter=Observation?status=final", **ASYNC_HEADERS).status == 202
    )


def test_who_is_not_there_is_told(api: Api) -> None:
    one, two = api.create(make_patient()), api.create(make_patient())
    group = api.create(
        {
            "resourceType": "Group",
            "type": "person",
            "actual": True,
            "member": [{"entity": {"reference": one}}],
        }
    )
    by_patient = run_export_job(
        api,
        "Patient/$export",
        parameters(("patient", one), ("patient", "Patient/nobody"), ("_type", "Patient")),
    )
    assert (
        read_export_keys(api, by_patient) == [one]
        and "Patient/nobody is not in this store"
        in read_export_lines(api, by_patient, "error")[0]["issue"][0]["diagnostics"]
    )
    by_group = run_export_job(
        api, f"{group}/$export", parameters(("patient", two), ("_type", "Patient"))
    )
    assert (
        read_export_keys(api, by_group) == []
        and f"{two} is not in the Group"
        in read_export_lines(api, by_group, "error")[0]["issue"][0]["diagnostics"]
    )
