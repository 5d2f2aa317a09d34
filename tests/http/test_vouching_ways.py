"""What others change of an account, brings back or registers waits for somebody else's word."""

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.models import Staff
from alliance.roles import VOUCHING_ROLES, Role
from alliance.services.clients import do_register_client
from alliance.services.credentials import do_reset_credentials
from alliance.services.staffing import do_change_staff, do_end_staff, do_return_staff
from alliance.services.vouching import (
    do_vouch_client,
    find_staff_vouchers,
    list_accounts_to_vouch,
    list_vouching_staff,
)
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient
from tests.support.accounts import LATER, enrol, set_up
from tests.support.audit_lines import told
from tests.support.browser import signed_in
from tests.support.vouching import fresh, observations, vouch
from tests.support.world import World, related, w

__all__ = ["w"]


@contextmanager
def emptied() -> Iterator[None]:
    """Inside, no account was ever vouched for as an officer, as on an installation that is new;
    afterwards all is as it was.
    """
    with transaction.atomic():
        Staff.objects.filter(role__in=VOUCHING_ROLES).update(vouched_as="", vouched_at=None)
        Staff.objects.filter(vouched_as__in=VOUCHING_ROLES).update(vouched_as="")
        yield
        transaction.set_rollback(True)


def test_where_the_hospital_has_no_officer_another_hospitals_sees_the_person(world: None) -> None:
    at = alliance.make_hospital("none")
    admin = alliance.make_staff(at, Role.ADMINISTRATOR)
    who, far = (
        set_up(enrol(at, alliance.get_staff_principal(admin))),
        alliance.make_staff(alliance.make_hospital("near"), Role.PRIVACY),
    )
    with transaction.atomic():
        Staff.objects.filter(alliance_wide=True).update(ended_at=timezone.now())
        assert far in find_staff_vouchers(
            who, list_vouching_staff()
        ) and who in list_accounts_to_vouch(alliance.get_staff_principal(far))
        near = alliance.make_staff(at, Role.AUDITOR)
        assert find_staff_vouchers(who, list_vouching_staff()) == [
            near
        ] and who not in list_accounts_to_vouch(alliance.get_staff_principal(far)), "the control"
        transaction.set_rollback(True)


def test_a_routine_change_by_another_does_not_hide_who_made_the_account(world: None) -> None:
    at = alliance.make_hospital("wash")
    one, two = (
        alliance.make_staff(at, Role.ADMINISTRATOR),
        alliance.make_staff(at, Role.ADMINISTRATOR),
    )
    who = set_up(enrol(at, alliance.get_staff_principal(one), Role.AUDITOR))
    do_change_staff(who, name="改名", acting=alliance.get_staff_principal(two))
    with pytest.raises(Forbidden):
        vouch(who, one)
    with pytest.raises(Forbidden):
        vouch(who, two)
    vouch(who, alliance.make_staff(at, Role.ADMINISTRATOR))
    do_reset_credentials(
        who, second_factor=False, reason="forgotten", acting=alliance.get_staff_principal(two)
    )
    vouch(set_up(who), one)


def test_the_first_officer_of_an_installation_counts_at_once_and_no_other(world: None) -> None:
    at = alliance.make_hospital("first")
    admin = alliance.get_staff_principal(alliance.make_staff(at, Role.ADMINISTRATOR, wide=True))
    with emptied():
        clerk = enrol(at, admin, Role.CLERK)
        first = enrol(at, admin, Role.PRIVACY)
        second = enrol(at, admin, Role.AUDITOR)
        assert (clerk.vouched, first.vouched, second.vouched) == (False, True, False)
        assert "first officer" in {
            x["detail"] for x in told(f"staff/{first.pk}", "alliance:staff:vouch")
        }
        for who in (clerk, second):
            vouch(set_up(who), first)
        do_change_staff(first, role=Role.CLERK.value, acting=admin)
        do_end_staff(second, reason="test", acting=alliance.OPERATOR)
        assert not enrol(at, admin, Role.PRIVACY).vouched, (
            "the first one is the first, whatever became of it"
        )
    with emptied():
        only = enrol(at, admin, Role.PRIVACY)
        do_reset_credentials(only, second_factor=True, reason="lost", acting=admin)
        assert not fresh(only).vouched, "a reset makes nobody the first"


def test_what_an_administrator_alone_brings_back_waits(world: None) -> None:
    at = alliance.make_hospital("back")
    admin = alliance.get_staff_principal(alliance.make_staff(at, Role.ADMINISTRATOR))
    gone, lapsed = alliance.make_staff(at), alliance.make_staff(at)
    do_end_staff(gone, reason="test", acting=admin)
    do_return_staff(gone, ends_on=LATER, reason="test", acting=admin)
    Staff.objects.filter(pk=lapsed.pk).update(ends_on=timezone.localdate() - dt.timedelta(days=1))
    do_change_staff(lapsed, ends_on=LATER, acting=admin)
    assert not fresh(gone).vouched and not fresh(lapsed).vouched
    kept = alliance.make_staff(at)
    do_change_staff(kept, title="主任医师", ends_on=LATER - dt.timedelta(days=9), acting=admin)
    assert fresh(kept).vouched, "the control"


def test_a_system_reaches_shared_records_once_somebody_else_has_vouched(
    w: World, server: str
) -> None:
    related(w)
    w.permit()
    admin, officer, far = (
        alliance.make_staff(w.a, Role.ADMINISTRATOR, wide=True),
        alliance.make_staff(w.a, Role.AUDITOR),
        alliance.make_staff(w.b, Role.AUDITOR),
    )
    client, secret = do_register_client(w.a, name="HIS", acting=alliance.get_staff_principal(admin))
    asked, match = (
        f"Observation?patient={w.person}",
        {
            "resourceType": "Parameters",
            "parameter": [
                {
                    "name": "resource",
                    "resource": {"resourceType": "Patient", "birthDate": "1980-01-01"},
                }
            ],
        },
    )

    def reach() -> tuple[int, int, int]:
        """(records of the other hospital, status of a question to everybody's index, of a write
        into the own store)
        """
        api = Api(server, w.a.code, credentials=(client.client_id, secret))
        seen = [
            e
            for e in api("GET", asked, base="alliance").json.get("entry", [])
            if f"/{w.b.code}/" in e["fullUrl"]
        ]
        return (
            len(seen),
            api("POST", "Patient/$match", match, base="alliance").status,
            api("POST", "Patient", make_patient()).status,
        )

    assert reach() == (0, 403, 201)
    for question in ("Patient?name=nobody", "Patient/$ihe-pix?sourceIdentifier=urn:x|1"):
        told_why = Api(server, w.a.code, credentials=(client.client_id, secret))(
            "GET", question, base="alliance"
        ).says
        assert "Nobody has vouched for this system" in told_why and "new token" in told_why, (
            question
        )
    for who, code in ((admin, "object"), (far, "object"), (alliance.make_staff(w.a), "role")):
        with pytest.raises(Forbidden) as refused:
            do_vouch_client(client, acting=alliance.get_staff_principal(who))
        assert refused.value.code == code
    browser = signed_in(officer)
    assert client.client_id in browser.get("/alliance/vouching/").content.decode()
    assert browser.post(f"/alliance/vouching/systems/{client.client_id}/").status_code == 302
    assert reach() == (1, 200, 201), "the control"
    assert client.client_id not in browser.get("/alliance/vouching/").content.decode() and told(
        f"client/{client.client_id}", "alliance:client:vouch"
    )


STEPS = ("enrol", "reset", "role", "name", "end", "return", "vouch")


@pytest.mark.parametrize("seed", range(6))
def test_one_administrator_alone_ends_with_no_account_that_reads_another_hospitals_record(
    w: World, seed: int
) -> None:
    """Any sequence of verbs, by the administrator or in the name of any account that they have
    made or reset.
    """
    related(w)
    w.permit()
    draw = random.Random(seed)
    admin = alliance.make_staff(w.a, Role.ADMINISTRATOR, wide=True)
    honest, officer = alliance.make_staff(w.a), alliance.make_staff(w.a, Role.PRIVACY)
    taken: dict[int, Staff] = {}
    tried = done = 0
    for _ in range(40):
        step, who = draw.choice(STEPS), draw.choice([*taken.values(), officer, honest])
        acting = alliance.get_staff_principal(fresh(draw.choice([admin, *taken.values()])))
        tried += 1
        try:
            match step:
                case "enrol":
                    made = enrol(
                        w.a,
                        acting,
                        draw.choice(
                            [Role.CLINICIAN, Role.PRIVACY, Role.AUDITOR, Role.ADMINISTRATOR]
                        ),
                        alliance_wide=draw.random() < 0.3,
                        wide_reason="test",
                    )
                    taken[made.pk] = set_up(made)
                case "reset":
                    do_reset_credentials(who, second_factor=True, reason="x" * 3, acting=acting)
                    taken[who.pk] = set_up(who)
                case "role":
                    do_change_staff(
                        who,
                        role=draw.choice(list(Role)[:5]).value,
                        wide_reason="test",
                        acting=acting,
                    )
                case "name":
                    do_change_staff(who, name=draws.token_hex(3), acting=acting)
                case "end":
                    do_end_staff(who, reason="test", acting=acting)
                case "return":
                    do_return_staff(who, ends_on=LATER, reason="test", acting=acting)
                    taken[who.pk] = set_up(who)
                case "vouch":
                    vouch(who, fresh(Staff.objects.get(pk=int(acting.id))))
            done += 1
        except (Forbidden, AlreadyDone):
            pass
    assert done > 5 and tried > done, "some of it is allowed, some refused"
    for one in taken.values():
        mine = fresh(one)
        if mine.role == Role.CLINICIAN and mine.active:
            assert observations(w, mine) == 0
        assert not mine.vouched, mine.role
    control = alliance.mark_vouched(set_up(enrol(w.a, alliance.get_staff_principal(admin))))
    assert observations(w, fresh(control)) == 1, "the control: one for whom somebody vouched"
