"""A record clerk goes from the first page to a cause, looks, and drops it; an administrator sets
who is told: in both languages, wide and narrow, with long names, heard and seen weakly.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from alliance.models import Client, Hospital
from alliance.roles import Role
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.accessible import list_faults
from tests.support.sync_batches import Sender, put

pytestmark = pytest.mark.browser
UNKEPT = {"zh-CN": "已达上限，内容未保存", "en-US": "content not kept: quota"}
LONG = "内蒙古自治区鄂温克族自治旗巴彦托海镇中心卫生院暨妇幼保健计划生育服务中心"


@pytest.fixture
def at(server: str, world: None) -> Hospital:
    """A member with a long name, an agent whose disk is full, and refused and waiting records."""
    at = alliance.make_hospital("board")
    Hospital.objects.filter(pk=at.pk).update(name_zh=LONG)
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    Client.objects.filter(hospital=at).update(name="前置机-住院部一号楼-检验科-LIS-2026" * 2)
    told = {"version": "0.6.0", "backlog": 12, "oldest": 7300, "clock": -7, "free": 2**20}
    api.raw(
        "POST",
        f"/sync/{at.code}/heartbeat",
        json.dumps(
            told | {"full": True, "compared": {"ago": 9, "records": 99, "days": 2}}
        ).encode(),
        {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"},
    )
    bad = make_observation("Patient/his-p1") | {"status": "已审核" * 20}
    Sender(api).sent(
        put(make_patient(), "p1"),
        *(
            put(bad, f"R20260503-{n}", at=f"检验结果导出-2026-05-03.csv 第{n + 2}行")
            for n in range(60)
        ),
        put(make_observation("Patient/his-p9"), "w1"),
        put(make_patient() | {"birthDate": "0000-00-00"}, "p2", at="患者.csv 第9行"),
    )
    with connection.cursor() as cursor:  # as if the system had reached its quota meanwhile
        cursor.execute(
            "UPDATE record_sync_dead_letter SET content = '', size = 0"
            " WHERE hospital = %s AND record = 'R20260503-7'",
            [at.pk],
        )
    return Hospital.objects.get(pk=at.pk)


@pytest.mark.parametrize(("width", "language"), [(390, "zh-CN"), (1440, "en-US")])
def test_a_clerk_mends_and_an_administrator_is_told(
    enter: Callable[..., Any], server: str, at: Hospital, width: int, language: str, tmp_path: Path
) -> None:
    def fits(name: str) -> None:
        page.screenshot(path=str(tmp_path / f"{name}-{width}.png"), full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        assert page.errors == []
        assert not list_faults(page), page.url

    page = enter(alliance.make_staff(at, Role.CLERK), width=width, language=language)
    page.goto(server + "/")
    follow(page, f"main a[href='/sync-board/{at.code}/']")
    fits("member")
    follow(page, "main a[href*='code.not-in-set']")
    assert "已审核" in page.inner_text("main") and "第2行" in page.inner_text("main")
    assert page.inner_text("main").count(UNKEPT[language]) == 1
    fits("letters")
    follow(page, "main a[href*='after=']")
    assert "第61行" in page.inner_text("main"), "the second page"
    page.click("main details summary")
    page.fill("#id_reason", "误传的测试数据")
    page.check("#id_sure")
    follow(page, "main form[action$='/drop/'] button")
    assert page.url.endswith(f"/sync-board/{at.code}/"), "none of the cause is left"
    fits("dropped")
    admin = alliance.make_staff(at, Role.ADMINISTRATOR, wide=True)
    page = enter(admin, width=width, language=language)
    page.goto(f"{server}/sync-board/")
    fits("board")
    page.goto(f"{server}/sync-board/{at.code}/notices/")
    page.fill("#id_url", "http://10.0.0.1/")
    page.click("main form button.main")
    page.wait_for_selector(".fault")
    fits("notices")
    page.goto(f"{server}/sync-board/{alliance.make_hospital('none').code}/")
    fits("nothing")
