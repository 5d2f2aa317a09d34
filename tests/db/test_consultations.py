"""Consultations over a real database: the experts who were named see the record and nobody else
there, to the second; two who write at once; what the lead alone does (docs/adr/0088).
"""

import datetime as dt
import json

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.consultations.consultation_effects import NewRating, NewTeam
from alliance.consultations.write_opinion import (
    DraftedMeanwhile,
    do_save_draft,
    list_contributors,
)
from alliance.models import Hospital, OpinionDraft, SignedOpinion, WorkItem, WorkTimer
from alliance.roles import Role
from alliance.workflow.move_item import MovedMeanwhile
from consent.models import Relationship
from consent.terms import Refused
from records.operations.shared_record import open_record
from records.requests.fhir_request import build_fhir_request
from tests.factories import alliance
from tests.factories.consultations import (
    OPINION,
    acknowledge_and_rate,
    ask_consultation,
    bring,
    name_team,
    sign,
)
from tests.factories.referrals import move_on, send_referral
from tests.support.world import World, w

__all__ = ["w"]


def doctor_at(hospital: Hospital, role: Role = Role.CLINICIAN) -> Principal:
    return alliance.get_staff_principal(alliance.make_staff(hospital, role))


def sees(w: World, who: Principal) -> bool:
    """Whether they see B's record of the patient."""
    try:
        opened = open_record(
            build_fhir_request(who, "alliance", "/fhir"), w.person, {"Observation": 50}, "test"
        )
    except Refused:
        return False
    addresses = {s.url.split("/fhir/")[1] for s in opened.rows["Observation"]}
    assert f"{w.b.code}/{w.sensitive}" not in addresses, "what was not permitted stays closed"
    return f"{w.b.code}/{w.plain}" in addresses


def test_the_named_experts_alone_see_the_record_until_the_work_ends_to_the_second(
    w: World,
) -> None:
    w.permit()
    asker, clerk = doctor_at(w.b), doctor_at(w.a, Role.CLERK)
    lead, second, other = (doctor_at(w.a) for _ in range(3))
    item = ask_consultation(w.person, w.a, asker)
    assert not any(sees(w, who) for who in (lead, second, other)), "nobody was named yet"
    name_team(item, clerk, lead, second)
    assert sees(w, lead) and sees(w, second)
    assert not sees(w, other) and not w.seen(), "neither colleagues nor the hospital's system"
    name_team(item, clerk, lead, other)
    assert sees(w, lead) and sees(w, other) and not sees(w, second), "who was replaced"
    sign(item, lead)
    bring(item, "acknowledge", asker)
    assert sees(w, lead)
    done = WorkItem.objects.get(pk=item.pk)
    rows = Relationship.objects.of_experts().filter(reason=f"work/{item.pk}")
    kept = rows.filter(declared_by_id__in=(int(lead.id), int(other.id)))
    assert {r.ends_at for r in kept} == {done.rights_end}
    assert done.rights_end == done.entered_at + dt.timedelta(days=30)
    kept.update(ends_at=timezone.now())
    assert not sees(w, lead), "the set time is over"


def test_declining_ends_the_access_at_once_and_consent_rules(w: World) -> None:
    asker, lead = doctor_at(w.b), doctor_at(w.a)
    first = ask_consultation(w.person, w.a, asker)
    name_team(first, lead, lead)
    assert not sees(w, lead), "the patient has permitted nothing"
    w.permit()
    assert sees(w, lead), "the control"
    second = ask_consultation(w.person, w.a, asker)
    name_team(second, lead, lead)
    bring(first, "decline", lead)
    assert sees(w, lead), "the other consultation goes on"
    bring(second, "decline", lead)
    assert not sees(w, lead)
    ended = WorkItem.objects.get(pk=second.pk)
    row = Relationship.objects.of_experts().get(reason=f"work/{second.pk}")
    assert row.ends_at == ended.closed_at == ended.rights_end


def test_a_consultation_keeps_no_referrals_access_open(w: World) -> None:
    w.permit()
    asker = doctor_at(w.b)
    ask_consultation(w.person, w.a, asker)
    referral = send_referral(w.person, w.a, asker)
    assert w.seen(), "the control"
    move_on(referral, w.doctor, "decline")
    assert not w.seen()


def test_of_two_who_write_at_once_the_second_is_told_and_nothing_is_lost(w: World) -> None:
    lead, second, stranger = (doctor_at(w.a) for _ in range(3))
    item = ask_consultation(w.person, w.a, doctor_at(w.b))
    name_team(item, lead, lead, second)
    first = do_save_draft(item.pk, {"opinion": "from the lead"}, seen=0, acting=lead)
    assert WorkItem.objects.get(pk=item.pk).state == "writing"
    with pytest.raises(DraftedMeanwhile) as told:
        do_save_draft(item.pk, {"opinion": "from the second"}, seen=0, acting=second)
    assert told.value.newest == first
    both = {"opinion": "from the lead\nfrom the second"}
    do_save_draft(item.pk, both, seen=first.number, acting=second)
    with pytest.raises(Forbidden):
        do_save_draft(item.pk, both, seen=2, acting=stranger)
    texts = OpinionDraft.objects.filter(item=item).order_by("number")
    assert [json.loads(d.fields)["opinion"] for d in texts] == ["from the lead", both["opinion"]]
    assert [s.pk for s in list_contributors(item)] == [int(lead.id), int(second.id)]


def test_the_lead_alone_signs_and_what_was_signed_changes_no_more(w: World) -> None:
    w.permit()
    asker, lead, second = doctor_at(w.b), doctor_at(w.a), doctor_at(w.a)
    item = ask_consultation(w.person, w.a, asker)
    name_team(item, lead, lead, second)
    do_save_draft(item.pk, OPINION, seen=0, acting=second)
    with pytest.raises(Forbidden):
        sign(item, second)
    signed = sign(item, lead)
    assert (signed.state, signed.owner_id) == ("delivered", w.b.pk)
    opinion = SignedOpinion.objects.get(item=item)
    document = json.loads(bytes(opinion.document))
    assert document["resourceType"] == "Bundle" and document["type"] == "document"
    assert OPINION["opinion"] in bytes(opinion.document).decode()
    with pytest.raises(MovedMeanwhile):
        do_save_draft(item.pk, OPINION, seen=3, acting=lead)
    with pytest.raises(ValidationError):
        bring(item, "acknowledge", asker), bring(item, "rate", asker, NewRating(6))
    with pytest.raises(ValidationError):
        bring(item, "rate", asker)
    closed = bring(item, "rate", asker, NewRating(4))
    assert closed.state == "closed" and closed.outcome and closed.rating.score == 4


def test_what_a_verb_has_to_bring_and_who_may_be_named(w: World) -> None:
    item = ask_consultation(w.person, w.a, doctor_at(w.b))
    clerk, lead = doctor_at(w.a, Role.CLERK), doctor_at(w.a)
    for brought in ((), (NewTeam(int(clerk.id)),), (NewTeam(int(doctor_at(w.b).id)),)):
        with pytest.raises(ValidationError):
            bring(item, "accept", clerk, *brought)
    past = timezone.now() - dt.timedelta(minutes=1)
    with pytest.raises(ValidationError):
        name_team(item, clerk, lead, meets_at=past)
    assert WorkItem.objects.get(pk=item.pk).version == 1
    soon = timezone.now() + dt.timedelta(days=2)
    moved = name_team(item, clerk, lead, meets_at=soon, link="https://meet.example/1")
    assert moved.arranged_for == soon
    due = WorkTimer.objects.get(item=item, action="remind", cancelled_at=None).due_at
    assert due == WorkItem.objects.get(pk=item.pk).due_at > soon, "counted from the meeting"
    with pytest.raises(Forbidden):
        bring(item, "start", doctor_at(w.a))
    assert bring(item, "start", lead).state == "in-session"
    assert bring(item, "not-hold", clerk).state == "not-held"
    assert name_team(item, clerk, lead).state == "arranged"


def test_nothing_of_a_consultation_is_changed_by_the_web(w: World) -> None:
    asker, lead = doctor_at(w.b), doctor_at(w.a)
    w.permit()
    item = ask_consultation(w.person, w.a, asker)
    name_team(item, lead, lead)
    sign(item, lead)
    acknowledge_and_rate(item, asker)
    with connection.cursor() as cursor:
        for table in (
            "consultationrequest",
            "consultationexpert",
            "opiniondraft",
            "signedopinion",
            "consultationrating",
        ):
            cursor.execute(
                "SELECT has_table_privilege('xinglin_web', %s, 'UPDATE'),"
                " has_table_privilege('xinglin_web', %s, 'DELETE'),"
                " has_table_privilege('xinglin_web', %s, 'INSERT')",
                [f"alliance_{table}"] * 3,
            )
            assert cursor.fetchone() == (False, False, True), table


def test_while_cancelling_is_asked_for_nobody_reads_and_a_meeting_is_near(w: World) -> None:
    w.permit()
    asker, lead = doctor_at(w.b), doctor_at(w.a)
    item = ask_consultation(w.person, w.a, asker)
    far = timezone.now() + dt.timedelta(days=31)
    with pytest.raises(ValidationError):
        name_team(item, lead, lead, meets_at=far)
    name_team(item, lead, lead, meets_at=far - dt.timedelta(days=2))
    assert sees(w, lead), "the control"
    bring(item, "cancel", asker)
    assert not sees(w, lead)
    bring(item, "keep", lead)
    assert sees(w, lead), "the same team goes on"
