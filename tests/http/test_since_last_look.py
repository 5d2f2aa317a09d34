"""What is new since the reader's own last look: the card and the marks, from visit to visit, of
what they may see and of their own looks alone.
"""

import datetime as dt
import re
import time

import pytest

from alliance.roles import Role
from consent.audit import last_look
from consent.audit.last_look import find_last_look
from records.models import SourcePatient
from records.mpi.curation.decisions import do_join_persons
from tests.factories import alliance
from tests.factories.fhir import make_observation, make_patient, make_unique_name
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import HIV, World, related, w

__all__ = ["w"]
FIRST = "shows no earlier visit by you"
CARD = re.compile(r'<section class="card since".*?</section>', re.S)


@pytest.fixture
def each_open_a_visit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time need not pass."""
    monkeypatch.setattr(last_look, "VISIT_PAUSE", dt.timedelta(0))
    monkeypatch.setattr(last_look, "WRITING_TIME", dt.timedelta(0))


def page(browser: Browser, w: World, tab: str = "") -> str:
    reply = browser.get(f"/person/{w.person}/{tab}", headers=ENGLISH)
    assert reply.status_code == 200
    return reply.content.decode()


def card(text: str) -> str:
    found = CARD.search(text)
    return found.group() if found else ""


def potassium(about: str, value: float, flag: str = "") -> dict[str, object]:
    marked = {"interpretation": [{"coding": [{"code": flag}]}]} if flag else {}
    return {
        **make_observation(about, code="2823-3"),
        "code": {"text": "Potassium", "coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
        "valueQuantity": {"value": value, "unit": "mmol/L"},
        **marked,
    }


def own_patient(w: World) -> str:
    return f"Patient/{SourcePatient.objects.get(hospital=w.a, person_id=w.person).fhir_id}"


PAUSE = dt.timedelta(seconds=2)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visit ends after PAUSE: lines of the log are never dated back, for it would be told."""
    monkeypatch.setattr(last_look, "VISIT_PAUSE", PAUSE)
    monkeypatch.setattr(last_look, "WRITING_TIME", dt.timedelta(0))


def end_visit() -> None:
    time.sleep(PAUSE.total_seconds() + 0.1)


@pytest.mark.usefixtures("each_open_a_visit")
def test_what_came_since_is_counted_worst_first_and_marked_once(w: World) -> None:
    about = own_patient(w)
    w.ask.create(potassium(about, 4.1))
    doctor = signed_in(alliance.make_staff(w.a))
    first = page(doctor, w)
    assert FIRST in first and not card(first) and 'class="tag new"' not in first
    assert "Nothing new since you last looked" in page(doctor, w)
    w.ask.create(potassium(about, 4.0))
    w.ask.create(potassium(about, 7.1, "HH"))
    w.ask.create(
        {
            "resourceType": "Condition",
            "subject": {"reference": about},
            "code": {"text": "Hyperkalaemia"},
        }
    )
    again = page(doctor, w)
    told = card(again)
    assert re.search(r"<b>Results</b>\s*2\b", told) and "1 critical" in told
    assert told.index("7.1") < told.index("4.0") and "4.1" not in told
    assert "Hyperkalaemia" in told
    assert again.count('class="tag new"') >= 2, "of one test, and the illness"
    later = page(doctor, w)
    assert "Nothing new" in later and 'class="tag new"' not in later


@pytest.mark.usefixtures("short_pauses")
def test_tabs_of_one_visit_keep_what_is_new(w: World) -> None:
    about, who = own_patient(w), alliance.make_staff(w.a)
    doctor = signed_in(who)
    page(doctor, w)
    end_visit()
    w.ask.create(potassium(about, 5.9, "H"))
    for tab in ("", "results/", "problems/", "results/", ""):
        text = page(doctor, w, tab)
        assert tab == "problems/" or "New" in re.findall(
            r'class="tag new"[^>]*>(?:<svg.*?</svg>)?\s*(\w+)', text
        )
    assert "1 abnormal" in card(text)


@pytest.mark.usefixtures("each_open_a_visit")
def test_looks_of_others_and_refused_ones_are_not_ones_own(w: World) -> None:
    who, colleague = alliance.make_staff(w.a), alliance.make_staff(w.a)
    page(signed_in(colleague), w)
    assert find_last_look(w.person, str(who.pk)) is None  # type: ignore[arg-type]
    assert find_last_look(w.person, str(colleague.pk)) is not None, "the control"  # type: ignore[arg-type]
    assert FIRST in page(signed_in(who), w)
    stranger = alliance.make_staff(alliance.make_hospital("none"))
    assert signed_in(stranger).get(f"/person/{w.person}/").status_code == 403
    assert find_last_look(w.person, str(stranger.pk)) is None  # type: ignore[arg-type]


@pytest.mark.usefixtures("short_pauses")
def test_the_visit_before_this_one_counts_from_its_first_page(w: World) -> None:
    who = alliance.make_staff(w.a)
    doctor = signed_in(who)
    page(doctor, w)
    end_visit()
    began = dt.datetime.now(dt.UTC)
    page(doctor, w)
    first = dt.datetime.now(dt.UTC)
    page(doctor, w, "problems/")
    end_visit()
    page(doctor, w)
    found = find_last_look(w.person, str(who.pk))  # type: ignore[arg-type]
    assert found is not None and found.hospitals == {w.a.code}
    assert began <= found.at <= first, "not the older ones, nor what is open now"


@pytest.mark.usefixtures("each_open_a_visit")
def test_who_opened_an_encounter_alone_has_not_looked_at_the_record(w: World) -> None:
    who = alliance.make_staff(w.a)
    doctor = signed_in(who)
    visit = w.ask.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": own_patient(w)},
        }
    )
    page(doctor, w, f"encounter/{w.a.code}/{visit.split('/')[1]}/")
    assert find_last_look(w.person, str(who.pk)) is None  # type: ignore[arg-type]
    page(doctor, w, "problems/")
    assert find_last_look(w.person, str(who.pk)) is not None, "the control"  # type: ignore[arg-type]


@pytest.mark.usefixtures("each_open_a_visit")
def test_a_look_by_an_earlier_id_of_the_person_counts(w: World) -> None:
    """Two persons become one: the lines of before stand under the id that is no more."""
    who = alliance.make_staff(w.a)
    doctor = signed_in(who)
    made = w.ask.create(make_patient(make_unique_name()))
    other = SourcePatient.objects.get(hospital=w.a, fhir_id=made.split("/")[1])
    assert doctor.get(f"/person/{other.person_id}/").status_code == 200
    assert find_last_look(w.person, str(who.pk)) is None  # type: ignore[arg-type]
    mine = SourcePatient.objects.get(hospital=w.a, person_id=w.person)
    do_join_persons(
        mine.pk,
        other.pk,
        acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK, wide=True)),
        others=[alliance.make_alliance_curator()],
    )
    other.refresh_from_db()
    mine.refresh_from_db()
    assert mine.person_id == other.person_id
    assert find_last_look(mine.person_id, str(who.pk)) is not None
    assert FIRST not in doctor.get(f"/person/{mine.person_id}/", headers=ENGLISH).content.decode()


@pytest.mark.usefixtures("each_open_a_visit")
def test_what_is_hidden_is_neither_counted_nor_marked_and_what_opens_is_told(w: World) -> None:
    related(w)
    doctor = signed_in(alliance.make_staff(w.a))
    page(doctor, w)
    w.hold.create(potassium(w.at_b, 9.9, "HH"))
    hidden = page(doctor, w)
    assert "Nothing new" in hidden and 'class="tag new"' not in hidden and "9.9" not in hidden
    w.permit()
    opened = page(doctor, w)
    assert f"Newly open to you: records of {w.b.name}." in card(opened)
    assert "9.9" in card(opened) and 'class="tag new"' in opened
    w.hold.create({**potassium(w.at_b, 8.8, "HH"), "code": HIV})
    sensitive = page(doctor, w)
    assert "Nothing new" in sensitive and "8.8" not in sensitive
