"""Problems, medicines and what endangers the patient on the pages of a shared record: one line a
fact over both hospitals, and nothing of what another hospital keeps closed.
"""

import re

from tests.factories import alliance
from tests.factories.heart_patient import (
    make_allergy,
    make_order,
    make_problem,
    resources_at_first,
    resources_at_second,
    send_all,
)
from tests.support.browser import signed_in
from tests.support.html import page_words
from tests.support.world import World, related, w

__all__ = ["w"]


def at_a(w: World) -> str:
    found = w.ask("GET", "Patient").json["entry"]
    return f"Patient/{found[0]['resource']['id']}"


def page(w: World, tab: str) -> str:
    browser = signed_in(alliance.make_staff(w.a))
    reply = browser.get(f"/person/{w.person}/{tab}/", headers={"Accept-Language": "en"})
    assert reply.status_code == 200
    return page_words(reply.content.decode())


def section(text: str, begins: str, ends: str) -> str:
    return text.split(begins, 1)[1].split(ends, 1)[0]


def shared(w: World) -> None:
    related(w)
    w.permit(sensitive=True)


def test_a_fact_of_two_hospitals_is_one_line_with_both_entries(w: World) -> None:
    send_all(w.ask, resources_at_first(at_a(w)))
    send_all(w.hold, resources_at_second(w.at_b))
    shared(w)
    problems = page(w, "problems")
    current = problems.split("Current problems", 1)[1]
    assert current.count("2 entries") == 2, "diabetes and atrial fibrillation"
    assert "also called: Ⅱ型糖尿病" in current or "also called: 2型糖尿病" in current
    assert w.a.name_en in current and w.b.name_en in current
    medicines = page(w, "medicines")
    line = medicines.split("Current medicines", 1)[1]
    assert "3 mg 每晚一次" in line and "半片 每晚" in line and "doses are not the same" in line
    hints = section(medicines, "Medication hints", "Current medicines")
    for rule in ("Same ingredient twice", "Potassium or potassium-sparing diuretic while"):
        assert rule in hints, rule
    assert "6.8 mmol/L" in hints and "No hint does not mean no risk" in hints
    assert "Medication hints" in page(w, "summary")


def test_a_closed_hospital_merges_fires_and_counts_nothing(w: World) -> None:
    send_all(w.ask, [make_order(at_a(w), "华法林钠片", "3 mg"), make_problem(at_a(w), "房颤")])
    send_all(
        w.hold,
        [
            make_order(w.at_b, "利伐沙班片", "20 mg"),
            make_order(w.at_b, "华法林", "半片"),
            make_allergy(w.at_b, "青霉素"),
            *resources_at_second(w.at_b),
        ],
    )
    closed = {tab: page(w, tab) for tab in ("summary", "problems", "medicines")}
    for tab, text in closed.items():
        for hidden in ("利伐沙班", "半片", w.b.name_en, "Medication hints", "pacemaker", "HBsAg"):
            assert hidden not in text, (tab, hidden)
        assert "2 entries" not in text and not re.search(
            r"(Allergies|Infections|Implants) \d", text
        )
    assert "Anticoagulants 1" in closed["problems"], "its own"
    shared(w)
    opened = page(w, "medicines")
    assert "Two anticoagulants" in opened and "Anticoagulants 2" in opened, "the control"
    assert "pacemaker" in opened and "HBsAg positive" in opened, "the control"


def test_sensitive_results_stand_in_no_banner_without_an_express_permit(w: World) -> None:
    related(w)
    w.hold.create(
        {
            **resources_at_second(w.at_b)[4],
            "code": {
                "coding": [{"system": "http://loinc.org", "code": "75622-1"}],
                "text": "HIV抗体",
            },
        }
    )
    w.permit()
    assert "HIV positive" not in page(w, "problems")
    w.permit(sensitive=True)
    assert "HIV positive" in page(w, "problems"), "the control"


def test_blood_groups_that_contradict_are_called_out(w: World) -> None:
    shared(w)
    first, second = resources_at_first(at_a(w))[-1], resources_at_first(w.at_b)[-1]
    w.ask.create(first)
    w.hold.create(second)
    assert "Blood group AB Rh−" in page(w, "problems")
    w.hold.create(second | {"valueString": "A型 Rh阴性"})
    told = page(w, "problems")
    assert "Blood groups contradict" in told and "determine anew" in told
