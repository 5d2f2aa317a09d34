"""The auditor's page: who co-signed the log last and when; who contradicts is an alarm there and
at home.
"""

from collections.abc import Iterator

import pytest
from django.db import connection

from alliance.models import Client, Hospital
from alliance.roles import Role
from consent.audit.witness_report import count_contradictions
from tests.factories import alliance
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import page_words

KEEP = """
INSERT INTO consent_audit_cosignature
  (client, hospital, origin, size, root, line, key, contradicts, restore, received)
VALUES (%s, %s, 'xinglin/log', %s, '\\x07', 'x', '\\x08', %s, %s, now() - %s * interval '1 day')
"""


@pytest.fixture
def at(world: None) -> Iterator[Hospital]:
    """Tables that are only added to: what a test writes is taken back."""
    made = alliance.make_hospital("wit")
    yield made
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE consent_audit_cosignature DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM consent_audit_cosignature WHERE hospital = %s", [made.code])
        cursor.execute("ALTER TABLE consent_audit_cosignature ENABLE TRIGGER USER")


def enrol(at: Hospital, name: str) -> str:
    client_id, _ = alliance.make_credentials(at)
    Client.objects.filter(client_id=client_id).update(witness_key=b"k" * 32, name=name)
    return client_id


def keep(
    at: Hospital,
    client: str,
    size: int,
    *,
    contradicts: bool = False,
    restore: int | None = None,
    days: int = 0,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [client, at.code, size, contradicts, restore, days])


def words(at: Hospital, address: str, *, chinese: bool = False, wide: bool = False) -> str:
    auditor = alliance.make_staff(at, Role.AUDITOR, wide=wide)
    headers = {"Accept-Language": "zh-CN"} if chinese else ENGLISH
    return page_words(signed_in(auditor).get(address, headers=headers).content.decode())


def test_witnesses_stand_with_their_newest_cosignature(at: Hospital) -> None:
    lively, silent, never = (enrol(at, name) for name in ("Lively", "Silent", "Never"))
    keep(at, lively, 10)
    keep(at, lively, 1234)
    keep(at, silent, 77, days=3)
    page = words(at, "/audit/")
    listed = page[page.index("Witnesses of the log") :]
    assert listed.index("Never") < listed.index("Silent") < listed.index("Lively")
    assert "1234" in listed and "silent for more than a day" in listed and "agrees" in listed
    assert never and "Alarm: a member" not in page
    other = words(alliance.make_hospital("else"), "/audit/")
    assert "Lively" not in other and "Witnesses of the log" in other, "each auditor their own"


def test_a_contradiction_is_an_alarm_on_the_page_and_at_home(at: Hospital) -> None:
    client = enrol(at, "Watcher")
    keep(at, client, 10)
    others, _ = count_contradictions()  # of other tests: an alarm is everybody's
    assert ("has seen another log" in words(at, "/")) is bool(others), "the control"
    keep(at, client, 99, contradicts=True, restore=7)
    assert ("has seen another log" in words(at, "/")) is bool(others), (
        "a restore on record explains it"
    )
    keep(at, client, 100, contradicts=True)
    assert "Alarm: a member's machine has seen another log than this one." in words(at, "/")
    page = words(at, "/audit/")
    told = f"members' machines have seen {others + 1} heads"
    one = "a member's machine has seen 1 head"
    assert f"Alarm: {told if others else one}" in page and "contradicts" in page
    elsewhere = words(alliance.make_hospital("else"), "/audit/")
    assert "Alarm:" in elsewhere and "Watcher" not in elsewhere
    assert f"警报：成员医院的机器见过 {others + 1} 个与本日志对不上的树头" in words(
        at, "/audit/", chinese=True
    )
    assert "警报：有成员医院的机器见过另一份日志。" in words(at, "/", chinese=True)
