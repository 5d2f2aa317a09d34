"""The life of an account in a real Chromium, on an installation without the demo: from the
server's command to the first page, and back again.
"""

import io
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command

from alliance.models import Staff
from consent.audit.log_query import AuditFilter
from consent.audit.log_query import list_audit_lines as lines
from tests import draws
from tests.browser.person import Person

pytestmark = pytest.mark.browser
WORDS = {
    "zh-CN": {
        "account": "我的账户",
        "ended": "已停用",
        "refused": "不正确",
        "waits": "尚未核验",
        "patients": "最近打开的病历",
    },
    "en-US": {
        "account": "My account",
        "ended": "employment over",
        "refused": "not correct",
        "waits": "vouched for your account",
        "patients": "Opened recently",
    },
}


def by_the_operator(*arguments: str) -> str:
    """The first password that the server's command prints."""
    said = io.StringIO()
    call_command("enrol_administrator", *arguments, stdout=said)
    return str(re.search(r"First password: (\S+)", said.getvalue())[1])  # type: ignore[index]


@pytest.mark.parametrize(("width", "language"), [(390, "zh-CN"), (1440, "en-US")])
def test_the_life_of_an_account(chromium: Any, server: str, width: int, language: str) -> None:
    words, tag = WORDS[language], draws.token_hex(4)
    admin = Person(chromium, server, f"admin{tag}", width, language)
    admin.settle_in(
        by_the_operator(
            "--username",
            f"admin{tag}",
            "--hospital",
            f"life-{tag}",
            "--hospital-name",
            "第一人民医院",
            "--name",
            "罗毅",
        ),
        "guanli-mima-2026",
    )
    assert urlsplit(admin.page.url).path == "/", "the first page"

    admin.go("/alliance/staff/")
    for field, value in (("username", f"yi{tag}"), ("name", "欧阳明"), ("ends_on", "2099-12-31")):
        admin.page.fill(f"#enrol [name={field}]", value)
    admin.page.select_option(
        "#enrol [name=hospital]", str(Staff.objects.get(user__username=f"admin{tag}").hospital_id)
    )
    admin.page.select_option("#enrol [name=role]", "clinician")
    admin.press("#enrol button.main")
    first = admin.page.inner_text(".code code")
    admin.page.reload()
    assert admin.page.inner_text(".code code") == first, "a reload does not lose it"
    who = Staff.objects.get(user__username=f"yi{tag}")
    own, its = f"/alliance/staff/{who.pk}/", f"staff/{who.pk}"

    doctor = Person(chromium, server, f"yi{tag}", width, language)
    assert words["patients"] in doctor.settle_in(first, "yisheng-mima-2026")
    assert words["account"] in doctor.page.inner_text("header")
    doctor.page.click(".menu summary")
    doctor.press(".menu a >> nth=0")
    assert doctor.page.locator(
        "a[href*='recovery-codes']"
    ).count() >= 2 and "欧阳明" in doctor.page.inner_text("main")

    officer = Person(chromium, server, f"shen{tag}", width, language)
    officer.settle_in(
        by_the_operator(
            "--username",
            f"shen{tag}",
            "--hospital",
            f"life-{tag}",
            "--name",
            "沈明",
            "--role",
            "auditor",
        ),
        "shenji-mima-2026",
    )
    assert words["waits"] in doctor.go("/patients/") and "沈明" in doctor.go("/account/"), (
        "it says to whom to go"
    )
    officer.vouch(f"yi{tag}")
    assert words["waits"] not in doctor.go("/patients/")

    admin.go(f"{own}reset/")
    admin.page.check("input[value='second-factor']")
    admin.page.fill("#id_reason", "手机在地铁上丢失")
    admin.press()
    again = admin.page.inner_text(".code code")
    assert again != first and doctor.signed_out(), "all open sessions end"
    told = [
        x
        for x in lines(AuditFilter(), None, 50)
        if x["target"] == its and x["code"] == "alliance:staff:reset"
    ]
    assert (
        told
        and "手机在地铁上丢失" in told[0]["detail"]
        and told[0]["actor"] == str(Staff.objects.get(user__username=f"admin{tag}").pk)
    )
    assert words["refused"] in doctor.type_password("yisheng-mima-2026")
    old = doctor.secret
    assert (
        words["patients"] in doctor.settle_in(again, "yisheng-mima-2027") and doctor.secret != old
    )

    doctor.go("/reviews/")
    assert doctor.page.locator("main a[href='/']").count() == 1, "a clinician does not review pairs"
    admin.go(f"{own}change/")
    admin.page.select_option("#id_role", "clerk")
    admin.press()
    doctor.go("/reviews/")
    assert doctor.page.locator("nav a[href='/reviews/']").count() == 0 and words[
        "waits"
    ] in doctor.page.inner_text("main"), "nobody has vouched for the new role"
    officer.vouch(f"yi{tag}")
    doctor.go("/reviews/")
    assert (
        doctor.page.locator("nav a[href='/reviews/']").count() == 1
        and doctor.page.locator("main a[href='/']").count() == 0
    ), "the new role counts at once"

    admin.go(f"{own}end/")
    admin.page.fill("#id_reason", "调离本院")
    assert words["ended"] in admin.press()
    assert doctor.signed_out()
    doctor.type_password("yisheng-mima-2027")
    assert (
        doctor.page.url.endswith("/account/login/")
        and doctor.page.locator("main .note.error").count() == 1
    ), "no second factor is asked for"

    admin.go(f"{own}return/")
    admin.page.fill("#id_ends_on", "2099-12-31")
    admin.page.fill("#id_reason", "调回本院")
    admin.press()
    doctor.settle_in(admin.page.inner_text(".code code"), "yisheng-mima-2028")
    assert urlsplit(doctor.page.url).path == "/", "back, under the old user name"
    for person in (admin, doctor, officer):
        person.context.close()
