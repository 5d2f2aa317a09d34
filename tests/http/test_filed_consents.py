"""Consents that a hospital's system writes as FHIR, and treatment that follows from what
hospitals write.
"""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from alliance.models import Hospital
from alliance.roles import Role
from consent.models import Directive, Relationship
from consent.services.directive_records import do_verify_directive
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.ties import confirm_directive, confirm_tie
from tests.support.audit_lines import lines_of
from tests.support.filed import ACTOR, consent
from tests.support.world import World, related, w

__all__ = ["w"]


def to(*codes: str) -> list[dict[str, Any]]:
    return [
        {
            "role": {"coding": [{"system": ACTOR, "code": "IRCP"}]},
            "reference": {"reference": f"Organization/{c}"},
        }
        for c in codes
    ]


def verify(w: World, made: str) -> None:
    rid = (
        Directive.objects.filter(hospital=w.b, resource__id=made.split("/")[1], withdrawn_at=None)
        .get()
        .pk
    )
    do_verify_directive(
        rid,
        w.person,
        evidence="柜 3",
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
    )  # type: ignore[arg-type]


def test_a_system_grants_nothing_until_a_human_has_seen_the_paper(w: World) -> None:
    related(w)
    made = w.hold.create(consent(w, {"type": "permit", "actor": to(w.a.code)}))
    assert w.seen() == set(), "a client can grant itself consent (SAE-6)"
    verify(w, made)
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    body = w.hold("GET", made).json
    assert w.hold("PUT", made, body | {"status": "inactive"}).status == 200
    assert w.seen() == set(), "ended by its system"
    assert w.hold("PUT", made, body).status == 200
    assert w.seen() == set(), "written anew: to be seen anew"
    verify(w, made)
    assert w.seen()
    assert w.hold("DELETE", made).status == 204
    assert w.seen() == set()
    first = Directive.objects.filter(hospital=w.b).order_by("id")[0]
    assert lines_of(f"directive/{first.pk}") == [
        "consent:directive:withdraw",
        "consent:directive:verify",
        "consent:directive:record",
    ]


def test_what_a_system_denies_counts_at_once(w: World) -> None:
    related(w)
    w.permit()
    assert w.seen()
    w.hold.create(consent(w, {"type": "deny", "actor": to(w.a.code)}))
    assert w.seen() == set()


@pytest.mark.parametrize(
    ("what", "rule", "more", "seen"),
    [
        ("a draft", {"type": "deny"}, {"status": "draft"}, True),
        ("about research", {"type": "deny"}, {"scope": {"coding": [{"code": "research"}]}}, True),
        ("for another hospital", {"type": "deny", "actor": to("elsewhere")}, {}, False),
        (
            "with an element that nobody knows",
            {"type": "deny", "modifierExtension": [{"url": "urn:x", "valueBoolean": True}]},
            {},
            False,
        ),
        (
            "against what is no look",
            {"type": "deny", "action": [{"coding": [{"code": "correct"}]}]},
            {},
            True,
        ),
        ("over", {"type": "deny", "period": {"end": "2020-01-01"}}, {}, True),
        (
            "opting out",
            {
                "provision": [
                    {
                        "type": "permit",
                        "class": [
                            {"system": "http://hl7.org/fhir/resource-types", "code": "Encounter"}
                        ],
                    }
                ]
            },
            {"policyRule": {"coding": [{"code": "OPTOUT"}]}},
            False,
        ),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_which_denials_count(
    w: World, what: str, rule: dict[str, Any], more: dict[str, Any], seen: bool
) -> None:
    """An actor whom nobody knows may be anybody: such a denial counts for all."""
    related(w)
    w.permit()
    w.hold.create(consent(w, rule, **more))
    assert bool(w.seen()) is seen, what


def test_a_referral_a_panel_and_an_admission_list_make_treatment(w: World) -> None:
    w.permit()
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    assert w.seen() == set(), "nobody treats the patient"
    at_a = Hospital.objects.get(pk=w.a.pk)
    sent = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": w.at_b},
        "performer": [{"reference": f"Organization/{at_a.code}"}],
    }
    assert w.hold("PUT", "ServiceRequest/r", sent | {"id": "r", "status": "draft"}).status == 201
    assert w.seen() == set(), "not sent yet"
    assert w.hold("PUT", "ServiceRequest/r", sent | {"id": "r"}).status == 200
    assert (
        w.seen() == {f"{w.b.code}/{w.plain}"}
        and Relationship.objects.get(hospital=w.a).basis == "referral"
    )
    Relationship.objects.filter(hospital=w.a).delete()
    assert (
        w.hold(
            "PUT",
            "ServiceRequest/c",
            sent
            | {
                "id": "c",
                "category": [
                    {"coding": [{"system": "http://snomed.info/sct", "code": "11429006"}]}
                ],
            },
        ).status
        == 201
    )
    assert (
        w.seen() == {f"{w.b.code}/{w.plain}"}
        and Relationship.objects.get(hospital=w.a).basis == "consultation"
    )
    Relationship.objects.filter(hospital=w.a).delete()
    mine = next(
        s for s in source_patients.sources_of_person(w.person) if s.hospital_id == w.a.pk
    ).fhir_id  # type: ignore[arg-type]
    tomorrow = (timezone.now() + dt.timedelta(days=1)).isoformat()
    for resource in (
        {
            "resourceType": "EpisodeOfCare",
            "status": "active",
            "patient": {"reference": f"Patient/{mine}"},
            "period": {"start": "2026-01-01"},
        },
        {
            "resourceType": "Encounter",
            "status": "planned",
            "class": {"code": "IMP"},
            "subject": {"reference": f"Patient/{mine}"},
            "period": {"start": tomorrow},
        },
    ):
        assert w.seen() == set()
        w.ask.create(resource)
        assert w.seen(), resource["resourceType"]
        Relationship.objects.filter(hospital=w.a).delete()


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.CLERK])
def test_who_is_let_in_does_not_verify_it_for_their_hospital(w: World, role: Role) -> None:
    """Another hospital's system has sent it; that somebody has seen the paper, the hospital that
    it lets in does not say alone.
    """
    related(w)
    w.hold.create(consent(w, {"type": "permit", "actor": to(w.a.code)}))
    made = Directive.objects.get(hospital=w.b)
    found = source_patients.sources_of_person(w.person)  # type: ignore[arg-type]
    do_verify_directive(
        made.pk,
        w.person,
        evidence="cupboard 3",
        sources=found,
        acting=alliance.get_staff_principal(alliance.make_staff(w.a, role)),
    )  # type: ignore[arg-type]
    assert w.seen() == set()
    confirm_directive(made, w.person)  # type: ignore[arg-type]
    assert w.seen() == {f"{w.b.code}/{w.plain}"}, "the control"
