"""$ihe-pix, PDQm and the feed of persons over real HTTP; what consent closes answers as if it
were not there.
"""

from typing import Any

from django.utils import timezone

from consent.models import Directive
from consent.services.directive_withdrawals import do_withdraw_directive
from records.fhir.validate import check_by_model
from records.models import SourcePatient
from records.mpi.curation.decisions import (
    do_join_persons,
    do_split_person,
    do_undo_decision,
)
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
    make_bundle,
    make_patient,
    make_unique_name,
)
from tests.factories.ties import confirm_directive, confirm_tie
from tests.feed_horizon import wait_for_feed
from tests.support.audit_lines import lines_of
from tests.support.persons import curator, golden, open_world, rows
from tests.support.world import World, w

__all__ = ["open_world", "w"]


def test_cross_reference(open_world: World) -> None:
    w = open_world
    here, there = rows(w)
    own = next(
        i["value"]
        for i in w.ask("GET", f"Patient/{here.fhir_id}").json["identifier"]
        if i["system"] == "urn:mrn"
    )
    theirs = next(
        i["value"]
        for i in w.hold("GET", f"Patient/{there.fhir_id}").json["identifier"]
        if i["system"] == "urn:mrn"
    )
    reply = w.ask("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{own}", base="alliance")
    assert reply.status == 200, reply.body
    found = reply.json["parameter"]
    assert theirs in [
        p["valueIdentifier"]["value"] for p in found if p["name"] == "targetIdentifier"
    ] and own not in str([p for p in found if p["name"] == "targetIdentifier"])
    ids = [
        p["valueReference"]["reference"].split("/fhir/")[1]
        for p in found
        if p["name"] == "targetId"
    ]
    assert sorted(ids) == sorted(
        [
            f"alliance/Patient/{w.person}",
            f"{w.a.code}/Patient/{here.fhir_id}",
            f"{w.b.code}/Patient/{there.fhir_id}",
        ]
    )
    only = w.ask(
        "GET",
        f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{own}&targetSystem=urn:oid:2.16.156.10011.1.3",
    ).json["parameter"]
    assert {p["valueIdentifier"]["system"] for p in only} == {"urn:oid:2.16.156.10011.1.3"}
    assert w.ask(
        "GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{own}&targetSystem=urn:nobody"
    ).json == {"resourceType": "Parameters"}
    assert (
        w.ask("GET", "Patient/$ihe-pix?sourceIdentifier=urn:mrn|nobody", base="alliance").status
        == 404
    )
    assert (
        w.ask("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:other|{own}", base="alliance").status
        == 404
    )
    for wrong in (
        "Patient/$ihe-pix",
        "Patient/$ihe-pix?sourceIdentifier=x",
        "Patient/$ihe-pix?sourceIdentifier=a|b&x=1",
    ):
        assert w.ask("GET", wrong, base="alliance").status == 400, wrong
    assert (
        w.ask("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{own}", base=w.b.code).status
        == 403
    )


def test_what_is_closed_has_no_cross_reference(w: World, server: str) -> None:
    stranger = alliance.make_hospital("none")
    api = Api(server, stranger.code, credentials=alliance.make_credentials(stranger))
    _, there = rows(w)
    theirs = next(
        i["value"]
        for i in w.hold("GET", f"Patient/{there.fhir_id}").json["identifier"]
        if i["system"] == "urn:mrn"
    )
    closed, absent = (
        api("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{x}", base="alliance")
        for x in (theirs, "nobody")
    )
    assert (closed.status, closed.body) == (absent.status, absent.body) == (404, absent.body)
    assert w.hold("GET", f"Patient/$ihe-pix?sourceIdentifier=urn:mrn|{theirs}").status == 200, (
        "the control"
    )


def test_demographics_query(open_world: World, server: str) -> None:
    w = open_world
    name = golden(w)["name"][0]["text"]
    card = next(
        i["value"] for i in golden(w)["identifier"] if i["system"] == "urn:oid:2.16.156.10011.1.3"
    )

    def ids(query: str, api: Api | None = None, total: int | None = None) -> list[str]:
        reply = (api or w.ask)("GET", f"Patient?{query}", base="alliance")
        assert reply.status == 200, reply.body
        assert reply.json["total"] == (len(reply.json.get("entry", [])) if total is None else total)
        return [e["resource"]["id"] for e in reply.json.get("entry", [])]

    me = [str(w.person)]
    for query in (
        f"name={name}",
        f"identifier={card}",
        f"identifier=urn:oid:2.16.156.10011.1.3|{card}",
        f"family={name[0]}&given={name[1:]}",
        f"_id={w.person}",
        f"name={name}&birthdate=1958-03-12",
        f"name={name}&birthdate=1958&gender=male,unknown",
        f"identifier={card}&birthdate=ge1958-01-01&birthdate=lt1959",
        f"_id={w.person}&active=true",
    ):
        assert ids(query) == me, query
    for query in (
        f"name={name}&birthdate=1959",
        f"name={name}&gender=female",
        f"identifier=urn:other|{card}",
        f"identifier={card}&family=不是他",
        f"name={name}&telecom=13800001111",
        f"identifier={card}&address=武汉",
        f"_id={w.person}&active=false",
        "name=查无此人也",
    ):
        assert ids(query) == [], query
    for query in (
        "",
        "gender=male",
        "birthdate=1958-03-12",
        "telecom=13812345678",
        f"name={name}&birthdate=x",
        f"name={name}&weight=70",
        f"name={name}&gender=",
        "given=伟",
    ):
        assert w.ask("GET", f"Patient?{query}", base="alliance").status == 400, query
    page = w.ask("GET", f"Patient?name={name}&_count=0", base="alliance").json
    assert (
        page["total"] == 1
        and "entry" not in page
        and ids(f"name={name}&_offset=1&_count=1", total=1) == []
    )
    stranger = alliance.make_hospital("none")
    assert (
        ids(
            f"identifier={card}",
            Api(server, stranger.code, credentials=alliance.make_credentials(stranger)),
        )
        == []
    ), "closed to a stranger"


def test_members_learn_of_links_and_partings_from_the_feed(open_world: World, server: str) -> None:
    w = open_world
    one, _ = rows(w)
    stranger = w.hold.create(make_patient(make_unique_name()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    outside = alliance.make_hospital("none")
    elsewhere = Api(server, outside.code, credentials=alliance.make_credentials(outside))

    def following(api: Api, path: str, most: int) -> tuple[list[dict[str, Any]], str]:
        found: list[dict[str, Any]] = []
        wait_for_feed()
        while len(found) < most:
            page = api("GET", path, base="alliance").json
            check_by_model(page, "Bundle")
            assert page.get("entry"), "each page goes on"
            found += [e["resource"] for e in page["entry"]]
            path = next(x["url"] for x in page["link"] if x["relation"] == "next").split(
                "/alliance/"
            )[1]
        return found, path

    since = timezone.now().isoformat()
    first = f"Patient/_history?_since={since}"
    joined = do_join_persons(
        one.pk, other.pk, acting=curator(w), others=[alliance.make_alliance_curator()]
    )
    found, then = following(w.ask, first, 2)
    assert {r["id"]: r["active"] for r in found} == {str(w.person): True, str(other.home): False}
    do_undo_decision(joined.pk, acting=curator(w), note="test")
    found, then = following(w.hold, first, 4)
    assert {r["id"]: r["active"] for r in found} == {str(w.person): True, str(other.home): True}
    assert elsewhere("GET", first, base="alliance").json.get("entry", []) == [], "not theirs"
    assert w.ask("GET", then, base="alliance").status == 400, "another's cursor"
    assert (
        w.ask("GET", "Patient/_history?_count=0", base="alliance").status == 400
        and w.ask("GET", "Observation/_history", base="alliance").status == 404
    )


def test_a_withdrawal_on_one_side_leaves_the_denial_with_the_other(open_world: World) -> None:
    """Given while two were thought one; after the split one of them withdraws it."""
    w = open_world
    one, _ = rows(w)
    confirm_tie(w.person, w.b)  # type: ignore[arg-type]
    stranger = w.hold.create(make_patient(make_unique_name()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    do_join_persons(one.pk, other.pk, acting=curator(w), others=[alliance.make_alliance_curator()])
    deny = w.permit(effect="deny", source_id=w.b.pk)
    do_split_person([other.pk], acting=curator(w))
    assert w.seen() == set()
    do_withdraw_directive(
        deny.pk,
        other.home,
        sources=source_patients.sources_of_person(other.home),
        acting=w.clerk,
        reason="test",
        evidence="asked at the counter",
    )
    confirm_directive(deny, other.home)
    assert w.seen() == set(), "withdrawn by the other one"
    left = Directive.objects.filter(denies=True, withdrawn_at=None, covers__contains=[one.pk])
    assert left.count() == 1 and lines_of(f"directive/{left[0].pk}") == [
        "consent:directive:record"
    ], "and it is in the log"
    left_one = left[0]
    do_withdraw_directive(
        left_one.pk,
        w.person,
        sources=source_patients.sources_of_person(w.person),
        acting=w.clerk,
        reason="test",
        evidence="asked at the counter",
    )  # type: ignore[arg-type]
    confirm_directive(left_one, w.person)  # type: ignore[arg-type]
    assert len(w.seen()) == 1, "the control: alone"


def test_more_namesakes_than_are_looked_at_are_said(w: World) -> None:
    name = make_unique_name()
    body = make_patient(name)
    sent = make_bundle(
        *[
            (
                "PUT",
                f"Patient/n{i}",
                {
                    **body,
                    "id": f"n{i}",
                    "birthDate": f"19{i + 10}-03-04",
                    "identifier": [{"system": "urn:x", "value": f"{name}{i}"}],
                },
            )
            for i in range(55)
        ]
    )
    assert w.ask("POST", "", sent).status == 200
    reply = w.ask("GET", f"Patient?name={name}&birthdate=1960-03-04", base="alliance")
    assert reply.status in (403, 413, 422) and "$match" in reply.says, reply.body
    assert w.ask("GET", f"Patient?identifier=urn:x|{name}7", base="alliance").json["total"] == 1, (
        "the control"
    )
