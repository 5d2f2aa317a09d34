"""A record as a clinician reads it and as a system asks for it: the same facts, states, numbers
and days, and nothing that is no fact.
"""

import datetime as dt
import html
import re
from typing import Any

from django.utils import timezone

from alliance.models import Hospital
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient, make_unique_name
from tests.support.browser import signed_in
from tests.support.html import page_words as words

NEGATED = [{"url": "urn:hospital:negated", "valueBoolean": True}]
LINES = re.compile(r"<li>(.*?)</li>", re.S)


def coded(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


class Ward:
    """One patient of one hospital, a doctor of that hospital, and the hospital's system."""

    def __init__(self, api: Api) -> None:
        self.api, self.about = api, api.create(make_patient(make_unique_name()))
        at = Hospital.objects.get(code=api.base)
        self.person = SourcePatient.objects.get(
            hospital=at, fhir_id=self.about.split("/")[1]
        ).person_id
        self.browser = signed_in(alliance.make_staff(at))

    def send(self, kind: str, **more: Any) -> str:
        about = "patient" if kind in ("AllergyIntolerance", "Immunization") else "subject"
        return self.api.create({"resourceType": kind, about: {"reference": self.about}, **more})

    def medicine(self, name: str, **more: Any) -> str:
        return self.send(
            "MedicationRequest",
            **{
                "status": "active",
                "intent": "order",
                "authoredOn": "2026-10-02",
                "medicationCodeableConcept": {"text": name},
                **more,
            },
        )

    def result(self, name: str, **more: Any) -> str:
        return self.api.create(make_observation(self.about) | {"code": {"text": name}} | more)

    def tab(self, name: str) -> str:
        page = self.browser.get(f"/person/{self.person}/{name}/", headers={"Accept-Language": "en"})
        assert page.status_code == 200
        return page.content.decode()

    def sections(self) -> dict[str, list[str]]:
        """$summary: {LOINC code of a section: its lines, or its paragraphs}."""
        found = self.api("GET", f"{self.about}/$summary", Accept_Language="en").json
        return {
            s["code"]["coding"][0]["code"]: [
                html.unescape(x)
                for x in LINES.findall(s["text"]["div"])
                or re.findall(r"<p>(.*?)</p>", s["text"]["div"])
            ]
            for s in found["entry"][0]["resource"]["section"]
        }


def test_medicines(api: Api) -> None:
    w = Ward(api)
    w.medicine("华法林", doNotPerform=True, reasonCode=[{"text": "消化道出血"}])
    w.medicine("胺碘酮", intent="proposal")
    w.medicine(
        "甲氨蝶呤",
        dosageInstruction=[
            {
                "doseAndRate": [{"doseQuantity": {"value": 15, "unit": "mg"}}],
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}},
            }
        ],
    )
    product = api.create({"resourceType": "Medication", "code": {"text": "左甲状腺素钠片"}})
    w.send(
        "MedicationStatement",
        status="active",
        medicationReference={"reference": product},
        effectivePeriod={"start": "2026-01-01"},
    )
    w.medicine("地高辛", status="stopped", statusReason={"text": "中毒"})
    w.medicine("利伐沙班", modifierExtension=NEGATED)
    page = w.tab("medicines")
    forbidden, rest = page.split('class="forbidden"')[1].split("</section>", 1)
    current, later = rest.split("Proposed or planned, not ordered")
    proposed, past = later.split("Stopped, completed or not taken")
    assert (
        "华法林" in forbidden
        and "DO NOT GIVE" in forbidden
        and "because of: 消化道出血" in forbidden
        and "华法林" not in rest
    )
    assert (
        "15 mg · once a week" in current
        and "胺碘酮" in proposed
        and "地高辛" in past
        and "reason: 中毒" in past
    )
    assert "利伐沙班" not in page and "does not understand" in page
    said = w.sections()["10160-0"]
    assert (
        said[0].startswith("DO NOT GIVE: 华法林")
        and "甲氨蝶呤 · 15 mg · once a week · 2026-10-02" in said
    )
    assert "左甲状腺素钠片" in current and "左甲状腺素钠片 · since 2026-01-01 · 2026-01-01" in said
    assert any(
        e["fullUrl"].endswith(product) for e in api("GET", f"{w.about}/$summary").json["entry"]
    ), "what an entry refers to is in the document"
    assert len(said) == 3, "neither a proposal, nor what is stopped, nor what is not understood"


def test_an_order_outlives_its_withdrawn_product_and_nulls_are_not_shown(api: Api) -> None:
    w = Ward(api)
    product = api.create(
        {
            "resourceType": "Medication",
            "status": "entered-in-error",
            "code": {"text": "左甲状腺素钠片"},
        }
    )
    absent = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                "valueCode": "unknown",
            }
        ]
    }
    repeat = {"dayOfWeek": [None, "mon"], "_dayOfWeek": [absent, None]}
    w.send(
        "MedicationRequest",
        status="active",
        intent="order",
        medicationReference={"reference": product},
        dosageInstruction=[{"timing": {"repeat": repeat}}],
    )
    w.send(
        "AllergyIntolerance",
        code={"text": "花生"},
        clinicalStatus=coded("active"),
        category=[None, "food"],
        _category=[absent, None],
    )
    page = words(w.tab("medicines").split("Proposed or planned, not ordered")[0])
    assert (
        "左甲状腺素钠片" in page
        and "product: entered in error" in page
        and "on Monday" in page
        and "花生" in page
        and "None" not in page
    )
    assert w.sections()["10160-0"] == [
        "product: entered in error: 左甲状腺素钠片 · on Monday"
    ] and w.sections()["48765-2"] == ["花生 · food"]


def test_problems(api: Api) -> None:
    w = Ward(api)
    for name, verified in (
        ("肺结核", "refuted"),
        ("胰腺癌", "differential"),
        ("高血压", "confirmed"),
        ("心肌炎", "unconfirmed"),
    ):
        w.send(
            "Condition",
            code={"text": name},
            clinicalStatus=coded("active"),
            verificationStatus=coded(verified),
            recordedDate="2026-10-01",
        )
    w.send(
        "Condition",
        code={"text": "乙型肝炎"},
        clinicalStatus=coded("active"),
        modifierExtension=NEGATED,
    )
    page = w.tab("problems")
    current, rest = page.split("<h2>Not settled</h2>")
    suspected, excluded = rest.split("Ruled out: the patient does not have these")
    assert (
        "高血压" in current
        and not re.search("肺结核|胰腺癌|心肌炎", current)
        and "胰腺癌" in suspected
        and "differential diagnosis" in suspected
    )
    assert (
        "肺结核" in excluded
        and "ruled out" in excluded
        and "乙型肝炎" not in page
        and "One entry from" in current
    )
    assert "肺结核" not in w.tab("summary"), "what was ruled out is no part of a summary"
    said = w.sections()["11450-4"]
    assert any(x.startswith("胰腺癌 · differential diagnosis") for x in said) and not any(
        "肺结核" in x or "乙型" in x for x in said
    )


def test_results_of_the_page_and_of_the_summary_are_the_same(api: Api) -> None:
    w = Ward(api)
    mmol = {"unit": "mmol/L"}
    w.result("肌钙蛋白I", valueQuantity={"value": 0.01, "comparator": "<", "unit": "ng/mL"})
    w.api.create(
        {k: v for k, v in make_observation(w.about).items() if k != "valueQuantity"}
        | {
            "code": {"text": "血压"},
            "component": [
                {"code": {"text": "收缩压"}, "valueQuantity": {"value": 182, "unit": "mmHg"}},
                {"code": {"text": "舒张压"}, "valueQuantity": {"value": 101, "unit": "mmHg"}},
            ],
        }
    )
    w.result(
        "血钾",
        status="preliminary",
        effectiveDateTime="2026-10-07T17:30:00Z",
        valueQuantity={"value": 6.9, **mmol},
        interpretation=[coded("HH")],
        note=[{"text": "标本溶血"}],
    )
    w.result("血钠", status="cancelled", valueQuantity={"value": 99.25, **mmol})
    w.result("肌酐", status="entered-in-error", valueQuantity={"value": 951.5, "unit": "umol/L"})
    page = words(w.tab("summary"))
    said = w.sections()["30954-2"]
    potassium = [
        "6.9 mmol/L",
        "preliminary report",
        "2026-10-08 01:30",
        "标本溶血",
        "critical high",
    ]
    for name, parts in {
        "肌钙蛋白I": ["<0.01 ng/mL"],
        "血压": ["收缩压 182 mmHg", "舒张压 101 mmHg"],
        "血钾": potassium,
    }.items():
        one = next(x for x in said if name in x)
        assert all(p in one for p in parts), one
        assert all(p in page for p in parts), parts
    assert len(said) == 3
    for withdrawn, value in (("血钠", "99.25"), ("肌酐", "951.5")):
        assert (
            value not in page
            and not any(withdrawn in x for x in said)
            and re.search(f"Withdrawn, not shown as results:.*{withdrawn}", page)
        )


def test_allergies_in_banner_and_summary(api: Api) -> None:
    w = Ward(api)
    assert "unavailable" in str(w.api("GET", f"{w.about}/$summary").json), "nobody asked"
    w.send("AllergyIntolerance", code={"text": "否认药物过敏史"}, clinicalStatus=coded("active"))
    assert w.sections()["48765-2"] == ["否认药物过敏史"]
    top = w.tab("summary").split('class="more"')[0]
    assert "否认药物过敏史" in top and 'class="allergy"' not in top
    for name, risk in (("猫毛", "low"), ("花粉", "low"), ("尘螨", "low"), ("青霉素", "high")):
        w.send(
            "AllergyIntolerance",
            code={"text": name},
            clinicalStatus=coded("active"),
            criticality=risk,
        )
    w.send(
        "AllergyIntolerance",
        code={"text": "磺胺"},
        clinicalStatus=coded("active"),
        modifierExtension=NEGATED,
    )
    page = w.tab("summary")
    top, sheet = page.split('class="sheet"')[0], page.split('class="sheet"')[1]
    shown = re.findall(r'class="allergy" title="(.*?)"', top)
    assert (
        shown == re.findall(r'class="allergy" title="(.*?)"', w.tab("medicines"))
        and shown[0] == "青霉素"
        and len(shown) == 3
        and "<b>Allergies 4</b>" in top
    )
    assert (
        "high risk" in top
        and "磺胺" not in page
        and "does not understand" in top
        and all(x in sheet for x in ("青霉素", "猫毛", "花粉", "尘螨", "否认药物过敏史"))
    )
    said = w.sections()["48765-2"]
    assert said[0].startswith("high risk: 青霉素") and not any(
        "否认" in x or "磺胺" in x for x in said
    )


def test_critical_values_of_three_days_stand_in_the_banner_of_every_tab(api: Api) -> None:
    w = Ward(api)
    now = timezone.now()
    at = {
        k: (now - dt.timedelta(hours=h)).isoformat(timespec="seconds")
        for k, h in (("new", 2), ("old", 80))
    }
    w.result(
        "血钾",
        effectiveDateTime=at["new"],
        valueQuantity={"value": 6.8, "unit": "mmol/L"},
        interpretation=[{"text": "危急值"}],
    )
    w.result(
        "血糖",
        effectiveDateTime=at["old"],
        valueQuantity={"value": 1.9, "unit": "mmol/L"},
        interpretation=[coded("LL")],
    )
    w.result(
        "血钠",
        effectiveDateTime=at["new"],
        valueQuantity={"value": 150, "unit": "mmol/L"},
        interpretation=[coded("H")],
    )
    w.result(
        "血镁",
        effectiveDateTime=at["new"],
        status="cancelled",
        valueQuantity={"value": 9, "unit": "mmol/L"},
        interpretation=[coded("HH")],
    )
    for tab in ("summary", "problems"):
        top = words(w.tab(tab).split('class="more"')[0])
        assert (
            "Critical values" in top
            and "血钾 6.8 mmol/L" in top
            and timezone.localtime(now - dt.timedelta(hours=2)).strftime("%Y-%m-%d %H:%M") in top
        )
        assert not re.search("血糖|血钠|血镁", top)


def test_equal_dates_keep_their_order(api: Api) -> None:
    w = Ward(api)
    for name in ("丙", "甲", "丁", "乙"):
        w.medicine(f"药{name}")
    found = [re.findall(r"<b>(药.)</b>", w.tab(t)) for t in ("medicines", "summary", "medicines")]
    assert found[0] == found[1] == found[2] and len(found[0]) == 4
