"""A repeated test avoided: a doctor finds another hospital's result that counts, adopts and quotes
it; another one repeats a test with a reason. In both languages, at a desk and on a phone.
"""

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from alliance.roles import Role
from records.models import RecognitionDecision, RecognitionItem
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.fhir import make_observation
from tests.factories.recognition import item_code, make_item, qualify
from tests.support.world import World, related, w

__all__ = ["w"]
pytestmark = pytest.mark.browser
PICTURES = os.environ.get("RECOGNITION_PICTURES")  # a folder, for whoever looks at the pages
LONG = "超敏促甲状腺激素受体刺激性免疫球蛋白抗体（化学发光微粒子免疫分析法，血清）测定"


def picture(page: Any, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def put(w: World, days: int, **more: Any) -> RecognitionItem:
    """An item of its own, and a result of it at the hospital that holds."""
    item = make_item(**more)
    qualify(w.b, item, quality="passed")
    day = timezone.localdate() - dt.timedelta(days=days)
    code = item_code(item)
    w.hold.create(
        make_observation(w.at_b)
        | {"code": code | {"text": f"【全国HR】{code['text']}"}}
        | {"effectiveDateTime": f"{day}T08:00:00+08:00"}
    )
    return item


def test_a_repeated_test_is_avoided(enter: Callable[..., Any], server: str, w: World) -> None:
    related(w)
    w.permit()
    adopted = put(w, 2, name_zh="钾", name_en="Potassium")
    repeated = put(w, 3, name_zh=LONG, name_en="Stimulating antibody against the TSH receptor")
    page = enter(alliance.make_staff(w.a), 1440)
    page.goto(f"{server}/person/{w.person}/results/")
    picture(page, "results-zh-1440")
    assert "已有可互认结果" in page.inner_text("main")
    follow(page, f"a[href*='item={adopted.code}']")
    picture(page, "item-zh-1440")
    assert "天" in page.inner_text("main") and "全国" in page.inner_text("main")
    quote = page.input_value("textarea.quote")
    assert "钾" in quote and w.b.name_zh in quote
    follow(page, "form[data-quote] button")
    assert "已采纳" in page.inner_text("main")
    picture(page, "adopted-zh-1440")
    assert RecognitionDecision.objects.get(prompt__item=adopted).quoted

    phone = enter(alliance.make_staff(w.a), 390, "en")
    phone.goto(f"{server}/person/{w.person}/recognition/")
    assert fits(phone)
    picture(phone, "overview-en-390")
    follow(phone, f"a[href*='item={repeated.code}']")
    assert fits(phone)
    phone.select_option("select[name=reason]", "fast")
    follow(phone, "button[value=repeated]")
    assert "Tell the patient" in phone.inner_text("main") and fits(phone)
    picture(phone, "error-en-390")
    phone.check("input[name=told]")
    follow(phone, "button[value=repeated]")
    picture(phone, "repeated-en-390")
    assert RecognitionDecision.objects.get(prompt__item=repeated).reason == "fast"

    office = enter(alliance.make_staff(w.a, Role.ADMINISTRATOR), 390, "zh-CN")
    for path in ("", "qualifications/", "ledger/"):
        office.goto(f"{server}/recognition/{path}")
        picture(office, f"office-{path.strip('/') or 'catalogue'}-zh-390")
        assert fits(office), path
    assert "12.5" in office.inner_text("main"), "what was not spent"
    assert not page.errors and not phone.errors and not office.errors
