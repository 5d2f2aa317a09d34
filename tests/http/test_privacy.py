"""Incident seals, the review of broken glass, the alliance's rule, verified consents and labels that stay: over the real server."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.roles import Role
from consent.audit.query import Filter
from consent.audit.query import page as audit_page
from consent.models import AlliancePolicy, Directive, Emergency
from consent.services.emergencies import do_break_glass, do_review_emergency, do_tell_patient, due
from consent.services.policies import do_set_policy
from consent.services.seals import do_lift
from records.interactions.ask import base
from records.interactions.record import open_record
from records.interactions.sealing import do_seal_record, unlike
from records.mpi import sources
from tests.factories import alliance
from tests.factories.consents import given
from tests.factories.fhir import observation, patient
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
    do_lift(seal.pk, reason="调查结束", acting=officer(w))
    assert len(w.seen()) >= 2 and w.hold("GET", added).status == 200, "the control"
    listed = do_seal_record(w.person, ground="dispute", reason="医疗纠纷", listed=[clinician.user.username], acting=officer(w, wide=False))  # type: ignore[arg-type]
    assert len(open_record(base(own, "alliance", ""), w.person, {"Observation": 9}, "").rows["Observation"]) == 3, "one who is listed"  # type: ignore[arg-type]
    assert w.hold("GET", w.plain).status == 404
    do_lift(listed.pk, reason="x" * 3, acting=officer(w, wide=False))


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
    do_lift(seal.pk, reason="调查结束", acting=officer(w))
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
    do_lift(seal.pk, reason="调查结束", acting=officer(w))
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
    do_lift(near.pk, reason="done", acting=officer(w))


def test_broken_glass_waits_for_a_finding_and_for_the_patient_to_be_told(w: World) -> None:
    opened = do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
    mine = alliance.principal(alliance.staff(w.a, Role.PRIVACY))
    open_record(base(w.doctor, "alliance", ""), w.person, {"Observation": 9}, "")  # type: ignore[arg-type]
    page = signed_in(alliance.staff(w.a, Role.PRIVACY)).get("/privacy/", headers={"Accept-Language": "en"}).content.decode()
    assert "unconscious" in page and "1 looks" in page
    assert any(x["target"] == "list" and f"person/{opened.person}" in x["refs"] for x in audit_page(Filter(), None, 20)), "whom the list showed is in the log"
    assert opened in due(mine) and opened not in due(alliance.principal(alliance.staff(w.b, Role.PRIVACY))), "his own hospital's staff"
    do_review_emergency(opened.pk, finding="justified", comment="rescue room", acting=mine)
    assert opened in due(mine), "the patient has not been told"
    with pytest.raises(Emergency.DoesNotExist):
        do_review_emergency(opened.pk, finding="abuse", comment="again", acting=mine)
    do_tell_patient(opened.pk, how="by telephone", acting=mine)
    assert opened not in due(mine)
    assert set(lines_of(f"emergency/{opened.pk}")) == {"consent:emergency:open", "consent:emergency:review", "consent:emergency:tell"}
    with pytest.raises(Forbidden):
        due(w.doctor)


def test_the_alliances_rule_holds_for_who_has_decided_nothing(w: World) -> None:
    related(w)
    admin = alliance.principal(alliance.staff(w.a, Role.ADMINISTRATOR, wide=True))
    assert w.seen() == set()
    try:
        do_set_policy("Policy-basic-normal", basis="PIPL 13", reason="test", acting=admin)
        assert w.seen() == {f"{w.b.code}/{w.plain}"}, "what is specially protected stays closed"
        deny = w.permit(effect="deny")
        assert w.seen() == set(), "his own decision comes first"
        Directive.objects.filter(pk=deny.pk).update(withdrawn_at=timezone.now())
        do_set_policy("Policy-deny", basis="test", reason="test", acting=admin)
        do_break_glass(w.person, ground="rescue", reason="unconscious", hours=1, acting=w.doctor)  # type: ignore[arg-type]
        assert not open_record(base(w.doctor, "alliance", ""), w.person, {"Observation": 9}, "").rows["Observation"]  # type: ignore[arg-type]
    finally:
        do_set_policy("Policy-break-glass-only", basis="PIPL 23, 29", reason="test", acting=admin)
    assert len(open_record(base(w.doctor, "alliance", ""), w.person, {"Observation": 9}, "").rows["Observation"]) == 2, "the control"  # type: ignore[arg-type]
    with pytest.raises(Forbidden):
        do_set_policy("Policy-deny", basis="test", reason="test", acting=alliance.principal(alliance.staff(w.a, Role.ADMINISTRATOR)))
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
        Directive.objects.filter(pk=made.pk).update(withdrawn_at=timezone.now())
        w.permit()
        assert w.read(old).status == 200, "the control"


def test_a_page_of_reasons_names_rules_consents_and_bases(w: World) -> None:
    related(w)
    given_ = w.permit()
    doctor = alliance.staff(w.a)
    page = signed_in(doctor).get(f"/person/{w.person}/why/", headers={"Accept-Language": "en"}).content.decode()
    assert f"decision no.</small> {given_.pk}" in page.replace("decision no. ", "decision no.</small> ") and "PIPL 23, 29" in page and "The patient has consented." in page


def test_consents_end_by_their_own_period(w: World) -> None:
    related(w)
    today = timezone.localdate()
    for start, end, seen in ((today - dt.timedelta(days=9), today - dt.timedelta(days=1), 0), (today - dt.timedelta(days=1), today + dt.timedelta(days=1), 1)):
        rule = {"resourceType": "Consent", "provision": {"type": "permit", "period": {"start": start.isoformat(), "end": end.isoformat()}}}
        given(w.person, rule, sources=sources.of_person(w.person), acting=w.clerk, instead=True)  # type: ignore[arg-type]
        assert len(w.seen()) == seen
