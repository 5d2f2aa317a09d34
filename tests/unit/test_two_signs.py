"""One sign alone joins nobody; twins, brothers and one household are kept apart."""

import datetime as dt

import pytest

from records.mpi.index.similar_patients import MatchGrade, grade_match
from records.mpi.matching.comparison_levels import ComparisonLevels, compare_profiles
from records.mpi.matching.fhir_patient import (
    demographics_from_patient,
    parse_indexed_patient,
    patient_names,
)
from records.mpi.matching.join_evidence import join_obstacle, sole_sign_reason
from records.mpi.matching.linkage_model import parse_model, release_model
from records.mpi.matching.profile import Demographics, build_profile
from records.mpi.matching.resolution import resolve_registrations
from records.mpi.matching.rules.resident_number import RESIDENT_NUMBER_SYSTEM
from tests.support.comparisons import card, person

EVERY = ComparisonLevels(*[""] * len(ComparisonLevels._fields))


SAME = {"name": "same", "sex": "same"}


@pytest.mark.parametrize(
    ("levels", "held"),
    [
        ({"birth": "same"}, True),
        ({"phone": "same"}, True),
        ({"phone": "same", "address": "same"}, True),
        ({"birth": "same", "address": "estate"}, True),
        ({"birth": "generation", "phone": "same", "address": "same"}, True),
        ({"birth": "lunar_like", "phone": "same"}, True),
        ({"birth": "differ", "phone": "same"}, True),
        ({"birth": "same", "phone": "differ", "address": "differ"}, True),
        ({"birth": "estimated", "phone": "same"}, True),
        ({"birth": "same", "phone": "same"}, False),
        ({"birth": "same", "address": "same"}, False),
        ({"birth": "same", "address": "road"}, False),
        ({"birth": "same", "parents": "same"}, False),
        ({"parents": "same"}, False),
        *(
            ({"birth": fault, **home}, True)
            for fault in ("swapped", "day", "month", "year")
            for home in (
                {"phone": "same"},
                {"phone": "near"},
                {"address": "same"},
                {"address": "road"},
                {"parents": "same"},
                {"phone": "same", "address": "same"},
            )
        ),
        *(
            ({"birth": fault, "number": level}, False)
            for fault in ("swapped", "day", "month", "year")
            for level in ("same", "near")
        ),
        ({"birth": "lunar", "phone": "same"}, False),
        ({"birth": "same", "address": "neighbour"}, True),
        ({"birth": "same", "address": "neighbour", "phone": "same"}, False),
        ({"number": "same"}, False),
        ({"paper": "same"}, False),
        ({"insurance": "same"}, False),
        ({"birth": "same", "number": "near"}, False),
    ],
)
def test_one_sign_links_nobody(levels: dict[str, str], held: bool) -> None:
    said = EVERY._replace(**SAME, **levels)
    assert (sole_sign_reason(said) == "sole_sign") is held
    assert (grade_match(0.9999, said) is MatchGrade.CERTAIN) is not held, (
        "no grade says certain where no rule would link"
    )


def test_a_place_without_a_house_is_no_second_sign() -> None:
    one, two = (
        build_profile(Demographics(name="Anna Smith", birth="1958-03-12", address=a))
        for a in ("Changsha, Hunan 410000", "changsha hunan 410000")
    )
    assert compare_profiles(one, two).address == "place" and sole_sign_reason(
        compare_profiles(one, two)
    )
    one, two = (
        build_profile(Demographics(name="Anna Smith", birth="1958-03-12", address=a))
        for a in ("12 Furong Road, Changsha", "12 furong road changsha")
    )
    assert not sole_sign_reason(compare_profiles(one, two)), "the control"


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("12 Furong Road, Changsha", "14 Furong Road, Changsha", "neighbour"),
        ("Flat 5, 12 Furong Road", "Flat 6, 12 Furong Road", "neighbour"),
        ("No.12 Furong Road", "no. 21 furong road", "neighbour"),
        ("#12 Furong Road Changsha", "12 Furong Road Changsha", "same"),
        ("Flat 5, 12 Furong Road", "12 Furong Road Flat 5", "same"),
        ("12 5th Avenue Changsha", "14 5th Avenue Changsha", "neighbour"),
        ("5th Avenue Changsha", "5th avenue changsha", "place"),
        ("Changsha 410000 China", "changsha 410000 china", "place"),
        ("芙蓉路12号", "芙蓉路14号", "differ"),
        ("芙蓉路12号502室", "芙蓉路12号601室", "neighbour"),
        ("芙蓉路12号", "芙蓉路12号601室", "road"),
        ("芙蓉路12号湘雅家园3栋201室", "芙蓉路12号湘雅家园5栋502室", "neighbour"),
        ("芙蓉路12号湘雅家园3栋2单元201室", "芙蓉路12号湘雅家园2栋3单元201室", "neighbour"),
        ("湘雅家园13栋1单元3002室", "湘雅家园13栋2单元3002室", "neighbour"),
        ("湘雅家园13栋3002室", "湘雅家园13栋2单元3002室", "same"),
        ("芙蓉路12号3栋201室", "湘雅路12号3栋201室", "differ"),
        ("芙蓉路12号3栋201室", "长沙市芙蓉路12号3栋201", "same"),
    ],
)
def test_two_doors_of_one_street_are_two_homes(a: str, b: str, found: str) -> None:
    one, two = (
        build_profile(Demographics(name="司马长风", birth="1958-03-12", address=x)) for x in (a, b)
    )
    assert compare_profiles(one, two).address == compare_profiles(two, one).address == found
    assert bool(sole_sign_reason(compare_profiles(one, two))) is (found not in ("same", "road"))


@pytest.mark.parametrize(
    ("birth_b", "name_b"),
    [
        ("1991-03-12", "王昊宇"),
        ("1990-12-03", "王昊宇"),
        ("1991-03-12", "王浩宇"),
        ("1990-03-13", "王浩宇"),
    ],
)
def test_a_household_and_a_date_with_a_fault_may_be_a_brothers(birth_b: str, name_b: str) -> None:
    """Grown-up brothers and twins of one home, of names that sound alike; the same with one
    name, for a human sees what a rule does not.
    """
    home = {
        "gender": "male",
        "phone": "13912345670",
        "address": "芙蓉区书院路390号省建院宿舍13栋2001房",
    }
    one, two = (
        build_profile(Demographics(name="王浩宇", birth="1990-03-12", **home)),
        build_profile(Demographics(name=name_b, birth=birth_b, **home)),
    )
    assert join_obstacle(compare_profiles(one, two)) == "sole_sign"
    carded = [
        build_profile(Demographics(name=n, birth=b, insurance="4301887342", **home))
        for n, b in (("王浩宇", "1990-03-12"), (name_b, birth_b))
    ]
    assert not join_obstacle(compare_profiles(*carded)), "the control: a document"


@pytest.mark.parametrize("many", [2, 50, 3000])
def test_a_register_of_any_size_links_by_two_signs_only(many: int) -> None:
    crowd = [
        person(
            f"c{i}",
            f"{'赵钱孙李周吴郑王'[i % 8]}{chr(0x5B80 + i % 97)}{chr(0x6000 + i)}",
            f"{1930 + i % 80}-{1 + i % 12:02}-{2 + i % 26:02}",
        )
        for i in range(many)
    ]
    alone = [person("a1", "端木若川", "1971-05-06"), person("a2", "端木若川", "1971-05-06")]
    reached = [
        person(k, "司马长风", "1948-11-05", phone="13912345670", hospital=k) for k in ("b1", "b2")
    ]
    given = [*crowd, *alone, *reached]
    done = resolve_registrations(given, learning=many > 100).clusters
    of = {p.key: g for p, g in zip(given, done.group_of, strict=True)}
    assert of["a1"] != of["a2"] and of["b1"] == of["b2"]
    assert ({"a1", "a2"}, "sole_sign") in [
        ({given[e.one].key, given[e.two].key}, why) for e, why in done.review
    ]


def test_equal_rivals_go_to_a_human() -> None:
    """Two of one name, date and home with two numbers; a third without a number may be either."""
    given = [
        person(k, "司马长风", "1948-11-05", phone="13912345670", number=n, hospital=k)
        for k, n in (("x", card("43010419481105104")), ("y", card("43010419481105306")), ("z", ""))
    ]
    assert given[0].number and given[1].number
    done = resolve_registrations(given, learning=False).clusters
    assert len(set(done.group_of)) == 3 and {why for _, why in done.review} >= {"equals"}
    assert (
        len(set(resolve_registrations([given[0], given[2]], learning=False).clusters.group_of)) == 1
    ), "the control: one of them alone"


def test_a_model_of_an_older_release_knows_the_new_levels() -> None:
    older = {
        "version": "family-2",
        "share": release_model().share,
        "table": {
            f: {k: v for k, v in rows.items() if k not in ("other_pinyin", "marked")}
            for f, rows in release_model().table.items()
        },
    }
    assert (
        parse_model(older).table["name"]["marked"] == release_model().table["name"]["marked"]
        and parse_model(older).version == "family-2"
    )


def test_what_is_current_is_compared() -> None:
    today, old, new = dt.date(2026, 5, 6), card("43010419481105104"), card("43010419481105306")
    given = {
        "name": [
            {"use": "nickname", "text": "小王"},
            {"use": "official", "text": "王芬", "period": {"end": "2020-03"}},
            {"text": "王芳"},
            {"use": "old", "text": "王老"},
            {"use": "usual", "text": "王方"},
            {"use": "anonymous", "text": "佚名"},
            {"use": "official", "text": "王建芳", "period": {"start": "2020", "end": "2026"}},
        ],
        "telecom": [
            {"system": "phone", "value": "13912345670", "use": "old"},
            {"system": "phone", "value": "13912345671", "period": {"end": "2026-05-05"}},
            {"system": "phone", "value": "13912345672"},
        ],
        "address": [{"text": "芙蓉路1号", "period": {"end": "2019"}}, {"text": "芙蓉路2号"}],
        "identifier": [
            {"system": RESIDENT_NUMBER_SYSTEM, "value": old, "use": "old"},
            {"system": RESIDENT_NUMBER_SYSTEM, "value": new},
            {"system": RESIDENT_NUMBER_SYSTEM, "value": old, "use": "old"},
        ],
    }
    assert patient_names(given, today) == ["王建芳", "王方", "王芳", "小王", "佚名", "王芬", "王老"]
    words = demographics_from_patient(given, today)
    assert (words.name, words.phone, words.address, words.number) == (
        "王建芳",
        "13912345672",
        "芙蓉路2号",
        new,
    ) and parse_indexed_patient(given).features.number == new
    alone = {"telecom": given["telecom"][:2], "identifier": given["identifier"][:1]}
    assert (
        demographics_from_patient(alone, today).phone == ""
        and demographics_from_patient(alone, today).number == old
    ), "an old number is still a number of theirs"


TWINS = [
    ("王浩宇", "王昊宇"),
    ("王子轩", "王梓轩"),
    ("王心怡", "王怡心"),
    ("Ron Smith", "Jon Smith"),
    ("Maria Okafor", "Marie Okafor"),
    ("阿卜杜拉·买买提", "阿卜杜拉·买买提江"),
    ("艾力·买买提", "买买提·艾力"),
    ("John Smith", "Johnny Smith"),
]


@pytest.mark.parametrize(("a", "b"), TWINS)
def test_children_of_like_names_need_a_document(a: str, b: str) -> None:
    home = {
        "gender": "male",
        "birth": "2015-03-12",
        "phone": "13912345670",
        "address": "芙蓉区书院路390号省建院宿舍13栋2001房",
        "registered": "2024-05-06",
    }

    def said(**more: str) -> ComparisonLevels:
        return compare_profiles(
            *(build_profile(Demographics(name=n, **{**home, **more})) for n in (a, b))
        )

    assert said().name == "near" and join_obstacle(said()) == "another_name"
    assert not join_obstacle(said(insurance="4301887342")), "a document that agrees"
    assert not join_obstacle(said(birth="1975-03-12")), "adults' names are mistyped"
    assert said(registered="2033-03-11").name == "near" != said(registered="2033-03-12").name, (
        "of age on the birthday"
    )
    mixed = compare_profiles(
        *(
            build_profile(Demographics(name=n, **{**home, "registered": r}))
            for n, r in ((a, "2024-05-06"), (b, "2040-05-06"))
        )
    )
    assert join_obstacle(mixed) == "another_name", "one of them was a child"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("王浩宇", "王浩宇"),
        ("王浩宇", "浩宇王"),
        ("欧阳浩宇", "浩宇欧阳"),
        ("萧浩宇", "肖浩宇"),
        ("王浩宇", "Wang Haoyu"),
        ("John Smith", "Smith, John"),
        ("晏根□", "晏根府"),
    ],
)
def test_a_childs_own_name_in_another_form_is_theirs(a: str, b: str) -> None:
    one, two = (
        build_profile(
            Demographics(name=n, birth="2015-03-12", phone="13912345670", registered="2024-05-06")
        )
        for n in (a, b)
    )
    assert not join_obstacle(compare_profiles(one, two)) and not join_obstacle(
        compare_profiles(two, one)
    )
