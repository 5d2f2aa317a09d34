"""What one line in the box for finding a patient may mean."""

import datetime as dt
from dataclasses import fields
from typing import Any

import pytest

from records.mpi.index.match_reasons import match_reasons
from records.mpi.matching.rules.typed_search import (
    TypedSearch,
    parse_exact_search,
    parse_typed_search,
)

TODAY = dt.date(2026, 11, 30)
DAY, MONTH = ("1958-03-02", "1958-03-02"), ("1958-03", "1958-03-31")


def meant(typed: TypedSearch) -> dict[str, Any]:
    """What is asked, in short."""
    told: dict[str, Any] = {
        f.name: getattr(typed, f.name) for f in fields(typed) if getattr(typed, f.name)
    }
    told.pop("names")
    if "births" in told:
        told["births"] = [(b.first, b.last) for b in told["births"]]
    if narrowed := told.get("narrowed"):
        told["narrowed"] = (
            narrowed.beginnings[0],
            [(b.first, b.last) for b in narrowed.births],
            narrowed.last_four,
        )
    if typed.names.whole:
        told["name"] = typed.names.whole[0]
    return told


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("", {}),
        ("z", {}),
        ("7", {}),
        ("王", {"family": "王"}),
        (" 劉 ", {"family": "刘"}),
        ("𠮷", {"family": "吉"}),
        ("张伟", {"number": "张伟", "name": "张伟"}),
        ("張偉", {"number": "張偉", "name": "张伟"}),
        ("zw", {"number": "zw", "name": "zw"}),
        ("ｚｈａｎｇ ｗｅｉ", {"number": "ｚｈａｎｇ ｗｅｉ", "name": "zhangwei"}),
        ("zhang1 wei3", {"number": "zhang1 wei3", "name": "zhang1wei3"}),
        ("张伟2", {"number": "张伟2", "name": "张伟2"}),
        ("4321", {"own_number": "4321", "last_four": "4321"}),
        ("４３２ｘ", {"own_number": "432X", "last_four": "432X"}),
        ("432a", {"number": "432a", "name": "432a"}),
        ("MZ00123", {"number": "MZ00123", "name": "mz00123"}),
        ("400-820-8820", {"number": "400-820-8820", "name": "4008208820"}),
        ("139-1264-5671", {"own_number": "139-1264-5671", "phone": "13912645671"}),
        ("13912645671", {"number": "13912645671", "name": "13912645671", "phone": "13912645671"}),
        ("+86 139 1264 5671", {"own_number": "+86 139 1264 5671", "phone": "13912645671"}),
        ("(0731) 8891-2645", {"own_number": "(0731) 8891-2645", "phone": "073188912645"}),
        ("88912645", {"number": "88912645", "name": "88912645", "phone": "88912645"}),
        ("1958-03-02", {"own_number": "1958-03-02", "births": [DAY]}),
        ("1958.3.2", {"own_number": "1958.3.2", "births": [DAY]}),
        ("１９５８／３／２", {"own_number": "１９５８／３／２", "births": [DAY]}),
        ("1958 3 2", {"own_number": "1958 3 2", "births": [DAY]}),
        ("1958–03–02", {"own_number": "1958–03–02", "births": [DAY]}),
        ("1958年3月2日", {"own_number": "1958年3月2日", "births": [DAY]}),
        ("1958年3月2号生", {"own_number": "1958年3月2号生", "births": [DAY]}),
        ("58年3月2日", {"own_number": "58年3月2日", "births": [DAY]}),
        ("出生1958年3月", {"own_number": "出生1958年3月", "births": [MONTH]}),
        ("1958年", {"own_number": "1958年", "births": [("1958", "1958-12-31")]}),
        (
            "12年3月2日",
            {
                "own_number": "12年3月2日",
                "births": [("2012-03-02", "2012-03-02"), ("1912-03-02", "1912-03-02")],
            },
        ),
        (
            "19580302",
            {"number": "19580302", "name": "19580302", "phone": "19580302", "births": [DAY]},
        ),
        ("1958-13-02", {"number": "1958-13-02", "name": "19581302", "phone": "19581302"}),
        ("2027-01-01", {"number": "2027-01-01", "name": "20270101", "phone": "20270101"}),
        (
            "王 1958",
            {
                "number": "王 1958",
                "name": "王1958",
                "narrowed": ("王", [("1958", "1958-12-31")], "1958"),
            },
        ),
        (
            "王1958年3月",
            {"number": "王1958年3月", "name": "王1958年3月", "narrowed": ("王", [MONTH], "")},
        ),
        (
            "zhangwei 4321",
            {
                "number": "zhangwei 4321",
                "name": "zhangwei4321",
                "narrowed": ("zhangwei", [], "4321"),
            },
        ),
        (
            "张伟 432x",
            {"number": "张伟 432x", "name": "张伟432x", "narrowed": ("张伟", [], "432X")},
        ),
        (
            "19580302 zw",
            {"number": "19580302 zw", "name": "19580302zw", "narrowed": ("zw", [DAY], "")},
        ),
        ("MZ 0012345", {"number": "MZ 0012345", "name": "mz0012345"}),
        ("zeng1sheng4le4", {"number": "zeng1sheng4le4", "name": "zeng1sheng4le4"}),
        ("B4321", {"number": "B4321", "name": "b4321"}),
    ],
)
def test_what_is_typed_means(text: str, means: dict[str, Any]) -> None:
    assert meant(parse_typed_search(text, TODAY)) == means


def test_only_exact_numbers_and_whole_names_are_asked_of_all_hospitals() -> None:
    own = ("王", "4321", "1958-03-02", "58年3月2日", "139-1264-5671", "+86 13912645671")
    assert not any(parse_typed_search(text, TODAY).asks_all_hospitals for text in own)
    assert parse_typed_search("张伟", TODAY).asks_all_hospitals, "the control"


def test_systems_ask_by_name_and_number_alone() -> None:
    for text in ("4321", "1958-03-02", "13912645671", "王 1958"):
        told = meant(parse_exact_search(text))
        assert told.keys() == {"number", "name"}, text
    assert parse_exact_search("王").means_nothing


@pytest.mark.parametrize(
    ("hits", "name", "reasons"),
    [
        (["key:张伟", "key:zhangwei"], "张伟", ("name",)),
        (["key:zhangwei", "key:zhangw"], "张伟", ("pinyin",)),
        (["key:zw"], "张伟", ("initials",)),
        (["key:zw", "birth"], "张伟", ("initials", "birth")),
        (["citizen", "number"], "张伟", ("citizen",)),
        (["number"], "张伟", ("number",)),
        (["key:oconnor"], "Nurgül O’Connor", ("name",)),
        (["key:no"], "Nurgül O’Connor", ("initials",)),
        (["last_four", "phone"], "", ("phone", "last_four")),
    ],
)
def test_why_somebody_is_found(hits: list[str], name: str, reasons: tuple[str, ...]) -> None:
    assert match_reasons(hits, name) == reasons
