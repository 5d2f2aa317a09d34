"""Binary comes and goes as bytes of its own type, through the gate and into the log like any
resource (FHIR R4 binary.html).
"""

import base64

import pytest

from consent.audit.log_query import AuditFilter, list_audit_lines
from records.models import SourcePatient
from tests import draws
from tests.factories.fhir import FHIR, Api, Reply, make_patient

PDF = b"%PDF-1.7 \x00\xff" + bytes(range(256)) * 8


def put(api: Api, path: str, body: bytes, kind: str, method: str = "POST", **more: str) -> Reply:
    head = {
        "Authorization": f"Bearer {api.token}",
        "Content-Type": kind,
        **{k.replace("_", "-"): v for k, v in more.items()},
    }
    return api.raw(method, f"/fhir/{api.base}/{path}", body, head)


def get(api: Api, path: str, accept: str | None = None, method: str = "GET", **more: str) -> Reply:
    head = {
        "Authorization": f"Bearer {api.token}",
        **({"Accept": accept} if accept else {}),
        **{k.replace("_", "-"): v for k, v in more.items()},
    }
    return api.raw(method, f"/fhir/{api.base}/{path}", headers=head)


def test_bytes_in_bytes_out(api: Api) -> None:
    about = api.create(make_patient())
    made = put(api, "Binary", PDF, "application/pdf", X_Security_Context=about)
    assert (
        made.status == 201
        and made.json["contentType"] == "application/pdf"
        and made.json["securityContext"] == {"reference": about}
    )
    here = f"Binary/{made.json['id']}"
    for accept in (
        "application/pdf",
        "application/*",
        "*/*",
        None,
        "text/html, application/pdf;q=0.5",
    ):
        found = get(api, here, accept)
        assert (
            found.status == 200
            and found.body == PDF
            and found.headers["content-type"] == "application/pdf"
        ), accept
    assert (
        found.headers["content-disposition"] == "attachment"
        and found.headers["x-content-type-options"] == "nosniff"
        and found.headers["etag"] == 'W/"1"'
    )
    for accept, path in (
        (FHIR, here),
        ("application/json", here),
        ("application/pdf", f"{here}?_format=json"),
        (FHIR, f"{here}/_history/1"),
    ):
        assert base64.b64decode(get(api, path, accept).json["data"]) == PDF
    for accept in ("image/png", "application/fhir+xml", "application/pdf;q=0"):
        assert get(api, here, accept).status == 406
    assert get(api, here, "application/pdf", If_None_Match='"1"').status == 304
    head = get(api, here, "application/pdf", "HEAD")
    assert head.body == b"" and head.headers["content-length"] == str(len(PDF))


def test_new_versions_and_resources(api: Api) -> None:
    assert put(api, "Binary/B-1", b"one", "text/plain; charset=utf-8", "PUT").status == 201
    assert put(api, "Binary/B-1", b"two", "text/plain", "PUT", If_Match='W/"7"').status == 412
    assert (
        put(api, "Binary/B-1", b"two", "text/plain", "PUT", If_Match='W/"1"').json["meta"][
            "versionId"
        ]
        == "2"
    )
    assert (
        get(api, "Binary/B-1/_history/1").body == b"one" and get(api, "Binary/B-1").body == b"two"
    )
    assert get(api, "Binary/B-1/_history/1").headers["content-type"] == "text/plain; charset=utf-8"
    resource = {
        "resourceType": "Binary",
        "contentType": "text/plain",
        "data": base64.b64encode(b"three").decode(),
    }
    made = api("POST", "Binary", resource)
    assert made.status == 201 and get(api, f"Binary/{made.json['id']}").body == b"three"
    data = put(api, "Binary", b'{"a": 1.50}', "application/json")
    assert (
        data.status == 201 and get(api, f"Binary/{data.json['id']}", "*/*").body == b'{"a": 1.50}'
    )


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/pdf", 400),
        (b"x", "", 415),
        (b"x", "no type", 415),
        (b'{"resourceType": "Patient"}', FHIR, 400),
        (b"{", FHIR, 400),
    ],
)
def test_what_is_no_binary(api: Api, body: bytes, kind: str, status: int) -> None:
    found = put(api, "Binary", body, kind)
    assert found.status == status and found.json["resourceType"] == "OperationOutcome", found.body
    assert (
        put(api, "Binary", b"x", "text/plain", X_Security_Context="Patient/nobody").status == 422
    ), "whom it is about must be known"


def test_others_get_no_bytes_and_reads_are_logged(api: Api, stranger: Api) -> None:
    patient = api.create(make_patient())
    sent = put(api, "Binary", PDF, "application/pdf", X_Security_Context=patient)
    here = f"Binary/{sent.json['id']}"
    head = {"Authorization": f"Bearer {stranger.token}", "Accept": "application/pdf"}
    refused = stranger.raw("GET", f"/fhir/{api.base}/{here}", headers=head)
    assert (
        refused.status == 404
        and refused.json["resourceType"] == "OperationOutcome"
        and b"PDF" not in refused.body
    )
    assert (
        api.raw("GET", f"/fhir/{api.base}/{here}", headers={"Accept": "application/pdf"}).status
        == 401
    )
    mark = f"binary-{draws.token_hex(6)}"
    assert get(api, here, "application/pdf", X_Request_Id=mark).body == PDF, "the control"
    lines = [
        x
        for x in list_audit_lines(
            AuditFilter(person=SourcePatient.objects.get(hospital__code=api.base).person_id),
            None,
            100,
        )
        if x["request_id"] == mark
    ]
    assert [x["code"] for x in lines] == ["record.read"] or [x["target"] for x in lines] == [
        f"{api.base}/{here}"
    ], lines
