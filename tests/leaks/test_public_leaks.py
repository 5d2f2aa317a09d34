"""Leaks that other systems have had in public, each as a test named after its report. Each has
its control.
"""

import datetime as dt
import json
from typing import Any

import pytest
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.roles import Role
from consent.audit.log_query import AuditFilter
from consent.audit.log_query import list_audit_lines as audit_lines
from consent.services.directive_records import do_record_directive
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from records.models import SourcePatient
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.consents import record_choice, record_consent
from tests.factories.fhir import make_observation, make_patient, make_unique_name
from tests.factories.ties import record_confirmed_treatment
from tests.support.browser import signed_in
from tests.support.world import HIV, World, related, same_as_absent, w

__all__ = ["w"]


def ask(w: World, query: str, base: str = "alliance") -> Any:
    return w.ask("GET", query.replace("PERSON", str(w.person)), base=base)


@pytest.fixture
def open_world(w: World) -> World:
    related(w)
    w.permit()
    return w


def test_hapi_6065_values_cannot_be_searched_for_through_has_and_chains(open_world: World) -> None:
    w = open_world
    hidden = w.hold.create(
        make_observation(w.at_b, value=42) | {"code": HIV, "hasMember": [{"reference": w.plain}]}
    )
    for low in (0, 41, 42, 43):
        assert (
            ask(
                w, f"Observation?patient=PERSON&_has:Observation:has-member:value-quantity=ge{low}"
            ).json["total"]
            == 0
        )
        assert (
            ask(
                w,
                f"Patient/PERSON/Observation?_has:Observation:has-member:_id={hidden.split('/')[1]}",
            ).json["total"]
            == 0
        )
    w.permit(sensitive=True)
    assert [
        ask(
            w, f"Observation?patient=PERSON&_has:Observation:has-member:value-quantity=ge{low}"
        ).json["total"]
        for low in (42, 43)
    ] == [1, 0], "the control"


def test_hapi_1507_totals_are_those_of_what_is_seen(open_world: World) -> None:
    w = open_world
    assert ask(w, "Observation?patient=PERSON&_total=accurate&_count=1").json["total"] == 1
    assert [
        x["relation"]
        for x in ask(w, "Observation?patient=PERSON&_total=accurate&_count=1").json["link"]
    ] == ["self"], "no link to an empty page"
    w.permit(sensitive=True)
    assert ask(w, "Observation?patient=PERSON&_total=accurate&_count=1").json["total"] == 2


def test_hapi_2369_a_page_link_asks_the_gate_again(open_world: World) -> None:
    w = open_world
    for _ in range(3):
        w.hold.create(make_observation(w.at_b))
    first = ask(w, "Observation?patient=PERSON&_count=1").json
    link = next(x["url"] for x in first["link"] if x["relation"] == "next").split("/alliance/")[1]
    other = alliance.make_hospital("third")
    from tests.factories.fhir import Api

    stranger = Api(
        f"http://{w.ask.at.hostname}:{w.ask.at.port}",
        other.code,
        credentials=alliance.make_credentials(other),
    )
    assert stranger("GET", link, base="alliance").status in (400, 404), "another caller's"
    assert ask(w, link).status == 200, "the control"
    w.permit(effect="deny", source_id=w.b.pk)
    assert ask(w, link).status in (400, 404)


def test_hapi_1484_linuxforhealth_1849_existence_is_told_by_no_status(open_world: World) -> None:
    w = open_world
    assert same_as_absent(w, w.sensitive)
    for path in (
        f"{w.sensitive}/_history",
        f"{w.plain}/_history",
        "Observation/00000000-0000-4000-8000-000000000000/_history",
    ):
        assert w.read(path).status == 403, "histories of others' stores are nobody's"
    assert w.read(w.plain).status == 200


def test_linuxforhealth_2300_the_history_of_a_whole_store_is_its_owners(open_world: World) -> None:
    for path in ("_history", "Patient/_history", "Observation/_history"):
        assert open_world.read(path).status == 403
        assert open_world.hold("GET", path).status == 200, "the control"


def test_hapi_3047_5712_conditions_ask_no_other_store(open_world: World) -> None:
    w = open_world
    body = make_observation(w.at_b)
    for condition in ("code=75622-1", "code=nothing"):
        assert (
            w.ask("POST", "Observation", body, base=w.b.code, If_None_Exist=condition).status == 403
        )
        assert w.ask("PUT", f"Observation?{condition}", body, base=w.b.code).status == 403
        assert w.ask("DELETE", f"Observation?{condition}", base=w.b.code).status == 403
        sent = {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "resource": body,
                    "request": {"method": "POST", "url": "Observation", "ifNoneExist": condition},
                }
            ],
        }
        assert w.ask("POST", "", sent, base=w.b.code).status == 403
    assert (
        w.hold("PUT", "Observation?code=75622-1", make_observation(w.at_b) | {"code": HIV}).status
        == 200
    ), "the control: its own store finds it"


def test_medplum_9973_chains_pass_the_same_gate(open_world: World) -> None:
    w = open_world
    restricted = {
        "meta": {
            "security": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
            ]
        }
    }
    visit = w.hold.create(
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": w.at_b},
        }
        | restricted
    )
    w.hold.create(make_observation(w.at_b) | {"encounter": {"reference": visit}})
    assert ask(w, "Observation?patient=PERSON&encounter.status=finished").json["total"] == 0
    w.permit(sensitive=True)
    assert ask(w, "Observation?patient=PERSON&encounter.status=finished").json["total"] == 1


def test_icanbwell_consents_count_in_their_period_alone(w: World) -> None:
    related(w)
    day = timezone.localdate()
    for period, seen in (
        ({"end": str(day - dt.timedelta(days=2))}, 0),
        ({"start": str(day + dt.timedelta(days=2))}, 0),
        ({"start": str(day - dt.timedelta(days=2))}, 1),
    ):
        rule = {"resourceType": "Consent", "provision": {"type": "permit", "period": period}}
        record_consent(
            w.person,
            rule,
            sources=source_patients.sources_of_person(w.person),
            acting=w.clerk,
            instead=True,
        )  # type: ignore[arg-type]
        assert len(w.seen()) == seen, period


def test_icanbwell_a_revocation_waits_for_no_cache(w: World) -> None:
    related(w)
    for _ in range(5):
        permit = w.permit()
        assert w.seen()
        assert w.read(w.plain).status == 200
        do_withdraw_directive(
            permit.pk,
            w.person,
            sources=source_patients.sources_of_person(w.person),
            acting=w.clerk,
            reason="test",
            evidence="asked at the counter",
        )  # type: ignore[arg-type]
        assert not w.seen()
        assert w.read(w.plain).status == 404


def test_icanbwell_links_open_nothing_beyond_the_person(open_world: World) -> None:
    """Past the first hop: a Patient.link, a reference or a Group leads to nobody else's records."""
    w = open_world
    other = w.hold.create(
        make_patient(make_unique_name())
        | {"link": [{"other": {"reference": w.at_b}, "type": "seealso"}]}
    )
    theirs = w.hold.create(make_observation(other) | {"hasMember": [{"reference": w.plain}]})
    w.hold.create(
        {
            "resourceType": "Group",
            "type": "person",
            "actual": True,
            "member": [{"entity": {"reference": w.at_b}}, {"entity": {"reference": other}}],
        }
    )
    for query in (
        "Observation?patient=PERSON&_revinclude=Observation:has-member&_revinclude:iterate=Observation:has-member",
        "Patient/PERSON/$everything",
        "Patient/PERSON/*",
    ):
        assert theirs.split("/")[1] not in str(ask(w, query).json), query
        assert other.split("/")[1] not in str(ask(w, query).json), query
    assert w.read(theirs).status in (403, 404)
    assert w.hold("GET", theirs).status == 200


def test_icanbwell_2387_2441_the_log_itself_tells_only_who_may_ask(open_world: World) -> None:
    w = open_world
    w.read(w.plain)
    path = f"/audit/?person={w.person}"
    near, far = (
        signed_in(alliance.make_staff(h, Role.AUDITOR)).get(path).content.decode()
        for h in (w.a, alliance.make_hospital("far"))
    )
    assert w.plain not in far, "what A's system did is told to A's auditor"
    assert w.plain in near, "what A's system did is told to A's auditor"
    assert signed_in(alliance.make_staff(w.a, Role.CLINICIAN)).get(path).status_code == 403
    assert any(
        w.plain in str(x["refs"]) for x in audit_lines(AuditFilter(person=w.person), None, 50)
    )  # type: ignore[arg-type]


def test_icanbwell_f2_writers_take_no_label_off(open_world: World) -> None:
    w = open_world
    path = w.sensitive
    plain = make_observation(w.at_b) | {"id": path.split("/")[1]}
    for sent in (
        plain,
        plain
        | {
            "meta": {
                "security": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
                        "code": "N",
                    }
                ]
            }
        },
    ):
        assert w.hold("PUT", path, sent).status == 200
        assert same_as_absent(w, path)
    patch = [{"op": "remove", "path": "/code/text"}]
    assert (
        w.hold.raw(
            "PATCH",
            f"/fhir/{w.b.code}/{path}",
            json.dumps(patch).encode(),
            {
                "Authorization": f"Bearer {w.hold.token}",
                "Content-Type": "application/json-patch+json",
            },
        ).status
        == 200
    )
    assert same_as_absent(w, path)


def test_icanbwell_2473_a_new_label_protects_old_versions(open_world: World) -> None:
    w = open_world
    made = w.hold.create(make_observation(w.at_b))
    assert w.read(f"{made}/_history/1").status == 200, "the control"
    assert (
        w.hold(
            "PUT", made, make_observation(w.at_b) | {"id": made.split("/")[1], "code": HIV}
        ).status
        == 200
    )
    assert w.read(f"{made}/_history/1").status == 404
    assert w.read(f"{made}/_history/2").status == 404


def test_icanbwell_unknown_labels_close(open_world: World) -> None:
    w = open_world
    made = w.hold.create(
        make_observation(w.at_b)
        | {"meta": {"security": [{"system": "urn:any", "code": "never-heard-of"}]}}
    )
    assert same_as_absent(w, made)
    w.permit(sensitive=True)
    assert w.read(made).status == 200


def test_icanbwell_sae_6_nobody_grants_himself(w: World) -> None:
    """Neither a clerk of a hospital that has nothing to do with the patient, nor one who speaks
    for another patient.
    """
    far = alliance.make_hospital("far")
    clerk = alliance.get_staff_principal(alliance.make_staff(far, Role.CLERK))
    with pytest.raises(Forbidden):
        do_record_directive(
            w.person,
            build_consent(ConsentChoice(ConsentTemplate.SHARE)),
            method="paper",
            evidence="x",
            sources=source_patients.sources_of_person(w.person),
            acting=clerk,
        )  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        record_choice(
            w.person,
            sources=source_patients.sources_of_person(w.person),
            acting=alliance.get_staff_principal(alliance.make_staff(w.b, Role.AUDITOR)),
        )  # type: ignore[arg-type]
    assert w.seen() == set()


def test_icanbwell_sae_4_errors_tell_of_no_record(open_world: World) -> None:
    w = open_world
    other = w.hold.create(make_patient(make_unique_name()))
    person = SourcePatient.objects.get(hospital=w.b, fhir_id=other.split("/")[1]).person_id
    w.hold.create(make_observation(other))
    for query in (
        "_sort=nonsense",
        "_sort=-date",
        "value-quantity=x",
        "date=9999",
        "_count=99999999999",
        "code=%00",
    ):
        known, nobody = (
            w.ask("GET", f"Observation?patient={p}&{query}", base="alliance")
            for p in (person, "00000000-0000-4000-8000-000000000000")
        )
        assert (known.status, known.body.replace(str(person).encode(), b"")) == (
            nobody.status,
            nobody.body.replace(b"00000000-0000-4000-8000-000000000000", b""),
        ), query
        assert known.status < 500
    record_confirmed_treatment(person, w.a)
    record_choice(
        person,
        recipient_id=w.a.pk,
        sources=source_patients.sources_of_person(person),
        acting=w.clerk,
    )
    assert (
        w.ask("GET", f"Observation?patient={person}&_sort=-date", base="alliance").json["total"]
        == 1
    )


def test_google_fail_open_no_purpose_no_scope_no_consent_is_no_access(w: World) -> None:
    """Where nothing is said, nothing opens: PERMIT_EMPTY_SCOPE has no counterpart here."""
    related(w)
    assert w.seen() == set()
    record_consent(
        w.person,
        {"resourceType": "Consent"},
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
    )  # type: ignore[arg-type]
    assert w.seen() == set(), "a Consent without policy and provision"
    record_consent(
        w.person,
        {"resourceType": "Consent", "provision": {"purpose": [{"code": "TREAT"}]}},
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
    )  # type: ignore[arg-type]
    assert w.seen() == set(), "a provision that says neither permit nor deny"
    w.permit()
    assert w.seen()
