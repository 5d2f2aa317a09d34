"""Every role, every entry of its menu, every first click from there: none ends at a refusal, at
nothing or at a fault without a way on.
"""

import re
from collections import Counter
from typing import Any

import pytest

from alliance.models import Staff
from alliance.roles import Role
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.services.emergencies import do_break_glass
from consent.services.relationships import do_declare_relationship
from records.models import SourcePatient
from records.mpi.index import source_patients
from records.operations.person_seal import do_seal_person
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import make_patient, make_unique_name
from tests.support.browser import signed_in
from tests.support.html import Browser
from tests.support.world import World, w

__all__ = ["w"]
ENGLISH = {"Accept-Language": "en"}
NAMED = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=[/=])[^/=&?]*\d[^/=&?]*"
)  # what an address names: a person, a number, a code
ALIKE = 6  # links of an entry that differ in nothing else, and are followed


def part(html: str, tag: str) -> str:
    found = re.search(rf"<{tag}[ >].*?</{tag}>", html, re.S)
    return found.group() if found else ""


def links(html: str) -> list[str]:
    return [
        h.replace("&amp;", "&")
        for h in dict.fromkeys(re.findall(r'href="([^"#]+)"', html))
        if h.startswith(("/", "?"))
    ]


def first_of_each(hrefs: list[str], always: str) -> list[str]:
    """Of links that lead to the same page of others, the first few, and all that name `always`:
    lists also hold what other tests have left.
    """
    seen: Counter[str] = Counter()
    kept = []
    for href in dict.fromkeys(hrefs):
        shape = NAMED.sub("#", href)
        seen[shape] += 1
        if seen[shape] <= ALIKE or always in href:
            kept.append(href)
    return kept


def open_page(browser: Browser, path: str, at: str, ways: list[str]) -> str:
    """The page; a refusal is one only if it offers what can be done, and that is walked too."""
    where = at.split("?")[0] + path if path.startswith("?") else path
    reply = browser.get(where, follow=True, headers=ENGLISH)
    html = b"".join(reply) if reply.streaming else reply.content
    main = part(html.decode(errors="replace"), "main")
    buttons = links(" ".join(re.findall(r'<a class="button[^>]*>', main)))
    assert reply.status_code < 400 or (reply.status_code == 403 and buttons), (
        f"{at} leads to {where}, which answers {reply.status_code}"
    )
    ways += buttons if reply.status_code == 403 else []
    return main


def walk(who: Staff, texts: list[str], person: str) -> dict[str, list[str]]:
    """{entry of the menu: the links that were followed from it, all of the person among them};
    searches are made with each of the texts.
    """
    browser: Any = signed_in(who)
    home = browser.get("/", follow=True, headers=ENGLISH).content.decode()
    followed: dict[str, list[str]] = {}
    for entry in links(part(home, "nav")):
        ways: list[str] = []
        mains = [open_page(browser, entry, "menu", ways)]
        if '<form class="find"' in mains[0] or 'class="find"' in mains[0]:
            action = re.search(r'<form[^>]*class="find"[^>]*action="([^"]+)"', mains[0])
            mains += [
                part(
                    browser.post(
                        action.group(1) if action else entry, {"q": t}, follow=True, headers=ENGLISH
                    ).content.decode(),
                    "main",
                )
                for t in texts
            ]
        followed[entry] = first_of_each([h for m in mains for h in links(m)], person)
        for href in followed[entry]:
            open_page(browser, href, entry, ways)
        for href in dict.fromkeys(ways):
            open_page(browser, href, f"the way on from {entry}", [])
    return followed


@pytest.fixture
def busy(w: World) -> tuple[World, str]:
    """A patient of both hospitals about whom everything happened that can, and one who is known
    only at the other.
    """
    do_declare_relationship(w.person, reason="test", acting=w.doctor)  # type: ignore[arg-type]
    do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    w.permit()
    officer = alliance.get_staff_principal(alliance.make_staff(w.b, Role.PRIVACY, wide=True))
    do_seal_person(w.person, ground="dispute", reason="医疗纠纷", listed=[], acting=officer)  # type: ignore[arg-type]
    far = make_unique_name()
    at_b = w.hold.create(make_patient(far))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=at_b.split("/")[1]).person_id
    record_choice(other, sources=source_patients.sources_of_person(other), acting=w.clerk)
    ended = record_choice(
        other, sources=source_patients.sources_of_person(other), acting=w.clerk, effect="deny"
    )
    do_withdraw_directive(
        ended.pk,
        other,
        reason="test",
        evidence="test",
        sources=source_patients.sources_of_person(other),
        acting=w.clerk,
    )
    return w, far


ROLES = [
    (Role.CLINICIAN, False),
    (Role.CLERK, False),
    (Role.CLERK, True),
    (Role.AUDITOR, True),
    (Role.PRIVACY, False),
    (Role.PRIVACY, True),
    (Role.ADMINISTRATOR, False),
    (Role.ADMINISTRATOR, True),
]


def test_no_first_click_is_a_dead_end(busy: tuple[World, str]) -> None:
    w, far = busy
    name = SourcePatient.objects.filter(hospital=w.a).latest("pk").name
    for role, wide in ROLES:
        who = alliance.make_staff(w.a, role, wide=wide)
        followed = walk(who, [name, far], str(w.person))
        assert followed, f"the control: {role} has a menu"
        if role in (Role.CLINICIAN, Role.CLERK, Role.PRIVACY):
            assert any(str(w.person) in h for h in followed["/patients/"]), (
                "the control: a hit was followed"
            )
        if role is Role.PRIVACY:
            page = (
                signed_in(who).get(f"/person/{w.person}/privacy/", headers=ENGLISH).content.decode()
            )
            assert (
                "unconscious" in page
                and "may see the records of every hospital" in page
                and "糖化血红蛋白" not in page
            )


def test_the_privacy_view_shows_what_the_officer_answers_for(busy: tuple[World, str]) -> None:
    w, _ = busy
    third = (
        signed_in(alliance.make_staff(alliance.make_hospital("third"), Role.PRIVACY))
        .get(f"/person/{w.person}/privacy/", headers=ENGLISH)
        .content.decode()
    )
    assert (
        "unconscious" not in third
        and "医疗纠纷" not in third
        and "decisions are not shown" in third
        and "may see the records" not in third
    )
    for role in (Role.CLINICIAN, Role.CLERK, Role.AUDITOR, Role.ADMINISTRATOR):
        assert (
            signed_in(alliance.make_staff(w.a, role))
            .get(f"/person/{w.person}/privacy/")
            .status_code
            == 403
        ), role
