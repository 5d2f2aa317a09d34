"""The record that a hospital's system has opened as a doctor: once, this person alone, to be read,
in frames of the system's pages, until any of those who stand behind it is stopped.
"""

import datetime as dt
import re
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
import requests
from django.db import connection, transaction
from django.utils import timezone

from alliance.models import Client, Hospital, Launch, Staff
from alliance.services.clients import do_revoke_client
from consent.services.emergencies import do_break_glass
from records.models import SourcePatient
from records.mpi.index.source_patients import sources_of_person
from records.web.launch_pages import SESSION_COOKIE
from tests.factories import alliance
from tests.factories.documents import make_document
from tests.factories.fhir import (
    make_citizen_number,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.factories.launches import FRAME, LaunchedBrowser, LaunchWorld, make_launch_world
from tests.factories.web_session import WebSession
from tests.support.addresses import addresses
from tests.support.audit_lines import told
from tests.support.things import address, known
from tests.support.world import related

READ = {
    "person/<uuid:person_id>/",
    "person/<uuid:person_id>/<slug:tab>/",
    "person/<uuid:person_id>/results/",
    "person/<uuid:person_id>/results/trend/",
    "person/<uuid:person_id>/encounters/",
    "person/<uuid:person_id>/history/",
    "person/<uuid:person_id>/growth/",
    "person/<uuid:person_id>/documents/",
    "person/<uuid:person_id>/recognition/",
    "person/<uuid:person_id>/why/",
}


@pytest.fixture
def w(server: str) -> LaunchWorld:
    return make_launch_world(server)


def person_path(w: LaunchWorld) -> str:
    return f"/person/{w.world.person}/"


def test_an_address_opens_once_as_this_doctor(w: LaunchWorld) -> None:
    url = w.address()
    browser = LaunchedBrowser(w.server)
    assert w.staff.name not in browser.http.get(url).text, "looking at it opens nothing"
    assert browser.open(url).status_code == 303
    page = browser.get(person_path(w))
    assert page.status_code == 200 and w.staff.name in page.text and "opened by HIS" in page.text
    again = LaunchedBrowser(w.server).open(url)
    assert again.status_code == 410 and "already been used" in again.text
    [line] = [
        x
        for x in told(f"launch/{Launch.objects.get(client=w.client).pk}", "alliance:session:launch")
        if x["outcome"] == "success"
    ]
    assert line["actor"] == str(w.staff.pk) and w.client.client_id in line["detail"]
    assert w.client.client_id in told("alliance/record", "records:record:open")[0]["detail"]


def test_of_two_who_open_at_once_one_does(w: LaunchWorld) -> None:
    for _ in range(3):
        url, found = w.address(), []
        threads = [
            threading.Thread(
                target=lambda: found.append(LaunchedBrowser(w.server).open(url).status_code)
            )
            for _ in range(4)
        ]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert sorted(found) == [303, 410, 410, 410]


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def blocked() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def test_of_two_records_that_open_at_once_one_stays_open(w: LaunchWorld) -> None:
    urls, browsers = [w.address(), w.address()], [LaunchedBrowser(w.server) for _ in range(2)]
    threads = [
        threading.Thread(target=b.open, args=(url,)) for b, url in zip(browsers, urls, strict=True)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE consent_audit_event IN EXCLUSIVE MODE")  # before either is done
        for t in threads:
            t.start()
        wait_for(lambda: blocked() >= 2)
    for t in threads:
        t.join()
    answers = sorted(b.get(person_path(w)).status_code for b in browsers)
    assert answers == [200, 410]


def test_the_record_stays_that_of_the_registration_that_was_asked_about(w: LaunchWorld) -> None:
    """It may turn out that it was joined with somebody else's."""
    card, name = make_citizen_number(), make_unique_name()
    w.world.hold.create(make_patient(name, resident=card))
    at_a = w.world.ask.create(make_patient(name, resident=card)).split("/")[1]
    own = SourcePatient.objects.get(hospital=w.world.a, fhir_id=at_a)
    assert own.person_id != own.home, "the control: it was joined with the other's"
    url = w.ask(patient=[{"system": "urn:oid:2.16.156.10011.1.3", "value": card}]).json["url"]
    browser = LaunchedBrowser(w.server)
    location = browser.open(w.server + urlsplit(url).path).headers["Location"]
    SourcePatient.objects.filter(pk=own.pk).update(person_id=own.home)
    shown = sources_of_person(UUID(location.rstrip("/").rpartition("/")[2]))
    assert [s.id for s in shown] == [own.pk]
    assert browser.get(location).status_code == 200


def test_an_address_is_over_after_a_minute(w: LaunchWorld) -> None:
    url = w.address()
    [launch] = Launch.objects.filter(client=w.client)
    assert launch.expires_at - launch.asked_at <= dt.timedelta(seconds=60)
    Launch.objects.filter(pk=launch.pk).update(expires_at=timezone.now())
    assert LaunchedBrowser(w.server).open(url).status_code == 410
    assert LaunchedBrowser(w.server).open(url[:-2] + "x/").status_code == 410, "nobody's"


def age(**changes: dt.timedelta) -> Callable[[LaunchWorld], object]:
    now = timezone.now
    return lambda w: Launch.objects.filter(client=w.client).update(
        **{name: now() + by for name, by in changes.items()}
    )


ENDS: dict[str, Callable[[LaunchWorld], object]] = {
    "idle": age(seen_at=-dt.timedelta(minutes=11)),
    "old": age(ends_at=-dt.timedelta(seconds=1)),
    "forbidden": lambda w: w.allow(allowed=False),
    "revoked": lambda w: do_revoke_client(w.client, reason="x", acting=alliance.OPERATOR),
    "may not": lambda w: Client.objects.filter(pk=w.client.pk).update(may_launch=False),
    "unvouched": lambda w: Client.objects.filter(pk=w.client.pk).update(vouched_at=None),
    "suspended": lambda w: Hospital.objects.filter(pk=w.world.a.pk).update(
        suspended_at=timezone.now()
    ),
    "ended": lambda w: Staff.objects.filter(pk=w.staff.pk).update(ended_at=timezone.now()),
    "other hospital": lambda w: Staff.objects.filter(pk=w.staff.pk).update(
        hospital=w.world.b, department=None
    ),
    "no clinician": lambda w: Staff.objects.filter(pk=w.staff.pk).update(role="clerk"),
    "doctor unvouched": lambda w: Staff.objects.filter(pk=w.staff.pk).update(vouched_at=None),
    "next patient": lambda w: w.browser(),
}


@pytest.mark.parametrize("why", ENDS)
def test_what_ends_it(w: LaunchWorld, why: str) -> None:
    browser = w.browser()
    assert browser.get(person_path(w)).status_code == 200, "the control"
    ENDS[why](w)
    page = browser.get(person_path(w))
    assert page.status_code == 410 and str(w.world.person) not in page.text
    assert "over" in page.text


def test_it_is_closed_by_the_doctor(w: LaunchWorld) -> None:
    browser = w.browser()
    assert browser.get("/end/", "post").status_code == 200
    assert browser.get(person_path(w)).status_code == 410


def test_another_person_is_refused_in_words(w: LaunchWorld) -> None:
    browser = w.browser()
    made = w.world.ask.create(make_patient())
    other = SourcePatient.objects.get(hospital=w.world.a, fhir_id=made.split("/")[1]).person_id
    for person in (other, uuid4()):
        page = browser.get(f"/person/{person}/")
        assert page.status_code == 403 and "this one record" in page.text
    assert browser.get(person_path(w)).status_code == 200, "the control"


def test_no_other_address_opens(w: LaunchWorld) -> None:
    """All addresses of the site, below the session's own and as they are."""
    browser = w.browser()
    values = {**known(w.world, w.server), "person_id": w.world.person, "tab": "results"}
    opened = set()
    for pattern, _name in addresses():
        if pattern.startswith(("fhir/", "oauth/", "healthz", "readyz", "launch/")):
            continue
        path = address(pattern, values)
        for method in ("get", "post", "put", "delete"):
            page = browser.get(path, method)
            assert page.status_code < 500, (method, path)
            if page.status_code == 200:
                opened.add((method, pattern))
    assert opened == {("get", p) for p in READ}
    assert browser.get(person_path(w)).status_code == 200, "the control: it is open still"


@pytest.mark.parametrize(("path", "status"), [("/nothing/", 404), ("/patients/", 403)])
def test_a_page_that_is_refused_leads_back_and_not_outside(
    w: LaunchWorld, path: str, status: int
) -> None:
    browser = w.browser()
    page = browser.get(path)
    assert page.status_code == status
    assert 'href="/"' not in page.text and f'href="{browser.base}{person_path(w)}"' in page.text
    outside = requests.get(f"{w.server}/nothing/", timeout=60)
    assert outside.status_code == 404 and 'href="/"' in outside.text, "the control"


def test_its_cookie_opens_nothing_elsewhere(w: LaunchWorld) -> None:
    browser = w.browser()
    for path in (person_path(w), "/patients/", "/account/"):
        page = browser.http.get(
            w.server + path,
            headers={"Cookie": f"{SESSION_COOKIE}={browser.cookie}; sessionid={browser.cookie}"},
            allow_redirects=False,
        )
        assert page.status_code == 302 and "/account/login/" in page.headers["Location"]


def test_a_session_of_somebody_else_stays_what_it_is(w: LaunchWorld) -> None:
    """A clerk is signed in in the same browser: each address knows its own cookie alone."""
    clerk = WebSession(w.server, alliance.make_staff(w.world.a))
    opened = clerk.http.post(w.address(), allow_redirects=False)
    assert opened.status_code == 303 and "sessionid" not in opened.cookies
    assert clerk.get("/account/").status_code == 200
    page = clerk.get(f"{opened.headers['Location']}")
    assert page.status_code == 410, "no cookie of its own over http: nothing opens by the clerk's"


def test_an_emergency_is_not_the_systems(w: LaunchWorld) -> None:
    do_break_glass(
        w.world.person,  # type: ignore[arg-type]
        ground="rescue",
        reason="unconscious",
        hours=1,
        acting=alliance.get_staff_principal(w.staff),
    )
    w.allow()
    assert "Emergency access" not in w.browser().get(person_path(w)).text
    signed_in = WebSession(w.server, w.staff).get(person_path(w)).text
    assert "Emergency access is active" in signed_in, "the control"


def test_other_hospitals_records_by_the_doctors_word_alone(w: LaunchWorld) -> None:
    related(w.world)
    w.world.permit()
    w.world.hold.create(make_observation(w.world.at_b, value=42.42))
    results = person_path(w) + "results/"
    without = w.browser().get(results).text
    assert "42.42" not in without and "My account" in without
    w.allow()
    assert "42.42" in w.browser().get(results).text


def test_what_the_patient_decided_elsewhere_is_not_told_to_a_system_by_itself(
    w: LaunchWorld,
) -> None:
    related(w.world)
    w.world.permit()
    why = person_path(w) + "why/"
    without = w.browser().get(why)
    assert without.status_code == 200 and "decision no." not in without.text
    w.allow()
    assert "decision no." in w.browser().get(why).text, "the control"


def test_frames_are_the_registered_pages_alone(w: LaunchWorld, server: str) -> None:
    browser = w.browser()
    for page in (
        browser.get(person_path(w)),
        browser.get("/person/x/"),
        browser.http.get(w.address()),
    ):
        assert f"frame-ancestors {FRAME};" in page.headers["Content-Security-Policy"] + ";"
        assert "X-Frame-Options" not in page.headers
    for path in ("/account/login/", "/launch/nobodys-address/", "/launched/nobody/person/x/"):
        page = browser.http.get(w.server + path)
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["X-Frame-Options"] == "DENY"
    Client.objects.filter(pk=w.client.pk).update(frame_origins=[])
    page = browser.get(person_path(w))
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_documents_open_there_too(w: LaunchWorld) -> None:
    """The page in the system's frame, and the file in the frame of our own page."""
    [entry] = w.world.ask("GET", "Patient").json["entry"]
    about = f"Patient/{entry['resource']['id']}"
    page = b"<html><body><p>shown</p></body></html>"
    made = w.world.ask.create(make_document(about, page, "text/html"))
    browser, path = w.browser(), f"{person_path(w)}document/{w.world.a.code}/{made}/"
    shown = browser.get(path)
    assert shown.status_code == 200
    policy = shown.headers["Content-Security-Policy"]
    assert f"frame-ancestors {FRAME}" in policy and "frame-src 'self'" in policy
    [source] = re.findall(r'<iframe[^>]*src="([^"]+)"', shown.text)
    assert source.startswith(f"/launched/{w.client.client_id}/person/")
    file = browser.get(source)
    assert "shown" in file.text and "X-Frame-Options" not in file.headers
    assert f"frame-ancestors 'self' {FRAME};" in file.headers["Content-Security-Policy"]
    other = w.world.ask.create(make_document(w.world.ask.create(make_patient()), page))
    assert browser.get(f"{person_path(w)}document/{w.world.a.code}/{other}/").status_code == 404


def test_the_cookie(w: LaunchWorld) -> None:
    opened = LaunchedBrowser(w.server).open(w.address())
    said = opened.headers["Set-Cookie"]
    for part in ("Secure", "HttpOnly", "SameSite=None; Partitioned", "Path=/launched/"):
        assert part in said
    assert urlsplit(opened.headers["Location"]).path.startswith(f"/launched/{w.client.client_id}/")
