"""How names in characters are said: families' own readings, other readings, and no more of them
than are kept.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.mpi.matching.rules.name_forms import fold_name, name_syllables
from records.mpi.matching.rules.pinyin_reading import MAX_READINGS, pinyin_readings, reading_table


@pytest.mark.parametrize(
    ("name", "first", "also"),
    [
        ("曾国藩", "zeng guo fan", "ceng guo fan"),
        ("单田芳", "shan tian fang", "dan tian fang"),
        ("仇英", "qiu ying", "chou ying"),
        ("查良镛", "zha liang yong", "cha liang yong"),
        ("解缙", "xie jin", "jie jin"),
        ("区寄", "ou ji", "qu ji"),
        ("朴槿惠", "piao jin hui", "pu jin hui"),
        ("万俟卨", "mo qi xie", "wan si xie"),
        ("乐毅", "yue yi", "le yi"),
        ("盖聂", "ge nie", "gai nie"),
        ("翟志刚", "zhai zhi gang", "di zhi gang"),
        ("覃丽", "qin li", "tan li"),
        ("缪荃", "miao quan", "mou quan"),
        ("员峰", "yun feng", "yuan feng"),
        ("尉迟恭", "yu chi gong", "wei chi gong"),
        ("长孙无忌", "zhang sun wu ji", "chang sun wu ji"),
        ("隗嚣", "wei xiao", "kui xiao"),
        ("費长房", "fei chang fang", "bi chang fang"),
        ("任静", "ren jing", ""),
        ("卜卫", "bu wei", "bo wei"),
        ("令狐冲", "ling hu chong", ""),
        ("澹台明", "tan tai ming", "dan tai ming"),
        ("冼星海", "xian xing hai", ""),
        ("祭仲", "zhai zhong", "ji zhong"),
        ("召平", "shao ping", "zhao ping"),
        ("句践", "gou jian", "ju jian"),
        ("单于丹", "chan yu dan", "shan yu dan"),
        ("秘宜", "bi yi", "mi yi"),
        ("张晟", "zhang sheng", "zhang cheng"),
        ("王茜", "wang xi", "wang qian"),
        ("李莎", "li sha", "li suo"),
        ("李行", "li xing", "li hang"),
        ("陈长乐", "chen chang le", "chen zhang yue"),
        ("吕绿", "lv lv", "lv lu"),
        ("曾丽之女1", "zeng li zhi nv", ""),
        ("黑大", "he da", "hei dai"),
        ("种师道", "chong shi dao", "zhong shi dao"),
        ("曾长生之女", "zeng chang sheng zhi nv", "ceng zhang sheng zhi nv"),
    ],
)
def test_readings(name: str, first: str, also: str) -> None:
    found = [" ".join(r) for r in pinyin_readings(fold_name(name))]
    assert found[0] == first and (not also or also in found), found


def test_names_that_are_said_in_one_way_have_one_reading() -> None:
    for name in ("王明", "吴平", "张伟", "冯英", "沈冰"):
        assert len(pinyin_readings(name)) == 1, pinyin_readings(name)
    assert pinyin_readings("anna smith") == () == pinyin_readings("")


@given(
    st.text(
        alphabet=sorted({c for kind in reading_table().values() for names in kind for c in names})
        + list("王伟芳A1"),
        min_size=1,
        max_size=40,
    )
)
def test_readings_are_few_and_different_and_hold_the_one_that_matching_uses(name: str) -> None:
    found, size = pinyin_readings(name), len([c for c in name if c not in "A1"])
    assert len(found) <= MAX_READINGS and len(set(found)) == len(found)
    assert all(len(said) == size for said in found)
    assert not size or name_syllables("".join(c for c in name if c not in "A1")) in found


def test_the_table_is_in_syllables() -> None:
    for kind, rows in reading_table().items():
        for who, said in rows.items():
            assert all(s.isascii() and s.islower() and s.isalpha() for s in said) and len(
                set(said)
            ) == len(said), (kind, who)
            assert len(who) == (2 if kind == "compound" else 1) and (
                kind != "compound" or len(said) == 2
            ), (kind, who)
