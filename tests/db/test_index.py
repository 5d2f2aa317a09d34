"""The patient index over the real write path: link on a valid number that agrees, review on doubt, unlink, find."""

import datetime as dt
import itertools
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from alliance.auth.errors import Forbidden
from alliance.roles import Role
from records.models import Decision, Review, SourcePatient
from records.mpi import find, review
from records.mpi.arrive import weigh
from records.mpi.basis import basis_of
from records.mpi.beside import beside
from records.mpi.decide import concerning, do_differ, do_join, do_split
from records.mpi.features import identify
from records.mpi.match import similar
from records.mpi.news import Arrival, News
from records.mpi.profile import Words
from records.mpi.review import crowded, do_look_through
from records.mpi.rules.resident_number import SYSTEM
from records.mpi.sources import Known
from tests.factories import alliance
from tests.factories.fhir import Api, birthday, bundle, newborn, number, patient, somebody


@pytest.fixture
def two(server: str) -> tuple[Api, Api]:
    a, b = alliance.hospital("one"), alliance.hospital("two")
    return Api(server, a.code, credentials=alliance.credentials(a)), Api(server, b.code, credentials=alliance.credentials(b))


def source(api: Api, reference: str) -> SourcePatient:
    return SourcePatient.objects.get(hospital__code=api.base, fhir_id=reference.split("/")[1])


def test_links_when_the_number_and_the_name_or_birth_date_agree(two: tuple[Api, Api]) -> None:
    card = number("19580312", 5)
    one, same = source(two[0], two[0].create(patient("張偉", resident=card))), source(two[1], two[1].create(patient("张 伟", resident=card)))
    assert one.person_id == same.person_id and same.decided_by.startswith("rule/")
    other = source(two[1], two[1].create(patient("张伟", resident=number("19580312", 7))))
    assert other.person_id != one.person_id, "two different valid numbers are two persons"


@pytest.mark.parametrize(("name", "birth", "gender", "card_too", "reason"), [
    ("王芳", "1958-03-12", "male", True, "held:another_name"),  # came with his card
    ("张伟明", "1958-03-12", "male", False, "held:two_numbers"),
    ("张伟明", "1958-03-21", "male", None, "held:doubtful"),
])
def test_doubt_goes_to_review_with_its_reason(two: tuple[Api, Api], name: str, birth: str, gender: str, card_too: bool | None, reason: str) -> None:
    ours = somebody() if name == "张伟明" else "张伟明"
    name = ours if name == "张伟明" else name
    card, phone = number("19580312"), {"telecom": [{"system": "phone", "value": f"137{secrets.randbelow(10**8):08d}"}]}
    theirs = {True: card, False: number("19580312"), None: ""}[card_too]
    one = source(two[0], two[0].create(patient(ours, resident=card) | (phone if reason != "held:doubtful" else {})))
    other = source(two[1], two[1].create(patient(name, birth, gender, resident=theirs) | (phone if reason != "held:doubtful" else {})))
    assert one.person_id != other.person_id
    review = Review.objects.get(one=one, two=other)
    assert reason in review.reasons and review.state == "open" and any(r.startswith("probability:0.") for r in review.reasons)


@pytest.mark.parametrize(("name", "birth", "gender"), [("张偉明", "1958-03-12", "female"), ("zhang weiming", "1958-03-12", "male"), ("张伟明", "1958-03-21", "male"), ("张为明", "1958-03-12", "male")])
def test_a_typing_fault_beside_the_number_does_not_part_them(two: tuple[Api, Api], name: str, birth: str, gender: str) -> None:
    card = number("19580312")
    one, other = source(two[0], two[0].create(patient("张伟明", resident=card))), source(two[1], two[1].create(patient(name, birth, gender, resident=card)))
    assert one.person_id == other.person_id and other.decided_by == "rule/family-3"
    reasons = Decision.objects.get(claims__two=other).reasons
    assert "number:same" in reasons and [r for r in reasons if r.startswith("name:")]


def test_without_a_number_name_birth_date_and_phone_link(two: tuple[Api, Api]) -> None:
    phone = {"telecom": [{"system": "phone", "value": "13765431234"}]}
    one, other = source(two[0], two[0].create(patient("上官若川") | phone)), source(two[1], two[1].create(patient("上官若川") | phone))
    assert one.person_id == other.person_id
    alone = source(two[1], two[1].create(patient("上官若川", "1971-09-01") | phone))
    assert alone.person_id != one.person_id, "another birth date is another person, or a human's to decide"


@pytest.mark.parametrize("sent", [True, False])
def test_who_changed_his_name_is_known_by_the_former_one(two: tuple[Api, Api], sent: bool) -> None:
    """Whether the hospital sends it as an old name, or sent it as the name before."""
    before, now, phone = somebody(), somebody(), {"telecom": [{"system": "phone", "value": f"133{secrets.randbelow(10**8):08d}"}]}
    renamed = patient(now) | phone
    if sent:
        reference = two[0].create(renamed | {"name": [{"text": now, "use": "official"}, {"text": before, "use": "old"}]})
    else:
        reference = two[0].create(patient(before) | phone)
        assert two[0]("PUT", reference, renamed | {"id": reference.split("/")[1]}).status == 200
    known = source(two[1], two[1].create(patient(before) | phone))
    assert known.person_id == source(two[0], reference).person_id
    assert "name:former" in Decision.objects.get(claims__two=known).reasons
    assert source(two[1], two[1].create(patient(somebody()) | phone)).person_id != known.person_id, "the control: a name that he never had"


def test_twins_and_their_newborn_registration(two: tuple[Api, Api]) -> None:
    """The nameless one may be either: nobody is linked, and a human is asked."""
    phone = {"telecom": [{"system": "phone", "value": f"136{secrets.randbelow(10**8):08d}"}]}
    born = newborn(40, 40)
    for name in ("令狐景行", "令狐景知"):
        two[0].create(patient(name, born.isoformat(), "male", resident=number(born.strftime("%Y%m%d"))) | phone)
    nameless = source(two[1], two[1].create(patient("钱静文之子", born.isoformat(), "male") | phone))
    assert nameless.decided_by == ""
    assert all("held:rivals" in r.reasons for r in Review.objects.filter(two=nameless)) and Review.objects.filter(two=nameless).count() == 2
    phone = {"telecom": [{"system": "phone", "value": f"135{secrets.randbelow(10**8):08d}"}]}
    only = source(two[0], two[0].create(patient("独孤知微", born.isoformat(), "male") | phone))
    nameless = source(two[1], two[1].create(patient("周静文之子", born.isoformat(), "male") | phone))
    assert nameless.person_id == only.person_id, "the control: an only child"


def test_a_child_without_a_name_brings_no_twins_together(two: tuple[Api, Api]) -> None:
    """One twin has the father's family name, the other the mother's: their registrations are less unlike than strangers', for they share home and day."""
    phone = {"telecom": [{"system": "phone", "value": f"137{secrets.randbelow(10**8):08d}"}]}
    born = newborn(1000, 3000).isoformat()  # a day on which no other test has children
    mother, child, twin = (f"{family}{somebody()[1:]}" for family in ("欧阳", "钱", "褚"))
    first = [two[i].create(patient(child, born, resident=number(born.replace("-", "")) if not i else "") | phone) for i in (0, 1)]
    nameless = source(two[0], two[0].create(patient(f"{mother}之子", born) | phone))
    one = source(two[0], first[0])
    assert one.person_id == source(two[1], first[1]).person_id == nameless.person_id, "an only child so far"
    other = source(two[1], two[1].create(patient(twin, born) | phone))
    nameless.refresh_from_db()
    assert len({one.person_id, other.person_id, nameless.person_id}) == 3 and Review.objects.filter(one=nameless, state="open").count() >= 1, "and a human is asked which he is"


def test_a_child_is_found_by_the_number_of_who_answers_for_it(two: tuple[Api, Api]) -> None:
    """It comes as the identifier of the related person that a contact is; the mother's name is written in two ways here."""
    born = newborn(60, 360).isoformat()  # a day on which no other test has children

    def child(name: str, mother: str, card: str) -> dict[str, Any]:
        related = {"url": "http://hl7.org/fhir/StructureDefinition/patient-relatedPerson", "valueReference": {"type": "RelatedPerson", "identifier": {"system": SYSTEM, "value": card}}}
        return patient(name, born, "male") | {"contact": [{"relationship": [{"coding": [{"code": "MTH"}]}], "name": {"text": mother}, "extension": [related]}]}

    linked = []
    for same in (True, False):
        card, mother = number("19900607", 2), somebody()
        named = source(two[0], two[0].create(child(somebody(), mother, card)))
        nameless = source(two[1], two[1].create(child(f"欧阳{somebody()[1:]}之子", mother[:-1], card if same else number("19900607", 2))))
        linked.append(nameless.person_id == named.person_id)
    assert linked == [True, False]


def test_a_child_without_a_name_is_parted_when_the_twin_arrives(two: tuple[Api, Api]) -> None:
    """Linked while there was one child only; then it may be either. Whoever was linked with the named child stays with him."""
    phone = {"telecom": [{"system": "phone", "value": f"132{secrets.randbelow(10**8):08d}"}]}
    born = newborn(40, 40)
    card = number(born.strftime("%Y%m%d"))
    nameless = source(two[1], two[1].create(patient("孔静文之子", born.isoformat(), "male") | phone))
    first = source(two[0], two[0].create(patient("太史景行", born.isoformat(), "male", resident=card) | phone))
    assert first.person_id == nameless.person_id, "an only child so far"
    third = alliance.hospital("three")
    elsewhere = Api(two[0].at.geturl(), third.code, credentials=alliance.credentials(third))
    again = source(elsewhere, elsewhere.create(patient("太史景行", born.isoformat(), "male", resident=card) | phone))
    assert again.person_id == nameless.person_id
    twin = source(two[0], two[0].create(patient("太史景知", born.isoformat(), "male", resident=number(born.strftime("%Y%m%d"))) | phone))
    now = {name: SourcePatient.objects.get(pk=s.pk).person_id for name, s in (("nameless", nameless), ("first", first), ("again", again), ("twin", twin))}
    assert now["first"] == now["again"] and len({now["nameless"], now["first"], now["twin"]}) == 3
    asked = Review.objects.filter(one=nameless, state="open")
    assert {r.two_id for r in asked} <= {first.pk, again.pk, twin.pk} and asked.count() == 2, "he may be either"
    marked = source(two[1], two[1].create(patient("孔静文双胎B", born.isoformat(), "male") | phone))
    assert marked.decided_by == "", "marked as one of two: never by a rule"


def test_whoever_comes_first_they_are_the_same_persons(server: str) -> None:
    card, phone = number("19580312"), {"telecom": [{"system": "phone", "value": f"134{secrets.randbelow(10**8):08d}"}]}
    name = somebody()
    rows = [patient(name, resident=card) | phone, patient(name) | phone, patient(name, resident=card)]
    for order in itertools.permutations(rows):
        made = []
        for row in order:
            at = alliance.hospital("any")
            api = Api(server, at.code, credentials=alliance.credentials(at))
            made.append(source(api, api.create(row)).pk)
        assert len(set(SourcePatient.objects.filter(pk__in=made).values_list("person_id", flat=True))) == 1


def test_sixteen_writers_register_one_person(server: str) -> None:
    card, name = number("19580312"), somebody()
    apis = [Api(server, h.code, credentials=alliance.credentials(h)) for h in (alliance.hospital("race") for _ in range(16))]
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda api: api.create(patient(name, resident=card)), apis))
    assert len({source(api, reference).person_id for api, reference in zip(apis, made, strict=True)}) == 1


def test_the_old_15_digit_form_meets_the_new_one(two: tuple[Api, Api]) -> None:
    one = source(two[0], two[0].create(patient("李强", "1949-12-31", "female", resident="110105491231002")))
    two_ = source(two[1], two[1].create(patient("李强", "1949-12-31", "female", resident="11010519491231002X")))
    assert one.person_id == two_.person_id


def test_unlink_lasts_and_link_undoes_it(two: tuple[Api, Api]) -> None:
    card = number("19580312", 11)
    one, reference = source(two[0], two[0].create(patient("张伟明", resident=card))), two[1].create(patient("张伟明", resident=card))
    clerk = alliance.principal(alliance.staff(one.hospital, Role.CLERK))
    do_split([source(two[1], reference).pk], acting=clerk)
    assert source(two[1], reference).person_id != one.person_id
    two[1]("PUT", reference, two[1]("GET", reference).json)
    assert source(two[1], reference).person_id != one.person_id, "the rule does not overrule a human"
    do_join(one.pk, source(two[1], reference).pk, acting=clerk, others=[alliance.another_curator()])
    assert source(two[1], reference).person_id == one.person_id


def test_find_by_name_pinyin_initials_and_numbers(two: tuple[Api, Api]) -> None:
    card = number("19580312", 13)
    two[0].create(patient("欧阳明月", resident=card, mrn="ZY-77"))
    own = alliance.principal(alliance.staff(source_hospital(two[0])))
    other = alliance.principal(alliance.staff(source_hospital(two[1])))
    for text in ("欧阳", "欧阳明月", "ouyangmingyue", "ouyang", "oymy", card, card.lower(), "ZY-77"):
        assert [f.name for f in find.find(text, acting=own)] == ["欧阳明月"], text
    for text in ("欧阳明月", "ouyangmingyue", card, "ZY-77"):
        assert "欧**月" in [f.name for f in find.find(text, acting=other)], text
    for text in ("欧阳", "oymy", "ouyang"):
        assert find.find(text, acting=other) == [], "no fishing among other members' patients"


def source_hospital(api: Api):  # type: ignore[no-untyped-def]
    from alliance.models import Hospital

    return Hospital.objects.get(code=api.base)


def test_a_clerk_decides_only_what_concerns_his_hospital(two: tuple[Api, Api]) -> None:
    card = number("19580312", 15)
    one, other = source(two[0], two[0].create(patient(somebody(), resident=card))), source(two[1], two[1].create(patient(somebody(), resident=card)))
    asked = Review.objects.get(one=one, two=other)
    foreign = alliance.principal(alliance.staff(alliance.hospital("third"), Role.CLERK))
    seen = Review.objects.filter(state="open")
    assert asked not in seen.filter(concerning(foreign, "one", "two"))
    basis = basis_of(asked.pk)
    for verb in (lambda: review.do_opine(asked.pk, same=True, basis=basis, acting=foreign), lambda: do_differ(one.pk, other.pk, acting=foreign), lambda: do_join(one.pk, other.pk, acting=foreign)):
        with pytest.raises(Forbidden):
            verb()
    own = alliance.principal(alliance.staff(other.hospital, Role.CLERK))
    assert asked in seen.filter(concerning(own, "one", "two"))
    if review.do_opine(asked.pk, same=False, basis=basis_of(asked.pk), acting=own) is None:  # drawn by lot: a second one is asked
        assert review.do_opine(asked.pk, same=False, basis=basis_of(asked.pk), acting=alliance.principal(alliance.staff(one.hospital, Role.CLERK)))
    asked.refresh_from_db()
    assert asked.state == "different"


def test_patients_of_one_bundle_meet_each_other_and_those_who_were_there(two: tuple[Api, Api]) -> None:
    card = number("19580312", 17)
    there = source(two[0], two[0].create(patient("张伟", resident=card)))
    sent = bundle(*[("PUT", f"Patient/p{i}", patient("张伟", resident=card) | {"id": f"p{i}"}) for i in range(3)])
    assert two[1]("POST", "", sent).status == 200
    assert {source(two[1], f"Patient/p{i}").person_id for i in range(3)} == {there.person_id}
    assert Review.objects.filter(one__person_id=there.person_id).count() == 0


def test_a_changed_patient_is_found_by_what_he_is_now(two: tuple[Api, Api]) -> None:
    reference = two[0].create(patient("诸葛明月", mrn="ZY-old"))
    own = alliance.principal(alliance.staff(source_hospital(two[0])))
    two[0]("PUT", reference, patient("诸葛明日", mrn="ZY-new") | {"id": reference.split("/")[1]})
    assert [f.name for f in find.find("ZY-new", acting=own)] == ["诸葛明日"] == [f.name for f in find.find("zhugemingri", acting=own)]
    assert [(f.name, f.former) for text in ("ZY-old", "zhugemingyue") for f in find.find(text, acting=own)] == [("诸葛明日", True)] * 2, "and by what he was"
    two[0]("PUT", reference, patient("诸葛明月", mrn="ZY-old") | {"id": reference.split("/")[1]})
    assert [(f.name, f.former) for text in ("ZY-old", "zhugemingyue", "ZY-new") for f in find.find(text, acting=own)] == [("诸葛明月", False)] * 2 + [("诸葛明月", True)]


def test_a_taken_hospital_number_names_its_entry(two: tuple[Api, Api]) -> None:
    two[0].create(patient(mrn="ZY-1"))
    reply = two[0]("POST", "", bundle(("POST", "Patient", patient()), ("POST", "Patient", patient(mrn="ZY-1"))))
    assert reply.status == 409 and reply.json["issue"][0]["expression"] == ["Bundle.entry[1].resource.identifier"], reply.json
    assert two[1].create(patient(mrn="ZY-1")), "the control: another hospital may use the same number"


def test_beside_a_person_of_more_registrations_than_are_looked_at(two: tuple[Api, Api]) -> None:
    """Those that share a block come first among the twelve: the fourteenth finds its like, and one who only lives there stays himself."""
    phone = {"telecom": [{"system": "phone", "value": f"131{secrets.randbelow(10**8):08d}"}]}
    name, card = somebody(), number("19580312")
    sent = [("PUT", f"Patient/m{i}", patient(name, resident=card, mrn=f"{card}-{i}") | phone | {"id": f"m{i}"}) for i in range(13)]
    assert two[0]("POST", "", bundle(*sent)).status == 200
    person = source(two[0], "Patient/m12").person_id
    assert SourcePatient.objects.filter(person=person).count() == 13
    assert source(two[1], two[1].create(patient(name) | phone)).person_id == person
    assert source(two[1], two[1].create(patient(somebody(), "1960-07-08", "female", resident=number("19600708", 2)) | phone)).person_id != person


def test_a_shared_number_is_asked_about_among_more_likely_twins_than_are_looked_at(two: tuple[Api, Api]) -> None:
    """Many of one family name and birth date may each be his twin: they do not crowd out the one whose card he shows."""
    born = birthday(dt.date(1931, 1, 2), 364)

    def born_that_day(called: str, card: str = "") -> dict[str, Any]:
        return patient(called, born.isoformat(), resident=card or number(f"{born:%Y%m%d}"))

    sent = [("POST", "Patient", born_that_day("欧" + somebody()[1:])) for _ in range(48)]
    assert two[0]("POST", "", bundle(*sent)).status == 200
    card = number(f"{born:%Y%m%d}")
    one, other = source(two[0], two[0].create(born_that_day(somebody(), card))), source(two[1], two[1].create(born_that_day("欧" + somebody()[1:], card)))
    assert one.person_id != other.person_id and Review.objects.filter(one=one, two=other).exists()


def test_an_oversized_block_is_capped_and_logged_and_still_finds(two: tuple[Api, Api], caplog: pytest.LogCaptureFixture) -> None:
    name, phone = somebody(), f"131{secrets.randbelow(10**8):08d}"
    body = patient(name) | {"telecom": [{"system": "phone", "value": phone}]}
    sent = bundle(*[("PUT", f"Patient/q{i}", {**body, "id": f"q{i}", "identifier": [{"system": "urn:x", "value": f"{phone}-{i}"}]}) for i in range(60)])
    assert two[0]("POST", "", sent).status == 200
    asked = Words(name=name, gender="male", birth="1958-03-12", phone=phone)
    assert [s.grade for s in similar(asked, None)][:1] == ["certain"]
    one = News(Arrival(Known(0, uuid4(), uuid4()), body), identify(body), asked)
    verdict = weigh(one.profile, one.person, beside([one], ())[0])
    assert "MPI210" in caplog.text and name not in caplog.text
    block = {source(two[0], f"Patient/q{i}").person_id for i in range(60)}
    assert verdict.link is None or verdict.link in block
    assert source(two[1], two[1].create(body)).person_id in block, "found among those of the block that it is compared with"
    last = source(two[1], two[1].create({k: v for k, v in body.items() if k != "identifier"}))
    assert last.crowded_at, "and a curator is asked to look for the others"
    curator = alliance.principal(alliance.staff(last.hospital, Role.CLERK))
    stranger = alliance.principal(alliance.staff(source_hospital(two[0]), Role.CLERK))
    assert last.pk in {s.pk for s in crowded(curator)} and last.pk not in {s.pk for s in crowded(stranger)}
    with pytest.raises(SourcePatient.DoesNotExist):
        do_look_through(last.pk, acting=stranger)
    do_look_through(last.pk, acting=curator)
    assert last.pk not in {s.pk for s in crowded(curator)}
