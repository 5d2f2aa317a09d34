"""The administrator's pages on a bad day: hundreds of systems and proposals wait, jobs have
failed, copies have stopped. Each page stays one that a person can read, at a desk and on a
telephone.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import Client, Proposal, Staff
from alliance.roles import Role
from alliance.services.membership import RESUME_ACT
from alliance.services.proposals import PROPOSAL_ACTS
from tests import draws
from tests.factories import alliance

pytestmark = pytest.mark.browser
MANY = 300
SLOTS = [f"copy_in_the_second_machine_room_no_{n}" for n in range(6)]


@pytest.fixture
def crowd(world: None) -> Iterator[tuple[Staff, Staff]]:
    """An administrator and a privacy officer of the alliance; what is made here is taken away
    again, for other tests count.
    """
    at = alliance.make_hospital("crowd")
    admin, other = (alliance.make_staff(at, Role.ADMINISTRATOR, wide=True) for _ in range(2))
    officer = alliance.mark_vouched(alliance.make_staff(at, Role.PRIVACY, wide=True))
    act = next(name for name, found in PROPOSAL_ACTS.items() if found is RESUME_ACT)
    now = timezone.now()
    model = Client.objects.get(client_id=alliance.make_credentials(at)[0])
    kept = {
        f.name: getattr(model, f.name)
        for f in Client._meta.concrete_fields
        if not f.primary_key and f.name != "client_id"
    }
    clients = Client.objects.bulk_create(
        [
            Client(
                **kept | {"name": f"检验信息系统 {n}", "vouched_at": None},
                client_id=f"crowd-{n}-{draws.token_hex(8)}",
            )
            for n in range(MANY)
        ]
    )
    proposals = Proposal.objects.bulk_create(
        [
            Proposal(
                act=act,
                target=f"hospital/{at.code}",
                values={"hospital": at.code},
                reason=f"第 {n} 号申请：与各成员单位协商一致后恢复其参与",
                proposed_by=other,
                proposed_at=now - dt.timedelta(minutes=n),
                expires_at=now + dt.timedelta(days=7),
            )
            for n in range(MANY)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) SELECT 'default',"
            " 'crowd-test', 'failed' FROM generate_series(1, 900)"
        )
        cursor.execute(
            "SELECT count(pg_create_physical_replication_slot(name, true)) FROM unnest(%s::text[])"
            " name",
            [SLOTS],
        )
    yield admin, officer
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_drop_replication_slot(slot_name)) FROM pg_replication_slots WHERE"
            " slot_name = ANY(%s)",
            [SLOTS],
        )
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'crowd-test'")
    Proposal.objects.filter(pk__in=[p.pk for p in proposals]).delete()
    Client.objects.filter(pk__in=[c.pk for c in clients]).delete()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_it_stays_readable(
    crowd: tuple[Staff, Staff], enter: Callable[..., Any], server: str, width: int, language: str
) -> None:
    for who, addresses in zip(
        crowd,
        (
            (
                "operations/",
                "clients/",
                "clients/?page=6",
                "proposals/",
                "proposals/?waiting=6",
                "staff/",
                "hospitals/",
            ),
            ("vouching/", "vouching/?systems=6"),
        ),
        strict=True,
    ):
        page = enter(who, width, language)
        for address in addresses:
            page.goto(f"{server}/alliance/{address}")
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                address
            )
            assert page.locator("main li").count() < 120, address
            if "=" in address or address in ("clients/", "proposals/", "vouching/"):
                assert page.locator("main li").count() >= 50, "the control: so many wait"
        assert not page.errors
