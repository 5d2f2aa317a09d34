"""Incident seals, the review of broken glass, the alliance's rule, verified consents and labels that stay: over the real server."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from alliance.auth.errors import AlreadyStands, Forbidden
from alliance.models import Staff
from alliance.roles import Role
from alliance.services.staffing import do_change_staff, do_end_staff, do_return_staff
from consent.audit.query import Filter
from consent.audit.query import page as audit_page
from consent.models import AlliancePolicy, Directive, Emergency
from consent.services.emergencies import do_break_glass, do_review_emergency, do_tell_patient, due
from consent.services.policies import do_set_policy
from records.interactions.ask import base
from records.interactions.record import open_record
from records.interactions.sealing import do_seal_record, unlike
from records.mpi import sources
from tests.factories import alliance
from tests.factories.consents import given
from tests.factories.fhir import observation, patient
from tests.factories.seals import lift
from tests.http.test_persons import lines_of, signed_in
from tests.leaks.test_shared_record import World, related, w

__all__ = ["w"]


def officer(w: World, *, wide: bool = True) -> Any:
    return alliance.principal(alliance.staff(w.b, Role.PRIVACY, wide=wide))


def test_a_seal_closes_the_record_to_all_who_are_not_listed(w: World) -> None:
    related(w)
    w.permit(sensitive=True)
    clinician = alliance.staff(w.b)
    own = alliance.principal(clinician)
    assert len(w.seen()) == 2 and w.hold("GET", w.plain).status == 200
    before = w.hold("GET", f"Observation?patient={w.at_b}").json["total"]
    seal = do_seal_record(w.person, ground="attention", reason="舆情事件处置", listed=[], acting=officer(w))  # type: ignore[arg-type]
    assert w.seen() == set(), "another hospital"
    for path in (w.plain, w.at_b, f"{w.plain}/_history/1"):
        assert w.hold("GET", path).status == 404, f"his own hospital's system: {path}"
    assert w.hold("GET", f"Observation?patient={w.at_b}&_total=accurate").json["total"] == 0 and before == 2
    assert w.hold("GET", f"{w.at_b}/_history").json["entry"] == [] if w.hold("GET", f"{w.at_b}/_history").status == 200 else True
    do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="sealed"):
        open_record(base(w.doctor, "alliance", ""), w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    added = w.hold.create(observation(w.at_b))
    assert w.hold("GET", added).status == 404, "the record goes on, and is closed"
    assert unlike(seal) == [] and f"{w.b.code}/{w.plain}/1 " in seal.manifest and seal.digest in str(lines_of_seal(seal.pk))
    lift(seal)
    assert len(w.seen()) >= 2 and w.hold("GET", added).status == 200, "the control"
    listed = do_seal_record(w.person, ground="dispute", reason="医疗纠纷", listed=[clinician.user.username], acting=officer(w, wide=False))  # type: ignore[arg-type]
    assert len(open_record(base(own, "alliance", ""), w.person, {"Observation": 9}, "").rows["Observation"]) == 3, "one who is listed"  # type: ignore[arg-type]
    assert w.hold("GET", w.plain).status == 404
    lift(listed)


def test_who_sends_again_writes_no_twin_beside_a_sealed_record(w: World) -> None:
    """By its number alone a sealed record is met; by what it says it is not."""
    numbered = observation(w.at_b, identifier=[{"system": "urn:lab", "value": "77"}])
    asked = {"If-None-Exist": "identifier=urn:lab|77"}
    made = w.hold("POST", "Observation", numbered, **asked)
    assert made.status == 201
    seal = do_seal_record(w.person, ground="dispute", reason="医疗纠纷", listed=[], acting=officer(w))  # type: ignore[arg-type]
    again = w.hold("POST", "Observation", numbered, **asked)
    assert again.status == 200 and again.headers["location"].endswith(made.json["id"]) and b"4548" not in again.body
    assert w.hold("PUT", "Observation?identifier=urn:lab|77", numbered).status == 200, "the next version, as by its id"
    patch = {"Content-Type": "application/json-patch+json"}
    assert w.hold("PATCH", "Observation?identifier=urn:lab|77", [{"op": "test", "path": "/status", "value": "final"}], **patch).status == 404, "what is changed in part is read"
    for probe in ("identifier=urn:lab|77&code=4548-4", "identifier=77", "code=4548-4&patient=" + w.at_b):
        assert w.hold("POST", "Observation", observation(w.at_b), **{"If-None-Exist": probe}).status == 201, probe
    lift(seal)
    assert w.hold("GET", "Observation?identifier=urn:lab|77&_summary=count").json["total"] == 1, "no twin"


def test_totals_leave_sealed_records_out(w: World) -> None:
    free = w.hold.create(patient())
    w.hold.create(observation(free))
    w.hold.create(observation(free, focus=[{"reference": w.at_b}]))
    w.hold.create({"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "subject": {"reference": free}})
    asked = ("Observation?", "Observation?code=4548-4", "?_type=Observation,Encounter", "Observation?date=gt2020", f"Observation?patient={free}", f"Observation?patient={w.at_b}",
             f"Patient?_has:Observation:patient:code=4548-4&_id={free.split('/')[1]},{w.at_b.split('/')[1]}", "Observation?patient.gender=male")

    def totals() -> list[int]:
        out = []
        for query in asked:
            whole = w.hold("GET", f"{query}&_count=1000").json
            assert w.hold("GET", f"{query}&_summary=count").json["total"] == len(whole.get("entry", [])), query
            assert w.hold("GET", f"{query}&_count=1&_total=accurate").json["total"] == len(whole.get("entry", [])), query
            out.append(len(whole.get("entry", [])))
        return out

    before = totals()
    seal = do_seal_record(w.person, ground="dispute", reason="医疗纠纷", listed=[], acting=officer(w))  # type: ignore[arg-type]
    assert [a - b for a, b in zip(before, totals(), strict=True)] == [3, 2, 3, 3, 1, 2, 1, 3], "two of the sealed patient, and one that speaks of him"
    lift(seal)
    assert totals() == before


def lines_of_seal(seal: int) -> list[str]:
    from consent.audit.query import Filter, page

    return [x["detail"] for x in page(Filter(), None, 200) if x["target"] == f"seal/{seal}"]


def test_an_officer_seals_what_his_hospital_answers_for(w: World) -> None:
    stranger = alliance.hospital("far")
    far = alliance.principal(alliance.staff(stranger, Role.PRIVACY))
    with pytest.raises(Forbidden):
        do_seal_record(w.person, ground="dispute", reason="not his patient", listed=[], acting=far)  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        do_seal_record(w.person, ground="dispute", reason="not his role", listed=[], acting=w.doctor)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nobody-of-this-name"):
        do_seal_record(w.person, ground="dispute", reason="a wrong name", listed=["nobody-of-this-name"], acting=officer(w))  # type: ignore[arg-type]
    near = do_seal_record(w.person, ground="dispute", reason="his patient", listed=[], acting=officer(w, wide=False))  # type: ignore[arg-type]
    assert len(near.covers) == 1, "the other hospital's registration stays open"
    lift(near)


def test_broken_glass_waits_for_a_finding_and_for_the_patient_to_be_told(w: World) -> None:
    opened = do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    mine = alliance.principal(alliance.staff(w.a, Role.PRIVACY))
    open_record(base(w.doctor, "alliance", ""), w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    page = signed_in(alliance.staff(w.a, Role.PRIVACY)).get("/privacy/", headers={"Accept-Language": "en"}).content.decode()
    assert "unconscious" in page and "looked 1 time" in page
    assert any(x["target"] == "list" and f"person/{opened.person}" in x["refs"] for x in audit_page(Filter(), None, 20)), "whom the list showed is in the log"
    assert opened in due(mine) and opened not in due(alliance.principal(alliance.staff(w.b, Role.PRIVACY))), "his own hospital's staff"
    do_review_emergency(opened.pk, finding="justified", comment="rescue room", acting=mine)
    assert opened in due(mine), "the patient has not been told"
    with pytest.raises(AlreadyStands):
        do_review_emergency(opened.pk, finding="abuse", comment="again", acting=mine)
    do_tell_patient(opened.pk, how="by telephone", acting=mine)
    assert opened not in due(mine)
    assert set(lines_of(f"emergency/{opened.pk}")) == {"consent:emergency:open", "consent:emergency:review", "consent:emergency:tell"}
    with pytest.raises(Forbidden):
        due(w.doctor)


def test_the_alliances_rule_holds_for_who_has_decided_nothing(w: World) -> None:
    related(w)
    admin, other = (alliance.principal(alliance.staff(at, Role.ADMINISTRATOR, wide=True)) for at in (w.a, w.b))
    assert w.seen() == set()
    with pytest.raises(Forbidden, match="two administrators"):
        do_set_policy("Policy-basic-normal", basis="PIPL 13", reason="test", acting=admin)
    try:
        do_set_policy("Policy-basic-normal", basis="PIPL 13", reason="test", acting=admin, proposer=other)
        assert w.seen() == {f"{w.b.code}/{w.plain}"}, "what is specially protected stays closed"
        deny = w.permit(effect="deny")
        assert w.seen() == set(), "his own decision comes first"
        Directive.objects.filter(pk=deny.pk).update(withdrawn_at=timezone.now(), lifted_at=timezone.now())
        do_set_policy("Policy-deny", basis="test", reason="test", acting=admin, proposer=other)
        do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
        assert not open_record(base(w.doctor, "alliance", ""), w.person, {"Observation": 9}, "").rows["Observation"]  # type: ignore[arg-type]
    finally:
        do_set_policy("Policy-break-glass-only", basis="PIPL 23, 29", reason="test", acting=admin, proposer=other)
    assert len(open_record(base(w.doctor, "alliance", ""), w.person, {"Observation": 9}, "").rows["Observation"]) == 2, "the control"  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        do_set_policy("Policy-deny", basis="test", reason="test", acting=alliance.principal(alliance.staff(w.a, Role.ADMINISTRATOR)), proposer=admin)
    assert AlliancePolicy.objects.count() >= 3


def test_labels_are_not_taken_off(w: World) -> None:
    marked = observation(w.at_b) | {"meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}}
    made = w.hold.create(marked)
    related(w)
    w.permit()
    assert w.read(made).status == 404
    again = observation(w.at_b) | {"id": made.split("/")[1]}
    assert w.hold("PUT", made, again).status == 200
    assert w.read(made).status == 404, "written again without its tag"
    w.permit(sensitive=True)
    assert w.read(made).status == 200, "the control"


def test_a_consent_for_one_code_one_time_one_document(w: World) -> None:
    """What only SQL over marks and dates decides: a code, a data period, an instance, an author, in read, vread, search and counts."""
    related(w)
    w.hold("PUT", "Practitioner/author", {"resourceType": "Practitioner", "id": "author"})
    old = w.hold.create(observation(w.at_b, code="718-7", date="2020-02-02") | {"performer": [{"reference": "Practitioner/author"}]})
    hidden = [
        ({"code": [{"coding": [{"system": "http://loinc.org", "code": "718-7"}]}]}, "code"), ({"dataPeriod": {"end": "2020-12-31"}}, "time"),
        ({"data": [{"meaning": "instance", "reference": {"reference": old}}]}, "instance"), ({"data": [{"meaning": "authoredby", "reference": {"reference": "Practitioner/author"}}]}, "author"),
        ({"actor": [{"role": {"coding": [{"code": "AUT"}]}, "reference": {"reference": "Practitioner/author"}}]}, "actor")]
    for criterion, name in hidden:
        rule = {"resourceType": "Consent", "provision": {"type": "permit", "provision": [{"type": "deny", **criterion}]}}
        made = given(w.person, rule, sources=sources.of_person(w.person), acting=w.clerk, instead=True)  # type: ignore[arg-type]
        assert w.seen() == {f"{w.b.code}/{w.plain}"}, name
        assert w.read(old).status == 404 and w.read(f"{old}/_history/1").status == 404, name
        assert w.ask("GET", f"Observation?patient={w.person}&_summary=count", base="alliance").json["total"] == 1, name
        Directive.objects.filter(pk=made.pk).update(withdrawn_at=timezone.now(), lifted_at=timezone.now())
        w.permit()
        assert w.read(old).status == 200, "the control"


def test_a_page_of_reasons_names_rules_consents_and_bases(w: World) -> None:
    related(w)
    given_ = w.permit()
    doctor = alliance.staff(w.a)
    page = signed_in(doctor).get(f"/person/{w.person}/why/", headers={"Accept-Language": "en"}).content.decode()
    assert f"decision no. {given_.pk}" in page and "Personal Information Protection Law, articles 23 and 29" in page and "The patient has consented." in page


def test_consents_end_by_their_own_period(w: World) -> None:
    related(w)
    today = timezone.localdate()
    for start, end, seen in ((today - dt.timedelta(days=9), today - dt.timedelta(days=1), 0), (today - dt.timedelta(days=1), today + dt.timedelta(days=1), 1)):
        rule = {"resourceType": "Consent", "provision": {"type": "permit", "period": {"start": start.isoformat(), "end": end.isoformat()}}}
        given(w.person, rule, sources=sources.of_person(w.person), acting=w.clerk, instead=True)  # type: ignore[arg-type]
        assert len(w.seen()) == seen


def test_an_act_stays_with_the_hospital_where_it_was_done(w: World) -> None:
    """Who moves to another hospital takes along neither the emergencies nor the seals that the old one's officers answer for."""
    admin = alliance.principal(alliance.staff(alliance.hospital("office"), Role.ADMINISTRATOR, wide=True))
    doctor = alliance.staff(w.a)
    here, there = (alliance.principal(alliance.staff(h, Role.PRIVACY)) for h in (w.a, w.b))
    opened = do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=alliance.principal(doctor))  # type: ignore[arg-type]
    do_change_staff(doctor, hospital=w.b, acting=admin)
    assert opened in due(here) and opened not in due(there)


def test_a_longer_emergency_keeps_each_reason_and_each_ground(w: World) -> None:
    acting = alliance.principal(alliance.staff(w.a))

    def opened(reason: str, hours: int, ground: str = "rescue") -> Emergency:
        return do_break_glass(w.person, ground=ground, reason=reason, hours=hours, acting=acting)  # type: ignore[arg-type]

    first = opened("unconscious in the lobby", 1)
    again = opened("conscious", 4)
    assert again.pk == first.pk and again.reason == "unconscious in the lobby / conscious", "a part of the old reason is another one"
    assert opened("an outbreak at school", 4, "infection").pk != first.pk, "another ground is another opening"
    assert opened("x" * 490, 24).pk != first.pk, "no reason is cut"
    told = opened("told", 24, "unconscious")
    Emergency.objects.filter(pk=told.pk).update(told_at=timezone.now(), until=timezone.now() + dt.timedelta(hours=1))
    assert opened("once more", 4, "unconscious").pk != told.pk, "of what the patient was told nothing is added"


def test_an_emergency_access_ends_with_the_post(w: World) -> None:
    """Whoever is taken back, or comes back to a role, opens it anew or not at all."""
    admin = alliance.principal(alliance.staff(alliance.hospital("office"), Role.ADMINISTRATOR, wide=True))

    def returned(s: Any) -> None:
        Staff.objects.filter(pk=s.pk).update(starts_on=dt.date(2026, 1, 1), ends_on=timezone.localdate() - dt.timedelta(days=1))
        do_return_staff(s, ends_on=timezone.localdate(), reason="test", acting=admin)

    for leave in (lambda s: do_end_staff(s, reason="test", acting=admin), returned, lambda s: do_change_staff(s, role=Role.CLERK.value, acting=admin)):
        doctor = alliance.staff(w.a)
        opened = do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=alliance.principal(doctor))  # type: ignore[arg-type]
        do_change_staff(doctor, title="主任医师", acting=admin)
        opened.refresh_from_db()
        assert opened.closed_at is None, "the control: another title is the same post"
        leave(doctor)
        opened.refresh_from_db()
        assert opened.closed_at is not None
        assert "consent:emergency:close" in lines_of(f"emergency/{opened.pk}")
