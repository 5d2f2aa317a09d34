"""The patient's own record on their own page: all of theirs and nobody else's, in plain words,
where it is proven that it is they.
"""

import re

from alliance.roles import Role
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.models import Directive
from consent.services import access_codes
from consent.services.incident_seals import do_create_incident_seal
from consent.templates import ConsentTemplate
from records.mpi.index import source_patients
from records.mpi.matching.rules.resident_number import RESIDENT_NUMBER_SYSTEM
from tests.factories import alliance
from tests.factories.consents import post_signed_decision
from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.factories.portal_access import open_access
from tests.factories.ties import confirm_tie, make_privacy_officer
from tests.support.browser import enter
from tests.support.own_record import VERY_RESTRICTED, page, sign_in
from tests.support.world import World, w

__all__ = ["w"]


def glucose(at: str, value: float, day: str = "2026-11-02", **more: object) -> dict[str, object]:
    return make_observation(at) | {
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "14749-6"}],
            "text": f"葡萄糖 {day}",
        },
        "effectiveDateTime": f"{day}T08:00:00+08:00",
        "valueQuantity": {"value": value, "unit": "mmol/L"},
        "referenceRange": [{"low": {"value": 3.9}, "high": {"value": 6.1}}],
        **more,
    }


def last_opening(w: World) -> dict[str, object]:
    lines = list_audit_lines(AuditFilter(person=w.person), None, 50)  # type: ignore[arg-type]
    return next(x for x in lines if x["code"] == "records:record:open")


def test_all_of_theirs_in_plain_words(w: World) -> None:
    w.hold.create(glucose(w.at_b, 11.2))
    w.hold.create(
        {
            "resourceType": "Condition",
            "subject": {"reference": w.at_b},
            "clinicalStatus": {"coding": [{"code": "active"}]},
            "code": {"text": "2型糖尿病"},
        }
    )
    w.hold.create(
        {
            "resourceType": "Condition",
            "subject": {"reference": w.at_b},
            "verificationStatus": {"coding": [{"code": "refuted"}]},
            "code": {"text": "肺结核"},
        }
    )
    browser = sign_in(w)
    shown = page(browser)
    assert "11.2" in shown and "Higher than usual" in shown and "Sugar in the blood." in shown
    assert "2型糖尿病" in shown and "肺结核" not in shown, "an illness that was ruled out is none"
    assert str(w.b) in shown
    line = last_opening(w)
    assert [line[k] for k in ("actor_kind", "detail", "outcome", "purpose")] == [
        "patient",
        "own record",
        "success",
        "PATRQT",
    ]


def test_a_refusal_towards_hospitals_hides_nothing_from_the_patient(w: World) -> None:
    browser = sign_in(w)
    w.hold.create(glucose(w.at_b, 5.0))
    assert post_signed_decision(
        browser, "/my/", {"template": ConsentTemplate.NOTHING.value, "instead": "on"}
    ).status_code in (200, 302)
    assert Directive.objects.filter(denies=True).exists()
    shown = page(browser)
    assert "5.0" in shown or "5 " in shown
    assert "Within the usual range." in shown


def test_what_only_a_talk_should_tell_stays_shut(w: World) -> None:
    w.hold.create(glucose(w.at_b, 7.7))
    w.hold.create(glucose(w.at_b, 98.7, "2026-11-03", meta={"security": [VERY_RESTRICTED]}))
    shown = page(sign_in(w))
    assert "7.7" in shown and "98.7" not in shown


def test_whoever_is_not_proven_reads_nothing(w: World) -> None:
    """A colleague's word alone activates for three days, and opens decisions, not the record."""
    w.hold.create(glucose(w.at_b, 11.2))
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    colleague = alliance.get_staff_principal(alliance.make_staff(w.b, Role.CLINICIAN))
    code, _ = open_access(w.person, w.clerk, colleague)  # type: ignore[arg-type]
    access = access_codes.query_access_codes().latest("pk")
    assert access.factor != "full"
    browser = enter(code)
    assert browser.get("/my/").status_code == 200, "the control: the page itself opens"
    reply = browser.get("/my/record/")
    assert reply.status_code == 403 and b"11.2" not in reply.content
    assert b"identity card" in reply.content
    line = last_opening(w)
    assert (line["outcome"], line["reason"]) == ("refused", "own_factor")


def test_a_sealed_record_is_shut_for_the_patient_too(w: World) -> None:
    w.hold.create(glucose(w.at_b, 11.2))
    browser = sign_in(w)
    assert "11.2" in page(browser)
    do_create_incident_seal(
        w.person,  # type: ignore[arg-type]
        ground="dispute",
        reason="a complaint",
        listed=[],
        manifest="",
        sources=source_patients.sources_of_person(w.person),  # type: ignore[arg-type]
        acting=make_privacy_officer(),
    )
    reply = browser.get("/my/record/")
    assert b"11.2" not in reply.content


def test_a_registration_that_came_later_takes_a_new_comparison(w: World, server: str) -> None:
    """It may be a stranger's, joined by mistake: whoever types another's number."""
    w.hold.create(glucose(w.at_b, 11.2))
    browser = sign_in(w)
    third = alliance.make_hospital("third")
    api = Api(server, third.code, credentials=alliance.make_credentials(third))
    sent = w.hold("GET", w.at_b).json
    keep = ("resourceType", "name", "gender", "birthDate")
    number = [i for i in sent["identifier"] if i["system"] == RESIDENT_NUMBER_SYSTEM]
    at_third = api.create({k: sent[k] for k in keep} | {"identifier": number})
    assert len(source_patients.sources_of_person(w.person)) == 3, "joined by the number"  # type: ignore[arg-type]
    api.create(glucose(at_third, 33.3))
    shown = page(browser)
    assert "11.2" in shown and "33.3" not in shown and "a new activation number" in shown
    assert "33.3" not in page(browser, "/my/record/results/")
    again = page(sign_in(w))
    assert "33.3" in again and "a new activation number" not in again, "compared anew"


def test_nobody_elses_stands_there(w: World) -> None:
    other = w.hold.create(make_patient("另一位"))
    w.hold.create(glucose(other, 33.3))
    w.hold.create(glucose(w.at_b, 11.2))
    browser = sign_in(w)
    for path in ("/my/record/", "/my/record/results/"):
        shown = page(browser, path)
        assert "11.2" in shown and "33.3" not in shown


def test_results_are_paged_to_the_very_end(w: World) -> None:
    days = [f"20{20 + i // 28 % 6}-0{1 + i % 9}-{1 + i % 28:02d}" for i in range(119)]
    entries = [glucose(w.at_b, 4 + i / 100, day) for i, day in enumerate(days)]
    sent = [("POST", "Observation", x) for x in entries]
    assert w.hold("POST", "", make_bundle(*sent)).status == 200
    browser, path, found, pages = sign_in(w), "/my/record/results/", [], 0
    while path:
        shown = page(browser, path)
        assert "of 121 so far" in shown, "119 and the two of this world"
        found += re.findall(r"<b>葡萄糖 [0-9-]+</b>", shown)
        more = re.search(r'href="(/my/record/results/\?after=[^"]+)"', shown)
        path, pages = (more.group(1) if more else ""), pages + 1
    assert (len(found), pages) == (119, 3)
    assert browser.get("/my/record/results/?after=nonsense").status_code == 200
    assert browser.get("/my/record/consents/").status_code == 404


def test_what_several_hospitals_say_is_one_line_and_a_pressure_begins_with_the_systolic(
    w: World,
) -> None:
    for _ in range(2):
        w.hold.create(
            {
                "resourceType": "Condition",
                "subject": {"reference": w.at_b},
                "clinicalStatus": {"coding": [{"code": "active"}]},
                "code": {"text": "2型糖尿病"},
            }
        )
    loinc = "http://loinc.org"
    w.hold.create(
        make_observation(w.at_b)
        | {
            "code": {"coding": [{"system": loinc, "code": "85354-9"}], "text": "Blood pressure"},
            "component": [
                {
                    "code": {"coding": [{"system": loinc, "code": code}], "text": name},
                    "valueQuantity": {"value": value, "unit": "mmHg"},
                }
                for code, name, value in (("8462-4", "Lower", 81), ("8480-6", "Upper", 121))
            ],
        }
    )
    browser = sign_in(w)
    shown = page(browser)
    assert "2 entries" in shown
    assert shown.index("Upper") < shown.index("Lower"), "whatever the sender's order"
    assert 'action="/my/sign-out/"' in shown, "one can leave from each page"
