"""Accesses of staff become episodes, once; what members have written down explains them, and what
it does not is scored by parts that are kept.
"""

import pytest
from django.db import connection

from alliance.roles import Role
from consent.audit.event import EventCode
from records.access_review.judge_episodes import judge_episodes
from records.access_review.staff_keys import refresh_staff_keys
from tests.factories.access_scene import AccessScene, make_access_scene, skip_older_lines
from tests.support.access_episodes import judged_episode, list_episodes, read_log


@pytest.fixture
def scene(server: str) -> AccessScene:
    made = make_access_scene(server)
    skip_older_lines()
    return made


def test_lines_become_one_episode_and_are_counted_once(scene: AccessScene) -> None:
    doctor, (_, person) = scene.add_staff(), scene.add_patient()
    for _ in range(3):
        scene.look(doctor, person)
    read_log()
    read_log()
    scene.look(doctor, person, EventCode.PERSON_FIND)
    read_log()
    (found,) = list_episodes(doctor, person)
    assert (found["opens"], found["finds"]) == (3, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_access_episode SET first_at = first_at - interval '13 hours',"
            " last_at = last_at - interval '13 hours' WHERE id = %s",
            [found["id"]],
        )
    scene.look(doctor, person)
    read_log()
    assert [e["opens"] for e in list_episodes(doctor, person)] == [3, 1], "twelve hours have passed"


def test_what_is_on_record_explains_and_what_is_not_waits(scene: AccessScene) -> None:
    cardio, other = "cardio", "ortho"
    doctor, colleague = scene.add_staff(cardio), scene.add_staff(cardio)
    surgeon, clerk = scene.add_staff(other), scene.add_staff(role=Role.CLERK)
    seen, person = scene.add_patient()
    scene.add_visit(seen, by=doctor, department=cardio)
    _, nobodys = scene.add_patient()
    for who in (doctor, colleague, surgeon):
        scene.look(who, person)
    scene.look(surgeon, nobodys)
    scene.look(clerk, nobodys, EventCode.PERSON_READ)
    scene.look(colleague, nobodys, EventCode.CONSENT_RECORD)
    scene.look(colleague, nobodys)
    read_log()
    refresh_staff_keys()
    judge_episodes()
    own = judged_episode(doctor, person)
    assert (own["template"], own["own"], own["waits"]) == ("encounter", True, False)
    assert own["evidence"].startswith(f"{scene.at.code}/Encounter/")
    assert judged_episode(colleague, person)["template"] == "department"
    assert judged_episode(surgeon, person)["template"] == "hospital"
    assert judged_episode(clerk, nobodys)["template"] == "registered"
    assert judged_episode(colleague, nobodys)["template"] == "task"
    unexplained = judged_episode(surgeon, nobodys)
    assert unexplained["template"] is None and unexplained["waits"], "no visit, no order"


def test_a_reason_that_comes_later_counts(scene: AccessScene) -> None:
    doctor, (patient, person) = scene.add_staff(), scene.add_patient()
    scene.look(doctor, person)
    read_log()
    judge_episodes()
    assert judged_episode(doctor, person)["waits"]
    scene.add_visit(patient, by=doctor)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_access_episode SET judged_at = judged_at - interval '1 hour'"
            " WHERE staff = %s",
            [doctor.pk],
        )
    judge_episodes()
    assert judged_episode(doctor, person)["template"] == "encounter"


def test_the_hospitals_visit_does_not_hide_who_looks_at_a_housemate(scene: AccessScene) -> None:
    phone = [{"system": "phone", "value": "13961237701"}]
    home = [{"text": "江苏省苏州市姑苏区平江路77号3幢501室"}]
    nosy, neutral = scene.add_staff("ward", telecom=phone, address=home), scene.add_staff("lab")
    patient, person = scene.add_patient(telecom=phone, address=home)
    scene.add_visit(patient, department="surgery")
    scene.look(nosy, person)
    scene.look(neutral, person)
    read_log()
    refresh_staff_keys()
    judge_episodes()
    told = judged_episode(nosy, person)
    assert told["template"] == "hospital" and told["parts"]["household"] == 8
    assert told["waits"], "explained by the hospital alone, and conspicuous"
    plain = judged_episode(neutral, person)
    assert plain["template"] == "hospital" and not plain["waits"], "the control"
    assert plain["parts"] == {}


def test_staff_who_are_patients_are_known_by_keyed_hashes(scene: AccessScene) -> None:
    born = {"birthDate": "1981-04-17", "gender": "female"}
    nurse, peer = scene.add_staff("icu", **born), scene.add_staff("icu")
    _, person = scene.add_patient(name=[{"text": nurse.name}], **born)
    scene.look(nurse, person)
    scene.look(peer, person)
    read_log()
    refresh_staff_keys()
    judge_episodes()
    assert judged_episode(nurse, person)["parts"]["self"] == 6
    parts = judged_episode(peer, person)["parts"]
    assert parts["colleague"] == 5 and parts["same_department"] == 2 and "self" not in parts


def test_an_emergency_is_not_explained_by_the_hospital_alone(scene: AccessScene) -> None:
    doctor, (patient, person) = scene.add_staff(), scene.add_patient()
    scene.add_visit(patient)
    scene.look(doctor, person, purpose="BTG")
    read_log()
    judge_episodes()
    told = judged_episode(doctor, person)
    assert told["template"] is None and "emergency" not in told["parts"], "three days to come"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_access_episode SET stale = true, first_at = first_at - interval '73"
            " hours', last_at = last_at - interval '73 hours' WHERE id = %s",
            [told["id"]],
        )
    judge_episodes()
    assert judged_episode(doctor, person)["parts"]["emergency"] == 6
