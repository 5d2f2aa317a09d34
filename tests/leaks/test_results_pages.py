"""Pages of results, their filters and trends show and count nothing that consent hides; each with
its positive control.
"""

import datetime as dt
import re

from django.test import Client
from django.utils import timezone

from records.models import RecognitionPrompt, SourcePatient
from tests.factories import alliance
from tests.factories.fhir import make_observation
from tests.factories.recognition import asked_item, item_code, make_item, qualify
from tests.support.browser import ENGLISH, signed_in
from tests.support.world import World, related, w

__all__ = ["w"]

OWN, HIDDEN = "5.125", "7391.25"  # values that stand in one record alone
PLAIN, HIV = "http://loinc.org|4548-4", "http://loinc.org|75622-1"
CHANGING = re.compile(r'value="[A-Za-z0-9]{64}"|nonce="[^"]*"|[0-9a-f]{32,}')
NARROWED = (
    "results/",
    "results/?abnormal=1",
    "results/?kind=laboratory",
    "results/?test=糖化",
    "results/?after=2026-01-06 00:00:00%2B00~9",
    "results/trend/?test=component:haemoglobin A1c, blood",
    f"results/trend/?test={HIV}",
    "",
)


def put_results(w: World) -> None:
    own = SourcePatient.objects.get(hospital=w.a, person_id=w.person)
    high = {"interpretation": [{"coding": [{"code": "H"}]}]}
    w.ask.create(make_observation(f"Patient/{own.fhir_id}", value=float(OWN), **high))
    w.hold.create(make_observation(w.at_b, value=float(HIDDEN), **high))


def read(browser: Client, w: World, path: str) -> str:
    reply = browser.get(f"/person/{w.person}/{path}", headers=ENGLISH)
    assert reply.status_code == 200, path
    return re.sub(r"\s+", " ", reply.content.decode())


def test_pages_show_and_count_what_is_open_alone(w: World) -> None:
    put_results(w)
    related(w)
    browser = signed_in(alliance.make_staff(w.a))
    for path in (*NARROWED, f"results/?hospital={w.b.code}"):
        page = read(browser, w, path)
        assert HIDDEN not in page and w.b.name_en not in page, path
        totals = re.findall(r"of (\d+)(?:,| of this)|All results: (\d+)", page)
        assert all((a or b) == "1" for a, b in totals), path
    assert OWN in read(browser, w, "results/") and "1–1 of 1" in read(browser, w, "results/")
    w.permit()
    for path in NARROWED[:4]:
        assert HIDDEN in read(browser, w, path), f"the control: {path}"
    page = read(browser, w, "results/")
    assert "1–3 of 3" in page and w.b.name_en in page, "the specially protected one is not counted"
    assert HIDDEN in read(browser, w, f"results/?hospital={w.b.code}")
    assert HIDDEN in read(browser, w, NARROWED[5]) and "All results: 3" in read(browser, w, "")
    assert "Nothing here that you can see." in read(browser, w, f"results/trend/?test={HIV}")
    w.permit(sensitive=True)
    assert "1–4 of 4" in read(browser, w, "results/"), "the control"
    assert "1–1 of 1 of this test" in read(browser, w, f"results/trend/?test={HIV}")


def test_who_may_not_open_the_record_is_told_nothing_by_any_page(w: World) -> None:
    put_results(w)
    browser = signed_in(alliance.make_staff(alliance.make_hospital("third")))
    for path in NARROWED:
        reply = browser.get(f"/person/{w.person}/{path}", headers=ENGLISH)
        body = reply.content.decode()
        assert HIDDEN not in body and OWN not in body and "of 2" not in body, path


def test_what_elsewhere_counts_is_told_to_nobody_it_is_closed_to(w: World) -> None:
    """Before and after a hospital writes a result that would count: pages and $recognition-check
    are the same, until the patient permits it.
    """
    item = make_item()
    qualify(w.b, item)
    related(w)
    browser = signed_in(alliance.make_staff(w.a))
    question = f"Patient/{w.person}/$recognition-check?item={asked_item(item)}"
    question += f"&date={timezone.localdate()}"
    pages = ("recognition/", f"recognition/?item={item.code}", "results/")

    def answers() -> list[str]:
        reply = w.ask("GET", question, base="alliance")
        return [*(CHANGING.sub("", read(browser, w, p)) for p in pages), reply.body.decode()]

    before = answers()
    day = timezone.localdate() - dt.timedelta(days=2)
    w.hold.create(
        make_observation(w.at_b, value=float(HIDDEN))
        | {"code": item_code(item), "effectiveDateTime": f"{day}T08:00:00+08:00"}
    )
    after = answers()
    assert all(HIDDEN not in a for a in after) and after[-1] == before[-1]
    for one, two in zip(before[:2], after[:2], strict=True):
        assert len(one) == len(two), "a page has not grown by a letter"
    assert not RecognitionPrompt.objects.filter(item=item).exists()
    w.permit()
    assert all(HIDDEN in a for a in answers()), "the control"
    assert RecognitionPrompt.objects.filter(item=item).exists()
