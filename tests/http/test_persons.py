"""Persons at the shared base over real HTTP: the golden record and where its values come from, Person, former ids, $ihe-pix and PDQm; what consent closes
answers as if it were not there."""

from typing import Any

import pytest
from django.utils import timezone

from alliance.roles import Role
from consent.audit.query import Filter, page
from consent.models import Directive
from consent.services.directives import do_withdraw_directive
from records.facade.golden import ORIGIN, SOURCE
from records.fhir.validate import judge
from records.models import SourcePatient
from records.mpi import sources
from records.mpi.decide import do_confirm, do_correct, do_join, do_split, do_undo
from tests.factories import alliance
from tests.factories.fhir import Api, bundle, number, observation, patient, somebody
from tests.factories.ties import stand_behind, tie
from tests.http.test_administration import signed_in
from tests.leaks.test_shared_record import World, related, w
from tests.settle import settle

__all__ = ["w"]


@pytest.fixture
def open_world(w: World) -> World:
    related(w)
    w.permit()
    return w


def golden(w: World, kind: str = "Patient") -> dict[str, Any]:
    reply = w.ask("GET", f"{kind}/{w.person}", base="alliance")
    assert reply.status == 200, reply.body
    judge(reply.json, kind)
    return reply.json  # type: ignore[no-any-return]


def said(node: dict[str, Any]) -> tuple[str, str]:
    """(base of the hospital that it comes from, how it was got)."""
    marks = {e["url"]: e for e in node["extension"]}
    return marks[SOURCE]["valueReference"]["reference"].split("/fhir/")[1].split("/")[0], marks[ORIGIN]["valueCode"]


def curator(w: World) -> Any:
    return alliance.principal(alliance.staff(w.b, Role.CLERK, wide=True))


def rows(w: World) -> tuple[SourcePatient, SourcePatient]:
    one, two = SourcePatient.objects.filter(person=w.person).order_by("pk")
    return one, two


def test_each_value_names_its_source_and_the_best_one_wins(open_world: World) -> None:
    w = open_world
    here, there = rows(w)
    assert said(golden(w)["_birthDate"]) == (w.b.code, "typed"), "nobody knows better: the newest"
    body = w.ask("GET", f"Patient/{here.fhir_id}").json
    card = {"extension": [{"url": ORIGIN, "valueCode": "card"}]}
    assert w.ask("PUT", f"Patient/{here.fhir_id}", body | {"maritalStatus": {"text": "married"}, "_birthDate": card, "birthDate": "1958-03-13"}).status == 200
    tie(w.person, w.a)  # type: ignore[arg-type]
    later = w.hold("GET", f"Patient/{there.fhir_id}").json
    assert w.hold("PUT", f"Patient/{there.fhir_id}", later | {"telecom": [{"system": "phone", "value": "13812345678"}]}).status == 200
    found = golden(w)
    assert found["birthDate"] == "1958-03-13" and said(found["_birthDate"]) == (w.a.code, "card"), "from the card, though the other one is newer"
    assert said(found["maritalStatus"]) == (w.a.code, "typed") and said(found["telecom"][0]) == (w.b.code, "typed")
    assert said(found["_gender"]) == (w.b.code, "typed")
    confirmed = do_confirm(here.pk, acting=curator(w))
    assert said(golden(w)["_gender"]) == (w.a.code, "verified")
    do_undo(confirmed.pk, acting=curator(w), note="test")
    assert said(golden(w)["_gender"]) == (w.b.code, "typed")


def test_a_corrected_number_stands_beside_the_former_one(open_world: World) -> None:
    w = open_world
    here, _ = rows(w)
    wrong, right = next(i["value"] for i in golden(w)["identifier"] if i["system"] == "urn:oid:2.16.156.10011.1.3"), number()
    decision = do_correct(here.pk, right, acting=curator(w))
    numbers = {i["value"]: (i.get("use"), *said(i)) for i in golden(w)["identifier"] if i["system"] == "urn:oid:2.16.156.10011.1.3"}
    assert numbers[right] == ("official", w.a.code, "verified") and wrong in numbers
    assert w.ask("GET", f"Patient/{here.fhir_id}").json["identifier"][0]["value"] == wrong, "the hospital's own record is as it was sent"
    do_undo(decision.pk, acting=curator(w), note="test")
    assert right not in str(golden(w))


def test_person(open_world: World) -> None:
    w = open_world
    found = golden(w, "Person")
    links = {x["target"]["reference"].split("/fhir/")[1].split("/")[0]: x.get("assurance") for x in found["link"]}
    assert links == {"alliance": None, w.a.code: "level2", w.b.code: "level2"} and found["name"]
    do_confirm(rows(w)[0].pk, acting=curator(w))
    assert {x.get("assurance") for x in golden(w, "Person")["link"]} == {None, "level2", "level4"}


def test_a_former_id_says_who_replaced_it_and_finds_the_records(open_world: World) -> None:
    w = open_world
    one, _ = rows(w)
    stranger = w.hold.create(patient(somebody()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    w.hold.create(observation(stranger))
    assert len(w.seen()) == 1
    joined = do_join(one.pk, other.pk, acting=curator(w), others=[alliance.another_curator()])
    reply = w.ask("GET", f"Patient/{other.home}", base="alliance")
    judge(reply.json, "Patient")
    assert reply.json["active"] is False and reply.json["link"] == [{"other": {"reference": reply.json["link"][0]["other"]["reference"]}, "type": "replaced-by"}]
    assert reply.json["link"][0]["other"]["reference"].endswith(f"/alliance/Patient/{w.person}")
    by_old = w.ask("GET", f"Observation?patient={other.home}", base="alliance").json
    assert by_old["total"] == 2 == len(w.seen())
    do_undo(joined.pk, acting=curator(w), note="test")
    assert w.ask("GET", f"Patient/{other.home}", base="alliance").status == 404 and len(w.seen()) == 1, "as before: a stranger whose record is closed"


def test_consent_follows_every_change_of_identity(open_world: World) -> None:
    """A denial that one of two registrations has closes both while they are one person, and only its own once they are two again."""
    w = open_world
    one, _ = rows(w)
    stranger = w.hold.create(patient(somebody()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    w.permit(effect="deny", source_id=w.b.pk, sources=sources.of_person(other.home))
    assert len(w.seen()) == 1, "somebody else's denial"
    joined = do_join(one.pk, other.pk, acting=curator(w), others=[alliance.another_curator()])
    assert w.seen() == set() and w.read(w.plain).status == 404
    undone = do_undo(joined.pk, acting=curator(w), note="test")
    assert len(w.seen()) == 1 and w.read(w.plain).status == 200
    do_undo(undone.pk, acting=curator(w), note="test")
    assert w.seen() == set()


def test_a_split_protects_both_sides_with_what_was_denied_and_shares_nothing_more(open_world: World) -> None:
    w = open_world
    here, there = rows(w)
    w.permit(effect="deny", source_id=w.b.pk)
    assert w.seen() == set()
    split = do_split([there.pk], acting=curator(w))
    there.refresh_from_db()
    w.person = there.person_id  # type: ignore[assignment]
    related(w)
    assert w.seen() == set() and w.ask("GET", f"Patient/{w.person}", base="alliance").status == 404, "the denial covers him too, and the permit is not his"
    w.permit()
    assert w.seen() == set(), "still denied"
    do_undo(split.pk, acting=curator(w), note="test")
    assert {s.id for s in sources.of_person(there.home)} == {here.pk, there.pk}


def test_a_permit_given_for_what_was_thought_one_person_counts_for_neither_part(w: World) -> None:
    """Whose it was is not known: asked again, or confirmed once the split is undone; one that was given before the link stays."""
    related(w)
    one, _ = rows(w)
    stranger = w.hold.create(patient(somebody()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    do_join(one.pk, other.pk, acting=curator(w), others=[alliance.another_curator()])
    permit = w.permit()
    assert len(w.seen()) == 1
    split = do_split([other.pk], acting=curator(w))
    assert w.seen() == set() and w.read(w.plain).status == 404
    page = signed_in(alliance.staff(w.b, Role.CLERK)).get(f"/person/{w.person}/consent/", headers={"Accept-Language": "en"}).content.decode()
    assert "no longer count" in page
    undone = do_undo(split.pk, acting=curator(w), note="test")
    assert w.seen() == set(), "the registration came again today: somebody has to say that the permit is still the patient's"
    stand_behind(permit, w.person)  # type: ignore[arg-type]
    assert len(w.seen()) == 1
    do_undo(undone.pk, acting=curator(w), note="test")
    w.permit()
    assert len(w.seen()) == 1, "asked again"
    do_join(one.pk, other.pk, acting=curator(w), others=[alliance.another_curator()])
    assert len(w.seen()) == 1, "and it stays when another registration joins"


def test_cross_reference(open_world: World) -> None:
    w = open_world
    here, there = rows(w)
    own = next(i["value"] for i in w.ask("GET", f"Patient/{here.fhir_id}").json["identifier"] if i["system"] == "urn:mrn")
    theirs = next(i["value"] for i in w.hold("GET", f"Patient/{there.fhir_id}").json["identifier"] if i["system"] == "urn:mrn")
    reply = w.ask("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{own}", base="alliance")
    assert reply.status == 200, reply.body
    found = reply.json["parameter"]
    assert theirs in [p["valueIdentifier"]["value"] for p in found if p["name"] == "targetIdentifier"] and own not in str([p for p in found if p["name"] == "targetIdentifier"])
    ids = [p["valueReference"]["reference"].split("/fhir/")[1] for p in found if p["name"] == "targetId"]
    assert sorted(ids) == sorted([f"alliance/Patient/{w.person}", f"{w.a.code}/Patient/{here.fhir_id}", f"{w.b.code}/Patient/{there.fhir_id}"])
    only = w.ask("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{own}&targetSystem=urn:oid:2.16.156.10011.1.3").json["parameter"]
    assert {p["valueIdentifier"]["system"] for p in only} == {"urn:oid:2.16.156.10011.1.3"}
    assert w.ask("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{own}&targetSystem=urn:nobody").json == {"resourceType": "Parameters"}
    assert w.ask("GET", "Patient/$ihe-pix?sourceIdentifier=urn:mrn|nobody", base="alliance").status == 404
    assert w.ask("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:other|{own}", base="alliance").status == 404
    for wrong in ("Patient/$ihe-pix", "Patient/$ihe-pix?sourceIdentifier=x", "Patient/$ihe-pix?sourceIdentifier=a|b&x=1"):
        assert w.ask("GET", wrong, base="alliance").status == 400, wrong
    assert w.ask("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{own}", base=w.b.code).status == 403


def test_what_is_closed_has_no_cross_reference(w: World, server: str) -> None:
    stranger = alliance.hospital("none")
    api = Api(server, stranger.code, credentials=alliance.credentials(stranger))
    _, there = rows(w)
    theirs = next(i["value"] for i in w.hold("GET", f"Patient/{there.fhir_id}").json["identifier"] if i["system"] == "urn:mrn")
    closed, absent = (api("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{x}", base="alliance") for x in (theirs, "nobody"))
    assert (closed.status, closed.body) == (absent.status, absent.body) == (404, absent.body)
    assert w.hold("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{theirs}").status == 200, "the control"


def test_demographics_query(open_world: World, server: str) -> None:
    w = open_world
    name = golden(w)["name"][0]["text"]
    card = next(i["value"] for i in golden(w)["identifier"] if i["system"] == "urn:oid:2.16.156.10011.1.3")

    def ids(query: str, api: Api | None = None, total: int | None = None) -> list[str]:
        reply = (api or w.ask)("GET", f"Patient?{query}", base="alliance")
        assert reply.status == 200, reply.body
        assert reply.json["total"] == (len(reply.json.get("entry", [])) if total is None else total)
        return [e["resource"]["id"] for e in reply.json.get("entry", [])]

    me = [str(w.person)]
    for query in (f"name={name}", f"identifier={card}", f"identifier=urn:oid:2.16.156.10011.1.3|{card}", f"family={name[0]}&given={name[1:]}", f"_id={w.person}",
                  f"name={name}&birthdate=1958-03-12", f"name={name}&birthdate=1958&gender=male,unknown", f"identifier={card}&birthdate=ge1958-01-01&birthdate=lt1959", f"_id={w.person}&active=true"):
        assert ids(query) == me, query
    for query in (f"name={name}&birthdate=1959", f"name={name}&gender=female", f"identifier=urn:other|{card}", f"identifier={card}&family=不是他",
                  f"name={name}&telecom=13800001111", f"identifier={card}&address=武汉",
                  f"_id={w.person}&active=false", "name=查无此人也"):
        assert ids(query) == [], query
    for query in ("", "gender=male", "birthdate=1958-03-12", "telecom=13812345678", f"name={name}&birthdate=x", f"name={name}&weight=70", f"name={name}&gender=", "given=伟"):
        assert w.ask("GET", f"Patient?{query}", base="alliance").status == 400, query
    page = w.ask("GET", f"Patient?name={name}&_count=0", base="alliance").json
    assert page["total"] == 1 and "entry" not in page and ids(f"name={name}&_offset=1&_count=1", total=1) == []
    stranger = alliance.hospital("none")
    assert ids(f"identifier={card}", Api(server, stranger.code, credentials=alliance.credentials(stranger))) == [], "closed to a stranger"


def test_members_learn_of_links_and_partings_from_the_feed(open_world: World, server: str) -> None:
    w = open_world
    one, _ = rows(w)
    stranger = w.hold.create(patient(somebody()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    outside = alliance.hospital("none")
    elsewhere = Api(server, outside.code, credentials=alliance.credentials(outside))

    def following(api: Api, path: str, most: int) -> tuple[list[dict[str, Any]], str]:
        found: list[dict[str, Any]] = []
        settle()
        while len(found) < most:
            page = api("GET", path, base="alliance").json
            judge(page, "Bundle")
            assert page.get("entry"), "each page goes on"
            found += [e["resource"] for e in page["entry"]]
            path = next(x["url"] for x in page["link"] if x["relation"] == "next").split("/alliance/")[1]
        return found, path

    since = timezone.now().isoformat()
    first = f"Patient/_history?_since={since}"
    joined = do_join(one.pk, other.pk, acting=curator(w), others=[alliance.another_curator()])
    found, then = following(w.ask, first, 2)
    assert {r["id"]: r["active"] for r in found} == {str(w.person): True, str(other.home): False}
    do_undo(joined.pk, acting=curator(w), note="test")
    found, then = following(w.hold, first, 4)
    assert {r["id"]: r["active"] for r in found} == {str(w.person): True, str(other.home): True}
    assert elsewhere("GET", first, base="alliance").json.get("entry", []) == [], "not theirs"
    assert w.ask("GET", then, base="alliance").status == 400, "another's cursor"
    assert w.ask("GET", "Patient/_history?_count=0", base="alliance").status == 400 and w.ask("GET", "Observation/_history", base="alliance").status == 404


def test_a_withdrawal_on_one_side_leaves_the_denial_with_the_other(open_world: World) -> None:
    """Given while two were thought one; after the split one of them withdraws it."""
    w = open_world
    one, _ = rows(w)
    tie(w.person, w.b)  # type: ignore[arg-type]
    stranger = w.hold.create(patient(somebody()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    do_join(one.pk, other.pk, acting=curator(w), others=[alliance.another_curator()])
    deny = w.permit(effect="deny", source_id=w.b.pk)
    do_split([other.pk], acting=curator(w))
    assert w.seen() == set()
    do_withdraw_directive(deny.pk, other.home, sources=sources.of_person(other.home), acting=w.clerk, reason="test", evidence="asked at the counter")
    stand_behind(deny, other.home)
    assert w.seen() == set(), "withdrawn by the other one"
    left = Directive.objects.filter(denies=True, withdrawn_at=None, covers__contains=[one.pk])
    assert left.count() == 1 and lines_of(f"directive/{left[0].pk}") == ["consent:directive:record"], "and it is in the log"
    left_one = left[0]
    do_withdraw_directive(left_one.pk, w.person, sources=sources.of_person(w.person), acting=w.clerk, reason="test", evidence="asked at the counter")  # type: ignore[arg-type]
    stand_behind(left_one, w.person)  # type: ignore[arg-type]
    assert len(w.seen()) == 1, "the control: by himself"


def lines_of(target: str) -> list[str]:
    return [x["code"] for x in page(Filter(), None, 200) if x["target"] == target]


def test_more_namesakes_than_are_looked_at_are_said(w: World) -> None:
    name = somebody()
    body = patient(name)
    sent = bundle(*[("PUT", f"Patient/n{i}", {**body, "id": f"n{i}", "birthDate": f"19{i + 10}-03-04", "identifier": [{"system": "urn:x", "value": f"{name}{i}"}]}) for i in range(55)])
    assert w.ask("POST", "", sent).status == 200
    reply = w.ask("GET", f"Patient?name={name}&birthdate=1960-03-04", base="alliance")
    assert reply.status in (403, 413, 422) and "$match" in reply.says, reply.body
    assert w.ask("GET", f"Patient?identifier=urn:x|{name}7", base="alliance").json["total"] == 1, "the control"
