"""What a hospital records for a patient counts for others as far as it is tied to the patient
itself (docs/adr/0030).
"""

import pytest

from alliance.models import Hospital
from alliance.roles import Role
from consent.services import directive_confirmations, tie_confirmations
from consent.services.directive_records import do_verify_directive
from consent.services.directive_withdrawals import do_withdraw_directive
from consent.services.ties import is_tied, load_facts_at_hospital
from consent.strength import Strength
from records.models import SourcePatient
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.consents import post_signed_decision, record_choice
from tests.factories.fhir import Api, make_observation
from tests.factories.ties import (
    confirm_directive,
    confirm_tie,
    make_privacy_officer,
    record_confirmed_treatment,
)
from tests.support.browser import signed_in
from tests.support.filed import consent
from tests.support.world import World, w

__all__ = ["w"]
ENGLISH = {"Accept-Language": "en"}


class Third:
    """A hospital that has registered the patient a moment ago, with a record of its own and a
    record clerk.
    """

    def __init__(self, w: World) -> None:
        card = w.hold("GET", w.at_b).json
        self.at: Hospital = alliance.make_hospital("third")
        self.api = Api(
            w.hold.at.geturl(), self.at.code, credentials=alliance.make_credentials(self.at)
        )
        self.about = self.api.create({k: v for k, v in card.items() if k not in ("id", "meta")})
        assert str(
            SourcePatient.objects.get(hospital=self.at, fhir_id=self.about.split("/")[1]).person_id
        ) == str(w.person)
        self.record = f"{self.at.code}/{self.api.create(make_observation(self.about))}"
        self.staff = alliance.make_staff(self.at, Role.CLERK)
        self.clerk = alliance.get_staff_principal(self.staff)


@pytest.fixture
def x(w: World) -> Third:
    record_confirmed_treatment(w.person, w.a)  # type: ignore[arg-type]
    return Third(w)


def found(w: World):  # type: ignore[no-untyped-def]
    return source_patients.sources_of_person(w.person)  # type: ignore[arg-type]


def test_a_hospital_that_nobody_knows_to_treat_the_patient_opens_its_own_records_alone(
    w: World, x: Third
) -> None:
    held = f"{w.b.code}/{w.plain}"
    made = record_choice(w.person, sources=found(w), acting=x.clerk)  # type: ignore[arg-type]
    assert w.seen() == {x.record}, "whose records they are may give them; not those of others"
    assert w.read(w.plain).status == 404
    confirm_tie(w.person, x.at)  # type: ignore[arg-type]
    assert w.seen() == {x.record, held} and w.read(w.plain).status == 200, (
        "the control: one that treats the patient is a registrar elsewhere"
    )
    tie_confirmations.do_refuse_tie(
        w.person, x.at.pk, evidence="never there", sources=found(w), acting=make_privacy_officer()
    )  # type: ignore[arg-type]
    assert w.seen() == {x.record}, "and it ends with the tie"
    confirm_directive(made, w.person)  # type: ignore[arg-type]
    assert w.seen() == {
        x.record,
        held,
    }, "once the patient's decision itself is confirmed, it matters no more who recorded it"
    directive_confirmations.do_refuse_directive(
        made.pk, w.person, evidence="not theirs", sources=found(w), acting=make_privacy_officer()
    )  # type: ignore[arg-type]
    assert w.seen() == set()


def test_a_consent_of_its_system_that_its_clerk_has_verified_counts_no_further(
    w: World, x: Third
) -> None:
    made = x.api.create(consent(w, {"type": "permit"}) | {"patient": {"reference": x.about}})
    directive = load_facts_at_hospital(w.a.pk, w.person, found(w)).unverified_consents[-1].id  # type: ignore[arg-type]
    assert made and w.seen() == set()
    do_verify_directive(directive, w.person, evidence="shelf", sources=found(w), acting=x.clerk)  # type: ignore[arg-type]
    assert w.seen() == {x.record}
    confirm_tie(w.person, x.at)  # type: ignore[arg-type]
    assert len(w.seen()) == 2


def test_who_has_seen_the_paper_is_whose_word_it_is(w: World, x: Third) -> None:
    """The system of a hospital that treats the patient is nobody: the clerk of one that does not
    has said so.
    """
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    w.hold.create(consent(w, {"type": "permit"}))
    directive = load_facts_at_hospital(w.a.pk, w.person, found(w)).unverified_consents[-1].id  # type: ignore[arg-type]
    do_verify_directive(directive, w.person, evidence="shelf", sources=found(w), acting=x.clerk)  # type: ignore[arg-type]
    assert w.seen() == {x.record}
    confirm_tie(w.person, x.at)  # type: ignore[arg-type]
    assert w.seen() == {x.record, f"{w.b.code}/{w.plain}"}


def test_a_record_clerk_opens_nothing_to_their_own_hospital_by_confirming_who_recorded_it(
    w: World, x: Third
) -> None:
    record_choice(w.person, sources=found(w), acting=x.clerk)  # type: ignore[arg-type]
    own = alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK))
    tie_confirmations.do_confirm_tie(
        w.person, x.at.pk, evidence="card", sources=found(w), acting=own
    )  # type: ignore[arg-type]
    assert is_tied(x.at.pk, w.person, found(w)), "the third hospital is tied to the patient"  # type: ignore[arg-type]
    assert w.seen() == {x.record}, "but on the word of the one who looks"
    assert (
        load_facts_at_hospital(w.b.pk, w.person, found(w)).consents[0].strength is Strength.FULL
    ), "the control: for others it counts"  # type: ignore[arg-type]


def test_a_refusal_is_not_lifted_for_others_by_a_hospital_that_nobody_knows_to_treat_the_patient(
    w: World, x: Third
) -> None:
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    w.permit()
    deny = record_choice(
        w.person, effect="deny", recipient_id=w.a.pk, sources=found(w), acting=w.clerk
    )  # type: ignore[arg-type]
    do_withdraw_directive(
        deny.pk, w.person, reason="asked", evidence="letter", sources=found(w), acting=x.clerk
    )  # type: ignore[arg-type]
    assert w.seen() == set()
    again = record_choice(
        w.person, effect="deny", recipient_id=w.a.pk, sources=found(w), acting=w.clerk
    )  # type: ignore[arg-type]
    confirm_directive(deny, w.person)  # type: ignore[arg-type]
    confirm_tie(w.person, x.at)  # type: ignore[arg-type]
    do_withdraw_directive(
        again.pk, w.person, reason="asked", evidence="letter", sources=found(w), acting=x.clerk
    )  # type: ignore[arg-type]
    assert w.seen(), "the control"


def test_a_system_does_not_take_back_what_it_refused_to_others_either(w: World) -> None:
    record_confirmed_treatment(w.person, w.a)  # type: ignore[arg-type]
    w.permit()
    rule = {
        "type": "deny",
        "actor": [
            {
                "role": {"coding": [{"code": "IRCP"}]},
                "reference": {"reference": f"Organization/{w.a.code}"},
            }
        ],
    }
    first = w.hold.create(consent(w, rule))
    assert w.seen() == set()
    assert w.hold("DELETE", first).status == 204 and w.seen() == set()
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    assert w.hold("PUT", first, consent(w, rule) | {"id": first.split("/")[1]}).status in (200, 201)
    assert w.hold("DELETE", first).status == 204 and w.seen(), (
        "the control: of a hospital that treats the patient it ends"
    )


def test_the_pages_say_what_counts(w: World, x: Third) -> None:
    page, address = signed_in(x.staff), f"/person/{w.person}/consent/"
    told = post_signed_decision(page, address, {"template": "share"}, method="spoken", evidence="x")
    assert told.status_code == 302
    shown = page.get(address, headers=ENGLISH).content.decode()
    assert (
        "what it permits to others of your own hospital" in shown
        and f"opens to others only the records of {x.at.name_en}" in shown
    )
    waits = (
        signed_in(alliance.make_staff(w.b, Role.CLERK))
        .get("/confirmations/", headers=ENGLISH)
        .content.decode()
    )
    assert x.at.name_en in waits, "the record clerk who knows the patient is asked"
    confirm_tie(w.person, x.at)  # type: ignore[arg-type]
    shown = page.get(address, headers=ENGLISH).content.decode()
    assert (
        f"for {x.at.name_en} itself it counts once" in shown and "opens to others only" not in shown
    )


def refer(x: Third, to: Hospital) -> None:
    x.api.create(
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": x.about},
            "performer": [{"reference": f"Organization/{to.code}"}],
        }
    )


def test_a_hospital_that_nobody_knows_to_treat_the_patient_refers_them_with_its_own_records_alone(
    w: World,
) -> None:
    x, held = Third(w), f"{w.b.code}/{w.plain}"
    confirm_directive(record_choice(w.person, sources=found(w), acting=w.clerk), w.person)  # type: ignore[arg-type]
    assert w.seen() == set()
    refer(x, w.a)
    assert w.seen() == {x.record} and not is_tied(w.a.pk, w.person, found(w))  # type: ignore[arg-type]
    confirm_tie(w.person, x.at)  # type: ignore[arg-type]
    assert w.seen() == {
        x.record,
        held,
    }, "the control: one that treats the patient refers them as a whole"


def test_those_who_ask_each_other_are_not_tied_by_it(w: World) -> None:
    x, held = Third(w), f"{w.b.code}/{w.plain}"
    confirm_directive(record_choice(w.person, sources=found(w), acting=w.clerk), w.person)  # type: ignore[arg-type]
    refer(x, w.a)
    mine = next(s for s in found(w) if s.hospital_id == w.a.pk)
    w.ask.create(
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": f"Patient/{mine.fhir_id}"},
            "performer": [{"reference": f"Organization/{x.at.code}"}],
        }
    )
    assert w.seen() == {x.record}
    w.hold.create(
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": w.at_b},
            "performer": [{"reference": f"Organization/{x.at.code}"}],
        }
    )
    assert w.seen() == {x.record}, "one that is not tied either asks the third"
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    assert w.seen() == {
        x.record,
        held,
    }, "the control: who treats the patient asks the third, and the third asks on"


def test_a_refusal_outweighs_a_referral_whenever_it_was_written(w: World) -> None:
    x, held = Third(w), f"{w.b.code}/{w.plain}"
    confirm_tie(w.person, x.at)  # type: ignore[arg-type]
    confirm_directive(record_choice(w.person, sources=found(w), acting=w.clerk), w.person)  # type: ignore[arg-type]
    refer(x, w.a)
    assert w.seen() == {x.record, held}, "the control"
    tie_confirmations.do_refuse_tie(
        w.person, w.a.pk, evidence="not there", sources=found(w), acting=make_privacy_officer()
    )  # type: ignore[arg-type]
    assert w.seen() == set(), "said after the referral, it holds"
    refer(x, w.a)
    w.hold.create(
        {
            "resourceType": "ServiceRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": w.at_b},
            "performer": [{"reference": f"Organization/{w.a.code}"}],
        }
    )
    assert w.seen() == set(), "and a system does not overrule a human by writing once more"
    tie_confirmations.do_confirm_tie(
        w.person, w.a.pk, evidence="card", sources=found(w), acting=x.clerk
    )  # type: ignore[arg-type]
    assert w.seen() == {x.record, held}, "the control: a record clerk of another hospital does"
