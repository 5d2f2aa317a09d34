"""Detours by which one's own word came back as somebody else's: moved clerks, codes given to
oneself, registrations renamed or parted (docs/adr/0030).
"""

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.roles import Role
from consent.models import AlliancePolicy
from consent.services import (
    directive_confirmations,
    relationships,
    tie_confirmations,
)
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.services.ties import load_facts_at_hospital
from consent.strength import Strength
from records.models import SourcePatient
from records.mpi.curation.decisions import do_split_person
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import make_patient
from tests.factories.ties import confirm_directive, confirm_tie, record_confirmed_treatment
from tests.support.strength import age, encounter, patient_of, strength
from tests.support.world import World, w

__all__ = ["w"]


def test_whom_a_decision_lets_in_does_not_stand_behind_it_for_themselves(w: World) -> None:
    """Recorded elsewhere it counts; once the patient has refused it, a record clerk of a
    hospital that it lets in opens nothing to that hospital.
    """
    record_confirmed_treatment(w.person, w.a, w.b)  # type: ignore[arg-type]
    made = w.permit()
    assert w.seen()
    found, own = (
        source_patients.sources_of_person(w.person),
        alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK)),
    )  # type: ignore[arg-type]
    directive_confirmations.do_refuse_directive(
        made.pk, w.person, evidence="not mine", sources=found, acting=patient_of(w, "full")
    )  # type: ignore[arg-type]
    assert w.seen() == set()
    directive_confirmations.do_confirm_directive(
        made.pk, w.person, evidence="paper", sources=found, acting=own
    )  # type: ignore[arg-type]
    assert w.seen() == set()
    assert [c.strength for c in load_facts_at_hospital(w.b.pk, w.person, found).consents] == [
        Strength.FULL
    ], "for the hospital that recorded it this is a record clerk elsewhere"  # type: ignore[arg-type]
    directive_confirmations.do_refuse_directive(
        made.pk, w.person, evidence="not mine", sources=found, acting=patient_of(w, "full")
    )  # type: ignore[arg-type]
    confirm_directive(made, w.person)  # type: ignore[arg-type]
    assert w.seen(), "the control"


def test_a_code_that_a_hospital_gave_itself_makes_its_own_clerk_no_registrar_elsewhere(
    w: World,
) -> None:
    """A denial that another hospital has recorded is withdrawn with a code that two of this
    hospital have printed and activated.
    """
    record_confirmed_treatment(w.person, w.a, w.b)  # type: ignore[arg-type]
    w.permit()
    deny = record_choice(
        w.person, effect="deny", sources=source_patients.sources_of_person(w.person), acting=w.clerk
    )  # type: ignore[arg-type]
    found, own = (
        source_patients.sources_of_person(w.person),
        alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK)),
    )  # type: ignore[arg-type]
    weak = replace(patient_of(w, "provisional"), hospital_id=w.a.pk, hospital=w.a.code)
    do_withdraw_directive(deny.pk, w.person, reason="", sources=found, acting=weak)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        directive_confirmations.do_confirm_withdrawal(
            deny.pk, w.person, evidence="card", sources=found, acting=own
        )  # type: ignore[arg-type]
    assert w.seen() == set()
    assert (
        directive_confirmations.do_confirm_withdrawal(
            deny.pk, w.person, evidence="card", sources=found, acting=w.clerk
        ).voice
        == "registrar"
        and w.seen()
    ), "the control"  # type: ignore[arg-type]


def test_whose_word_a_withdrawal_was_stays_when_its_clerk_moves(w: World) -> None:
    record_confirmed_treatment(w.person, w.a)  # type: ignore[arg-type]
    w.permit()
    deny = record_choice(
        w.person, effect="deny", sources=source_patients.sources_of_person(w.person), acting=w.clerk
    )  # type: ignore[arg-type]
    leaver, found = alliance.make_staff(w.a), source_patients.sources_of_person(w.person)  # type: ignore[arg-type]
    do_withdraw_directive(
        deny.pk,
        w.person,
        reason="asked",
        evidence="letter",
        sources=found,
        acting=alliance.get_staff_principal(leaver),
    )  # type: ignore[arg-type]
    leaver.hospital = alliance.make_hospital("moved")
    leaver.save()
    with pytest.raises(Forbidden):
        directive_confirmations.do_confirm_withdrawal(
            deny.pk,
            w.person,
            evidence="letter",
            sources=found,
            acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK)),
        )  # type: ignore[arg-type]
    assert w.seen() == set()


def test_once_refused_a_withdrawal_is_not_confirmed_by_whom_it_lets_in(w: World) -> None:
    record_confirmed_treatment(w.person, w.a, w.b)  # type: ignore[arg-type]
    w.permit()
    deny = record_choice(
        w.person, effect="deny", sources=source_patients.sources_of_person(w.person), acting=w.clerk
    )  # type: ignore[arg-type]
    found, own = (
        source_patients.sources_of_person(w.person),
        alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK)),
    )  # type: ignore[arg-type]
    do_withdraw_directive(
        deny.pk, w.person, reason="asked", evidence="letter", sources=found, acting=w.clerk
    )  # type: ignore[arg-type]
    directive_confirmations.do_refuse_directive(
        deny.pk, w.person, evidence="I did not", sources=found, acting=patient_of(w, "full")
    )  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        directive_confirmations.do_confirm_withdrawal(
            deny.pk, w.person, evidence="letter", sources=found, acting=own
        )  # type: ignore[arg-type]
    assert w.seen() == set()
    confirm_directive(deny, w.person)  # type: ignore[arg-type]
    assert w.seen(), "the control"


@pytest.mark.parametrize("way", ["renamed", "parted", "parted_oldest"])
def test_a_refused_tie_stays_refused_whatever_the_hospital_does_with_a_registration(
    w: World, way: str
) -> None:
    """The hospital knows the patient twice, both for long."""
    card = w.hold("GET", w.at_b).json
    again = w.ask.create(
        make_patient(card["name"][0]["text"], resident=card["identifier"][0]["value"])
    )
    w.permit()
    w.ask.create(
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"code": "AMB"},
            "subject": {"reference": again},
            "period": {"start": timezone.now().isoformat()},
        }
    )
    encounter(w)
    age(w, 100)
    assert w.seen()
    found = source_patients.sources_of_person(w.person)  # type: ignore[arg-type]
    mine = [s for s in found if s.hospital_id == w.a.pk]
    assert len(found) == 3 and found[0] == mine[0]
    tie_confirmations.do_refuse_tie(
        w.person, w.a.pk, evidence="unknown here", sources=found, acting=patient_of(w, "full")
    )  # type: ignore[arg-type]
    assert w.seen() == set()
    if way == "renamed":
        sent = w.ask("GET", f"Patient/{mine[1].fhir_id}").json
        assert (
            w.ask("PUT", f"Patient/{mine[1].fhir_id}", sent | {"birthDate": "1958-03-13"}).status
            == 200
        )
    else:
        do_split_person(
            [mine[way == "parted"].id],
            acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK)),
        )
    w.person = SourcePatient.objects.get(hospital=w.b, fhir_id=w.at_b.split("/")[1]).person_id
    assert {n for n in source_patients.sources_of_person(w.person) if n.hospital_id == w.a.pk}, (
        "one is the patient's still"
    )  # type: ignore[arg-type]
    if way != "renamed":
        w.permit()  # whose it was is not known once they are parted: the patient is asked again
    assert w.seen() == set() and strength(w) is Strength.NONE
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    assert w.seen(), "the control"


@pytest.mark.parametrize("leaves", [0, 1])
def test_a_decision_whose_registrations_are_parted_is_a_decision_still(
    w: World, leaves: int
) -> None:
    """The alliance shares where nobody has decided; a patient has let in one hospital alone, and
    another parts a registration of its own.
    """
    card, nobody = w.hold("GET", w.at_b).json, alliance.make_hospital("let-in")
    w.ask.create(make_patient(card["name"][0]["text"], resident=card["identifier"][0]["value"]))
    AlliancePolicy.objects.create(
        code="Policy-basic-normal",
        basis="test",
        reason="test",
        starts_at=timezone.now(),
        decided_by_id=int(w.clerk.id),
    )
    try:
        encounter(w)
        age(w, 100)
        found = source_patients.sources_of_person(w.person)  # type: ignore[arg-type]
        for s in found:
            if s.hospital_id == w.a.pk:
                relationships.record_treatment_periods(
                    [
                        (
                            s.home,
                            s.id,
                            relationships.TreatmentPeriod(
                                w.a.code,
                                "encounter",
                                timezone.now() - dt.timedelta(days=40),
                                timezone.now() + dt.timedelta(days=9),
                            ),
                        )
                    ]
                )
        age(w, 100)
        assert w.seen(), "the control: nobody has decided"
        record_choice(
            w.person,
            recipient_id=nobody.pk,
            sources=source_patients.sources_of_person(w.person),
            acting=w.clerk,
        )  # type: ignore[arg-type]
        assert w.seen() == set()
        do_split_person(
            [[s for s in found if s.hospital_id == w.a.pk][leaves].id],
            acting=alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK)),
        )
        w.person = SourcePatient.objects.get(hospital=w.b, fhir_id=w.at_b.split("/")[1]).person_id
        assert strength(w) is (Strength.FULL if leaves else Strength.NONE) and w.seen() == set()
    finally:
        AlliancePolicy.objects.create(
            code="Policy-break-glass-only",
            basis="test",
            reason="test",
            starts_at=timezone.now(),
            decided_by_id=int(w.clerk.id),
        )
