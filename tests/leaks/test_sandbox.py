"""A sandbox is nobody's but its own systems': what is filed there neither links nor shows anywhere,
in no page, list, search, table of the index or of consent. Each with the same of a member beside
it, which does.
"""

import json
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from alliance.auth.scopes import ScopeNeed
from alliance.database.connection_settings import SHARED_ROLE
from alliance.models import Client, Hospital
from alliance.roles import Permission, Role
from alliance.services.clients import client_principal
from alliance.services.launches import is_client_launching
from alliance.services.vouching import do_vouch_client, list_clients_to_vouch
from consent.audit.event import EventCode
from consent.gate import authorize_access
from consent.services.consent_ingest import HOSPITAL_SYSTEM
from consent.terms import AccessRequest
from records.maintenance.empty_sandbox import do_empty_sandbox
from records.models import SourcePatient
from records.store.resource_query import fetch_current
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
    make_bundle,
    make_citizen_number,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.support.addresses import ADDRESSES
from tests.support.browser import signed_in
from tests.support.enrolling import Machine, enrolled
from tests.support.html import Browser
from tests.support.things import address, known, undone
from tests.support.world import World, new_world

# Of these tables alone a row may be a sandbox's: its store, its own administration, its evidence.
OWN_TABLES = {
    "alliance_client",
    "alliance_enrolmentcode",
    "record_resource",
    "record_history",
    "record_key",
    "record_push",
    "record_sync_stream",
    "record_sync_batch",
    "record_sync_ledger",
    "record_sync_dead_letter",
    "record_sync_digest",
    "records_sourcepatient",
    "records_bulkjob",
    "records_subscriptionstate",
    "records_notification",
    "records_feedposition",
}
SHOWN_IN = ("alliance/clients/", "api/clients/")  # to whoever administers its member


@dataclass
class Sandboxed:
    """The real world of two hospitals, a sandbox of the one that holds, and its machine."""

    world: World
    sandbox: Hospital
    machine: Machine
    api: Api
    name: str
    number: str
    patient: str

    @property
    def marks(self) -> tuple[str, ...]:
        """What no page may say."""
        return (self.sandbox.code, self.sandbox.name_zh, self.sandbox.name_en, "沙盒专用科")


def file_everything(api: Api, member: str, name: str, number: str) -> str:
    """Of each kind from which the index or the consent house learns something of a member."""
    patient = api.create(make_patient(name, resident=number))
    period = {"start": "2026-11-01T08:00:00+08:00"}
    encounter = {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"code": "AMB"},
        "subject": {"reference": patient},
        "period": period,
    }
    referral = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": patient},
        "performer": [{"identifier": {"system": HOSPITAL_SYSTEM, "value": member}}],
        "authoredOn": period["start"],
    }
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                    "code": "patient-privacy",
                }
            ]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": patient},
        "dateTime": period["start"],
        "policyRule": {"text": "x"},
        "provision": {"type": "deny"},
    }
    group = {
        "resourceType": "Group",
        "type": "person",
        "actual": True,
        "member": [{"entity": {"reference": patient}}],
    }
    organization = {"resourceType": "Organization", "name": "沙盒专用科", "active": True}
    practitioner = {"resourceType": "Practitioner", "name": [{"text": "沙盒专用科医生"}]}
    for resource in (
        make_observation(patient),
        encounter,
        referral,
        consent,
        group,
        organization,
        practitioner,
    ):
        api.create(resource)
    return patient


@pytest.fixture(scope="module")
def sandboxed(server: str) -> Sandboxed:
    world = new_world(server)
    machine = enrolled(server, world.b, sandbox=True)
    api = machine.api()
    name, number = make_unique_name(), make_citizen_number()
    world.hold.create(make_patient(name, resident=number))
    patient = file_everything(api, world.a.code, name, number)
    sandbox = Hospital.with_sandboxes.get(sandbox_of=world.b)
    return Sandboxed(world, sandbox, machine, api, name, number, patient)


def rows_of(hospital: int) -> set[str]:
    """Tables that have a row with the number of this hospital."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c"
            " JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
            " AND c.column_name ~ '^(hospital|hospital_id|.*_where_id|acted_at_id|employer_id)$'"
            " AND c.data_type IN ('integer', 'bigint')"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" WHERE "{column}" = {hospital})')
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def test_no_table_of_index_or_consent_has_a_row_of_a_sandbox(
    server: str, sandboxed: Sandboxed
) -> None:
    assert rows_of(sandboxed.sandbox.pk) <= OWN_TABLES
    other = alliance.make_hospital("control")
    api = Api(server, other.code, credentials=alliance.make_credentials(other))
    file_everything(api, sandboxed.world.a.code, make_unique_name(), make_citizen_number())
    of_member = rows_of(other.pk)
    assert of_member >= {"records_namekey", "consent_relationship", "consent_directive"}


def test_the_index_does_not_know_its_patients(sandboxed: Sandboxed) -> None:
    source = SourcePatient.objects.get(
        hospital=sandboxed.sandbox, fhir_id=sandboxed.patient.split("/")[1]
    )
    assert not source.registered and not source.name and not source.words
    with connection.cursor() as cursor:
        for table in ("records_patientidentifier", "records_namekey", "records_matchkey"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE source_id = %s", [source.pk])
            assert cursor.fetchone() == (0,), table
        cursor.execute(
            "SELECT count(*) FROM records_sourcepatient WHERE person_id = %s", [source.person_id]
        )
        assert cursor.fetchone() == (1,)
        cursor.execute(
            "SELECT count(*) FROM consent_relationship WHERE source_patient = %s", [source.pk]
        )
        assert cursor.fetchone() == (0,)


def test_nobody_finds_them_or_reaches_the_store(sandboxed: Sandboxed) -> None:
    s, w = sandboxed, sandboxed.world
    source = SourcePatient.objects.get(hospital=s.sandbox, fhir_id=s.patient.split("/")[1])
    real = SourcePatient.objects.get(hospital=w.b, name__gt="", fhir_id=real_patient(s))
    for api in (w.ask, w.hold):
        for what in ("", s.patient, "Patient", "Organization?name=沙盒专用科", "metadata"):
            reply = api("GET", what, base=s.sandbox.code)
            if what != "metadata":
                assert reply.status == 404, (what, reply.body)
        assert api("GET", f"Patient/{source.person_id}", base="alliance").status in (403, 404)
        text = api("POST", "Patient/$match", asked(s), base="alliance").body.decode()
        assert str(source.person_id) not in text and s.sandbox.code not in text
        assert (str(real.person_id) in text) is (api is w.hold), "the control"


def test_its_directory_is_nobodys(sandboxed: Sandboxed) -> None:
    """By the gate, and by the statement of the store, whatever base is named."""
    s, w = sandboxed, sandboxed.world
    real = w.hold.create({"resourceType": "Organization", "name": "真实专用科"}).split("/")[1]
    hidden = s.api("GET", "Organization?name=沙盒专用科").json["entry"][0]["resource"]["id"]
    assert w.ask("GET", f"Organization/{real}", base=w.b.code).status == 200, "the control"
    assert w.ask("GET", f"Organization/{hidden}", base=s.sandbox.code).status == 404
    assert s.api("GET", f"Organization/{real}", base=w.b.code).status == 403

    def find(at: Hospital, fhir_id: str) -> bool:
        scope = authorize_access(
            AccessRequest(
                w.doctor,
                Permission.RECORD_READ,
                EventCode.RECORD_READ,
                "x",
                directory=True,
                need=ScopeNeed("r", ("Organization",)),
            )
        )
        return fetch_current(scope, at.pk, "Organization", fhir_id) is not None

    assert find(w.b, real) and not find(s.sandbox, hidden)
    with transaction.atomic(), connection.cursor() as cursor:  # the second wall, by itself
        cursor.execute(f"SET LOCAL ROLE {SHARED_ROLE}")
        cursor.execute(
            "SELECT fhir_id FROM record_resource WHERE fhir_id = ANY(%s)", [[real, hidden]]
        )
        assert cursor.fetchall() == [(real,)]


def asked(s: Sandboxed) -> dict[str, Any]:
    """Who the real patient is, asked of the index."""
    patient = make_patient(s.name, resident=s.number)
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": patient}],
    }


def real_patient(s: Sandboxed) -> str:
    found = s.world.hold("GET", f"Patient?identifier={s.number}").json
    return str(found["entry"][0]["resource"]["id"])


def test_its_systems_reach_nothing_but_their_store(sandboxed: Sandboxed) -> None:
    s, w = sandboxed, sandboxed.world
    assert s.api("GET", s.patient).status == 200, "the control"
    assert s.api("GET", f"Patient?name={s.name}").json["total"] == 1
    for base in ("alliance", w.a.code, w.b.code):
        for what in (f"Patient?identifier={s.number}", w.at_b, f"Observation?patient={w.person}"):
            assert s.api("GET", what, base=base).status in (403, 404), (base, what)
        assert s.api("POST", "Patient", make_patient(), base=base).status in (403, 404, 405)
    assert s.api("POST", "Patient/$match", asked(s), base="alliance").status == 403
    assert s.api("POST", "Patient/$match", asked(s)).json["total"] == 0
    assert s.api("GET", "Patient/$ihe-pix?sourceIdentifier=a|b", base="alliance").status == 403
    launch = s.api.raw("POST", "/launch", b"{}", {"Authorization": f"Bearer {s.api.token}"})
    assert launch.status == 403


def test_nothing_ever_makes_a_system_of_it_one_of_the_alliance(sandboxed: Sandboxed) -> None:
    s = sandboxed
    client = s.machine.client
    officer = alliance.make_staff(s.world.b, Role.PRIVACY)
    acting = alliance.get_staff_principal(officer)
    assert client.vouched_at is None and client.pk not in [
        c.pk for c in list_clients_to_vouch(acting)
    ]
    with pytest.raises(Exception, match="vouched for by an officer"):
        do_vouch_client(client, acting=acting)
    client.may_launch, client.vouched_at = True, client.created_at  # whatever a row should say
    assert not is_client_launching(client)
    principal = client_principal(client.client_id, "", client.scopes)
    assert principal.sandbox and principal.active and not principal.vouched


def test_bundles_pushes_and_documents_take_the_same_way(sandboxed: Sandboxed) -> None:
    """By whatever door something is filed, the index does not learn of it."""
    s = sandboxed
    number = make_citizen_number()
    entry = ("POST", "Patient", make_patient(make_unique_name(), resident=number))
    for kind in ("transaction", "batch"):
        assert s.api("POST", "", make_bundle(entry, kind=kind)).status == 200
    later = s.api("POST", "Patient", entry[2], Prefer="respond-async")
    assert later.status == 202
    s.api.wait(later) if hasattr(s.api, "wait") else None
    assert rows_of(s.sandbox.pk) <= OWN_TABLES
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM records_sourcepatient WHERE hospital_id = %s AND registered",
            [s.sandbox.pk],
        )
        assert cursor.fetchone() == (0,)


@pytest.fixture(scope="module")
def things(server: str, sandboxed: Sandboxed) -> dict[str, Any]:
    return known(sandboxed.world, server)


@pytest.mark.parametrize("role", [r for r in Role if r not in (Role.PATIENT, Role.MEMBER_SYSTEM)])
@pytest.mark.parametrize("wide", [False, True])
def test_no_page_of_anybody_names_it(
    sandboxed: Sandboxed, things: dict[str, Any], role: Role, wide: bool
) -> None:
    if wide and role is Role.CLINICIAN:
        pytest.skip("no clinician is for the whole alliance")
    who = alliance.make_staff(sandboxed.world.b, role, wide=wide)
    session, opened = signed_in(who).cookies["sessionid"].value, 0
    for pattern, (get, _) in ADDRESSES.items():
        if get is None or pattern.startswith(("account/", "fhir/", "launch", "my/")):
            continue
        browser = Browser()
        browser.cookies = SimpleCookie({"sessionid": session})
        with undone():
            reply = browser.get(address(pattern, things))
        if reply.status_code != 200:
            continue
        opened += 1
        text = b"".join(reply) if reply.streaming else reply.content
        said = [m for m in sandboxed.marks if m.encode() in text]
        assert not said or pattern.startswith(SHOWN_IN) or pattern == "audit/", (pattern, said)
    assert opened >= 5, "the control: pages were shown"


def test_who_administers_the_member_sees_its_systems(sandboxed: Sandboxed) -> None:
    at = sandboxed.world.b
    own = signed_in(alliance.make_staff(at, Role.ADMINISTRATOR)).get("/alliance/clients/")
    assert sandboxed.machine.told["client_id"] in own.content.decode()
    far = signed_in(alliance.make_staff(sandboxed.world.a, Role.ADMINISTRATOR))
    assert sandboxed.machine.told["client_id"] not in far.get("/alliance/clients/").content.decode()
    assert Client.objects.get(client_id=sandboxed.machine.told["client_id"])
    assert json.loads(json.dumps(sandboxed.machine.told))["sandbox"] is True


def test_a_sandbox_is_emptied_and_nothing_else(server: str) -> None:
    """Last, of a world of its own."""
    world = new_world(server)
    machine = enrolled(server, world.b, sandbox=True)
    api = machine.api()
    patient = file_everything(api, world.a.code, make_unique_name(), make_citizen_number())
    assert api("PUT", patient, api("GET", patient).json | {"active": True}).status == 200
    sandbox = Hospital.with_sandboxes.get(sandbox_of=world.b)
    before = world.hold("GET", "Observation").json["total"]
    with pytest.raises(CommandError, match="has no sandbox"):
        call_command("empty_sandbox", hospital=world.a.code)
    with pytest.raises(ValueError, match="is a member"):
        do_empty_sandbox(world.b, acting=alliance.OPERATOR)
    call_command("empty_sandbox", hospital=world.b.code)
    assert rows_of(sandbox.pk) <= {
        "alliance_client",
        "alliance_enrolmentcode",
        "record_key",
        "records_feedposition",
    }
    assert api("GET", "Observation").json["total"] == 0
    assert world.hold("GET", "Observation").json["total"] == before > 0, "the control"
    again = file_everything(api, world.a.code, make_unique_name(), make_citizen_number())
    assert api("GET", again).status == 200
