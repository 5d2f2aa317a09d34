"""Who stands behind what a hospital says: ties, decisions and the end of refusals, on pages and at the gate (docs/adr/0030)."""

import datetime as dt
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.auth.principal import Principal
from alliance.models import Staff
from alliance.roles import Role
from consent.models import Confirmation, Directive, Relationship
from consent.services import confirmations
from consent.services.directives import do_record_directive, do_withdraw_directive
from consent.services.relationships import do_declare_relationship
from consent.services.ties import facts_at, is_tied
from consent.strength import OLD, Strength
from consent.templates import Choice, Template, consent
from consent.terms import Refused
from records.interactions.ask import base
from records.interactions.record import open_record
from records.models import SourcePatient
from records.mpi import sources
from tests.factories import alliance
from tests.factories.consents import give
from tests.factories.fhir import patient
from tests.factories.ties import officer, stand_behind, tie, treats
from tests.factories.walled import as_web
from tests.http.test_persons import lines_of, signed_in
from tests.leaks.test_shared_record import World, w

__all__ = ["w"]
ENGLISH = {"Accept-Language": "en"}


def strength(w: World) -> Strength:
    return facts_at(w.a.pk, w.person, sources.of_person(w.person), int(w.doctor.id)).tie  # type: ignore[arg-type]


def age(w: World, days: float) -> None:
    """The hospital's encounter and its registration are so old by the clock here."""
    then = timezone.now() - dt.timedelta(days=days)
    Relationship.objects.filter(hospital=w.a).update(noted_at=then)
    SourcePatient.objects.filter(hospital=w.a).update(joined_at=then)


def encounter(w: World) -> None:
    mine = next(s for s in sources.of_person(w.person) if s.hospital_id == w.a.pk)  # type: ignore[arg-type]
    w.ask.create({"resourceType": "Encounter", "status": "in-progress", "class": {"code": "AMB"}, "subject": {"reference": f"Patient/{mine.fhir_id}"},
                  "period": {"start": (timezone.now() - dt.timedelta(days=40)).isoformat()}})


def patient_of(w: World, factor: str) -> Principal:
    return Principal("patient", str(sources.of_person(w.person)[0].home), w.b.pk, w.b.code, Role.PATIENT, factor=factor)  # type: ignore[arg-type]


def test_a_trace_counts_once_it_is_old_by_the_clock_here(w: World) -> None:
    w.permit()
    encounter(w)
    assert w.seen() == set(), "an encounter of long ago that was written a moment ago"
    age(w, OLD.days - 1)
    assert w.seen() == set()
    age(w, OLD.days + 1)
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    mine = next(s for s in sources.of_person(w.person) if s.hospital_id == w.a.pk)  # type: ignore[arg-type]
    now = w.ask("GET", f"Patient/{mine.fhir_id}").json
    assert w.ask("PUT", f"Patient/{mine.fhir_id}", now | {"telecom": [{"system": "phone", "value": "19900001111"}]}).status == 200 and w.seen(), "another telephone"
    assert w.ask("PUT", f"Patient/{mine.fhir_id}", now | {"birthDate": "1958-03-13"}).status == 200
    assert w.seen() == set(), "who says another birth date says anew who the patient is"


def test_a_registration_that_joins_today_brings_no_old_trace(w: World) -> None:
    """The hospital's old patient becomes somebody else's namesake with the same number."""
    card = w.hold("GET", w.at_b).json
    own = w.ask.create(patient())
    source = SourcePatient.objects.get(hospital=w.a, fhir_id=own.split("/")[1])
    w.ask.create({"resourceType": "Encounter", "status": "in-progress", "class": {"code": "AMB"}, "subject": {"reference": own}, "period": {"start": timezone.now().isoformat()}})
    age(w, 100)
    w.permit()
    sent = patient(card["name"][0]["text"], resident=card["identifier"][0]["value"]) | {"id": source.fhir_id}
    assert w.ask("PUT", own, sent).status == 200
    source.refresh_from_db()
    assert timezone.now() - source.joined_at < dt.timedelta(minutes=1) and strength(w) is Strength.NONE and w.seen() == set()


def test_a_decision_waits_here_while_the_hospital_knows_the_patient(w: World) -> None:
    """Else the link would end at a refusal."""
    third = alliance.hospital("third")
    doctor = alliance.principal(alliance.staff(third))
    do_declare_relationship(w.person, reason="ward", acting=doctor)  # type: ignore[arg-type]
    given = give(w.person, sources=sources.of_person(w.person), acting=doctor)  # type: ignore[arg-type]
    clerk, link = signed_in(alliance.staff(third, Role.CLERK)), f"/consent/{given.pk}/confirm/"
    assert link in clerk.get("/confirmations/").content.decode() and clerk.get(f"/person/{w.person}{link}").status_code == 200, "the control"
    Relationship.objects.filter(hospital=third).update(ends_at=timezone.now())
    assert link not in clerk.get("/confirmations/").content.decode() and clerk.get(f"/person/{w.person}{link}").status_code == 403


def test_only_whose_word_would_count_is_asked_to_compare_the_paper(w: World) -> None:
    given = give(w.person, sources=sources.of_person(w.person), acting=w.doctor)  # type: ignore[arg-type]
    link, page = f"/consent/{given.pk}/confirm/", f"/person/{w.person}/consent/"
    own, second, far = (signed_in(who) for who in (Staff.objects.get(pk=w.doctor.id), alliance.staff(w.a, Role.CLERK), alliance.staff(w.b)))
    assert [link in who.get(page).content.decode() for who in (own, second, far)] == [False, True, False]
    assert second.post(f"/person/{w.person}{link}", {"evidence": "the paper", "confirm": "1"}, follow=True).status_code == 200
    assert link not in second.get(page).content.decode(), "once said"


def test_a_declaration_is_the_clinicians_alone_and_opens_nothing_by_itself(w: World) -> None:
    w.permit()
    do_declare_relationship(w.person, reason="ward", acting=w.doctor)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="unconfirmed"):
        seen_by(w, w.doctor)
    tie(w.person, w.a)  # type: ignore[arg-type]
    assert seen_by(w, w.doctor) == 1, "the control"
    assert w.seen() == set(), "not the hospital's system"
    with pytest.raises(Refused, match="no_relationship"):
        seen_by(w, alliance.principal(alliance.staff(w.a)))


def seen_by(w: World, who: Principal) -> int:
    """How many results of the other hospital; raises Refused where nothing of it is open."""
    other = replace(base(who, "alliance", ""))
    found = [r for r in open_record(other, w.person, {"Observation": 9}, "").rows["Observation"] if r.hospital.code == w.b.code]  # type: ignore[arg-type]
    if not found:
        scope = open_record(other, w.person, {"Observation": 9}, "").scope  # type: ignore[arg-type]
        raise Refused(scope.withheld[0])
    return len(found)


def test_who_may_confirm_a_tie(w: World) -> None:
    w.permit(sensitive=True)
    found = sources.of_person(w.person)  # type: ignore[arg-type]

    def confirm(who: Principal) -> Confirmation:
        return confirmations.do_confirm_tie(w.person, w.a.pk, evidence="card", sources=found, acting=who)  # type: ignore[arg-type]

    clerk = alliance.principal(alliance.staff(w.a, Role.CLERK))
    encounter(w)
    with pytest.raises(Forbidden):
        confirm(clerk)  # nobody but the system has said so
    do_declare_relationship(w.person, reason="ward", acting=w.doctor)  # type: ignore[arg-type]
    for who in (w.doctor, alliance.principal(alliance.staff(w.a)), w.clerk, replace(clerk, vouched=False), patient_of(w, "")):
        with pytest.raises(Forbidden):
            confirm(who)
    with pytest.raises(ValueError, match="compared"):
        confirmations.do_confirm_tie(w.person, w.a.pk, evidence=" ", sources=found, acting=clerk)  # type: ignore[arg-type]
    made = confirm(clerk)
    assert made.verdict == "provisional" and made.asserted_by_id == int(w.doctor.id) and w.seen() == {f"{w.b.code}/{w.plain}"}, "not what is sensitive"
    with pytest.raises(AlreadyStands):
        confirm(clerk)
    Confirmation.objects.filter(pk=made.pk).update(until=timezone.now())
    assert w.seen() == set(), "it ends"
    tie(w.person, w.b)  # type: ignore[arg-type]
    assert is_tied(w.b.pk, w.person, found)  # type: ignore[arg-type]
    assert confirm(w.clerk).verdict == "full", "a record clerk of a hospital that knows the patient"
    assert len(w.seen()) == 2
    assert "consent:tie:confirm" in lines_of(f"confirmation/{made.pk}")


def test_a_clerk_of_a_hospital_that_is_new_itself_is_told_so_and_asked_to_compare_nothing(w: World) -> None:
    given = give(w.person, sources=sources.of_person(w.person), acting=w.doctor)  # type: ignore[arg-type]
    do_declare_relationship(w.person, reason="ward", acting=w.doctor)  # type: ignore[arg-type]
    far = signed_in(Staff.objects.get(pk=w.clerk.id))
    card, paper = f"/person/{w.person}/tie/{w.a.pk}/", f"/person/{w.person}/consent/{given.pk}/confirm/"
    why = "your own hospital treats this patient has to be confirmed first"

    def pages() -> list[str]:
        return [far.get(path, headers=ENGLISH).content.decode() for path in ("/confirmations/", card, paper)]

    waiting, tie_page, paper_page = pages()
    assert waiting.count(why) == 1 and card not in waiting and paper not in waiting, "who treats the patient elsewhere is not told before their own tie stands"
    assert why in paper_page and "not for 30 days yet" in tie_page and not any('name="confirm"' in x for x in (tie_page, paper_page))
    for path, form in ((card, {"compared": "paper", "evidence": "the card", "confirm": "1"}), (paper, {"evidence": "the paper", "confirm": "1"})):
        said = far.post(path, form, headers=ENGLISH)
        assert said.status_code == 403 and "not for 30 days yet" in said.content.decode()
    tie(w.person, w.b)  # type: ignore[arg-type]
    waiting, *each = pages()
    assert why not in waiting and card in waiting and paper in waiting and all('name="confirm"' in x for x in each), "the control"
    confirmations.do_confirm_intake(w.a.pk, evidence="the list", acting=officer())
    assert is_tied(w.a.pk, w.person, sources.of_person(w.person)) and card not in pages()[0], "taken in with the hospital's first load"  # type: ignore[arg-type]


def test_who_has_declared_treatment_is_not_asked_to_declare_it(w: World) -> None:
    doctor, page = signed_in(Staff.objects.get(pk=w.doctor.id)), f"/person/{w.person}/"
    assert f"{page}treat/" in doctor.get(page, headers=ENGLISH).content.decode(), "the control"
    told = doctor.post(f"{page}treat/", {"reason": "ward"}, headers=ENGLISH, follow=True).content.decode()
    assert "what the patient&#x27;s decision or the alliance&#x27;s rule permits" in told, "not that the record opens"
    shown = doctor.get(page, headers=ENGLISH).content.decode()
    assert "You asked at" in shown and f"{page}treat/" not in shown and "Say that you are treating them" not in shown


def test_a_refusal_ends_old_traces_until_somebody_confirms_fully(w: World) -> None:
    w.permit()
    encounter(w)
    age(w, 100)
    assert w.seen()
    found = sources.of_person(w.person)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        confirmations.do_refuse_tie(w.person, w.a.pk, evidence="unknown", sources=found, acting=alliance.principal(alliance.staff(w.b, Role.PRIVACY)))  # type: ignore[arg-type]
    confirmations.do_refuse_tie(w.person, w.a.pk, evidence="unknown here", sources=found, acting=alliance.principal(alliance.staff(w.a, Role.PRIVACY)))  # type: ignore[arg-type]
    assert w.seen() == set()
    do_declare_relationship(w.person, reason="ward", acting=w.doctor)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        confirmations.do_confirm_tie(w.person, w.a.pk, evidence="card", sources=found, acting=alliance.principal(alliance.staff(w.a, Role.CLERK)))  # type: ignore[arg-type]
    assert confirmations.do_confirm_tie(w.person, w.a.pk, evidence="own code", sources=found, acting=patient_of(w, "full")).voice == "patient"  # type: ignore[arg-type]
    assert w.seen()


def test_a_hospitals_own_record_of_consent_waits_for_a_second_person(w: World) -> None:
    treats(w.person, w.a)  # type: ignore[arg-type]
    made = give(w.person, sources=sources.of_person(w.person), acting=w.doctor, sensitive=True)  # type: ignore[arg-type]
    assert w.seen() == set(), "recorded by the one who gains"
    doctor, clerk = signed_in(alliance.staff(w.a)), signed_in(alliance.staff(w.a, Role.CLERK))
    page = f"/person/{w.person}/consent/{made.pk}/confirm/"
    assert doctor.post(page, {"confirm": "1", "evidence": "paper"}).status_code == 403, "of the same role"
    assert page in clerk.get("/confirmations/", headers=ENGLISH).content.decode()
    assert clerk.post(page, {"confirm": "1", "evidence": ""}).status_code == 200 and w.seen() == set(), "say what was compared"
    assert clerk.post(page, {"confirm": "1", "evidence": "paper"}).status_code == 302
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    stand_behind(made, w.person)  # type: ignore[arg-type]
    assert len(w.seen()) == 2
    with pytest.raises(Forbidden):
        do_record_directive(w.person, consent(Choice(Template.NOTHING)), method="paper", evidence="x", sources=sources.of_person(w.person),  # type: ignore[arg-type]
                            acting=replace(w.doctor, vouched=False))


@pytest.mark.parametrize(("factor", "here", "elsewhere"), [("", 0, 0), ("provisional", 1, 2), ("full", 2, 2)])
def test_patients_stand_behind_their_own_decision_as_far_as_they_prove_who_they_are(w: World, factor: str, here: int, elsewhere: int) -> None:
    treats(w.person, w.b)  # type: ignore[arg-type]
    do_record_directive(w.person, consent(Choice(Template.SHARE, kinds=["R"])), method="online", evidence="", sources=sources.of_person(w.person), acting=patient_of(w, factor))  # type: ignore[arg-type]
    known = facts_at(w.b.pk, w.person, sources.of_person(w.person))  # type: ignore[arg-type]
    assert [int(c.strength) for c in known.consents] == [here], "at the hospital that printed the code"
    treats(w.person, w.a)  # type: ignore[arg-type]
    assert len(w.seen()) == elsewhere, "elsewhere those who printed and proved the code gain nothing"


def test_what_refuses_stands_until_those_whom_it_refuses_are_not_the_only_ones(w: World) -> None:
    treats(w.person, w.a)  # type: ignore[arg-type]
    w.permit()
    deny = give(w.person, effect="deny", sources=sources.of_person(w.person), acting=w.clerk)  # type: ignore[arg-type]
    own = alliance.principal(alliance.staff(w.a, Role.CLERK))
    found = sources.of_person(w.person)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="how"):
        do_withdraw_directive(deny.pk, w.person, reason="asked", sources=found, acting=own)  # type: ignore[arg-type]
    do_withdraw_directive(deny.pk, w.person, reason="asked", evidence="letter", sources=found, acting=own)  # type: ignore[arg-type]
    deny.refresh_from_db()
    assert deny.withdrawn_at and deny.lifted_at is None and w.seen() == set()
    for who in (own, alliance.principal(alliance.staff(w.a, Role.PRIVACY)), alliance.principal(alliance.staff(w.a)), w.clerk, patient_of(w, "provisional")):
        with pytest.raises(Forbidden):
            confirmations.do_confirm_withdrawal(deny.pk, w.person, evidence="letter", sources=found, acting=who)  # type: ignore[arg-type]
    page = signed_in(alliance.staff(w.a, Role.PRIVACY, wide=True))
    assert page.post(f"/person/{w.person}/consent/{deny.pk}/confirm/", {"confirm": "1", "evidence": "called the patient"}).status_code == 302
    assert w.seen() == {f"{w.b.code}/{w.plain}"}
    assert "consent:withdrawal:confirm" in lines_of(f"directive/{deny.pk}")


def test_what_refuses_others_alone_ends_at_once(w: World) -> None:
    """The control: who is not refused gains nothing by it."""
    treats(w.person, w.a, w.b)  # type: ignore[arg-type]
    w.permit()
    deny = give(w.person, effect="deny", recipient_id=w.a.pk, sources=sources.of_person(w.person), acting=w.clerk)  # type: ignore[arg-type]
    assert w.seen() == set()
    do_withdraw_directive(deny.pk, w.person, reason="asked", evidence="letter", sources=sources.of_person(w.person), acting=w.clerk)  # type: ignore[arg-type]
    assert w.seen()
    again = give(w.person, effect="deny", recipient_id=w.a.pk, sources=sources.of_person(w.person), acting=w.clerk)  # type: ignore[arg-type]
    do_withdraw_directive(again.pk, w.person, reason="", sources=sources.of_person(w.person), acting=patient_of(w, "full"))  # type: ignore[arg-type]
    assert w.seen(), "nor does the patient ask anybody"


def test_a_refusal_of_tomorrow_is_a_refusal(w: World) -> None:
    day = timezone.localdate() + dt.timedelta(days=3)
    rule = {"resourceType": "Consent", "provision": {"type": "deny", "period": {"start": str(day)}}}
    made = do_record_directive(w.person, rule, method="paper", evidence="x", sources=sources.of_person(w.person), acting=w.clerk)  # type: ignore[arg-type]
    do_withdraw_directive(made.pk, w.person, reason="asked", evidence="x1", sources=sources.of_person(w.person), acting=w.clerk)  # type: ignore[arg-type]
    assert Directive.objects.get(pk=made.pk).lifted_at is None


def test_an_intake_confirms_what_is_there_and_nothing_later(w: World) -> None:
    w.permit()
    encounter(w)
    with pytest.raises(Forbidden):
        confirmations.do_confirm_intake(w.a.pk, evidence="list", acting=alliance.principal(alliance.staff(w.a, Role.PRIVACY)))
    confirmations.do_confirm_intake(w.a.pk, evidence="list", acting=officer())
    assert w.seen()
    SourcePatient.objects.filter(hospital=w.a).update(joined_at=timezone.now())
    assert w.seen() == set()


def test_nothing_is_cut_off_the_officers_lists(w: World) -> None:
    now = timezone.now()
    doctors = [alliance.staff(w.a) for _ in range(2)]
    Relationship.objects.bulk_create([Relationship(person=w.person if i == 0 else sources.create(w.a.pk, [f"many-{i}"])[f"many-{i}"].home, hospital=w.a, basis="declared", declared_by=doctors[i > 0],
                                                   reason=f"visit {i}", starts_at=now - dt.timedelta(minutes=200 - i), ends_at=now + dt.timedelta(hours=1)) for i in range(101)])
    page = signed_in(alliance.staff(w.a, Role.PRIVACY))
    first = page.get("/privacy/standing/", headers=ENGLISH).content.decode()
    assert "(101)" in first and '<b class="tag bad">100</b>' in first, "counted, and who did it most"
    texts = [page.get(f"/privacy/standing/?page={n}", headers=ENGLISH).content.decode() for n in range(1, 6)]
    assert any(f"/person/{w.person}/privacy/" in t for t in texts), "the oldest one is on the last page"


def test_the_web_role_changes_no_confirmation(w: World) -> None:
    tie(w.person, w.a)  # type: ignore[arg-type]
    made = Confirmation.objects.filter(hospital=w.a).latest("pk")
    with as_web(), connection.cursor() as cursor:
        for sql in ("DELETE FROM consent_confirmation", "UPDATE consent_confirmation SET verdict = 'full'", "UPDATE consent_confirmation SET until = now() + interval '1 year'"):
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(sql)
        cursor.execute("UPDATE consent_confirmation SET ended_at = now() WHERE id = %s", [made.pk])
        assert cursor.rowcount == 1, "the control: it may end one"


def test_a_consent_comes_along_to_nobody_else(w: World) -> None:
    """Somebody whom the hospital knows well has consented to all; then the hospital's system says that this registration is the patient's."""
    treats(w.person, w.a)  # type: ignore[arg-type]
    card = w.hold("GET", w.at_b).json
    helper = w.hold.create(patient())
    source = SourcePatient.objects.get(hospital=w.b, fhir_id=helper.split("/")[1])
    made = give(source.person_id, sources=sources.of_person(source.person_id), acting=w.clerk)
    sent = patient(card["name"][0]["text"], resident=card["identifier"][0]["value"]) | {"id": source.fhir_id}
    assert w.hold("PUT", helper, sent).status == 200
    source.refresh_from_db()
    assert source.person_id == SourcePatient.objects.get(hospital=w.b, fhir_id=w.at_b.split("/")[1]).person_id, "linked by rule"
    assert w.seen() == set(), "what another has decided is not the patient's"
    own = alliance.principal(alliance.staff(w.a, Role.CLERK))
    assert confirmations.do_confirm_tie(w.person, w.b.pk, evidence="card", sources=sources.of_person(w.person), acting=own).verdict == "full"  # type: ignore[arg-type]
    assert w.seen() == set(), "nor does the hospital that it lets in say that it is"
    stand_behind(made, w.person)  # type: ignore[arg-type]
    assert w.seen() == {f"{w.b.code}/{w.plain}"}, "the control: somebody has asked the patient since"
