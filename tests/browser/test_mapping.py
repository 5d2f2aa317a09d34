"""Two clerks map a laboratory's code, by keyboard; a hospital with thousands of codes and long
names stays usable on a phone.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from alliance.models import Hospital
from alliance.roles import Role
from records.mapping.code_names import fold_name
from records.mapping.kinds import MappingKind
from records.mapping.local_code import LocalCodeKey
from records.mapping.value_profile import ValueProfile
from records.meaning.result_identity import LOINC
from records.models import CodeMapping, LocalCode
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.local_codes import (
    add_patients,
    add_results,
    get_code,
    local_system,
    map_code,
)
from tests.factories.local_codes import follow as follow_store

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("MAPPING_PICTURES")  # a folder, for whoever looks at the pages
LONG = "★【全国HR】超敏促甲状腺激素受体刺激性免疫球蛋白抗体（化学发光微粒子免疫分析法，血清）测定"


def picture(page: Any, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def fill_with_codes(at: Hospital, count: int) -> None:
    """As if so many codes had been counted."""
    now = timezone.now()
    profile = ValueProfile(
        200, {"mIU/L": 200}, {"0.27–4.2": 180}, {}, 200, 0, (0.3, 2.1, 4.1), ("2.1 mIU/L",), {}
    ).write()
    rows = []
    for n in range(count):
        text = LONG if n == 0 else f"检验项目{n}"
        key = LocalCodeKey(MappingKind.LABORATORY, local_system(at.code), f"X{n:05}", text)
        rows.append(
            LocalCode(
                hospital=at,
                kind=key.kind,
                key=key.digest,
                system=key.system,
                code=key.code,
                text=text,
                records=count - n + 5,
                patients=5 + n % 40,
                profile=profile,
                profiled=count,
                first_seen_at=now,
            )
        )
    LocalCode.objects.bulk_create(rows, batch_size=1000)


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_two_clerks_map_a_code_by_keyboard(enter: Callable[..., Any], server: str) -> None:
    at = alliance.make_hospital("keys")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    add_results(api, add_patients(api, 6), each=4)
    follow_store(at)
    code = get_code(at)
    one = enter(alliance.make_staff(at, Role.CLERK), 1440)
    one.goto(f"{server}/mapping/")
    picture(one, "list-zh-1440")
    one.focus("main .lines a")
    one.keyboard.press("Enter")
    one.wait_for_url("**/mapping/*/")
    picture(one, "code-zh-1440")
    one.focus("main .lines .src a.button")
    one.keyboard.press("Enter")
    one.wait_for_url("**target=**")
    picture(one, "preview-zh-1440")
    one.focus("#reason")
    one.keyboard.type("单位和参考区间一致")
    one.keyboard.press("Enter")
    one.wait_for_selector(".note.success")
    mapping = CodeMapping.objects.get(code=code)
    assert (mapping.target_system, mapping.target_code) == (LOINC, "1742-6")

    two = enter(alliance.make_staff(at, Role.CLERK), 390, "en")
    two.goto(f"{server}/mapping/inbox/")
    assert fits(two)
    picture(two, "inbox-en-390")
    two.focus("button.main")
    follow(two, "button.main")
    mapping.refresh_from_db()
    assert mapping.state == CodeMapping.State.APPROVED
    follow_store(at)
    one.goto(f"{server}/mapping/versions/")
    picture(one, "versions-zh-1440")
    assert "1742-6" in one.inner_text("main")
    one.goto(f"{server}/mapping/{code.pk}/")
    picture(one, "mapped-zh-1440")
    assert not one.errors and not two.errors


def test_thousands_of_codes_and_long_names_fit_a_phone(
    enter: Callable[..., Any], server: str
) -> None:
    at = alliance.make_hospital("thousands")
    clerk = alliance.make_staff(at, Role.CLERK)
    page = enter(clerk, 390, "zh-CN")
    page.goto(f"{server}/mapping/")
    assert fits(page)
    picture(page, "empty-zh-390")
    fill_with_codes(at, 5_000)
    page.goto(f"{server}/mapping/")
    assert fits(page) and "5000" in page.inner_text("main").replace(",", "")
    picture(page, "many-zh-390")
    page.goto(f"{server}/mapping/?q={fold_name(LONG)[:10]}")
    first = get_code(at, "X00000")
    assert page.locator("main .lines a").count() == 1
    page.goto(f"{server}/mapping/{first.pk}/?find=TSH")
    assert fits(page)
    picture(page, "long-zh-390")
    page.goto(f"{server}/mapping/{first.pk}/?target={LOINC}|718-7")
    assert page.locator(".note.error").count() == 1 and fits(page)
    picture(page, "error-zh-390")
    map_code(at, first, "3016-3")
    page.goto(f"{server}/mapping/versions/")
    assert fits(page)
    picture(page, "versions-zh-390")
    page.set_viewport_size({"width": 1440, "height": 860})
    page.goto(f"{server}/mapping/?page=3")
    picture(page, "many-zh-1440")
