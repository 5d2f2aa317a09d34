"""Names, numbers, dates, phones and addresses as they are compared; each line is a fault of real
registers.
"""

import datetime as dt

import pytest

from records.mpi.matching.profile import classify_number
from records.mpi.matching.rules import address, birth_dates, identity_paper, lunar, phone
from records.mpi.matching.rules.compared_name import parse_compared_name
from records.mpi.matching.rules.name_levels import name_level


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("司徒云帆", "司徒云帆", "same"),
        ("萧玉兰", "肖玉蘭", "variant"),
        ("張 偉強", "张伟强", "same"),
        ("张伟强", "强张伟", "variant"),
        ("晏根□", "晏根府", "variant"),
        ("黄华?", "黄华严", "variant"),
        ("阳金金", "阳靳金", "sound"),
        ("yang^xiaoqing", "杨晓清", "sound"),
        ("Lingying Fang", "方玲英", "sound"),
        ("杨怡红", "杨怡敏", "near"),
        ("刘轩", "刘轩子", "near"),
        ("王强", "王磊", "family"),
        ("王\U00030000", "王\U00030010", "family"),  # characters whose sound is not known
        ("汤颖英", "汤洁楠", "family"),
        ("王强", "李娜", "differ"),
        ("库尔班", "库尔班·依明", "cut"),
        ("库尔班・依明", "库尔班·依明", "same"),
        ("安娜·史密斯", "ANNA SMITH", "foreign"),
        ("ANNA SMITH", "Smith, Anna", "variant"),
        ("charlotte hylnand", "charlote hyland", "typo"),
        ("王丽之子", "王丽", "is_parent"),
        ("王丽之子", "王丽双胎A", "same_parent"),
        ("王丽之子", "王小明", "unnamed_family"),
        ("王丽之子", "陈小明", "unnamed"),
        ("无名氏", "无名氏", ""),
        ("未知", "王强", ""),
        ("", "王强", ""),
    ],
)
def test_names(a: str, b: str, found: str) -> None:
    assert (
        name_level(parse_compared_name(a), parse_compared_name(b))
        == name_level(parse_compared_name(b), parse_compared_name(a))
        == found
    )


@pytest.mark.parametrize(
    ("text", "base", "order"),
    [
        ("王丽之子", "王丽", 0),
        ("何浩一双胎A", "何浩一", 1),
        ("史波鹏之次子", "史波鹏", 2),
        ("梁雪雅之小双", "梁雪雅", 2),
        ("安小娟之女1", "安小娟", 1),
        ("邹丹蕾宝宝", "邹丹蕾", 0),
        ("刘轩子", "", 0),
        ("简子子", "", 0),
        ("李婉女", "", 0),
        ("欧阳子", "", 0),
    ],
)
def test_whose_child(text: str, base: str, order: int) -> None:
    made = parse_compared_name(text)
    assert (made.base, made.order) == (base, order)


def test_a_bare_son_is_one_only_soon_after_birth_or_beside_his_mother() -> None:
    assert (
        parse_compared_name("李晶思女").base == ""
        and parse_compared_name("李晶思女", newborn=True).base == "李晶思"
        and parse_compared_name("李晶思女", parents=frozenset({"李晶思"})).base == "李晶思"
    )


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("13515129900", "+86 135-1512-9900", "same"),
        ("13515129900", "13515129990", "near"),
        ("13515129900", "135151299000", "near"),
        ("13515129900", "13915120000", "differ"),
        ("0731-00000000", "13515129900", ""),
        ("13800000000", "13800000000", ""),
        ("13888888888", "13888888888", ""),
        ("4008123123", "400-812-3123", ""),
        ("8008100100", "8008100100", ""),
        ("1234567", "1234567", ""),
        ("0731-1234567", "0731-1234567", ""),
        ("8765432", "8765432", ""),
        ("13912345670", "13912345670", "same"),
        ("0731-84059216", "073184059216", "same"),
        ("073188092864", "0731-88092864", "same"),
    ],
)
def test_phones(a: str, b: str, found: str) -> None:
    assert phone.phone_level(phone.normalize_phone(a), phone.normalize_phone(b)) == found


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("湖南省长沙市岳麓区城南西路421号湘雅家园13栋2单元3002室", "湘雅家园13-2-3002", "same"),
        ("长沙市宁乡市灰汤镇狮桥村18组117号", "狮桥村18组117号", "same"),
        ("狮桥村18组117号", "狮桥村18组118号", "estate"),
        ("芙蓉区书院路390号省建院宿舍13栋2001房", "书院路390号", "road"),
        ("同上", "湘雅家园13-2-3002", ""),
        ("湖南", "湖南", ""),
        ("万科城14-2-2503", "八方小区15-3-903", "differ"),
        ("12 spring street kotara 4740", "12 spring sreet kotara 4740", "same"),
        (
            "2 denovan circuit bracken leigh mill park 6210",
            "2 denovan circuit brackenl eigh mill park 6210",
            "same",
        ),
        (
            "40 launceston street caravan park coonamble 3047",
            "21 launcestonrstreet carav n prk coonamble 3047",
            "neighbour",
        ),
        (
            "40 launceston street caravan park coonamble 3047",
            "9 bridge crescent weetangera 6210",
            "differ",
        ),
    ],
)
def test_addresses(a: str, b: str, found: str) -> None:
    assert address.address_level(address.parse_address(a), address.parse_address(b)) == found


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("1970-10-01", "1970-10-01", "same"),
        ("1970-10-01", "1970-01-01", "estimated"),
        ("1959-07-04", "1959-04-07", "swapped"),
        ("1970-10-01", "1970-10-21", "day"),
        ("1970-10-01", "1970-03-01", "month"),
        ("1970-10-01", "1971-10-01", "year"),
        ("2019-07-10", "2029-07-10", "year"),
        ("1970-10-01", "1952-03-05", "differ"),
        ("", "1970-10-01", ""),
        ("1969-12-18", "1969-11-10", "lunar"),
        ("1970-02-30", "1970-10-01", ""),
    ],
)
def test_birth_dates(a: str, b: str, found: str) -> None:
    assert (
        birth_dates.birth_date_level(
            birth_dates.parse_birth_date(a), birth_dates.parse_birth_date(b)
        )
        == birth_dates.birth_date_level(
            birth_dates.parse_birth_date(b), birth_dates.parse_birth_date(a)
        )
        == found
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1958", None),
        ("1958-12", None),
        ("195812", None),
        ("1958-13", None),
        ("1958-19", None),
        ("1958-1", None),
        ("1958/12", None),
        ("1958-125", None),
        ("195812-5", None),
        ("1958125", None),
        ("1958-00-05", None),
        *(
            (text, dt.date(1958, 12, 5))
            for text in (
                "19581205",
                "1958-12-05",
                "1958/12/5",
                "1958.12.5",
                " 1958-12-05 ",
                "1958-12-05T00:00:00Z",
            )
        ),
    ],
)
def test_only_a_whole_date_names_a_day(text: str, found: dt.date | None) -> None:
    assert birth_dates.parse_birth_date(text) == found


def test_the_lunar_calendar() -> None:
    assert lunar.solar_dates(2026, 1, 1) == [dt.date(2026, 2, 17)] and lunar.solar_dates(
        2000, 1, 1
    ) == [dt.date(2000, 2, 5)]
    assert lunar.solar_dates(2023, 2, 1) == [
        dt.date(2023, 2, 20),
        dt.date(2023, 3, 22),
    ], "a doubled month"
    assert (
        lunar.solar_dates(2026, 13, 1) == lunar.solar_dates(1899, 1, 1) == []
        and lunar.solar_dates(2026, 1, 31) == []
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("H22172048", "H22172048"),
        ("h2217204801", "H22172048"),
        ("111111111111111111", ""),
        ("无", ""),
        ("0", ""),
        ("V315 410-099", "V315410099"),
        ("123456789", ""),
        ("自费0000", ""),
        ("自费20260017", ""),
        ("A1234567", ""),
        ("E12345678", ""),
        ("e-87654321", ""),
        ("A123456(3)", ""),
        ("G00000000", ""),
        ("G00000001", ""),
        ("E12121212", ""),
        ("AB1234", ""),
        ("E12345687", "E12345687"),
        ("军字第0012947号", "军字第0012947号"),
        ("A7306412", "A7306412"),
        ("B20261103", "B20261103"),
    ],
)
def test_papers(text: str, found: str) -> None:
    assert identity_paper.normalize_paper_number(text) == found


def test_a_number_speaks_against_itself() -> None:
    mother = "430104197404101047"
    assert (
        identity_paper.valid_resident_number("４３０１０４１９７４０４１０１０４７")
        == identity_paper.valid_resident_number("430104740410104")
        == mother
    )
    assert classify_number(mother, dt.date(1974, 4, 10), "f") == (mother, "", ""), "her own"
    assert classify_number(mother, dt.date(2011, 11, 16), "m") == (
        "",
        "",
        mother,
    ), "the child came with their mother's"
    assert classify_number(mother, dt.date(1973, 9, 1), "m") == (
        "",
        mother,
        "",
    ), "her husband came with hers"
    assert classify_number(mother, dt.date(1974, 4, 18), "f") == (mother, "", ""), "a day mistyped"
