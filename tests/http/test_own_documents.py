"""A document of the patient's own record: theirs alone, through the gate, under a line that names
it, and it runs nothing.
"""

from typing import Any

import pytest

from alliance.roles import Role
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.services import access_codes
from tests.factories import alliance
from tests.factories.documents import make_document, make_pdf
from tests.factories.fhir import make_patient
from tests.factories.portal_access import open_access
from tests.factories.ties import confirm_tie
from tests.support.browser import ENGLISH, enter
from tests.support.html import Browser
from tests.support.own_record import VERY_RESTRICTED, page, sign_in
from tests.support.world import World, w

__all__ = ["w"]
SCRIPT = b"<html><body><script>document.title='ran'</script>hello</body></html>"


def path_of(w: World, what: str) -> str:
    return f"/my/record/document/{w.b.code}/{what}/"


def store(w: World, data: bytes, media: str, about: str = "", **more: Any) -> str:
    return str(w.hold.create(make_document(about or w.at_b, data, media) | more))


def lines(w: World) -> list[dict[str, Any]]:
    found = list_audit_lines(AuditFilter(person=w.person), None, 50)  # type: ignore[arg-type]
    return [x for x in found if x["code"] == "records:record:open"]


def test_it_opens_from_the_list_and_the_log_names_it(w: World) -> None:
    what = store(w, b"plain words", "text/plain")
    browser = sign_in(w)
    assert f'href="{path_of(w, what)}"' in page(browser)
    shown = page(browser, path_of(w, what))
    assert "plain words" in shown and str(w.b) in shown
    assert "/person/" not in shown, "no way to a clinician's page"
    line = lines(w)[0]
    assert (line["actor_kind"], line["detail"], line["outcome"], line["purpose"]) == (
        "patient",
        "own document",
        "success",
        "PATRQT",
    )
    assert what in line["target"]


@pytest.mark.parametrize(
    ("data", "media", "policy"),
    [
        (SCRIPT, "text/html", "sandbox"),
        (make_pdf(), "application/pdf", "object-src 'self'"),
        (b"MZ\x90", "application/x-msdownload", "default-src 'none'"),
    ],
)
def test_a_file_is_as_harmless_as_a_clinicians(
    w: World, data: bytes, media: str, policy: str
) -> None:
    what = store(w, data, media)
    browser = sign_in(w)
    reply = browser.get(f"{path_of(w, what)}1/")
    said = reply["Content-Security-Policy"]
    assert reply.status_code == 200 and policy in said and "default-src 'none'" in said
    assert reply["X-Content-Type-Options"] == "nosniff"
    assert lines(w)[0]["detail"] == "own document file 1"
    saved = browser.get(f"{path_of(w, what)}1/save/")
    assert saved["Content-Disposition"].startswith("attachment") and saved.content == data


def shut(browser: Browser, path: str) -> tuple[tuple[int, bytes], ...]:
    """Status and content of the page, its file and the file to save."""
    replies = [browser.get(path + end, headers=ENGLISH) for end in ("", "1/", "1/save/")]
    return tuple((r.status_code, r.content) for r in replies)


def test_anothers_one_that_only_a_talk_should_tell_and_none_look_alike(w: World) -> None:
    other = w.hold.create(make_patient("别人"))
    theirs = store(w, b"of another", "text/plain", other)
    told = store(w, b"hard news", "text/plain", meta={"security": [VERY_RESTRICTED]})
    own = store(w, b"plain words", "text/plain")
    browser = sign_in(w)
    assert [s for s, _b in shut(browser, path_of(w, own))] == [200] * 3, "the control"
    absent = shut(browser, path_of(w, "DocumentReference/none"))
    assert [s for s, _b in absent] == [404] * 3
    for what in (theirs, told, "Observation/none"):
        found = shut(browser, path_of(w, what))
        assert [s for s, _b in found] == [404] * 3
        assert all(b"of another" not in b and b"hard news" not in b for _s, b in found)


def test_whoever_is_not_proven_opens_none(w: World) -> None:
    what = store(w, b"plain words", "text/plain")
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    colleague = alliance.get_staff_principal(alliance.make_staff(w.b, Role.CLINICIAN))
    code, _ = open_access(w.person, w.clerk, colleague)  # type: ignore[arg-type]
    assert access_codes.query_access_codes().latest("pk").factor != "full"
    browser = enter(code)
    assert browser.get("/my/").status_code == 200, "the control: the page itself opens"
    for status, content in shut(browser, path_of(w, what)):
        assert status == 403 and b"plain words" not in content
    assert (lines(w)[0]["outcome"], lines(w)[0]["reason"]) == ("refused", "own_factor")


def test_nobody_else_is_let_in(w: World) -> None:
    what = store(w, b"plain words", "text/plain")
    reply = Browser().get(path_of(w, what))
    assert reply.status_code == 302 and "/my/sign-in/" in reply["Location"]
