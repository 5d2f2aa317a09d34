"""The alliance's rule, verified consents, labels that stay and emergencies that end, over the
real server.
"""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.models import Staff
from alliance.roles import Role
from alliance.services.staffing import do_change_staff, do_end_staff, do_return_staff
from consent.models import AlliancePolicy, Directive, Emergency
from consent.services.emergencies import (
    do_break_glass,
    query_due_emergencies,
)
from consent.services.policies import do_set_policy
from records.mpi.index import source_patients
from records.operations.shared_record import open_record
from records.requests.fhir_request import build_fhir_request
from tests.factories import alliance
from tests.factories.consents import record_consent
from tests.factories.fhir import make_observation
from tests.support.audit_lines import lines_of
from tests.support.browser import signed_in
from tests.support.world import World, related, w

__all__ = ["w"]


def test_the_alliances_rule_holds_for_who_has_decided_nothing(w: World) -> None:
    related(w)
    admin, other = (
        alliance.get_staff_principal(alliance.make_staff(at, Role.ADMINISTRATOR, wide=True))
        for at in (w.a, w.b)
    )
    assert w.seen() == set()
    with pytest.raises(Forbidden, match="two administrators"):
        do_set_policy("Policy-basic-normal", basis="PIPL 13", reason="test", acting=admin)
    try:
        do_set_policy(
            "Policy-basic-normal", basis="PIPL 13", reason="test", acting=admin, proposer=other
        )
        assert w.seen() == {f"{w.b.code}/{w.plain}"}, "what is specially protected stays closed"
        deny = w.permit(effect="deny")
        assert w.seen() == set(), "their own decision comes first"
        Directive.objects.filter(pk=deny.pk).update(
            withdrawn_at=timezone.now(), lifted_at=timezone.now()
        )
        do_set_policy("Policy-deny", basis="test", reason="test", acting=admin, proposer=other)
        do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
        assert not open_record(
            build_fhir_request(w.doctor, "alliance", ""), w.person, {"Observation": 9}, ""
        ).rows["Observation"]  # type: ignore[arg-type]
    finally:
        do_set_policy(
            "Policy-break-glass-only",
            basis="PIPL 23, 29",
            reason="test",
            acting=admin,
            proposer=other,
        )
    assert (
        len(
            open_record(
                build_fhir_request(w.doctor, "alliance", ""), w.person, {"Observation": 9}, ""
            ).rows["Observation"]
        )
        == 2
    ), "the control"  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        do_set_policy(
            "Policy-deny",
            basis="test",
            reason="test",
            acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.ADMINISTRATOR)),
            proposer=admin,
        )
    assert AlliancePolicy.objects.count() >= 3


def test_labels_are_not_taken_off(w: World) -> None:
    marked = make_observation(w.at_b) | {
        "meta": {
            "security": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
            ]
        }
    }
    made = w.hold.create(marked)
    related(w)
    w.permit()
    assert w.read(made).status == 404
    again = make_observation(w.at_b) | {"id": made.split("/")[1]}
    assert w.hold("PUT", made, again).status == 200
    assert w.read(made).status == 404, "written again without its tag"
    w.permit(sensitive=True)
    assert w.read(made).status == 200, "the control"


def test_a_consent_for_one_code_one_time_one_document(w: World) -> None:
    """What only SQL over marks and dates decides: a code, a data period, an instance, an author,
    in read, vread, search and counts.
    """
    related(w)
    w.hold("PUT", "Practitioner/author", {"resourceType": "Practitioner", "id": "author"})
    old = w.hold.create(
        make_observation(w.at_b, code="718-7", date="2020-02-02")
        | {"performer": [{"reference": "Practitioner/author"}]}
    )
    hidden = [
        ({"code": [{"coding": [{"system": "http://loinc.org", "code": "718-7"}]}]}, "code"),
        ({"dataPeriod": {"end": "2020-12-31"}}, "time"),
        ({"data": [{"meaning": "instance", "reference": {"reference": old}}]}, "instance"),
        (
            {
                "data": [
                    {"meaning": "authoredby", "reference": {"reference": "Practitioner/author"}}
                ]
            },
            "author",
        ),
        (
            {
                "actor": [
                    {
                        "role": {"coding": [{"code": "AUT"}]},
                        "reference": {"reference": "Practitioner/author"},
                    }
                ]
            },
            "actor",
        ),
    ]
    for criterion, name in hidden:
        rule = {
            "resourceType": "Consent",
            "provision": {"type": "permit", "provision": [{"type": "deny", **criterion}]},
        }
        made = record_consent(
            w.person,
            rule,
            sources=source_patients.sources_of_person(w.person),
            acting=w.clerk,
            instead=True,
        )  # type: ignore[arg-type]
        assert w.seen() == {f"{w.b.code}/{w.plain}"}, name
        assert w.read(old).status == 404 and w.read(f"{old}/_history/1").status == 404, name
        assert (
            w.ask("GET", f"Observation?patient={w.person}&_summary=count", base="alliance").json[
                "total"
            ]
            == 1
        ), name
        Directive.objects.filter(pk=made.pk).update(
            withdrawn_at=timezone.now(), lifted_at=timezone.now()
        )
        w.permit()
        assert w.read(old).status == 200, "the control"


def test_a_page_of_reasons_names_rules_consents_and_bases(w: World) -> None:
    related(w)
    given_ = w.permit()
    doctor = alliance.make_staff(w.a)
    page = (
        signed_in(doctor)
        .get(f"/person/{w.person}/why/", headers={"Accept-Language": "en"})
        .content.decode()
    )
    assert (
        f"decision no. {given_.pk}" in page
        and "Personal Information Protection Law, articles 23 and 29" in page
        and "The patient has consented." in page
    )


def test_consents_end_by_their_own_period(w: World) -> None:
    related(w)
    today = timezone.localdate()
    for start, end, seen in (
        (today - dt.timedelta(days=9), today - dt.timedelta(days=1), 0),
        (today - dt.timedelta(days=1), today + dt.timedelta(days=1), 1),
    ):
        rule = {
            "resourceType": "Consent",
            "provision": {
                "type": "permit",
                "period": {"start": start.isoformat(), "end": end.isoformat()},
            },
        }
        record_consent(
            w.person,
            rule,
            sources=source_patients.sources_of_person(w.person),
            acting=w.clerk,
            instead=True,
        )  # type: ignore[arg-type]
        assert len(w.seen()) == seen


def test_an_act_stays_with_the_hospital_where_it_was_done(w: World) -> None:
    """Who moves to another hospital takes along neither the emergencies nor the seals that the
    old one's officers answer for.
    """
    admin = alliance.get_staff_principal(
        alliance.make_staff(alliance.make_hospital("office"), Role.ADMINISTRATOR, wide=True)
    )
    doctor = alliance.make_staff(w.a)
    here, there = (
        alliance.get_staff_principal(alliance.make_staff(h, Role.PRIVACY)) for h in (w.a, w.b)
    )
    opened = do_break_glass(
        w.person,
        ground="rescue",
        reason="unconscious",
        hours=1,
        acting=alliance.get_staff_principal(doctor),
    )  # type: ignore[arg-type]
    do_change_staff(doctor, hospital=w.b, acting=admin)
    assert opened in query_due_emergencies(here) and opened not in query_due_emergencies(there)


def test_a_longer_emergency_keeps_each_reason_and_each_ground(w: World) -> None:
    acting = alliance.get_staff_principal(alliance.make_staff(w.a))

    def opened(reason: str, hours: int, ground: str = "rescue") -> Emergency:
        return do_break_glass(w.person, ground=ground, reason=reason, hours=hours, acting=acting)  # type: ignore[arg-type]

    first = opened("unconscious in the lobby", 1)
    again = opened("conscious", 4)
    assert again.pk == first.pk and again.reason == "unconscious in the lobby / conscious", (
        "a part of the old reason is another one"
    )
    assert opened("an outbreak at school", 4, "infection").pk != first.pk, (
        "another ground is another opening"
    )
    assert opened("x" * 490, 24).pk != first.pk, "no reason is cut"
    told = opened("told", 24, "unconscious")
    Emergency.objects.filter(pk=told.pk).update(
        told_at=timezone.now(), until=timezone.now() + dt.timedelta(hours=1)
    )
    assert opened("once more", 4, "unconscious").pk != told.pk, (
        "of what the patient was told nothing is added"
    )


def test_an_emergency_access_ends_with_the_post(w: World) -> None:
    """Whoever is taken back, or comes back to a role, opens it anew or not at all."""
    admin = alliance.get_staff_principal(
        alliance.make_staff(alliance.make_hospital("office"), Role.ADMINISTRATOR, wide=True)
    )

    def returned(s: Any) -> None:
        Staff.objects.filter(pk=s.pk).update(
            starts_on=dt.date(2026, 1, 1), ends_on=timezone.localdate() - dt.timedelta(days=1)
        )
        do_return_staff(s, ends_on=timezone.localdate(), reason="test", acting=admin)

    for leave in (
        lambda s: do_end_staff(s, reason="test", acting=admin),
        returned,
        lambda s: do_change_staff(s, role=Role.CLERK.value, acting=admin),
    ):
        doctor = alliance.make_staff(w.a)
        opened = do_break_glass(
            w.person,
            ground="rescue",
            reason="unconscious",
            hours=1,
            acting=alliance.get_staff_principal(doctor),
        )  # type: ignore[arg-type]
        do_change_staff(doctor, title="主任医师", acting=admin)
        opened.refresh_from_db()
        assert opened.closed_at is None, "the control: another title is the same post"
        leave(doctor)
        opened.refresh_from_db()
        assert opened.closed_at is not None
        assert "consent:emergency:close" in lines_of(f"emergency/{opened.pk}")
