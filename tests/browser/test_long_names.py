"""Hospitals and people with long names, on a phone: nothing leaves the screen sideways."""

from collections.abc import Callable
from typing import Any

import pytest

from alliance.models import Hospital, Staff
from alliance.roles import Role
from tests.factories import alliance

pytestmark = pytest.mark.browser


def test_a_long_name_widens_no_page(enter: Callable[..., Any], server: str) -> None:
    at = alliance.make_hospital("long")
    Hospital.objects.filter(pk=at.pk).update(
        name_zh="内蒙古自治区鄂温克族自治旗巴彦托海镇中心卫生院暨妇幼保健计划生育服务中心" * 2,
        name_en=(
            "Bayantuohai Central Township Hospital and Maternal and Child Health Centre of Ewenki"
            " Banner"
        ),
    )
    admin = alliance.make_staff(at, Role.ADMINISTRATOR, wide=True)
    Staff.objects.filter(pk=admin.pk).update(
        name="阿卜杜拉提甫·买买提吐尔逊·艾尼瓦尔江·热合曼·库尔班"
    )
    page = enter(admin, 390, "en")
    for address in (
        "staff/",
        f"staff/{admin.pk}/",
        "clients/",
        "hospitals/",
        "proposals/",
        "vouching/",
    ):
        page.goto(f"{server}/alliance/{address}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
    page.goto(f"{server}/alliance/hospitals/")
    assert "Bayantuohai" in page.inner_text("main"), "the control"
