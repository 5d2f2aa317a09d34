"""Pages take odd input: they answer with a page that says what is wrong, never with a failure of
the server.
"""

import uuid
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import pytest

from alliance.roles import Role
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient
from tests.support.addresses import ADDRESSES, FOR_ALL, LETTERS
from tests.support.browser import signed_in
from tests.support.forms import Form, forms_of
from tests.support.html import Browser
from tests.support.things import address, known, undone
from tests.support.world import World, world_of_two

__all__ = ["world_of_two"]

ODD = [
    "\x00",
    "\x00张",
    "x" * 20_000,
    "' OR 1=1 --",
    "%",
    "_",
    "\\",
    "張" * 500,
    "😀",
    "\u202e",
    "<script>alert(1)</script>",
    "-1",
    "1e999",
    "9" * 400,
]


LEFT = {
    "/account/logout/",
    "/language/",
    "/account/login/",
}  # they end the session, or are asked below
LASTING = {"/audit/verify/"}  # has a transaction of its own, and leaves a line of the log alone


@dataclass
class Forms:
    """Every form that the pages of the site offer to those who may open them, each once, with
    who found it and where.
    """

    found: list[tuple[Browser, str, Form]]
    person: Any


@pytest.fixture(scope="module")
def forms(world_of_two: World, server: str) -> Forms:
    values = known(world_of_two, server)
    found: dict[tuple[str, frozenset[str]], tuple[Browser, str, Form]] = {}
    for letter, role in LETTERS.items():
        for wide in (False, True) if letter in "AM" else (False,):
            browser = signed_in(alliance.make_staff(world_of_two.b, role, wide=wide))
            browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
            for pattern, (get, _) in ADDRESSES.items():
                if get and letter in get.split()[2 if wide else 0] and not FOR_ALL.match(pattern):
                    path = address(pattern, values)
                    with undone():
                        page = browser.get(path, headers={"Accept-Language": "en"})
                    if page.status_code == 200 and page["Content-Type"].startswith("text/html"):
                        for form in forms_of(page.content.decode(), path):
                            if form.action not in LEFT:
                                found.setdefault(
                                    (form.action, frozenset(form.asked)), (browser, path, form)
                                )
    return Forms(list(found.values()), world_of_two.person)


def test_the_forms_of_the_pages_are_found(forms: Forms) -> None:
    actions = {form.action for _, _, form in forms.found}
    assert len(actions) > 30, actions
    for part in (
        "/consent/",
        "/treat/",
        "/emergency/",
        "/reviews/",
        "/identity/",
        "/seal/",
        "/clients/",
        "/hospitals/",
        "/staff/",
        "/audit/",
        "/policy/",
        "/audit/verify/",
        "/vouching/",
    ):
        assert any(part in a for a in actions), part
    assert any(form.asked for _, _, form in forms.found)


@pytest.mark.parametrize("odd", ODD)
def test_odd_words_in_every_form(forms: Forms, odd: str) -> None:
    """Typed into every field, with what is offered chosen, and in place of that, too."""
    for browser, page, form in forms.found:
        if not form.asked and odd != ODD[0]:
            continue  # a button alone: there is nothing to type into
        for choose in (True, False) if any(form.asked.values()) else (True,):
            with nullcontext() if form.action in LASTING else undone():
                answer = browser.post(
                    form.action, form.filled(odd, choose=choose), headers={"Accept-Language": "en"}
                )
            assert answer.status_code < 500, (page, form.action, form.asked, answer.status_code)
            if odd.startswith("<script") and not answer.streaming:
                assert odd.encode() not in answer.content, (page, form.action, "escaped")


@pytest.mark.parametrize("odd", ODD)
def test_odd_words_in_addresses(forms: Forms, odd: str) -> None:
    at = alliance.make_hospital("odd")
    doctor, clerk, auditor, admin = (
        signed_in(alliance.make_staff(at, role, wide=True))
        for role in (Role.CLINICIAN, Role.CLERK, Role.AUDITOR, Role.ADMINISTRATOR)
    )
    answers = [
        doctor.get("/patients/", {"q": odd}),
        doctor.get(f"/person/{forms.person}/", {"x": odd}),
        clerk.get("/reviews/next/", {"after": odd}),
        auditor.get(
            "/audit/", {"start": odd, "person": odd, "actor": odd, "outcome": odd, "before": odd}
        ),
        auditor.get("/audit/", {"before": odd}),
        admin.get(
            "/alliance/staff/", {"q": odd, "hospital": odd, "role": odd, "state": odd, "page": odd}
        ),
        admin.get("/alliance/staff/", {"page": "2", "q": odd}),
        admin.post("/api/hospitals/", {"code": odd}, content_type="application/json"),
        admin.get("/api/hospitals/", {"limit": odd, "offset": odd}),
        admin.post("/language/", {"language": odd, "next": odd}),
        admin.get("/static/" + odd[:500].replace("\x00", "%00")),
        admin.get("/" + odd[:500].replace("\x00", "%00")),
    ]
    for answer in answers:
        assert answer.status_code < 500, (answer.request["PATH_INFO"], answer.status_code)
        assert odd != "<script>alert(1)</script>" or odd.encode() not in getattr(
            answer, "content", b""
        ), "escaped"


def test_what_is_not_there_has_the_page_that_says_so(world: None) -> None:
    clerk = signed_in(alliance.make_staff(alliance.make_hospital("odd"), Role.CLERK))
    for path in ("/reviews/999999999/", f"/person/{uuid.uuid4()}/identity/", "/nowhere/"):
        answer = clerk.get(path, headers={"Accept-Language": "en"})
        assert answer.status_code == 404 and b"There is no such page" in answer.content, path


def test_a_refusal_is_told_in_the_readers_language(server: str) -> None:
    at, elsewhere = alliance.make_hospital("odd"), alliance.make_hospital("elsewhere")
    known = (
        Api(server, elsewhere.code, credentials=alliance.make_credentials(elsewhere))
        .create(make_patient())
        .split("/")[1]
    )
    person = SourcePatient.objects.get(hospital=elsewhere, fhir_id=known).person_id
    clerk = signed_in(alliance.make_staff(at, Role.CLERK))
    for page, zh, en in (
        (
            f"/person/{person}/consent/",
            "该患者未在本院登记，本院目前也未接诊。",
            "This patient is not registered at your hospital and not being treated there.",
        ),
        ("/privacy/", "您的角色不包含此页面。", "Your role does not include this page."),
    ):
        told = {
            tongue: clerk.get(page, headers={"Accept-Language": tongue})
            for tongue in ("zh-hans", "en")
        }
        assert (
            {a.status_code for a in told.values()} == {403}
            and zh in told["zh-hans"].content.decode()
            and en in told["en"].content.decode()
        ), page


def test_the_address_of_a_form_asked_for_by_hand_is_no_empty_page(world: None) -> None:
    auditor = signed_in(alliance.make_staff(alliance.make_hospital("odd"), Role.AUDITOR, wide=True))
    for path in ("/audit/verify/", "/audit/export/"):
        told = auditor.get(path)
        assert (
            told.status_code == 405
            and told["Allow"] == "POST"
            and 'href="/"' in told.content.decode()
        )
    assert auditor.post("/audit/verify/").status_code == 302, "the control"
