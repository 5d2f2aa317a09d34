"""At the counter: what a clerk sees before a consent is signed, consents for one doctor, scans
of the signed paper, guardians.
"""

import base64
import hashlib
import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from alliance.roles import Role
from consent.models import Directive
from consent.services.relationships import do_declare_relationship
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from records.models import SourcePatient
from records.operations.shared_record import open_record
from records.operations.simulation import simulate_consent
from records.requests.fhir_request import build_fhir_request
from tests.factories import alliance
from tests.factories.consents import post_signed_decision
from tests.factories.fhir import make_patient
from tests.factories.ties import confirm_tie
from tests.support.audit_lines import lines_of
from tests.support.browser import signed_in
from tests.support.world import World, related, w

__all__ = ["w"]


def test_the_simulation_tells_what_others_would_see(w: World) -> None:
    sight = {
        s.hospital.pk: s
        for s in simulate_consent(
            w.clerk,
            w.person,
            build_consent(ConsentChoice(ConsentTemplate.ONLY, [w.a.code])),
            instead=True,
        )
    }  # type: ignore[arg-type]
    assert (sight[w.a.pk].then, sight[w.a.pk].not_then, sight[w.a.pk].now) == (
        2,
        1,
        0,
    ), "Patient and one Observation, not the sensitive one"
    assert all(s.then == 0 for h, s in sight.items() if h != w.a.pk)
    assert not Directive.objects.filter(person=w.person).exists(), "nothing is saved"
    form = {"template": "share", "method": "paper", "evidence": "x", "read": "1"}
    page = signed_in(alliance.make_staff(w.b, Role.CLERK)).post(
        f"/person/{w.person}/consent/", form, headers={"Accept-Language": "en"}
    )
    assert (
        page.status_code == 200
        and 'id="sight"' in page.content.decode()
        and not Directive.objects.filter(person=w.person).exists()
    )


def test_a_decision_that_is_sent_whole_is_recorded_and_no_other_without_being_read_back(
    w: World,
) -> None:
    """A page of an earlier release, open during the upgrade, sends the decision and how it was
    given in one.
    """
    clerk, address = signed_in(alliance.make_staff(w.b, Role.CLERK)), f"/person/{w.person}/consent/"
    assert (
        clerk.post(
            address,
            {
                "template": "share",
                "instead": "on",
                "save": "1",
                "said": "",
                "method": "paper",
                "evidence": "x",
            },
        ).status_code
        == 200
    )
    assert not Directive.objects.filter(hospital=w.b).exists(), (
        "what was not read back is not saved"
    )
    assert (
        clerk.post(address, {"template": "share", "instead": "on", "method": "paper"}).status_code
        == 200
    )
    assert not Directive.objects.filter(hospital=w.b).exists(), "it does not say where the paper is"
    assert (
        clerk.post(
            address, {"template": "share", "instead": "on", "method": "paper", "evidence": "x"}
        ).status_code
        == 302
    )
    assert Directive.objects.filter(hospital=w.b, withdrawn_at=None).count() == 1


def test_a_consent_for_one_doctor(w: World) -> None:
    """With this choice Dr A at B would see these records, and their colleague none."""
    related(w)
    doctor, colleague = alliance.make_staff(w.a), alliance.make_staff(w.a)
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    form = {
        "template": "only",
        "doctors": f" {doctor.user.username}，{doctor.user.username}",
        "method": "paper",
        "evidence": "x",
        "instead": "on",
    }
    page = clerk.post(
        f"/person/{w.person}/consent/", form | {"read": "1"}, headers={"Accept-Language": "en"}
    ).content.decode()
    rows = re.findall(
        rf"<tr><td>{w.a}(?:<br><b>(.*?)</b>)?</td><td><b>(\d+)</b></td><td>.*?(\d+)(?:</summary><small>(.*?)</small></details>)?</td>",
        page,
    )
    assert rows == [("", "0", "3", "Results 2, Others 1"), (doctor.name, "2", "1", "Results 1")]
    wrong = clerk.post(
        f"/person/{w.person}/consent/",
        form | {"doctors": f"{doctor.user.username}, nobody.here"},
        headers={"Accept-Language": "en"},
    )
    assert (
        "No clinician has the user name nobody.here." in wrong.content.decode()
        and not Directive.objects.filter(template="only", hospital=w.b).exists()
    )
    assert post_signed_decision(clerk, f"/person/{w.person}/consent/", form).status_code == 302
    opened = [
        open_record(
            build_fhir_request(alliance.get_staff_principal(s), "alliance", ""),
            w.person,
            {"Observation": 9},
            "",
        ).rows.get("Observation", ())
        for s in (doctor, colleague)
    ]  # type: ignore[arg-type]
    assert [len(rows) for rows in opened] == [
        1,
        0,
    ] and w.seen() == set(), "nor does the system of their hospital"
    told = clerk.get(
        f"/person/{w.person}/consent/", headers={"Accept-Language": "en"}
    ).content.decode()
    assert f"{doctor.name} ({w.a}) may see the records of every hospital" in told


def test_scans_of_the_signed_paper(w: World) -> None:
    clerk, elsewhere = (
        signed_in(alliance.make_staff(w.b, Role.CLERK)),
        signed_in(alliance.make_staff(alliance.make_hospital("far"), Role.CLERK)),
    )
    form = {"template": "share", "method": "paper", "evidence": "柜 3-12", "instead": "on"}
    address = f"/person/{w.person}/consent/"
    for name, content in (
        ("virus.png", b"MZ\x90"),
        ("page.pdf", b"<html><script>"),
        ("big.jpg", b"\xff\xd8\xff" + bytes(2_000_001)),
    ):
        refused = post_signed_decision(
            clerk, address, form, scan=SimpleUploadedFile(name, content, "image/png")
        )
        assert (
            refused.status_code == 200
            and "The scan is no PNG, JPEG or PDF" in refused.content.decode()
        ), name
    drawn = "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()
    both = post_signed_decision(
        clerk, address, form, scan=SimpleUploadedFile("p.pdf", b"%PDF-1.7"), signature=drawn
    )
    assert (
        both.status_code == 200
        and "Only one is kept" in both.content.decode()
        and not Directive.objects.filter(hospital=w.b).exists()
    ), "neither is dropped in silence"
    tried = post_signed_decision(
        clerk, address, form | {"evidence": ""}, scan=SimpleUploadedFile("p.pdf", b"%PDF-1.7")
    )
    assert "Choose the scan again" in tried.content.decode()
    for name, content, kind, shown in (
        ("p.jpg", b"\xff\xd8\xff\xe0photo", "image/jpeg", "inline"),
        ("p.pdf", b"%PDF-1.7 paper", "application/pdf", "attachment"),
    ):
        assert (
            post_signed_decision(
                clerk, address, form, scan=SimpleUploadedFile(name, content, "text/html")
            ).status_code
            == 302
        )
        made = Directive.objects.filter(hospital=w.b, withdrawn_at=None).latest("pk")
        kept = made.resource["sourceAttachment"]
        assert (kept["contentType"], kept["size"], kept["title"]) == (
            kind,
            len(content),
            "柜 3-12",
        ) and base64.b64decode(kept["hash"]) == hashlib.sha1(content).digest()
        reply = clerk.get(f"{address}{made.pk}/image/")
        assert (
            reply.content == content
            and reply["Content-Type"] == kind
            and reply["Content-Disposition"] == shown
            and reply["X-Content-Type-Options"] == "nosniff"
        )
        assert elsewhere.get(f"{address}{made.pk}/image/").status_code in (403, 404)
        assert f"{address}{made.pk}/image/" in clerk.get(address).content.decode()
    doctor = alliance.make_staff(w.a)
    do_declare_relationship(w.person, reason="visit", acting=alliance.get_staff_principal(doctor))  # type: ignore[arg-type]
    page = signed_in(doctor)
    assert (
        page.get(f"{address}{made.pk}/image/").status_code == 403
        and f"{made.pk}/image/" not in page.get(address).content.decode()
    ), "who alone says that they treat the patient"
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    assert (
        page.get(f"{address}{made.pk}/image/").status_code == 200
        and f"{made.pk}/image/" in page.get(address).content.decode()
    ), "the control"
    assert "consent:directive:read" in lines_of(f"directive/{made.pk}/image")


def test_a_guardian_signs_for_a_child(w: World) -> None:
    """PIPL 31. A system's Consent for a child counts once a clerk has seen whose signature it
    is.
    """
    child = w.hold.create(make_patient(birth=f"{timezone.localdate().year - 5}-01-02"))
    consent_ = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [{"code": "patient-privacy"}]},
        "category": [{"coding": [{"code": "59284-0"}]}],
        "patient": {"reference": child},
        "policyRule": {"coding": [{"code": "OPTIN"}]},
        "provision": {"type": "permit"},
    }
    w.hold.create(consent_)
    person = SourcePatient.objects.get(hospital=w.b, fhir_id=child.split("/")[1]).person_id
    made = Directive.objects.get(person=person)
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    address = f"/person/{person}/consent/"
    assert 'name="guardian" required' in clerk.get(address).content.decode()
    clerk.post(f"{address}{made.pk}/verify/", {"evidence": "柜 1"})
    made.refresh_from_db()
    assert made.verified_at is None
    clerk.post(f"{address}{made.pk}/verify/", {"evidence": "柜 1", "guardian": "王丽（母）"})
    made.refresh_from_db()
    assert made.verified_at is not None and made.guardian == "王丽（母）"
