"""Whoever types a name in any of the ways in which people write and say it finds it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.mpi.matching.rules.name_forms import fold_name
from records.mpi.matching.rules.name_keys import NameQuery, name_search_keys, parse_name_query
from records.mpi.matching.rules.pinyin_reading import MAX_READINGS, pinyin_readings, reading_table

MARKS = {"a": "āáǎà", "e": "ēéěè", "o": "ōóǒò", "i": "īíǐì", "u": "ūúǔù", "v": "ǖǘǚǜ"}


def finds(typed: str, name: str) -> bool:
    """As a patient of one's own hospital."""
    ask, kept = parse_name_query(typed), name_search_keys(name)
    return any(k.startswith(b) for b in ask.beginnings for k in kept) or any(
        kept.get(w) for w in ask.whole
    )


def finds_whole(typed: str, name: str) -> bool:
    """As somebody else's patient."""
    return any(name_search_keys(name).get(w) for w in parse_name_query(typed).whole)


@pytest.mark.parametrize(
    "typed",
    [
        "吕晓行",
        "呂曉行",
        "吕 晓行",
        "吕·晓行",
        "lv xiao xing",
        "lvxiaoxing",
        "lu xiaoxing",
        "luxiaohang",
        "lyu xiaoxing",
        "LYU XIAOHENG",
        "lü xiǎo xíng",
        "lǚxiǎoxíng",
        "lu:3 xiao3 xing2",
        "lv3xiao3hang2",
        "Lü3 Xiao3 Xing2",
        "xiaoxing lyu",
        "Xiaoxing Lü",
        "ｌｖｘｉａｏｘｉｎｇ",
        "lv xiao-xing",
        "lv xiao'xing",
    ],
)
def test_the_whole_name(typed: str) -> None:
    assert finds_whole(typed, "吕晓行")


@pytest.mark.parametrize(
    "typed",
    [
        "吕",
        "吕晓",
        "lv",
        "lü",
        "lyu",
        "lu x",
        "lx",
        "lxx",
        "lxh",
        "l.x.x",
        "L X H",
        "lvxx",
        "lv xh",
        "lyu x x",
        "lvxiaox",
    ],
)
def test_a_part_finds_ones_own_patients_only(typed: str) -> None:
    assert finds(typed, "吕晓行") and not finds_whole(typed, "吕晓行")


@pytest.mark.parametrize(
    ("typed", "name", "found"),
    [
        ("ou yang zx", "欧阳曾行", True),
        ("ouyangzx", "欧阳曾行", True),
        ("oyzx", "欧阳曾行", True),
        ("moqi", "万俟卨", True),
        ("linyulyu", "林玉绿", True),
        ("an yu", "安宇", True),
        ("anyu", "安宇", True),
        ("anyu", "阿女", True),
        ("an yu", "袁刚", False),
        ("smith an", "Anna Maria Smith", True),
        ("Smith Anna Maria", "Anna Maria Smith", True),
        ("MARIA SMITH ANNA", "Anna Maria Smith", True),
        ("maria", "Anna Maria Smith", True),
        ("ams", "Anna Maria Smith", True),
        ("lü xiaoming", "LYU XIAOMING", True),
        ("lv xiaoming", "LYU XIAOMING", True),
        ("lu xiaoming", "LU XIAOMING", True),
        ("Nuñez", "Jose Nunez", True),
        ("liu xiaoming", "吕小明", False),
        ("yu", "王明", False),
        ("wei", "张伟", False),
        ("王丽双胎A", "王丽双胎a", True),
        ("刘\ue863", "刘䶮", True),
        ("刘䶮", "刘\ue863", True),
        ("刘\ue001", "刘\ue001", True),
        ("刘\ue001", "刘\ue002", False),
        ("王\U00030000", "王\U00030000", True),
        ("王\U00031fff", "王\U00031fff", True),
        ("\u200b", "王", False),
        ("·", "王", False),
    ],
)
def test_ways_to_type(typed: str, name: str, found: bool) -> None:
    assert finds(typed, name) is found


CHARACTERS = sorted(
    {c for kind in reading_table().values() for names in kind for c in names}
) + list("王伟芳赵国玉安宇绿女略虐")


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet=CHARACTERS, min_size=1, max_size=4),
    st.sampled_from(["v", "u", "yu", "ü", "u:"]),
    st.sampled_from(["", "mark", "digit"]),
)
def test_a_name_in_characters_is_found_by_each_reading(name: str, umlaut: str, tone: str) -> None:
    kept = name_search_keys(name)
    assert finds_whole(name, name) and len(kept) <= 1 + 4 * MAX_READINGS
    for reading in pinyin_readings(fold_name(name)):
        typed = [
            toned(s, 2) if tone == "mark" else s + "3" if tone == "digit" else s for s in reading
        ]
        typed = [t.replace("v", umlaut) if t[:2] in ("lv", "nv") else t for t in typed]
        assert any(kept.get(w) for w in parse_name_query(" ".join(typed)).whole), typed
        assert any(kept.get(w) for w in parse_name_query("".join(reading)).whole)
        for part in (
            "".join(s[0] for s in reading),
            f"{reading[0]} {''.join(s[0] for s in reading[1:])}",
        ):
            assert any(k.startswith(parse_name_query(part).beginnings) for k in kept), part


def toned(syllable: str, tone: int) -> str:
    vowel = next((v for v in "aoe" if v in syllable), syllable[-1] if syllable[-1] in MARKS else "")
    return syllable.replace(vowel, MARKS[vowel][tone], 1) if vowel else syllable


@settings(deadline=None)
@given(st.text(max_size=30))
def test_whatever_a_name_is_its_own_text_finds_it(name: str) -> None:
    if fold_name(name):
        assert finds(name, name) and finds_whole(name, name)
    else:
        assert name_search_keys(name) == {} and parse_name_query(name) == NameQuery()
