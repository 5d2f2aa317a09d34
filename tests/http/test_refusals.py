"""A refusal leaves a trace: who, from where, at which door and why; a flood of the same one
leaves two lines a minute, and strangers fill no disk.
"""

import datetime as dt

import pytest
from django.utils import timezone

from alliance.models import AccessToken, Client
from alliance.roles import Role
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.line_words import describe_detail
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.audit.refusal_counter import (
    MAX_KINDS_OF_ACCOUNT,
    MAX_KINDS_OF_ADDRESS,
    MAX_KINDS_OF_STRANGERS,
    flush_refusals,
    log_refusal,
)
from consent.reason_words import describe_refusal
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient
from tests.support.browser import signed_in
from tests.support.refusal_lines import address, lines, over, quiet

__all__ = ["quiet"]


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("none", "no_token"),
        ("wrong", "unknown_token"),
        ("expired", "expired_token"),
        ("revoked", "revoked"),
        ("suspended", "viewer_inactive"),
    ],
)
def test_a_token_that_does_not_open(server: str, state: str, reason: str) -> None:
    at = alliance.make_hospital("tok")
    client = Client.objects.get(client_id=alliance.make_credentials(at)[0])
    _, secret = alliance.make_credentials(at)
    api = Api(
        server,
        at.code,
        credentials=(Client.objects.filter(hospital=at).latest("pk").client_id, secret),
    )
    client = Client.objects.filter(hospital=at).latest("pk")
    if state in ("none", "wrong"):
        api.token = "" if state == "none" else "no-such-token"
    elif state == "expired":
        AccessToken.objects.filter(client=client).update(
            expires_at=timezone.now() - dt.timedelta(seconds=1)
        )
    elif state == "revoked":
        Client.objects.filter(pk=client.pk).update(revoked_at=timezone.now())
    else:
        at.suspended_at = timezone.now()
        at.save()
    request = f"tok-{draws.token_hex(6)}"
    assert api("GET", "Patient", X_Request_Id=request).status == 401
    [line] = lines(request_id=request)
    named = state not in ("none", "wrong")
    assert (line["code"], line["outcome"], line["reason"], line["target"]) == (
        EventCode.DOOR,
        "refused",
        reason,
        "fhir",
    )
    assert (line["actor"], line["actor_hospital"]) == (
        (client.client_id, at.code) if named else ("", "")
    )
    assert line["address"] == "127.0.0.1"


def test_a_flood_of_one_kind_is_two_lines(server: str) -> None:
    api = Api(server, alliance.make_hospital("flood").code, token="wrong")
    first = f"fl-{draws.token_hex(6)}"
    for i in range(40):
        assert api("GET", "Patient", X_Request_Id=first if i == 0 else "later").status == 401
    [line] = lines(request_id=first)
    over()
    [sum_] = [x for x in lines(request_id=first) if x["id"] != line["id"]]
    assert sum_["detail"] == "39 more" and {
        k: sum_[k] for k in ("code", "outcome", "reason", "actor", "address", "target")
    } == {k: line[k] for k in ("code", "outcome", "reason", "actor", "address", "target")}
    assert not [x for x in lines(request_id="later") if x["address"] == "127.0.0.1"]
    assert "39" in describe_detail("39 more")
    assert describe_detail("39 more") != "39 more"
    assert describe_refusal("unknown_token") != "unknown_token"
    flush_refusals()
    assert len(lines(request_id=first)) == 2, "told once"


def test_what_came_once_is_not_told_again() -> None:
    mark = draws.token_hex(8)
    log_refusal(
        AuditEvent(
            EventCode.DOOR,
            "stranger",
            "",
            "",
            "",
            "",
            AuditOutcome.REFUSED,
            "login",
            address=address(),
            request_id=mark,
        ),
        account=False,
    )
    over()
    assert len(lines(request_id=mark)) == 1


def strangers(n: int, at: str, mark: str) -> None:
    log_refusal(
        AuditEvent(
            EventCode.TOKEN_ISSUE,
            "client",
            f"no-such-{n}",
            "",
            "",
            "",
            AuditOutcome.REFUSED,
            "unknown_client",
            address=at,
            request_id=mark,
        ),
        account=False,
    )


def test_strangers_do_not_fill_the_disk() -> None:
    """Each try names another account, from one address and from many."""
    mark, at = draws.token_hex(8), address()
    for n in range(50):
        strangers(n, at, mark)
    assert len(lines(request_id=mark)) == MAX_KINDS_OF_ADDRESS + 1, (
        "and one for all the others of this address"
    )
    rest = next(x for x in lines(request_id=mark) if x["reason"] == "many")
    assert rest["address"] == at
    assert not rest["actor"]
    assert rest["actor_kind"] == "stranger"
    for n in range(2 * MAX_KINDS_OF_STRANGERS):
        strangers(n, f"10.1.{n // 200}.{n % 200}", mark)
    over()
    told = lines(request_id=mark)
    assert len(told) <= 2 * (MAX_KINDS_OF_STRANGERS + 2)
    assert (
        len(told) + sum(int(x["detail"].split()[0]) - 1 for x in told if x["detail"])
        == 50 + 2 * MAX_KINDS_OF_STRANGERS
    ), "and none is lost"


def test_who_names_no_account_takes_no_room_from_guesses_at_one() -> None:
    mark = draws.token_hex(8)
    for n in range(2 * MAX_KINDS_OF_STRANGERS):
        log_refusal(
            AuditEvent(
                EventCode.DOOR,
                "stranger",
                "",
                "",
                "",
                "",
                AuditOutcome.REFUSED,
                "no_token",
                address=f"10.3.{n // 200}.{n % 200}",
            ),
            account=False,
        )
    strangers(7, address(), mark)
    assert [x["actor"] for x in lines(request_id=mark)] == ["no-such-7"]


def test_strangers_do_not_hide_what_is_refused_to_staff() -> None:
    mark = draws.token_hex(8)
    for n in range(2 * MAX_KINDS_OF_STRANGERS):
        strangers(n, f"10.2.{n // 200}.{n % 200}", draws.token_hex(4))
    who = alliance.make_staff(alliance.make_hospital("kept"), Role.AUDITOR)
    assert signed_in(who).get("/privacy/", headers={"X-Request-Id": mark}).status_code == 403
    [line] = lines(request_id=mark)
    assert (line["actor"], line["reason"], line["target"]) == (str(who.pk), "role", "page/privacy")
    for n in range(2 * MAX_KINDS_OF_ACCOUNT):
        log_refusal(
            AuditEvent(
                EventCode.DOOR,
                "staff",
                str(who.pk),
                "x",
                "",
                "",
                AuditOutcome.REFUSED,
                "object",
                target=f"page/{n}",
                address="10.2.3.4",
                request_id=mark,
            ),
            account=True,
        )
    assert (
        MAX_KINDS_OF_ACCOUNT - 1
        <= len(lines(request_id=mark, actor=str(who.pk)))
        <= MAX_KINDS_OF_ACCOUNT + 1
    ), "one account, too, writes a bounded number"


def test_a_patient_whom_a_refusal_is_about_stands_in_it(server: str) -> None:
    at, other = alliance.make_hospital("of"), alliance.make_hospital("to")
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    from records.models import SourcePatient

    person = SourcePatient.objects.get(
        hospital=at, fhir_id=api.create(make_patient()).split("/")[1]
    ).person_id
    clerk = alliance.make_staff(other, Role.CLERK)
    assert signed_in(clerk).get(f"/person/{person}/identity/").status_code == 403
    assert [
        (x["reason"], x["target"])
        for x in list_audit_lines(
            AuditFilter(person=person, actor_kind="staff", actor=str(clerk.pk)), None, 5
        )
    ] == [("object", "page/identity")]
