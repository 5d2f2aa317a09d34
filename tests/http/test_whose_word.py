"""What is said of a registration is said of whom it was then: an emergency, a confirmation, a
decision or a code do not go along with it to another patient, whatever is sent at the same moment
and however long a page stood open (docs/adr/0030).
"""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Permission, Role
from consent import facts
from consent.audit.event import EventCode
from consent.decide import decide_access
from consent.models import AccessActivation, Confirmation, Directive, Emergency, PatientAccess
from consent.services import confirmations, directive_confirmations, tie_confirmations
from consent.services.access_codes import do_give_access
from consent.services.activations import do_activate_access
from consent.services.directive_records import do_record_directive
from consent.services.emergencies import do_break_glass
from consent.services.relationships import do_declare_relationship
from consent.services.ties import load_facts_at_hospital
from consent.strength import Strength
from consent.templates import ConsentChoice, ConsentTemplate, build_consent
from consent.terms import AccessRequest, Refused
from records.bulk import import_job
from records.ingest.store_resources import IncomingResource
from records.models import SourcePatient
from records.mpi.index import source_patients
from records.requests.fhir_request import FhirRequest
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import (
    Api,
    make_citizen_number,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.factories.ties import confirm_tie, make_privacy_officer
from tests.factories.web_role import acting_as_web_role
from tests.support.browser import signed_in
from tests.wait_until import wait_until

ENGLISH = {"Accept-Language": "en"}


@dataclass
class Two:
    """A patient whom hospital B knows, and another one whom hospital A alone knows, until its
    system calls the registration so.
    """

    a: Hospital
    b: Hospital
    system: Api
    keeper: Api
    at_b: str
    own: SourcePatient
    name: str
    number: str

    @property
    def person(self) -> Any:
        return SourcePatient.objects.get(hospital=self.b, fhir_id=self.at_b.split("/")[1]).person_id

    @property
    def known(self) -> Any:
        return source_patients.sources_of_person(self.person)

    @property
    def another(self) -> dict[str, Any]:
        return make_patient(self.name, resident=self.number) | {"id": self.own.fhir_id}

    def rename(self) -> None:
        assert self.system("PUT", f"Patient/{self.own.fhir_id}", self.another).status == 200
        self.own.refresh_from_db()
        assert self.own.person_id == self.person, "one of the patient's registrations from now on"

    def put(self) -> None:
        """The same in the transaction of the test."""
        who = Principal("client", "x", self.a.pk, self.a.code, Role.MEMBER_SYSTEM.value)
        import_job.store_import_lines(
            FhirRequest(who, self.a.code, self.a.pk, "http://x"),
            [(0, IncomingResource(self.another, self.own.fhir_id))],
        )

    def tie(self, staff: int = 0) -> Strength:
        return load_facts_at_hospital(self.a.pk, self.person, self.known, staff).tie


@pytest.fixture
def two(server: str) -> Two:
    a, b = alliance.make_hospital("ask"), alliance.make_hospital("hold")
    system, keeper = (Api(server, h.code, credentials=alliance.make_credentials(h)) for h in (a, b))
    name, card = make_unique_name(), make_citizen_number()
    at_b = keeper.create(make_patient(name, resident=card))
    keeper.create(make_observation(at_b))
    own = system.create(make_patient(make_unique_name(), resident=make_citizen_number()))
    return Two(
        a,
        b,
        system,
        keeper,
        at_b,
        SourcePatient.objects.get(hospital=a, fhir_id=own.split("/")[1]),
        name,
        card,
    )


def opens(two: Two, doctor: Principal) -> bool:
    """Whether the clinician sees the patient's records at the other hospital, and that in an
    emergency.
    """
    asked = AccessRequest(
        doctor,
        Permission.RECORD_READ,
        EventCode.RECORD_OPEN,
        "record",
        person=two.person,
        sources=two.known,
        all_sources=two.known,
    )
    try:
        scope = decide_access(asked, facts.load_facts(asked))
    except Refused:
        return False
    theirs = {s.id for s in two.known if s.hospital_id == two.b.pk}
    return scope.emergency and bool(theirs & {i for i, _ in scope.patients})


def test_an_emergency_does_not_go_along_with_a_registration(two: Two) -> None:
    """Else one emergency, of somebody whom nobody knows, would open one patient after the other,
    and the trail of none.
    """
    doctor = alliance.get_staff_principal(alliance.make_staff(two.a))
    record_choice(
        two.person,
        effect="deny",
        sources=two.known,
        acting=alliance.get_staff_principal(alliance.make_staff(two.b, Role.CLERK)),
    )
    do_break_glass(
        two.own.person_id,
        ground="rescue",
        reason="unconscious",
        hours=4,
        acting=doctor,
        sources=source_patients.sources_of_person(two.own.person_id),
    )
    two.rename()
    assert not opens(two, doctor)
    do_break_glass(
        two.person, ground="rescue", reason="unconscious", hours=4, acting=doctor, sources=two.known
    )
    assert Emergency.objects.filter(staff_id=int(doctor.id)).count() == 2 and opens(two, doctor), (
        "the control: with a trail of its own"
    )
    told = two.keeper("GET", two.at_b).json
    assert two.keeper("PUT", two.at_b, told | {"birthDate": "1958-03-13"}).status == 200
    assert two.person == source_patients.sources_of_person(two.own.home)[0].home and opens(
        two, doctor
    ), "what another hospital puts right meanwhile ends no emergency"


def declared(two: Two) -> Principal:
    doctor = alliance.get_staff_principal(alliance.make_staff(two.a))
    do_declare_relationship(two.own.person_id, reason="visit", acting=doctor)
    return doctor


def second(two: Two) -> None:
    do_confirm(two, alliance.get_staff_principal(alliance.make_staff(two.a, Role.CLERK)))


def do_confirm(two: Two, acting: Principal) -> None:
    tie_confirmations.do_confirm_tie(
        two.own.home,
        two.a.pk,
        evidence="card compared",
        sources=source_patients.sources_of_person(two.own.home),
        acting=acting,
    )


def taken_in(two: Two) -> None:
    with transaction.atomic(), acting_as_web_role():
        confirmations.do_confirm_intake(
            two.a.pk, evidence="list compared", acting=make_privacy_officer()
        )


WORDS = {
    "second": second,
    "officer": lambda two: do_confirm(two, make_privacy_officer()),
    "intake": taken_in,
}


@pytest.mark.parametrize("word", WORDS)
def test_what_is_said_while_a_registration_is_being_sent_anew_is_not_said_of_the_other(
    two: Two, word: str
) -> None:
    """The transaction has begun before somebody speaks, and is over afterwards."""
    doctor = declared(two)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(apart, WORDS[word], two).result()
        two.put()
    two.own.refresh_from_db()
    assert two.own.person_id == two.person and two.tie(int(doctor.id)) is Strength.NONE
    confirm_tie(two.person, two.a)
    assert two.tie() is Strength.FULL, "the control: said of this one"


def apart(do: Any, two: Two) -> Any:
    """On a connection of its own."""
    try:
        return do(two)
    except Forbidden as error:
        return error
    finally:
        connection.close()


def printed(two: Two) -> int:
    confirm_tie(two.own.person_id, two.a)
    found = source_patients.sources_of_person(two.own.person_id)
    do_give_access(
        two.own.person_id,
        sources=found,
        acting=alliance.get_staff_principal(alliance.make_staff(two.a, Role.CLERK)),
    )
    return PatientAccess.objects.get(person=two.own.home).pk


def recorded(two: Two) -> Directive:
    return do_record_directive(
        two.own.person_id,
        build_consent(ConsentChoice(ConsentTemplate.SHARE, [], [], ["R"])),
        method="paper",
        evidence="x",
        sources=source_patients.sources_of_person(two.own.person_id),
        acting=alliance.get_staff_principal(alliance.make_staff(two.a, Role.CLERK)),
    )


def stands(two: Two) -> int:
    return (
        Confirmation.objects.filter(hospital=two.a, subject__in=["tie", "directive"]).count()
        + AccessActivation.objects.filter(access__hospital=two.a).count()
        + Emergency.objects.filter(hospital=two.a).count()
    )


def waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE"
            " '%%records_sourcepatient%%FOR SHARE%%'"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("way", ["tie", "decision", "code", "emergency"])
def test_who_speaks_of_a_registration_that_is_being_sent_anew_waits_and_is_told(
    two: Two, way: str
) -> None:
    """The transaction has called it somebody else's and is not over: whoever speaks has seen
    whom it was before.
    """
    made, access = (
        recorded(two) if way == "decision" else None,
        printed(two) if way == "code" else 0,
    )
    seen, person = source_patients.sources_of_person(two.own.person_id), two.own.person_id
    doctor = declared(two)
    do = {
        "tie": lambda _: tie_confirmations.do_confirm_tie(
            person, two.a.pk, evidence="card", sources=seen, acting=make_privacy_officer()
        ),
        "decision": lambda _: directive_confirmations.do_confirm_directive(
            made.pk, person, evidence="paper", sources=seen, acting=make_privacy_officer()
        ),  # type: ignore[union-attr]
        "code": lambda _: do_activate_access(
            access, person, compared="card", sources=seen, acting=make_privacy_officer()
        ),
        "emergency": lambda _: do_break_glass(
            person, ground="rescue", reason="unconscious", hours=4, acting=doctor, sources=seen
        ),
    }[way]
    before, over, sent = stands(two), Event(), Event()

    def send(_: Two) -> None:
        with transaction.atomic():
            two.put()
            sent.set()
            over.wait(180)

    with ThreadPoolExecutor(2) as pool:
        sending = pool.submit(apart, send, two)
        sent.wait(180)
        speaking = pool.submit(apart, do, two)
        wait_until(waits, "the one who speaks waits")
        over.set()
        sending.result()
        error = speaking.result()
    assert isinstance(error, Forbidden) and error.code == "changed" and stands(two) == before
    seen, person = two.known, two.person
    assert do(two) and stands(two) == before + 1, "the control: of whom it is now"


@pytest.mark.parametrize("way", ["tie", "decision", "code"])
def test_a_page_that_stood_open_says_nothing_of_the_next_patient(two: Two, way: str) -> None:
    """An officer has compared the card of one; meanwhile the hospital's system calls its
    registration another's.
    """
    page = signed_in(alliance.make_staff(alliance.make_hospital("office"), Role.PRIVACY, wide=True))
    address, form = {
        "tie": lambda: (
            f"tie/{two.a.pk}/",
            {"confirm": "1", "compared": "paper", "evidence": "by telephone"},
        ),
        "decision": lambda: (
            f"consent/{recorded(two).pk}/confirm/",
            {"confirm": "1", "evidence": "the paper"},
        ),
        "code": lambda: (f"consent/access/{printed(two)}/activate/", {"compared": "card"}),
    }[way]()
    address, before = f"/person/{two.own.home}/{address}", stands(two)

    def shown() -> dict[str, str]:
        mark = re.search(
            r'name="whom" value="(\w+)"', page.get(address, headers=ENGLISH).content.decode()
        )
        assert mark
        return form | {"whom": mark[1]}

    stale = shown()
    two.rename()
    refused = page.post(address, stale, headers=ENGLISH)
    assert (
        refused.status_code == 403
        and "look once more who this is" in refused.content.decode()
        and stands(two) == before
    )
    assert (
        page.post(address, shown(), headers=ENGLISH).status_code == 302
        and stands(two) == before + 1
    ), "the control: of whom the page shows"


def test_a_decision_is_read_back_of_the_patient_who_is_shown(two: Two) -> None:
    clerk = signed_in(alliance.make_staff(two.a, Role.CLERK))
    address, form = f"/person/{two.own.home}/consent/", {"template": "share"}
    read = clerk.post(address, form | {"read": "1"}, headers=ENGLISH).content.decode()
    said = re.search(r'name="said" value="(\w+)"', read)
    assert said
    saved = form | {"said": said[1], "save": "1", "method": "paper", "evidence": "x"}
    two.rename()
    assert (
        clerk.post(address, saved, headers=ENGLISH).status_code == 200
        and not Directive.objects.filter(hospital=two.a).exists()
    )
    again = re.search(
        r'name="said" value="(\w+)"',
        clerk.post(address, form | {"read": "1"}, headers=ENGLISH).content.decode(),
    )
    assert (
        again
        and clerk.post(address, saved | {"said": again[1]}, headers=ENGLISH).status_code == 302
    ), "the control"
    assert timezone.now() - Directive.objects.get(hospital=two.a).valid_from < dt.timedelta(hours=1)


def test_who_treats_a_patient_elsewhere_is_told_to_whose_word_counts(two: Two) -> None:
    """Not to whoever has the patient's id, nor to a hospital whose own registration nobody
    stands behind.
    """
    two.rename()
    do_declare_relationship(
        two.person,
        reason="the clinic of infections",
        acting=alliance.get_staff_principal(alliance.make_staff(two.b)),
    )
    pages = [
        signed_in(alliance.make_staff(at, Role.CLERK))
        for at in (two.a, alliance.make_hospital("third"))
    ] + [signed_in(alliance.make_staff(two.a))]
    address = f"/person/{two.person}/tie/{two.b.pk}/"
    for page in pages:
        assert (
            page.get(address, headers=ENGLISH).status_code == 403
            and "infections" not in page.get("/confirmations/", headers=ENGLISH).content.decode()
        )
    confirm_tie(two.person, two.a)
    told = [
        page.get(at, headers=ENGLISH).content.decode()
        for page in pages[:1]
        for at in (address, "/confirmations/")
    ]
    assert all("infections" in t for t in told), (
        "the control: a record clerk of a hospital whose tie is confirmed"
    )
    assert signed_in(alliance.make_staff(two.b, Role.CLERK)).get(address).status_code == 200, (
        "and of their own"
    )
