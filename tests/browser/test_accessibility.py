"""Every main page can be heard and seen weakly, in both languages, light and dark, wide and narrow:
language, title, headings, labels, words for images, contrast (WCAG 2.2 level AA, as far as scripts
can tell: axe's rules, and some of our own).
"""

from collections.abc import Callable
from typing import Any

import pytest

from alliance.roles import Role
from records.models import SourcePatient
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.consultations import make_signed_consultation
from tests.factories.documents import (
    make_composition,
    make_document_of_all_kinds,
    make_section,
)
from tests.factories.fhir import make_observation
from tests.factories.referrals import (
    make_draft,
    report_arrival,
    send_along,
    send_first,
    send_referral,
)
from tests.factories.ties import record_confirmed_treatment
from tests.support.accessible import CHECK, list_faults
from tests.support.things import make_proposed_mapping
from tests.support.world import World, w

__all__ = ["w"]
pytestmark = pytest.mark.browser
# language -> (width, colour mode): over both languages each width meets each mode
VIEWS = {
    "en": ((1440, "light"), (390, "dark")),
    "zh-CN": ((1440, "dark"), (360, "light")),
}
ROLES = {
    Role.CLINICIAN: [
        "",
        "patients/",
        "person/{person}/",
        "person/{person}/results/",
        "person/{person}/encounters/",
        "person/{person}/encounter/{code}/{visit}/",
        "person/{person}/history/",
        "person/{person}/documents/",
        "person/{person}/growth/",
        "person/{person}/print/",
        "person/{person}/results/trend/?test=component:haemoglobin A1c, blood",
        "person/{person}/document/{code}/{letter}/",
        "person/{person}/document/{code}/{files}/",
        "person/{person}/refer/",
        "person/{person}/refer/?to={other}",
        "referrals/{item}/",
        "person/{person}/consult/?to={other}",
        "consultations/",
        "consultations/{consultation}/",
        "consultations/{consultation}/record/{attached}/",
        "referrals/{sent}/record/{along}/",
        "referrals/{sent}/papers/",
        "person/{person}/why/",
        "person/{person}/treat/",
        "person/{person}/emergency/",
        "account/",
    ],
    Role.CLERK: [
        "",
        "person/{person}/consent/",
        "person/{person}/consent/access/",
        "person/{person}/identity/",
        "referrals/",
        "referrals/late/",
        "referrals/{item}/",
        "referrals/drafts/",
        "referrals/drafts/{draft}/",
        "referrals/arrivals/{arrival}/",
        "confirmations/",
        "reviews/",
        "person/{person}/tie/{hospital}/",
        "mapping/",
        "mapping/{code_id}/",
        "mapping/{code_id}/?target=http://loinc.org|1742-6",
        "mapping/inbox/",
        "mapping/versions/",
        "sync-board/",
        "sync-board/{code}/",
    ],
    Role.AUDITOR: ["audit/", "audit/witness/", "audit/patient/", "alliance/vouching/"],
    Role.PRIVACY: [
        "privacy/",
        "privacy/index/",
        "privacy/standing/",
        "person/{person}/privacy/",
        "person/{person}/seal/",
    ],
    Role.ADMINISTRATOR: [
        "alliance/hospitals/",
        "alliance/staff/",
        "alliance/staff/{staff}/",
        "alliance/staff/{staff}/change/",
        "alliance/appointments/",
        "alliance/clients/",
        "alliance/proposals/",
        "alliance/operations/",
        "workflow/late/",
        "workflow/deadlines/",
        "workflow/hospitals/{code}/",
        "audit/policy/",
        "nowhere/",
    ],
}


def list_faults_of_views(page: Any, language: str) -> list[str]:
    """Those of the open page at each width and in each colour mode of the language."""
    faults = []
    for width, mode in VIEWS[language]:
        page.set_viewport_size({"width": width, "height": 860})
        page.emulate_media(color_scheme=mode)
        faults += [f"{width} {mode}: {f}" for f in list_faults(page)]
    return faults


def make_sending(w: World) -> dict[str, int]:
    """A draft that waits, an arrival, an emergency that owes its papers, and what went along."""
    author = alliance.make_staff(w.b)
    sent = send_first(w.person, w.a, author)
    return {
        "sent": sent.pk,
        "along": send_along(sent, w.b, w.plain).pk,
        "draft": make_draft(w.person, w.a, author, submitted=True).pk,
        "arrival": report_arrival(w.person, w.a, author).pk,
    }


@pytest.mark.parametrize("language", VIEWS)
@pytest.mark.parametrize("role", ROLES)
def test_pages_of_a_role(
    enter: Callable[..., Any], server: str, w: World, role: Role, language: str
) -> None:
    record_confirmed_treatment(w.person, w.b)  # type: ignore[arg-type]
    who = alliance.make_staff(w.b, role, wide=role == Role.ADMINISTRATOR)
    page, faults = enter(who, language=language), {}
    consultation = make_signed_consultation(w)
    papers = {
        "code": w.b.code,
        "letter": w.hold.create(make_composition(w.at_b, make_section("主诉", "<p>胸痛</p>"))),
        "files": w.hold.create(make_document_of_all_kinds(w.at_b)),
        "code_id": make_proposed_mapping(w, alliance.make_staff(w.b, Role.CLERK))[0].code_id,
        "visit": "visit",
        "item": send_referral(w.person, w.b, w.doctor).pk,
        "consultation": consultation.pk,
        "attached": consultation.documents.get().pk,
        "other": w.a.code,
    } | make_sending(w)
    visit = {
        "resourceType": "Encounter",
        "id": "visit",
        "status": "finished",
        "class": {"code": "IMP"},
        "serviceType": {"text": "心血管内科"},
        "subject": {"reference": w.at_b},
        "period": {"start": "2026-03-01", "end": "2026-03-04"},
    }
    assert w.hold("PUT", "Encounter/visit", visit).status == 201
    w.hold.create({**make_observation(w.at_b), "encounter": {"reference": "Encounter/visit"}})
    if role in (Role.CLINICIAN, Role.PRIVACY):  # what asks for the password once more
        page.goto(f"{server}/account/reauthenticate/")
        page.fill("#id_password", alliance.PASSWORD)
        follow(page)
    for address in ROLES[role]:
        path = address.format(
            person=w.person, hospital=w.b.pk, staff=alliance.make_staff(w.b).pk, **papers
        )
        status = page.goto(f"{server}/{path}").status
        assert status == (404 if path == "nowhere/" else 200), (path, status)
        if found := list_faults_of_views(page, language):
            faults[address] = found
    assert not faults, "\n".join(f"{a}: {f}" for a, found in faults.items() for f in found)
    assert SourcePatient.objects.filter(person_id=w.person).exists()


def test_pages_of_nobody(chromium: Any, server: str) -> None:
    page = chromium.new_page()
    for path in ("account/login/", "my/sign-in/", "print/verify/?code=0000-0000-0000-1-00000"):
        page.goto(f"{server}/{path}")
        assert list_faults_of_views(page, "en") == [], path
    page.close()


SPOILT = {
    "<input name=x>": "a field without a label",
    "<button></button>": "nothing says what this does",
    "<img src=x>": "an image without words",
    "<h3>x</h3>": "skips a level",
    "<h1>twice</h1>": "2 headings of the first level",
    "<p style='color:#999'>x</p>": "contrast 2.85 of 4.5",
    "<i id=a></i><i id=a></i>": "the id a stands twice",
    "<table><tr><td>x</td></tr></table>": "a table without headings",
    "<svg width=9 height=9></svg>": "a drawing without words",
    "<label><input type=radio name=y>yes</label>": "a choice whose question is not said",
    "<main></main>": "2 main parts",
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_the_check_finds_it(chromium: Any, spoilt: str) -> None:
    page = chromium.new_page()
    page.set_content(
        "<html lang=en><title>x</title><body"
        " style='background:#fff;color:#000'><main><h1>x</h1></main></body></html>"
    )
    assert page.evaluate(CHECK) == [], "the control"
    page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", spoilt)
    found = page.evaluate(CHECK)
    assert len(found) == 1 and SPOILT[spoilt] in found[0], found
    page.close()
