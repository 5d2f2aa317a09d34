"""One browser, one identity: nobody finishes what another began, sessions end, and nothing stays
behind in a cache.
"""

import re
import time

import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from alliance.auth.identity import SESSION_START_KEY
from alliance.models import Staff
from alliance.roles import Role
from alliance.services.membership import do_resume_hospital, do_suspend_hospital
from consent.models import Directive
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.portal_access import open_access
from tests.factories.web_session import SECRET, WebSession, extract_page_text
from tests.support.world import World, w

__all__ = ["w"]
SHARE = {"template": "share", "instead": "on"}


def code(step: int = 0) -> str:
    return str(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + step)))


def sign_in(web: WebSession, who: Staff, following: str = "", step: int = 0) -> str:
    """With both factors, as a person does; the address where it led to."""
    if not who.user.authenticator_set.exists():
        TOTP.activate(who.user, SECRET)
    path = f"/account/login/{f'?next={following}' if following else ''}"
    page = web.get(path)
    hidden = re.search(r'name="next" value="([^"]*)"', page.text)
    asked = web.send(
        path,
        {
            "login": who.user.username,
            "password": alliance.PASSWORD,
            **({"next": hidden[1]} if hidden else {}),
        },
        re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1],
    )  # type: ignore[index]
    assert "/2fa/" in asked.url, extract_page_text(asked)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', asked.text)[1]  # type: ignore[index]
    return web.send("/account/2fa/authenticate/", {"code": code(step)}, token).url.removeprefix(
        web.server
    )


def patient_in(web: WebSession, w: World) -> None:
    code, passphrase = open_access(w.person, w.clerk)  # type: ignore[arg-type]
    assert web.post(
        "/my/sign-in/", {"code": code, "birth_date": "1958-03-12", "secret": passphrase}
    ).url.endswith("/my/")


def test_staff_and_patient_end_each_others_session(w: World, server: str) -> None:
    kiosk = WebSession(server)
    patient_in(kiosk, w)
    form = kiosk.token("/my/")
    assert sign_in(kiosk, alliance.make_staff(w.a)) == "/"
    assert kiosk.get("/my/").url.endswith("/my/sign-in/"), "the patient's session is over"
    refused = kiosk.send("/my/", SHARE, form)
    assert (
        refused.status_code == 403
        and "out of date" in extract_page_text(refused)
        and "Nothing was done" in extract_page_text(refused)
    )
    assert not Directive.objects.filter(
        person__in=[s.home for s in source_patients.sources_of_person(w.person)]
    ).exists()  # type: ignore[arg-type]
    patient_in(kiosk, w)
    assert "/account/login/" in kiosk.get("/patients/").url, "the doctor's session is over"
    said = re.search(r'name="said" value="(\w+)"', kiosk.post("/my/", SHARE).text)
    assert (
        said and kiosk.post("/my/", SHARE | {"said": said.group(1), "save": "1"}).status_code == 200
    )
    assert Directive.objects.filter(
        person__in=[s.home for s in source_patients.sources_of_person(w.person)]
    ).exists(), "the control"  # type: ignore[arg-type]


def test_what_one_began_another_does_not_finish(w: World, server: str) -> None:
    one, two = alliance.make_staff(w.b, Role.CLERK), alliance.make_staff(w.b, Role.CLERK)
    ward, path = WebSession(server), f"/person/{w.person}/consent/"
    sign_in(ward, one)
    form = ward.token(path)
    Session.objects.filter(pk=ward.http.cookies["sessionid"]).delete()
    asked = ward.send(path, SHARE | {"method": "paper", "evidence": "x"}, form)
    assert "session had ended: nothing was sent" in extract_page_text(
        asked
    ) and f"next={path}" in asked.url.replace("%2F", "/")
    assert sign_in(ward, two, path) == "/", (
        "another person does not open the page that the one before had open"
    )
    refused = ward.send(path, SHARE | {"method": "paper", "evidence": "x"}, form)
    assert (
        refused.status_code == 403
        and path in refused.text
        and not Directive.objects.filter(evidence="x", hospital=w.b).exists()
    )
    assert (
        "DEBUG" not in refused.text
        and "此页面已过期"
        in WebSession(server, language="zh-CN")
        .http.post(server + path, headers={"Accept-Language": "zh-CN"})
        .text
    )
    ward.post("/account/logout/", {}, page="/patients/")
    assert sign_in(ward, two, path, step=1) == path, "the control: one's own page"


def test_a_form_without_a_page_of_its_own_leads_back_to_where_it_stood(
    w: World, server: str
) -> None:
    clerk = WebSession(server, alliance.make_staff(w.b, Role.CLERK))
    page = f"/person/{w.person}/consent/"
    token = clerk.token(page)
    clerk.session("gone")
    asked = clerk.send(f"{page}1/withdraw/", {}, token, page)
    assert asked.url.replace("%2F", "/").endswith(f"?next={page}")


def test_a_part_of_a_page_is_never_a_sign_in(world: None, server: str) -> None:
    part = WebSession(server).get(
        "/patients/", headers={"HX-Request": "true"}, allow_redirects=False
    )
    assert (
        part.status_code == 200
        and part.headers["HX-Redirect"].startswith("/account/login/")
        and not part.text
    )
    lost = WebSession(server).http.post(
        server + "/patients/",
        data={"q": "x"},
        headers={"HX-Request": "true"},
        allow_redirects=False,
    )
    assert lost.headers["HX-Redirect"] and not lost.text


def test_a_session_ends_after_a_working_day(world: None, server: str) -> None:
    doctor = WebSession(server, alliance.make_staff(alliance.make_hospital("day")))
    assert doctor.get("/patients/").url.endswith("/patients/")
    store = SessionStore(doctor.http.cookies["sessionid"])
    assert time.time() - store[SESSION_START_KEY] < 60
    store[SESSION_START_KEY] -= 12 * 3600 - 120
    store.save()
    assert doctor.get("/patients/").url.endswith("/patients/"), "the control: two minutes before"
    store[SESSION_START_KEY] -= 300
    store.save()
    assert "working day" in extract_page_text(doctor.get("/patients/"))


def test_nothing_stays_in_a_cache_but_static_files(w: World, server: str) -> None:
    clerk = WebSession(server, alliance.make_staff(w.b, Role.CLERK))
    page = clerk.get(f"/person/{w.person}/consent/")
    auditor, admin = (
        WebSession(server, alliance.make_staff(w.b, Role.AUDITOR)),
        WebSession(server, alliance.make_staff(w.b, Role.ADMINISTRATOR)),
    )
    read = w.hold("GET", w.plain)
    answers = [
        page,
        clerk.get("/", allow_redirects=False),
        clerk.get("/nowhere/"),
        clerk.get("/audit/"),
        admin.get("/api/clients/"),
        WebSession(server).get("/account/login/"),
        WebSession(server).get("/patients/", allow_redirects=False),
        WebSession(server).http.post(server + "/patients/"),
        auditor.post("/audit/export/", {"format": "csv"}, page="/audit/"),
    ]
    assert [a.headers["Cache-Control"] for a in answers] == ["no-store, private"] * len(answers)
    assert answers[-1].headers["Content-Type"] == "application/zip"
    fhir = [
        read,
        w.hold("GET", w.plain, If_None_Match=read.headers["etag"]),
        w.hold("GET", "Observation/none"),
        w.hold("GET", "metadata"),
        w.hold.raw("GET", f"/fhir/{w.b.code}/Patient"),
    ]
    assert [f.status for f in fhir] == [200, 304, 404, 200, 401] and {
        f.headers["cache-control"] for f in fhir
    } == {"no-store, private"}
    assert fhir[1].headers["etag"] == read.headers["etag"]
    for name in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        got = clerk.get(name)
        assert (
            got.status_code == 200
            and "immutable" in got.headers["Cache-Control"]
            and re.search(r"\.[0-9a-f]{12}\.", name)
        ), name
    assert (
        page.headers["Content-Encoding"] == "gzip"
        and "Content-Encoding" not in WebSession(server).get("/account/login/").headers
    )
    assert "htmx" not in page.text


@pytest.mark.parametrize(
    ("path", "role"), [("/patients/", Role.CLINICIAN), ("/privacy/", Role.PRIVACY)]
)
def test_back_makes_the_list_again_and_no_address_names_anybody(
    w: World, server: str, path: str, role: Role
) -> None:
    name = w.ask(
        "GET", f"Patient?_id={w.ask('GET', 'Patient').json['entry'][0]['resource']['id']}"
    ).json["entry"][0]["resource"]["name"][0]["text"]
    who = WebSession(server, alliance.make_staff(w.a, role))
    listed = who.post(path, {"q": name})
    assert name in extract_page_text(listed) and re.search(rf"{path}\?s=[\w-]+$", listed.url)
    again = listed.url.removeprefix(server)
    assert name in extract_page_text(who.get(again)), "Back, and a reload"
    assert name not in extract_page_text(
        WebSession(server, alliance.make_staff(w.a, role)).get(again)
    ), "another session knows no such search"


def test_a_session_does_not_come_back_with_the_hospital(world: None, server: str) -> None:
    at = alliance.make_hospital("pause")
    ward = WebSession(server, alliance.make_staff(at))
    assert ward.get("/patients/").url.endswith("/patients/"), "the control"
    do_suspend_hospital(at, reason="test", acting=alliance.OPERATOR)
    assert "/account/login/" in ward.get("/patients/").url
    do_resume_hospital(at, acting=alliance.OPERATOR)
    assert "/account/login/" in ward.get("/patients/").url, "whoever sits there now signs in"
