"""The timeline of encounters: true counts, filters exact to the end, each encounter once, and what
belongs to one; of what may be seen alone.
"""

import re
from typing import Any

import pytest
from django.db import connection

from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import make_observation
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import World, related, w, world_of_two

__all__ = ["w", "world_of_two"]
LINK = re.compile(r'href="(/person/[^"]+/encounter/[^"]+)"')
KINDS = ("AMB", "EMER", "IMP")
MANY = 600


def encounter(about: str, start: str, kind: str = "AMB", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": kind},
        "subject": {"reference": about},
        "period": {"start": start, "end": start},
        **more,
    }


def own_patient(w: World) -> str:
    return f"Patient/{SourcePatient.objects.get(hospital=w.a, person_id=w.person).fhir_id}"


def page(browser: Browser, address: str) -> str:
    reply = browser.get(address, headers=ENGLISH)
    assert reply.status_code == 200, (address, reply.status_code)
    return reply.content.decode()


def counts(text: str) -> dict[str, int]:
    """{year or month: how many} of the bars."""
    return {
        k: int(n)
        for k, n in re.findall(r"<span>(\d[\d-]*)</span>\s*<svg.*?<b>(\d+)</b>", text, re.S)
    }


@pytest.fixture(scope="module")
def many(world_of_two: World) -> World:
    """So many encounters of three kinds and two departments in twelve years."""
    about = own_patient(world_of_two)
    for begin in range(0, MANY, 200):
        reply = world_of_two.ask(
            "POST",
            "",
            {
                "resourceType": "Bundle",
                "type": "batch",
                "entry": [
                    {
                        "request": {"method": "POST", "url": "Encounter"},
                        "resource": encounter(
                            about,
                            f"{2010 + i % 12}-{1 + i % 7:02}-{1 + i % 28:02}T08:00:00+08:00",
                            KINDS[i % 3],
                            serviceType={"text": ("心血管内科", "精神科")[i % 2]},
                        ),
                    }
                    for i in range(begin, begin + 200)
                ],
            },
        )
        assert reply.status == 200, reply.body
    return world_of_two


def walk(browser: Browser, address: str) -> list[str]:
    """The encounters of all pages."""
    found: list[str] = []
    while address:
        text = page(browser, address)
        found += LINK.findall(text)
        following = re.search(r'href="(\?[^"]*page=\d+)"\s*>Next page', text)
        address = (
            address.partition("?")[0] + following[1].replace("&amp;", "&") if following else ""
        )
    return found


def test_each_encounter_once_to_the_end_with_true_counts(many: World) -> None:
    doctor = signed_in(alliance.make_staff(many.a))
    base = f"/person/{many.person}/encounters/"
    first = page(doctor, base)
    years = counts(first)
    assert sum(years.values()) == MANY and set(years) == {str(y) for y in range(2010, 2022)}
    assert f"{MANY} encounters" in first
    found = walk(doctor, base)
    assert len(found) == len(set(found)) == MANY
    in_year = page(doctor, f"{base}?year=2015")
    months = {k: n for k, n in counts(in_year).items() if "-" in k}
    assert sum(months.values()) == years["2015"] == len(walk(doctor, f"{base}?year=2015"))
    month, n = next(iter(months.items()))
    assert len(walk(doctor, f"{base}?year=2015&month={month[5:]}")) == n


def test_filters_are_exact_and_no_address_tells_the_speciality(many: World) -> None:
    doctor = signed_in(alliance.make_staff(many.a))
    base = f"/person/{many.person}/encounters/"
    text = page(doctor, base)
    assert "精神科" in text and not re.search(r'href="[^"]*%E7', text)
    assert len(walk(doctor, f"{base}?kind=emergency")) == MANY // 3
    chosen = re.search(r'href="\?(department=\w+)"\s*>精神科 (\d+)', text)
    assert chosen is not None and int(chosen[2]) == MANY // 2
    both = walk(doctor, f"{base}?{chosen[1]}&kind=emergency")
    assert len(set(both)) == MANY // 6
    assert walk(doctor, f"{base}?kind=nothing") == []


def test_an_encounter_opens_with_what_belongs_to_it_under_one_line(w: World) -> None:
    about, who = own_patient(w), alliance.make_staff(w.a)
    stay = w.ask.create(
        encounter(about, "2026-03-01T08:00:00+08:00", "IMP")
        | {"period": {"start": "2026-03-01T08:00:00+08:00", "end": "2026-03-04T10:00:00+08:00"}}
    )
    other = w.ask.create(encounter(about, "2026-03-02T08:00:00+08:00"))

    def result(text: str, date: str, **more: Any) -> None:
        w.ask.create({**make_observation(about, date=date), "code": {"text": text}, **more})

    result("of the stay", "2026-03-09", encounter={"reference": stay})
    result("of another visit", "2026-03-02", encounter={"reference": other})
    result("on its days", "2026-03-04")
    result("after its days", "2026-03-05")
    w.ask.create(
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": {"text": "vaccine of the stay"},
            "patient": {"reference": about},
            "occurrenceDateTime": "2026-03-03",
            "encounter": {"reference": stay},
        }
    )
    doctor = signed_in(who)
    text = page(doctor, f"/person/{w.person}/encounter/{w.a.code}/{stay.split('/')[1]}/")
    belongs, besides = text.split("Same hospital, same days")
    assert "of the stay" in belongs and "vaccine of the stay" in belongs
    assert "on its days" in besides and "on its days" not in belongs
    assert "of another visit" not in text and "after its days" not in text
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT target, detail, outcome FROM consent_audit_event WHERE actor = %s"
            " AND code = 'records:record:open'",
            [str(who.pk)],
        )
        assert cursor.fetchall() == [(f"{w.a.code}/{stay}", "encounter", "success")]


def test_the_worst_result_of_an_encounter_stands_first(w: World) -> None:
    related(w)
    w.permit()
    visit = w.hold.create(encounter(w.at_b, "2026-03-01T08:00:00+08:00"))
    for name, flag in (("Weight", ""), ("Pulse", "H"), ("Potassium", "HH")):
        w.hold.create(
            {
                **make_observation(w.at_b),
                "code": {"text": name},
                "encounter": {"reference": visit},
                **({"interpretation": [{"coding": [{"code": flag}]}]} if flag else {}),
            }
        )
    path = f"/person/{w.person}/encounter/{w.b.code}/{visit.split('/')[1]}/"
    text = page(signed_in(alliance.make_staff(w.a)), path)
    front, _words, main = text.partition("Belongs to this encounter")
    assert "Critical values on this page" in front and "Potassium" in front
    assert "Pulse" not in front
    assert main.index("Potassium") < main.index("Pulse") < main.index("Weight")


def test_what_names_a_hidden_encounter_stands_beside_no_other(w: World) -> None:
    """Nor does it lead to the hidden one."""
    related(w)
    w.permit()
    day = "2026-03-01T08:00:00+08:00"
    visit = w.hold.create(encounter(w.at_b, day))
    hidden = w.hold.create(encounter(w.at_b, day) | {"meta": {"security": [{"code": "R"}]}})
    for name, more in (("names one", {"encounter": {"reference": hidden}}), ("alone", {})):
        w.hold.create({**make_observation(w.at_b, date=day), "code": {"text": name}, **more})
    doctor = signed_in(alliance.make_staff(w.a))
    base = f"/person/{w.person}/encounter/{w.b.code}/"
    text = page(doctor, f"{base}{visit.split('/')[1]}/")
    assert "alone" in text and "names one" not in text
    assert doctor.get(f"{base}{hidden.split('/')[1]}/").status_code == 404
    assert "names one" in page(doctor, f"/person/{w.person}/results/"), "it may be seen"
    w.permit(sensitive=True)
    assert "names one" in page(doctor, f"{base}{hidden.split('/')[1]}/"), "the control"


def test_what_is_hidden_is_not_counted_and_does_not_open(w: World) -> None:
    related(w)
    visit = w.hold.create(encounter(w.at_b, "2026-03-01T08:00:00+08:00", "EMER"))
    w.hold.create({**make_observation(w.at_b), "encounter": {"reference": visit}})
    doctor = signed_in(alliance.make_staff(w.a))
    base = f"/person/{w.person}/encounters/"
    at = f"/person/{w.person}/encounter/{w.b.code}/{visit.split('/')[1]}/"
    absent = f"/person/{w.person}/encounter/{w.b.code}/nobody/"
    assert counts(page(doctor, base)) == {}
    hidden, nothing = (doctor.get(a, headers=ENGLISH) for a in (at, absent))
    assert hidden.status_code == nothing.status_code == 404
    w.permit()
    assert counts(page(doctor, base)) == {"2026": 1}
    assert "Emergency" in page(doctor, at), "the control"
    assert doctor.get(absent).status_code == 404
