"""Who reads the log by FHIR: a system that was granted its own hospital's, by two people; each
refusal beside what is allowed, and with its line.
"""

import pytest

from alliance.auth.errors import Forbidden
from alliance.auth.scopes import AUDIT_LOG, BadScope, parse_scopes
from alliance.models import Client, Hospital, Proposal
from alliance.roles import Role
from alliance.services.clients import do_change_client, do_register_client
from alliance.services.proposals import do_agree_to_proposal
from alliance.services.vouching import do_vouch_client
from tests.factories import alliance
from tests.factories.alliance import OPERATOR, get_staff_principal, mark_vouched
from tests.factories.fhir import Api, Reply, make_bundle
from tests.support.audit_lines import told
from tests.support.browser import signed_in

LOG, WITH_LOG = "alliance/AuditEvent.rs", "system/*.cruds alliance/AuditEvent.rs"
LOOK = "consent:audit:read"


class Door:
    def __init__(self, server: str) -> None:
        self.server, self.at = server, alliance.make_hospital("right")
        self.officer = get_staff_principal(mark_vouched(alliance.make_staff(self.at, Role.AUDITOR)))

    def register(self, scopes: str, **more: str) -> tuple[str, str]:
        client, secret = do_register_client(
            self.at, name="reader", acting=OPERATOR, scopes=scopes, again=True
        )
        return client.client_id, secret

    def search(self, who: tuple[str, str], scope: str = "") -> Reply:
        return Api(self.server, "alliance", credentials=who, scope=scope)("GET", "AuditEvent")


@pytest.fixture
def door(server: str) -> Door:
    return Door(server)


def test_who_was_not_granted_it_is_refused_and_the_line_says_so(door: Door) -> None:
    """What every system may do with its own store does not hold the log."""
    for scopes in ("system/*.cruds", "system/AuditEvent.cruds", "system/*.rs"):
        who = door.register(scopes)
        reply = door.search(who)
        assert reply.status == 403 and f"lacks the scope {AUDIT_LOG}.s" in reply.says, scopes
        line = told("alliance/AuditEvent", LOOK)[0]
        assert (line["actor"], line["outcome"], line["reason"]) == (who[0], "refused", "scope")
        one = Api(door.server, "alliance", credentials=who)("GET", "AuditEvent/1")
        assert one.status == 403 and f"{AUDIT_LOG}.r" in one.says
    assert door.search(door.register(WITH_LOG)).status == 200
    assert door.search(door.register(LOG)).status == 200


def test_a_token_with_less(door: Door) -> None:
    who = door.register(WITH_LOG)
    assert door.search(who, LOG).status == 200
    assert door.search(who, "system/*.cruds").status == 403
    assert door.search(who, f"{AUDIT_LOG}.r").status == 403
    api = Api(door.server, "alliance", credentials=who, scope=f"{AUDIT_LOG}.s")
    number = api("GET", "AuditEvent").json["entry"][0]["resource"]["id"]
    assert api("GET", f"AuditEvent/{number}").status == 403
    alone = Api(door.server, door.at.code, credentials=who, scope=LOG)
    assert alone("GET", "Patient").status == 403, "the log opens no store"
    assert alone("GET", "AuditEvent").status == 403
    with pytest.raises(AssertionError, match="invalid_scope"):
        door.search(door.register("system/*.cruds"), LOG)


def test_in_a_batch_as_alone(door: Door) -> None:
    batch = make_bundle(("GET", "AuditEvent?_count=1", None), kind="batch")
    for scopes, status in ((WITH_LOG, "200"), ("system/*.cruds", "403")):
        api = Api(door.server, "alliance", credentials=door.register(scopes))
        [entry] = api("POST", "", batch).json["entry"]
        assert entry["response"]["status"].startswith(status)


def test_nobody_elses_token_opens_it(door: Door) -> None:
    assert Api(door.server, "alliance")("GET", "AuditEvent").status == 401
    staff = mark_vouched(alliance.make_staff(door.at, Role.AUDITOR))
    browser = signed_in(staff)
    assert browser.get("/fhir/alliance/AuditEvent").status_code == 401, "nor a session"
    assert browser.get("/audit/").status_code == 200, "the log has its pages for people"


def test_it_takes_two_people(door: Door) -> None:
    maker = get_staff_principal(alliance.make_staff(door.at, Role.ADMINISTRATOR, wide=True))
    client, secret = do_register_client(door.at, name="siem", acting=maker, scopes=LOG)
    who = (client.client_id, secret)
    reply = door.search(who)
    assert reply.status == 403 and "vouch" in reply.says
    do_vouch_client(client, acting=door.officer)
    assert door.search(who).status == 200


def test_more_is_proposed_and_less_counts_at_once(door: Door) -> None:
    who = door.register("system/*.cruds")
    client = Client.objects.get(client_id=who[0])
    own = get_staff_principal(mark_vouched(alliance.make_staff(door.at, Role.ADMINISTRATOR)))
    change = {"origins": [], "reason": "the SIEM reads the log", "client": client}
    with pytest.raises(Forbidden, match="another agrees"):
        do_change_client(scopes=WITH_LOG, acting=own, **change)
    first, second = (
        get_staff_principal(
            mark_vouched(alliance.make_staff(door.at, Role.ADMINISTRATOR, wide=True))
        )
        for _ in range(2)
    )
    proposal = do_change_client(scopes=WITH_LOG, acting=first, **change)
    assert isinstance(proposal, Proposal) and door.search(who).status == 403
    do_agree_to_proposal(proposal, acting=second)
    [line, *_] = told(f"client/{who[0]}", "alliance:client:change")
    assert line["detail"] == f"system/*.cruds>{WITH_LOG}" and line["actor"] == second.id
    api = Api(door.server, "alliance", credentials=who)
    assert api("GET", "AuditEvent").status == 200
    client.refresh_from_db()
    do_change_client(scopes="system/*.cruds", acting=own, **change | {"client": client})
    assert api("GET", "AuditEvent").status == 401, "its tokens have ended"
    assert door.search(who).status == 403


def test_a_sandbox_has_no_log(door: Door) -> None:
    sandbox = Hospital.objects.create(
        code=f"{door.at.code}-s",
        name_zh="试验",
        name_en="Trial",
        tier=door.at.tier,
        admitted_on=door.at.admitted_on,
        sandbox_of=door.at,
    )
    client, secret = do_register_client(sandbox, name="trial", acting=OPERATOR, scopes=LOG)
    assert door.search((client.client_id, secret)).status == 403


def test_the_scope_as_it_is_written() -> None:
    grant = parse_scopes("alliance/AuditEvent.read system/Patient.r")
    assert str(grant) == "system/Patient.r alliance/AuditEvent.rs"
    assert parse_scopes(str(grant)) == grant and not grant.allows("r", "AuditEvent")
    assert parse_scopes("system/*.cruds").letters_for(AUDIT_LOG) == ""
    for word in ("alliance/AuditEvent.cruds", "alliance/Patient.r", "alliance/*.rs"):
        with pytest.raises(BadScope):
            parse_scopes(word)
