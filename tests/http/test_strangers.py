"""What one who knows of a person only from outside gets to know by the index: nothing by an
invented registration, little and counted by searching.
"""

import re
from typing import Any

import pytest
from django.utils import timezone

from alliance.models import Staff
from alliance.roles import Role
from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.models import Directive
from records.models import Review, SourcePatient, StrangerSearch
from records.mpi.curation.decisions import do_join_persons, do_split_person
from records.mpi.index import source_patients, stranger_quota
from tests import draws
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import (
    Api,
    make_citizen_number,
    make_observation,
    make_patient,
    make_phone,
    make_unique_name,
)
from tests.factories.ties import confirm_tie
from tests.support.browser import signed_in

ADDRESS = "芙蓉路12号502室"


class Neighbour:
    """A patient of hospital `there`, who permits all; and hospital `here`, which has never seen
    them.
    """

    def __init__(self, server: str) -> None:
        self.here, self.there = alliance.make_hospital("here"), alliance.make_hospital("there")
        self.api, self.holder = (
            Api(server, h.code, credentials=alliance.make_credentials(h))
            for h in (self.here, self.there)
        )
        self.name, self.card, self.phone = (
            make_unique_name(),
            make_citizen_number("19580312"),
            make_phone("137"),
        )
        self.secret = f"S{draws.token_hex(5)}"  # what only the other hospital has written down
        body = make_patient(self.name, resident=self.card) | {
            "telecom": [{"system": "phone", "value": self.phone}],
            "address": [{"text": ADDRESS + self.secret}],
        }
        self.at_there = self.holder.create(body)
        self.result = self.holder.create(make_observation(self.at_there, value=7.77))
        self.person = SourcePatient.objects.get(
            hospital=self.there, fhir_id=self.at_there.split("/")[1]
        ).person_id
        record_choice(
            self.person,
            recipient_id=self.here.pk,
            sources=source_patients.sources_of_person(self.person),
            acting=alliance.get_staff_principal(alliance.make_staff(self.there, Role.CLERK)),
        )

    def invent(self, *known: str) -> SourcePatient:
        """A registration at `here` with this much of the neighbour's."""
        made: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": self.name}]}
        made |= (
            {"identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": self.card}]}
            if "number" in known
            else {}
        )
        made |= {"birthDate": "1958-03-12"} if "birth" in known else {}
        made |= {"gender": "male"} if "sex" in known else {}
        made |= {"telecom": [{"system": "phone", "value": self.phone}]} if "phone" in known else {}
        reference = self.api.create(made)
        self.api.create(
            {
                "resourceType": "Encounter",
                "status": "in-progress",
                "class": {
                    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                    "code": "AMB",
                },
                "subject": {"reference": reference},
                "period": {"start": timezone.now().isoformat()},
            }
        )
        return SourcePatient.objects.get(hospital=self.here, fhir_id=reference.split("/")[1])

    def answers(self) -> dict[str, bytes]:
        """All that the shared base answers about the person."""
        who = {
            "resourceType": "Patient",
            "name": [{"text": self.name}],
            "gender": "male",
            "birthDate": "1958-03-12",
            "telecom": [{"system": "phone", "value": self.phone}],
            "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": self.card}],
        }
        asks = [
            "Patient/{p}/$everything?_count=200",
            "Patient/{p}",
            "Person/{p}",
            "Patient/{p}/$summary",
            "Observation?patient={p}",
            "Patient?identifier=" + self.card,
            "Patient?name=" + self.name,
            f"Patient?name={self.name}&birthdate=1958-03-12",
            "Patient?phone=" + self.phone,
            "Patient?_id={p}",
            "Patient/$ihe-pix?sourceIdentifier=urn:oid:2.16.156.10011.1.3|" + self.card,
        ]
        out = {a: self.api("GET", a.format(p=self.person), base="alliance").body for a in asks}
        out |= {
            "$match": self.api("POST", "Patient/$match", who, base="alliance").body,
            "their base": self.api("GET", self.at_there, base=self.there.code).body,
            "their result": self.api("GET", self.result, base=self.there.code).body,
        }
        return out


@pytest.fixture
def neighbour(server: str) -> Neighbour:
    return Neighbour(server)


@pytest.mark.parametrize("known", ["number", "number birth sex phone", "birth phone sex"])
def test_who_is_linked_by_an_invented_registration_reads_nothing_of_the_other_hospital(
    neighbour: Neighbour, known: str
) -> None:
    n = neighbour
    fake = n.invent(*known.split())
    assert fake.person_id == n.person, "linked: the record is one person's"
    for ask, body in n.answers().items():
        assert n.secret.encode() not in body, (ask, body)
        assert b"7.77" not in body, (ask, body)
        assert n.there.code.encode() not in body, (ask, body)
    confirm_tie(n.person, n.here)
    told = [ask for ask, body in n.answers().items() if n.secret.encode() in body]
    assert {"Patient/{p}", "Person/{p}", "$match", "their base", "Patient?_id={p}"} <= set(told), (
        "the control: confirmed"
    )
    assert b"7.77" in n.answers()["Patient/{p}/$everything?_count=200"]


@pytest.mark.parametrize("known", ["birth sex", "birth", "phone", "phone sex", ""])
def test_name_with_one_other_sign_never_links(neighbour: Neighbour, known: str) -> None:
    assert neighbour.invent(*known.split()).person_id != neighbour.person


def prefill(acting: Any, **counts: int) -> None:
    StrangerSearch.objects.update_or_create(
        kind=acting.kind,
        actor=acting.id,
        hour=stranger_quota.current_hour(),
        defaults={"hospital_id": acting.hospital_id} | counts,
    )


def hits(html: str) -> set[str]:
    return set(re.findall(r"person/([0-9a-f-]{36})/", html))


def test_looking_for_strangers_ends_for_the_hour_and_own_patients_are_found_on(
    neighbour: Neighbour,
) -> None:
    n = neighbour
    own = n.api.create(make_patient(mine := make_unique_name())).split("/")[1]
    doctor = alliance.make_staff(n.here)
    web, acting = signed_in(doctor), alliance.get_staff_principal(doctor)
    assert str(n.person) in hits(
        web.post("/patients/", {"q": n.card}, follow=True).content.decode()
    )
    row = StrangerSearch.objects.get(actor=acting.id)
    assert (row.searches, row.strangers) == (1, 1)
    prefill(acting, searches=60)
    stopped = web.post("/patients/", {"q": n.card}, follow=True)
    assert stopped.status_code == 429
    assert 0 < int(stopped["Retry-After"]) <= 3600
    assert not hits(stopped.content.decode())
    found = web.post("/patients/", {"q": mine}, follow=True)
    person = SourcePatient.objects.get(hospital=n.here, fhir_id=own).person_id
    assert found.status_code == 200, "own patients are found as always"
    assert str(person) in hits(found.content.decode()), "own patients are found as always"
    urgent = re.search(r'href="(\?s=[^"]+urgent=1)"', stopped.content.decode())
    assert urgent, "a clinician is offered the way of emergencies"
    saved = web.get("/patients/" + urgent[1].replace("&amp;", "&"))
    assert saved.status_code == 200
    assert str(n.person) in hits(saved.content.decode())
    row.refresh_from_db()
    assert (row.urgent, row.refused) == (1, 1)
    prefill(acting, searches=0, strangers=0, urgent=0)
    assert web.post("/patients/", {"q": n.card}, follow=True).status_code == 200, (
        "the control: another hour"
    )


def test_accounts_for_whom_nobody_vouches_look_as_one(neighbour: Neighbour) -> None:
    """An administrator makes as many as they like, and signs in with each."""
    n = neighbour
    made = [alliance.make_staff(n.here), alliance.make_staff(n.here, Role.CLERK)]
    Staff.objects.filter(pk__in=[s.pk for s in made]).update(vouched_at=None)
    prefill(alliance.get_staff_principal(made[0]), searches=60)
    second = signed_in(made[1])
    assert second.post("/patients/", {"q": n.card}, follow=True).status_code == 429
    alliance.mark_vouched(made[1])
    assert second.post("/patients/", {"q": n.card}, follow=True).status_code == 200, (
        "the control: for whom somebody vouches, their own count"
    )


def test_a_clerk_has_no_emergency_to_search_in(neighbour: Neighbour) -> None:
    clerk = alliance.make_staff(neighbour.here, Role.CLERK)
    web = signed_in(clerk)
    prefill(alliance.get_staff_principal(clerk), searches=60)
    stopped = web.post("/patients/", {"q": neighbour.card}, follow=True)
    assert stopped.status_code == 429
    assert "urgent=1" not in stopped.content.decode()
    key = stopped.redirect_chain[-1][0].split("?s=")[1]
    assert web.get(f"/patients/?s={key}&urgent=1").status_code == 429


def test_common_names_do_not_list_the_alliance(neighbour: Neighbour) -> None:
    """Sixty searches of fifty namesakes each would."""
    clerk = alliance.make_staff(neighbour.here, Role.CLERK)
    prefill(alliance.get_staff_principal(clerk), searches=4, strangers=180)
    assert (
        signed_in(clerk).post("/patients/", {"q": neighbour.name}, follow=True).status_code == 429
    )


def test_a_systems_look_ups_have_a_limit_of_their_own(neighbour: Neighbour) -> None:
    n = neighbour
    own = make_patient(
        mine := make_unique_name(), resident=(card := make_citizen_number("19600102"))
    )
    n.api.create(own)
    ask = f"Patient?identifier={n.card}"
    assert n.api("GET", ask, base="alliance").status == 200
    row = StrangerSearch.objects.get(hospital=n.here, kind="client")
    assert (row.searches, row.strangers) == (1, 0)
    row.searches = 10_000
    row.save()
    for reply in (
        n.api("GET", ask, base="alliance"),
        n.api("GET", f"Patient/$ihe-pix?sourceIdentifier=x|{n.card}", base="alliance"),
        n.api(
            "POST",
            "Patient/$match",
            {"resourceType": "Patient", "name": [{"text": n.name}], "birthDate": "1958-03-12"},
            base="alliance",
        ),
    ):
        assert reply.status == 429, reply.body
        assert 0 < int(reply.headers["retry-after"]) <= 3600, reply.body
        assert reply.json["issue"][0]["code"] == "throttled", reply.body
    assert n.api("GET", f"Patient?identifier={card}", base="alliance").json["total"] == 1, (
        "own patients are found as always"
    )
    assert n.api("POST", "Patient/$match", own, base="alliance").json["total"] == 1
    assert n.api("GET", f"Patient?name={mine}").json["total"] == 1, "and in the own store"


def test_the_privacy_officer_sees_who_looks_for_whom_links_by_rule_and_permits_that_lapsed(
    neighbour: Neighbour,
) -> None:
    n = neighbour
    fake = n.invent("number", "birth")
    officer, wide = (
        signed_in(alliance.make_staff(n.there, Role.PRIVACY)),
        signed_in(alliance.make_staff(n.there, Role.PRIVACY, wide=True)),
    )
    elsewhere = signed_in(alliance.make_staff(alliance.make_hospital("third"), Role.PRIVACY))
    clerk = alliance.make_staff(n.here, Role.CLERK)
    signed_in(clerk).post("/patients/", {"q": make_unique_name()}, follow=True)

    def shown(browser: Any) -> str:
        answer = browser.get("/privacy/index/")
        assert answer.status_code == 200
        return answer.content.decode()  # type: ignore[no-any-return]

    assert f"/person/{n.person}/tie/{n.here.pk}/" in shown(officer), (
        "joined with a patient of theirs"
    )
    assert f"/person/{n.person}/tie/" not in shown(elsewhere)
    confirm_tie(n.person, n.here)
    assert f"/person/{n.person}/tie/{n.here.pk}/" not in shown(officer), "confirmed"
    assert clerk.hospital.code not in shown(officer), "of one's own staff"
    assert f"<b>{clerk.name}</b> {clerk.hospital}" not in shown(officer), "of one's own staff"
    assert (
        f"<b>{clerk.name}</b> {clerk.hospital}"
        in signed_in(alliance.make_staff(n.here, Role.PRIVACY))
        .get("/privacy/index/")
        .content.decode()
    )

    both = record_choice(
        n.person,
        recipient_id=n.here.pk,
        sources=source_patients.sources_of_person(n.person),
        acting=alliance.get_staff_principal(alliance.make_staff(n.there, Role.CLERK)),
    )
    directive = both if isinstance(both, Directive) else Directive.objects.latest("pk")
    assert f"/person/{directive.person}/privacy/" not in section(shown(wide))
    do_split_person([fake.pk], acting=alliance.get_staff_principal(clerk))
    assert f"/person/{directive.person}/privacy/" in section(shown(wide))
    assert f"/person/{directive.person}/privacy/" in section(shown(officer))
    assert f"/person/{directive.person}/privacy/" not in section(shown(elsewhere))
    lines = [
        x
        for x in list_audit_lines(AuditFilter(person=n.person), None, 50)
        if x["code"] == "consent:directive:shift"
    ]
    assert f"directive/{directive.pk}" in {
        x["target"] for x in lines if x["detail"].startswith("lapses")
    }


def section(html: str) -> str:
    """Of the permits that lapsed."""
    return html.split('id="parted"')[1].split("</section>")[0]


def test_what_a_join_makes_of_the_patients_decisions_is_written_down(neighbour: Neighbour) -> None:
    n = neighbour
    reference = n.api.create(make_patient(make_unique_name()))
    other = SourcePatient.objects.get(hospital=n.here, fhir_id=reference.split("/")[1])
    at_there = SourcePatient.objects.get(hospital=n.there, fhir_id=n.at_there.split("/")[1])
    begun = timezone.now()
    do_join_persons(
        other.pk,
        at_there.pk,
        acting=alliance.get_staff_principal(alliance.make_staff(n.here, Role.CLERK)),
        others=[alliance.get_staff_principal(alliance.make_staff(n.there, Role.CLERK))],
    )
    lines = [
        x
        for x in list_audit_lines(AuditFilter(person=n.person, start=begun), None, 50)
        if x["code"] == "consent:directive:shift"
    ]
    assert [x["detail"].split(" · ")[0] for x in lines] == ["extends"]


def section_of(browser: Any, address: str) -> str:
    return browser.get(address, headers={"Accept-Language": "en"}).content.decode()  # type: ignore[no-any-return]


def test_an_unknown_patient_is_identified_by_curators_of_two_hospitals(
    neighbour: Neighbour,
) -> None:
    """One clerk alone makes the neighbour of them, and nothing is joined or opened; with a clerk
    who knows the neighbour it is, and the tie is confirmed.
    """
    n = neighbour
    reference = n.api.create(
        {"resourceType": "Patient", "name": [{"text": "无名氏"}], "gender": "unknown"}
    )
    unknown = SourcePatient.objects.get(hospital=n.here, fhir_id=reference.split("/")[1])
    n.api.create(
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "EMER"},
            "subject": {"reference": reference},
            "period": {"start": timezone.now().isoformat()},
        }
    )
    mine, second, theirs = (
        signed_in(alliance.make_staff(h, Role.CLERK)) for h in (n.here, n.here, n.there)
    )

    def merge(browser: Any) -> str:
        form = {"other": str(n.person), "note": "the family brought the card"}
        return browser.post(
            f"/person/{unknown.home}/identity/merge/",
            form,
            follow=True,
            headers={"Accept-Language": "en"},
        ).content.decode()  # type: ignore[no-any-return]

    for clerk in (mine, second):
        assert "A second curator has to agree" in merge(clerk)
        assert SourcePatient.objects.get(pk=unknown.pk).person_id == unknown.home
        assert all(
            n.secret.encode() not in body and b"7.77" not in body for body in n.answers().values()
        )
    asked = Review.objects.get(
        one__in=(unknown.pk, *[s.id for s in source_patients.sources_of_person(n.person)]),
        two=unknown.pk,
    )
    page_ = section_of(theirs, f"/reviews/{asked.pk}/")
    assert "a curator of each side" in page_
    basis = re.search(r'name="basis" value="([0-9a-f]+)"', page_)
    assert basis
    theirs.post(f"/reviews/{asked.pk}/verdict/", {"verdict": "same", "basis": basis[1]})
    now = SourcePatient.objects.get(pk=unknown.pk)
    assert now.person_id == n.person, "the control"
    assert b"7.77" in n.answers()["Patient/{p}/$everything?_count=200"], (
        "what both curators have agreed on is confirmed"
    )
