"""Persons at the shared base over real HTTP: the golden record and where its values come from,
Person and former ids.
"""

from typing import Any

from alliance.roles import Role
from records.facade.golden_patient import ORIGIN_URL, SOURCE_URL
from records.fhir.validate import check_by_model
from records.models import SourcePatient
from records.mpi.curation.decisions import (
    do_confirm_card,
    do_correct_number,
    do_join_persons,
    do_split_person,
    do_undo_decision,
)
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.fhir import (
    make_citizen_number,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.factories.ties import confirm_directive, confirm_tie
from tests.support.browser import signed_in
from tests.support.persons import curator, golden, open_world, rows
from tests.support.world import World, related, w

__all__ = ["open_world", "w"]


def said(node: dict[str, Any]) -> tuple[str, str]:
    """(base of the hospital that it comes from, how it was got)."""
    marks = {e["url"]: e for e in node["extension"]}
    return (
        marks[SOURCE_URL]["valueReference"]["reference"].split("/fhir/")[1].split("/")[0],
        marks[ORIGIN_URL]["valueCode"],
    )


def test_each_value_names_its_source_and_the_best_one_wins(open_world: World) -> None:
    w = open_world
    here, there = rows(w)
    assert said(golden(w)["_birthDate"]) == (w.b.code, "typed"), "nobody knows better: the newest"
    body = w.ask("GET", f"Patient/{here.fhir_id}").json
    card = {"extension": [{"url": ORIGIN_URL, "valueCode": "card"}]}
    assert (
        w.ask(
            "PUT",
            f"Patient/{here.fhir_id}",
            body
            | {
                "maritalStatus": {"text": "married"},
                "_birthDate": card,
                "birthDate": "1958-03-13",
            },
        ).status
        == 200
    )
    confirm_tie(w.person, w.a)  # type: ignore[arg-type]
    later = w.hold("GET", f"Patient/{there.fhir_id}").json
    assert (
        w.hold(
            "PUT",
            f"Patient/{there.fhir_id}",
            later | {"telecom": [{"system": "phone", "value": "13812345678"}]},
        ).status
        == 200
    )
    found = golden(w)
    assert found["birthDate"] == "1958-03-13" and said(found["_birthDate"]) == (
        w.a.code,
        "card",
    ), "from the card, though the other one is newer"
    assert said(found["maritalStatus"]) == (w.a.code, "typed") and said(found["telecom"][0]) == (
        w.b.code,
        "typed",
    )
    assert said(found["_gender"]) == (w.b.code, "typed")
    confirmed = do_confirm_card(here.pk, acting=curator(w))
    assert said(golden(w)["_gender"]) == (w.a.code, "verified")
    do_undo_decision(confirmed.pk, acting=curator(w), note="test")
    assert said(golden(w)["_gender"]) == (w.b.code, "typed")


def test_a_corrected_number_stands_beside_the_former_one(open_world: World) -> None:
    w = open_world
    here, _ = rows(w)
    wrong, right = (
        next(
            i["value"]
            for i in golden(w)["identifier"]
            if i["system"] == "urn:oid:2.16.156.10011.1.3"
        ),
        make_citizen_number(),
    )
    decision = do_correct_number(here.pk, right, acting=curator(w))
    numbers = {
        i["value"]: (i.get("use"), *said(i))
        for i in golden(w)["identifier"]
        if i["system"] == "urn:oid:2.16.156.10011.1.3"
    }
    assert numbers[right] == ("official", w.a.code, "verified") and wrong in numbers
    assert w.ask("GET", f"Patient/{here.fhir_id}").json["identifier"][0]["value"] == wrong, (
        "the hospital's own record is as it was sent"
    )
    do_undo_decision(decision.pk, acting=curator(w), note="test")
    assert right not in str(golden(w))


def test_person(open_world: World) -> None:
    w = open_world
    found = golden(w, "Person")
    links = {
        x["target"]["reference"].split("/fhir/")[1].split("/")[0]: x.get("assurance")
        for x in found["link"]
    }
    assert links == {"alliance": None, w.a.code: "level2", w.b.code: "level2"} and found["name"]
    do_confirm_card(rows(w)[0].pk, acting=curator(w))
    assert {x.get("assurance") for x in golden(w, "Person")["link"]} == {None, "level2", "level4"}


def test_a_former_id_says_who_replaced_it_and_finds_the_records(open_world: World) -> None:
    w = open_world
    one, _ = rows(w)
    stranger = w.hold.create(make_patient(make_unique_name()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    w.hold.create(make_observation(stranger))
    assert len(w.seen()) == 1
    joined = do_join_persons(
        one.pk, other.pk, acting=curator(w), others=[alliance.make_alliance_curator()]
    )
    reply = w.ask("GET", f"Patient/{other.home}", base="alliance")
    check_by_model(reply.json, "Patient")
    assert reply.json["active"] is False and reply.json["link"] == [
        {"other": {"reference": reply.json["link"][0]["other"]["reference"]}, "type": "replaced-by"}
    ]
    assert reply.json["link"][0]["other"]["reference"].endswith(f"/alliance/Patient/{w.person}")
    by_old = w.ask("GET", f"Observation?patient={other.home}", base="alliance").json
    assert by_old["total"] == 2 == len(w.seen())
    do_undo_decision(joined.pk, acting=curator(w), note="test")
    assert (
        w.ask("GET", f"Patient/{other.home}", base="alliance").status == 404 and len(w.seen()) == 1
    ), "as before: a stranger whose record is closed"


def test_consent_follows_every_change_of_identity(open_world: World) -> None:
    """A denial that one of two registrations has closes both while they are one person, and only
    its own once they are two again.
    """
    w = open_world
    one, _ = rows(w)
    stranger = w.hold.create(make_patient(make_unique_name()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    w.permit(effect="deny", source_id=w.b.pk, sources=source_patients.sources_of_person(other.home))
    assert len(w.seen()) == 1, "somebody else's denial"
    joined = do_join_persons(
        one.pk, other.pk, acting=curator(w), others=[alliance.make_alliance_curator()]
    )
    assert w.seen() == set() and w.read(w.plain).status == 404
    undone = do_undo_decision(joined.pk, acting=curator(w), note="test")
    assert len(w.seen()) == 1 and w.read(w.plain).status == 200
    do_undo_decision(undone.pk, acting=curator(w), note="test")
    assert w.seen() == set()


def test_a_split_protects_both_sides_with_what_was_denied_and_shares_nothing_more(
    open_world: World,
) -> None:
    w = open_world
    here, there = rows(w)
    w.permit(effect="deny", source_id=w.b.pk)
    assert w.seen() == set()
    split = do_split_person([there.pk], acting=curator(w))
    there.refresh_from_db()
    w.person = there.person_id  # type: ignore[assignment]
    related(w)
    assert (
        w.seen() == set() and w.ask("GET", f"Patient/{w.person}", base="alliance").status == 404
    ), "the denial covers them too, and the permit is not theirs"
    w.permit()
    assert w.seen() == set(), "still denied"
    do_undo_decision(split.pk, acting=curator(w), note="test")
    assert {s.id for s in source_patients.sources_of_person(there.home)} == {here.pk, there.pk}


def test_a_permit_given_for_what_was_thought_one_person_counts_for_neither_part(w: World) -> None:
    """Whose it was is not known: asked again, or confirmed once the split is undone; one that
    was given before the link stays.
    """
    related(w)
    one, _ = rows(w)
    stranger = w.hold.create(make_patient(make_unique_name()))
    other = SourcePatient.objects.get(hospital=w.b, fhir_id=stranger.split("/")[1])
    do_join_persons(one.pk, other.pk, acting=curator(w), others=[alliance.make_alliance_curator()])
    permit = w.permit()
    assert len(w.seen()) == 1
    split = do_split_person([other.pk], acting=curator(w))
    assert w.seen() == set() and w.read(w.plain).status == 404
    page = (
        signed_in(alliance.make_staff(w.b, Role.CLERK))
        .get(f"/person/{w.person}/consent/", headers={"Accept-Language": "en"})
        .content.decode()
    )
    assert "no longer count" in page
    undone = do_undo_decision(split.pk, acting=curator(w), note="test")
    assert w.seen() == set(), (
        "the registration came again today: somebody has to say that the permit is still the"
        " patient's"
    )
    confirm_directive(permit, w.person)  # type: ignore[arg-type]
    assert len(w.seen()) == 1
    do_undo_decision(undone.pk, acting=curator(w), note="test")
    w.permit()
    assert len(w.seen()) == 1, "asked again"
    do_join_persons(one.pk, other.pk, acting=curator(w), others=[alliance.make_alliance_curator()])
    assert len(w.seen()) == 1, "and it stays when another registration joins"
