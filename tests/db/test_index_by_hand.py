"""The patient index over the real write path: what people undo and decide, how a patient is
found, and many at once.
"""

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest

from alliance.auth.errors import Forbidden
from alliance.roles import Role
from records.models import Review, SourcePatient
from records.mpi.curation import review_queue
from records.mpi.curation.decision_rights import curator_filter
from records.mpi.curation.decisions import do_call_different, do_join_persons, do_split_person
from records.mpi.curation.opinion_basis import digest_opinion_basis
from records.mpi.curation.review_queue import do_mark_looked_through, query_crowded_registrations
from records.mpi.index import patient_search
from records.mpi.index.arrival_matching import match_registration
from records.mpi.index.candidates import find_candidates
from records.mpi.index.pending_registration import ArrivedPatient, PendingRegistration
from records.mpi.index.similar_patients import find_similar_patients
from records.mpi.index.source_patients import SourcePatientRow
from records.mpi.matching.fhir_patient import parse_indexed_patient
from records.mpi.matching.profile import Demographics
from tests.factories import alliance
from tests.factories.fhir import (
    Api,
    make_birth_date,
    make_bundle,
    make_citizen_number,
    make_patient,
    make_phone,
    make_reached,
    make_unique_name,
)
from tests.support.index_pair import source, two

__all__ = ["two"]


def test_the_old_15_digit_form_meets_the_new_one(two: tuple[Api, Api]) -> None:
    one = source(
        two[0],
        two[0].create(make_patient("李强", "1949-12-31", "female", resident="110105491231002")),
    )
    two_ = source(
        two[1],
        two[1].create(make_patient("李强", "1949-12-31", "female", resident="11010519491231002X")),
    )
    assert one.person_id == two_.person_id


def test_unlink_lasts_and_link_undoes_it(two: tuple[Api, Api]) -> None:
    card = make_citizen_number("19580312", 11)
    one, reference = (
        source(two[0], two[0].create(make_patient("张伟明", resident=card))),
        two[1].create(make_patient("张伟明", resident=card)),
    )
    clerk = alliance.get_staff_principal(alliance.make_staff(one.hospital, Role.CLERK))
    do_split_person([source(two[1], reference).pk], acting=clerk)
    assert source(two[1], reference).person_id != one.person_id
    two[1]("PUT", reference, two[1]("GET", reference).json)
    assert source(two[1], reference).person_id != one.person_id, (
        "the rule does not overrule a human"
    )
    do_join_persons(
        one.pk,
        source(two[1], reference).pk,
        acting=clerk,
        others=[alliance.make_alliance_curator()],
    )
    assert source(two[1], reference).person_id == one.person_id


def test_find_by_name_pinyin_initials_and_numbers(two: tuple[Api, Api]) -> None:
    card = make_citizen_number("19580312", 13)
    two[0].create(make_patient("欧阳明月", resident=card, mrn="ZY-77"))
    own = alliance.get_staff_principal(alliance.make_staff(source_hospital(two[0])))
    other = alliance.get_staff_principal(alliance.make_staff(source_hospital(two[1])))
    for text in (
        "欧阳",
        "欧阳明月",
        "ouyangmingyue",
        "ouyang",
        "oymy",
        card,
        card.lower(),
        "ZY-77",
    ):
        assert [f.name for f in patient_search.find_persons(text, acting=own)] == ["欧阳明月"], text
    for text in ("欧阳明月", "ouyangmingyue", card, "ZY-77"):
        assert "欧**月" in [f.name for f in patient_search.find_persons(text, acting=other)], text
    for text in ("欧阳", "oymy", "ouyang"):
        assert patient_search.find_persons(text, acting=other) == [], (
            "no fishing among other members' patients"
        )


def source_hospital(api: Api):  # type: ignore[no-untyped-def]
    from alliance.models import Hospital

    return Hospital.objects.get(code=api.base)


def test_a_clerk_decides_only_what_concerns_his_hospital(two: tuple[Api, Api]) -> None:
    card = make_citizen_number("19580312", 15)
    one, other = (
        source(two[0], two[0].create(make_patient(make_unique_name(), resident=card))),
        source(two[1], two[1].create(make_patient(make_unique_name(), resident=card))),
    )
    asked = Review.objects.get(one=one, two=other)
    foreign = alliance.get_staff_principal(
        alliance.make_staff(alliance.make_hospital("third"), Role.CLERK)
    )
    seen = Review.objects.filter(state="open")
    assert asked not in seen.filter(curator_filter(foreign, "one", "two"))
    basis = digest_opinion_basis(asked.pk)
    for verb in (
        lambda: review_queue.do_give_opinion(asked.pk, same=True, basis=basis, acting=foreign),
        lambda: do_call_different(one.pk, other.pk, acting=foreign),
        lambda: do_join_persons(one.pk, other.pk, acting=foreign),
    ):
        with pytest.raises(Forbidden):
            verb()
    own = alliance.get_staff_principal(alliance.make_staff(other.hospital, Role.CLERK))
    assert asked in seen.filter(curator_filter(own, "one", "two"))
    if (
        review_queue.do_give_opinion(
            asked.pk, same=False, basis=digest_opinion_basis(asked.pk), acting=own
        )
        is None
    ):  # drawn by lot: a second one is asked
        assert review_queue.do_give_opinion(
            asked.pk,
            same=False,
            basis=digest_opinion_basis(asked.pk),
            acting=alliance.get_staff_principal(alliance.make_staff(one.hospital, Role.CLERK)),
        )
    asked.refresh_from_db()
    assert asked.state == "different"


def test_patients_of_one_bundle_meet_each_other_and_those_who_were_there(
    two: tuple[Api, Api],
) -> None:
    card = make_citizen_number("19580312", 17)
    there = source(two[0], two[0].create(make_patient("张伟", resident=card)))
    sent = make_bundle(
        *[
            ("PUT", f"Patient/p{i}", make_patient("张伟", resident=card) | {"id": f"p{i}"})
            for i in range(3)
        ]
    )
    assert two[1]("POST", "", sent).status == 200
    assert {source(two[1], f"Patient/p{i}").person_id for i in range(3)} == {there.person_id}
    assert Review.objects.filter(one__person_id=there.person_id).count() == 0


def test_a_changed_patient_is_found_by_what_he_is_now(two: tuple[Api, Api]) -> None:
    reference = two[0].create(make_patient("诸葛明月", mrn="ZY-old"))
    own = alliance.get_staff_principal(alliance.make_staff(source_hospital(two[0])))
    two[0](
        "PUT", reference, make_patient("诸葛明日", mrn="ZY-new") | {"id": reference.split("/")[1]}
    )
    assert (
        [f.name for f in patient_search.find_persons("ZY-new", acting=own)]
        == ["诸葛明日"]
        == [f.name for f in patient_search.find_persons("zhugemingri", acting=own)]
    )
    assert [
        (f.name, f.former)
        for text in ("ZY-old", "zhugemingyue")
        for f in patient_search.find_persons(text, acting=own)
    ] == [("诸葛明日", True)] * 2, "and by what they were"
    two[0](
        "PUT", reference, make_patient("诸葛明月", mrn="ZY-old") | {"id": reference.split("/")[1]}
    )
    assert [
        (f.name, f.former)
        for text in ("ZY-old", "zhugemingyue", "ZY-new")
        for f in patient_search.find_persons(text, acting=own)
    ] == [("诸葛明月", False)] * 2 + [("诸葛明月", True)]


def test_a_taken_hospital_number_names_its_entry(two: tuple[Api, Api]) -> None:
    two[0].create(make_patient(mrn="ZY-1"))
    reply = two[0](
        "POST",
        "",
        make_bundle(
            ("POST", "Patient", make_patient()), ("POST", "Patient", make_patient(mrn="ZY-1"))
        ),
    )
    assert reply.status == 409 and reply.json["issue"][0]["expression"] == [
        "Bundle.entry[1].resource.identifier"
    ], reply.json
    assert two[1].create(make_patient(mrn="ZY-1")), (
        "the control: another hospital may use the same number"
    )


def test_beside_a_person_of_more_registrations_than_are_looked_at(two: tuple[Api, Api]) -> None:
    """Those that share a block come first among the twelve: the fourteenth finds its like, and
    one who only lives there stays apart.
    """
    phone = make_reached("131")
    name, card = make_unique_name(), make_citizen_number("19580312")
    sent = [
        (
            "PUT",
            f"Patient/m{i}",
            make_patient(name, resident=card, mrn=f"{card}-{i}") | phone | {"id": f"m{i}"},
        )
        for i in range(13)
    ]
    assert two[0]("POST", "", make_bundle(*sent)).status == 200
    person = source(two[0], "Patient/m12").person_id
    assert SourcePatient.objects.filter(person=person).count() == 13
    assert source(two[1], two[1].create(make_patient(name) | phone)).person_id == person
    assert (
        source(
            two[1],
            two[1].create(
                make_patient(
                    make_unique_name(),
                    "1960-07-08",
                    "female",
                    resident=make_citizen_number("19600708", 2),
                )
                | phone
            ),
        ).person_id
        != person
    )


def test_a_shared_number_is_asked_about_among_more_likely_twins_than_are_looked_at(
    two: tuple[Api, Api],
) -> None:
    """Many of one family name and birth date may each be their twin: they do not crowd out the one
    whose card they show.
    """
    born = make_birth_date(dt.date(1931, 1, 2), 364)

    def born_that_day(called: str, card: str = "") -> dict[str, Any]:
        return make_patient(
            called, born.isoformat(), resident=card or make_citizen_number(f"{born:%Y%m%d}")
        )

    sent = [("POST", "Patient", born_that_day("欧" + make_unique_name()[1:])) for _ in range(48)]
    assert two[0]("POST", "", make_bundle(*sent)).status == 200
    card = make_citizen_number(f"{born:%Y%m%d}")
    one, other = (
        source(two[0], two[0].create(born_that_day(make_unique_name(), card))),
        source(two[1], two[1].create(born_that_day("欧" + make_unique_name()[1:], card))),
    )
    assert one.person_id != other.person_id and Review.objects.filter(one=one, two=other).exists()


def test_an_oversized_block_is_capped_and_logged_and_still_finds(
    two: tuple[Api, Api], caplog: pytest.LogCaptureFixture
) -> None:
    name, phone = make_unique_name(), make_phone("131")
    body = make_patient(name) | {"telecom": [{"system": "phone", "value": phone}]}
    sent = make_bundle(
        *[
            (
                "PUT",
                f"Patient/q{i}",
                {
                    **body,
                    "id": f"q{i}",
                    "identifier": [{"system": "urn:x", "value": f"{phone}-{i}"}],
                },
            )
            for i in range(60)
        ]
    )
    assert two[0]("POST", "", sent).status == 200
    asked = Demographics(name=name, gender="male", birth="1958-03-12", phone=phone)
    assert [s.grade for s in find_similar_patients(asked, None)][:1] == ["certain"]
    one = PendingRegistration(
        ArrivedPatient(SourcePatientRow(0, uuid4(), uuid4()), body),
        parse_indexed_patient(body),
        asked,
    )
    verdict = match_registration(one.profile, one.person_id, find_candidates([one], ())[0])
    assert "MPI210" in caplog.text and name not in caplog.text
    block = {source(two[0], f"Patient/q{i}").person_id for i in range(60)}
    assert verdict.linked_person_id is None or verdict.linked_person_id in block
    assert source(two[1], two[1].create(body)).person_id in block, (
        "found among those of the block that it is compared with"
    )
    last = source(two[1], two[1].create({k: v for k, v in body.items() if k != "identifier"}))
    assert last.crowded_at, "and a curator is asked to look for the others"
    curator = alliance.get_staff_principal(alliance.make_staff(last.hospital, Role.CLERK))
    stranger = alliance.get_staff_principal(
        alliance.make_staff(source_hospital(two[0]), Role.CLERK)
    )
    assert last.pk in {s.pk for s in query_crowded_registrations(curator)} and last.pk not in {
        s.pk for s in query_crowded_registrations(stranger)
    }
    with pytest.raises(SourcePatient.DoesNotExist):
        do_mark_looked_through(last.pk, acting=stranger)
    do_mark_looked_through(last.pk, acting=curator)
    assert last.pk not in {s.pk for s in query_crowded_registrations(curator)}
