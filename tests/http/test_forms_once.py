"""Twice is once: a double click, a reload, Back and send again, two tabs; and a form of another
session is refused by a page that says so.
"""

import datetime as dt
import re

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ValidationError
from django.utils import timezone

from alliance.auth.errors import AlreadyDone
from alliance.models import Client, FormUse, Hospital, KnownPlace
from alliance.roles import Role
from alliance.services.clients import do_register_client
from alliance.services.credentials import do_reset_credentials
from alliance.services.membership import do_resume_hospital
from consent.models import Directive, Emergency, PatientAccess, Relationship
from consent.services.emergencies import do_break_glass
from consent.services.relationships import do_declare_relationship
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.ties import confirm_tie
from tests.factories.web_session import WebSession, extract_page_text
from tests.support.world import World, w

__all__ = ["w"]
SHARE = {"template": "share", "method": "paper", "evidence": "B7", "instead": "on"}


def of(w: World) -> list[Directive]:
    homes = [s.home for s in source_patients.sources_of_person(w.person)]  # type: ignore[arg-type]
    return list(Directive.objects.filter(person__in=homes, withdrawn_at=None))


def test_a_double_click_makes_one_of_everything(w: World, server: str) -> None:
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    clerk, admin, doctor = (
        WebSession(server, alliance.make_staff(w.b, Role.CLERK)),
        WebSession(server, alliance.make_staff(w.b, Role.ADMINISTRATOR)),
        WebSession(server, alliance.make_staff(w.a)),
    )
    consent, treat = f"/person/{w.person}/consent/", f"/person/{w.person}/treat/"
    for who, path, data, count in (
        (clerk, consent, SHARE, lambda: len(of(w))),
        (
            doctor,
            treat,
            {"reason": "ward 3"},
            lambda: Relationship.objects.filter(person=w.person, basis="declared").count(),
        ),
        (
            admin,
            "/alliance/clients/",
            {"name": "HIS", "hospital": w.b.pk},
            lambda: Client.objects.filter(hospital=w.b, name="HIS").count(),
        ),
        (
            clerk,
            consent + "access/",
            {},
            lambda: PatientAccess.objects.filter(made_by__hospital=w.b).count(),
        ),
    ):
        token = who.token(consent if path.endswith("access/") else path)
        replies = who.together(*[(path, data, token)] * 2)
        assert [r.status_code for r in replies] == [200, 200] and count() == 1, path
        assert len({r.url for r in replies}) == 1, "both lead to the same page"
        assert sum("had been sent before" in extract_page_text(r) for r in replies) == 1, path
        again = who.send(path, data, token)
        assert "had been sent before" in extract_page_text(again) and count() == 1, (
            "Back, and sent again"
        )
        if who is admin:
            assert all(re.search("client_secret", r.text) for r in replies), (
                "what was made is shown, whichever answer the browser kept"
            )


def test_what_makes_nothing_uses_up_nothing(w: World, server: str) -> None:
    clerk, path = (
        WebSession(server, alliance.make_staff(w.b, Role.CLERK)),
        f"/person/{w.person}/consent/",
    )
    token = clerk.token(path)
    assert clerk.send(path, SHARE | {"read": "1"}, token).url.endswith(path) and not of(w)
    assert "This field is required" in clerk.send(
        path, SHARE | {"evidence": ""}, token
    ).text and not of(w)
    assert "recorded" in extract_page_text(clerk.send(path, SHARE, token)) and len(of(w)) == 1, (
        "the control"
    )
    assert FormUse.objects.count() > 0


def test_two_tabs_record_one_decision(w: World, server: str) -> None:
    clerk, path = (
        WebSession(server, alliance.make_staff(w.b, Role.CLERK)),
        f"/person/{w.person}/consent/",
    )
    tabs = [clerk.token(path) for _ in range(4)]
    assert len(set(tabs)) == 4
    clerk.together(*[(path, SHARE, t) for t in tabs[:2]])
    assert len(of(w)) == 1
    nothing = SHARE | {"template": "nothing"}
    clerk.together((path, SHARE | {"evidence": "B8"}, tabs[2]), (path, nothing, tabs[3]))
    assert len(of(w)) == 1, "of two that take the place of all before, one stands"
    standing = of(w)[0]
    assert "stands already" in extract_page_text(
        clerk.post(path, SHARE | {"template": standing.template, "evidence": standing.evidence})
    )
    assert of(w) == [standing]
    clerk.post(path, SHARE | {"template": standing.template, "evidence": "another paper"})
    assert len(of(w)) == 1 and of(w) != [standing], "the control: a new paper is a new decision"


def test_one_open_emergency_of_one_clinician(w: World) -> None:
    opened = do_break_glass(
        w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor
    )  # type: ignore[arg-type]
    with pytest.raises(AlreadyDone):
        do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    longer = do_break_glass(
        w.person, ground="rescue", reason="still unconscious, theatre", hours=4, acting=w.doctor
    )  # type: ignore[arg-type]
    assert (
        longer.pk == opened.pk
        and longer.until - opened.until > dt.timedelta(hours=2)
        and "unconscious" in longer.reason
        and "theatre" in longer.reason
    )
    other = alliance.get_staff_principal(alliance.make_staff(w.a))
    assert (
        do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=other).pk
        != opened.pk
    ), "the control"  # type: ignore[arg-type]
    Emergency.objects.filter(pk=opened.pk).update(closed_at=opened.opened_at)
    assert (
        do_break_glass(w.person, ground="rescue", reason="again", hours=1, acting=w.doctor).pk
        != opened.pk
    ), "one that was closed is another"  # type: ignore[arg-type]


def test_a_clinicians_declaration_is_renewed_only_near_its_end(w: World) -> None:
    made = do_declare_relationship(w.person, reason="ward", acting=w.doctor)  # type: ignore[arg-type]
    with pytest.raises(AlreadyDone):
        do_declare_relationship(w.person, reason="ward", acting=w.doctor)  # type: ignore[arg-type]
    assert (
        do_declare_relationship(
            w.person, reason="ward", acting=alliance.get_staff_principal(alliance.make_staff(w.a))
        ).pk
        != made.pk
    ), "a colleague's is another"  # type: ignore[arg-type]
    Relationship.objects.filter(pk=made.pk).update(ends_at=made.ends_at - dt.timedelta(hours=20))
    assert do_declare_relationship(w.person, reason="ward", acting=w.doctor).pk != made.pk  # type: ignore[arg-type]


def test_a_second_system_of_one_name_is_asked_about(world: None) -> None:
    at, admin = alliance.make_hospital("sys"), alliance.OPERATOR
    first, _ = do_register_client(at, name="LIS", acting=admin)
    with pytest.raises(ValidationError, match="name"):
        do_register_client(at, name="lis ", acting=admin)
    do_register_client(at, name="LIS", acting=admin, again=True)
    do_register_client(alliance.make_hospital("sys"), name="LIS", acting=admin)
    Client.objects.filter(hospital=at).update(revoked_at=first.created_at)
    do_register_client(at, name="LIS", acting=admin)


def test_suspend_twice_does_not_resume(world: None, server: str) -> None:
    at = alliance.make_hospital("susp")
    admin = WebSession(
        server, alliance.make_staff(alliance.make_hospital("home"), Role.ADMINISTRATOR, wide=True)
    )
    for _ in range(2):
        admin.post(
            f"/alliance/hospitals/{at.code}/suspend/",
            {"reason": "leak"},
            page="/alliance/hospitals/",
        )
        assert Hospital.objects.get(pk=at.pk).suspended_at
    do_resume_hospital(at, acting=alliance.OPERATOR)
    assert not Hospital.objects.get(pk=at.pk).suspended_at, "the control"


def test_a_search_waits_sealed_in_the_session(w: World, server: str) -> None:
    clerk = WebSession(server, alliance.make_staff(w.b, Role.CLERK))
    found = clerk.post("/patients/", {"q": "430102195503021234"})
    assert 'value="430102195503021234"' in found.text and "430102195503021234" not in found.url, (
        "the control: it is there after Back"
    )
    session = SessionStore(clerk.http.cookies["sessionid"]).load()
    assert session["searches"] and "430102195503021234" not in str(session)


def test_a_reset_forgets_from_where_the_account_has_signed_in(world: None) -> None:
    who, admin = (
        alliance.make_staff(alliance.make_hospital("known")),
        alliance.get_staff_principal(
            alliance.make_staff(alliance.make_hospital("office"), Role.ADMINISTRATOR, wide=True)
        ),
    )
    KnownPlace.objects.create(user=who.user, place="x" * 64, seen_at=timezone.now())
    do_reset_credentials(who, second_factor=False, reason="stolen", acting=admin)
    assert not KnownPlace.objects.filter(user=who.user).exists()
