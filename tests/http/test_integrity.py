"""What the CapabilityStatement says of references and versions is what happens, by hospital
(FHIR R4 CapabilityStatement.rest.resource.referencePolicy).
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from alliance.models import Hospital
from tests import draws
from tests.factories.bulk_jobs import read_export_lines as found_lines
from tests.factories.bulk_jobs import taken
from tests.factories.fhir import Api, make_bundle, make_patient


def note(about: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": about},
        **more,
    }


def said(api: Api) -> list[str]:
    return next(
        r["referencePolicy"]
        for r in api("GET", "metadata").json["rest"][0]["resource"]
        if r["type"] == "Observation"
    )


def free(api: Api) -> None:
    Hospital.objects.filter(code=api.base).update(enforces_references=False)


def test_what_is_referred_to_is_there(api: Api) -> None:
    assert "enforced" in said(api)
    about, gone = api.create(make_patient()), api.create({"resourceType": "Practitioner"})
    there = api.create({"resourceType": "Practitioner"})
    assert api("DELETE", gone).status == 204
    for reference, status in (
        ("Practitioner/none-such", 422),
        (gone, 422),
        (there, 201),
        ("http://other.example/fhir/Practitioner/1", 201),
    ):
        body = note(about, performer=[{"reference": reference}])
        i = draws.token_hex(6)
        for reply in (
            api("POST", "Observation", body),
            api("PUT", f"Observation/{i}", body | {"id": i}),
        ):
            assert reply.status == status, (reference, reply.body)
            assert status == 201 or "Observation.performer[0].reference" in reply.says
        assert api("POST", "", make_bundle(("POST", "Observation", body))).status == (
            200 if status == 201 else 422
        )
        row = api("POST", "", make_bundle(("POST", "Observation", body), kind="batch")).json[
            "entry"
        ][0]["response"]
        assert row["status"].startswith(str(status))


def test_a_patient_is_there_whatever_the_hospital_enforces(api: Api) -> None:
    gone, never = api.create(make_patient()), "Patient/never"
    for enforced in (True, False):
        if not enforced:
            free(api)
        assert api("DELETE", gone).status == 204
        for about in (gone, never):
            for reply in (
                api("POST", "Observation", note(about)),
                api("POST", "", make_bundle(("POST", "Observation", note(about)))),
            ):
                assert reply.status == 422 and "send it first" in reply.says
        assert (
            api(
                "POST",
                "Observation",
                note(api.create(make_patient()), performer=[{"reference": gone}]),
            ).status
            == 422
        ), "a patient in another place, too"
    whole = make_patient() | {"id": gone.partition("/")[2]}
    assert (
        api("PUT", gone, whole).status in (200, 201)
        and api("POST", "Observation", note(gone)).status == 201
    ), "the control: they are back"


def test_what_is_referred_to_is_not_deleted(api: Api) -> None:
    about, device, other = (
        api.create(make_patient()),
        api.create({"resourceType": "Device"}),
        api.create({"resourceType": "Device"}),
    )
    extended = api.create({"resourceType": "Location"})
    seen = api.create(
        note(
            about,
            device={"reference": device},
            extension=[{"url": "http://e.example", "valueReference": {"reference": extended}}],
        )
    )
    for what in (device, about, extended):
        reply = api("DELETE", what)
        assert reply.status == 409 and seen in reply.says, what
        assert (
            api("POST", "", make_bundle(("DELETE", what, None))).status == 409
            and api("GET", what).status == 200
        )
    assert api("DELETE", other).status == 204, "the control"
    assert (
        api(
            "POST",
            "",
            make_bundle(("DELETE", device, None), ("DELETE", seen, None), ("DELETE", about, None)),
        ).status
        == 200
    ), "together they may go"


def test_a_record_goes_once_nothing_refers_to_it(api: Api) -> None:
    about, device = api.create(make_patient()), api.create({"resourceType": "Device"})
    seen = api.create(note(about, device={"reference": device}))
    assert api("DELETE", device).status == 409
    assert api("PUT", seen, note(about) | {"id": seen.partition("/")[2]}).status == 200
    assert api("DELETE", device).status == 204
    free(api)
    second = api.create({"resourceType": "Device"})
    api.create(note(about, device={"reference": second}))
    assert (
        "enforced" not in said(api)
        and api("DELETE", second).status == 204
        and api("DELETE", about).status == 204
    )


def test_what_stood_there_before_may_stay(api: Api) -> None:
    free(api)
    about = api.create(make_patient())
    seen = api.create(note(about, performer=[{"reference": "Practitioner/none"}]))
    Hospital.objects.filter(code=api.base).update(enforces_references=True)
    i = seen.partition("/")[2]
    assert (
        api(
            "PUT",
            seen,
            note(about, performer=[{"reference": "Practitioner/none"}], id=i, status="amended"),
        ).status
        == 200
    )
    assert (
        api(
            "PUT",
            seen,
            note(
                about,
                performer=[{"reference": "Practitioner/none"}, {"reference": "Practitioner/more"}],
                id=i,
            ),
        ).status
        == 422
    )


def test_a_reference_and_a_delete_at_once(api: Api) -> None:
    """Of both at the same time only one succeeds, or the delete comes first and the reference
    fails.
    """
    about = api.create(make_patient())
    devices = [api.create({"resourceType": "Device"}) for _ in range(12)]
    with ThreadPoolExecutor(8) as pool:
        written = [
            pool.submit(api, "POST", "Observation", note(about, device={"reference": d}))
            for d in devices
        ]
        gone = [pool.submit(api, "DELETE", d) for d in devices]
        for w, g in zip(written, gone, strict=True):
            assert (w.result().status, g.result().status) in {(201, 409), (422, 204)}


def test_an_import_in_any_order(api: Api) -> None:
    about, at = draws.token_hex(6), draws.token_hex(6)
    lines = [
        note(
            f"Patient/{about}",
            id="o1",
            encounter={"reference": f"Encounter/{at}"},
            hasMember=[{"reference": "Observation/o2"}],
        ),
        note(f"Patient/{about}", id="o2", derivedFrom=[{"reference": "Observation/o3"}]),
        note(f"Patient/{about}", id="o3"),
        note(f"Patient/{about}", id="bad", hasMember=[{"reference": "Observation/none"}]),
        {
            "resourceType": "Encounter",
            "id": at,
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": f"Patient/{about}"},
            "serviceProvider": {"reference": "Organization/h"},
        },
        make_patient() | {"id": about, "managingOrganization": {"reference": "Organization/h"}},
        {"resourceType": "Organization", "id": "h", "name": "本院"},
    ]
    told = taken(api, lines)
    assert [api("GET", f"Observation/{i}").status for i in ("o1", "o2", "o3", "bad")] == [
        200,
        200,
        200,
        404,
    ]
    assert (
        api("GET", f"Encounter/{at}").status == 200 and api("GET", f"Patient/{about}").status == 200
    )
    [fault] = found_lines(api, told, "error")
    assert "Observation/none" in str(fault)


def test_updates_name_the_version_where_the_hospital_wants_it(api: Api) -> None:
    def versioning() -> str:
        return str(
            next(
                r["versioning"]
                for r in api("GET", "metadata").json["rest"][0]["resource"]
                if r["type"] == "Patient"
            )
        )

    made = api.create(make_patient())
    whole = make_patient() | {"id": made.partition("/")[2]}
    assert versioning() == "versioned" and api("PUT", made, whole).status == 200
    Hospital.objects.filter(code=api.base).update(requires_version=True)
    assert versioning() == "versioned-update"
    reply = api("PUT", made, whole)
    assert reply.status == 400 and "If-Match" in reply.says
    assert (
        api("POST", "", make_bundle(("PUT", made, whole))).status == 400
        and api("DELETE", made).status == 400
    )
    assert api("PUT", made, whole, If_Match='W/"1"').status == 412
    assert api("PUT", made, whole, If_Match='W/"2"').status == 200
    named = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": whole, "request": {"method": "PUT", "url": made, "ifMatch": 'W/"3"'}}
        ],
    }
    assert (
        api("POST", "", named).status == 200
        and api("PUT", "Patient/new-one", make_patient() | {"id": "new-one"}).status == 201
    ), "what is new has no version"
