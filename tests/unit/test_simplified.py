"""Traditional characters and variants in the mainland's form, one by one; what a name keeps is
the name's own rule.
"""

import pytest

from records.chinese.opencc import list_character_pairs
from records.chinese.simplify import load_character_table, simplify_chinese
from records.meaning.absence import Presence, presence_of_words
from records.mpi.matching.rules.name_forms import fold_name


@pytest.mark.parametrize(
    "traditional, simple",
    [
        ("過敏史：無藥物過敏", "过敏史：无药物过敏"),
        ("程式", "程式"),
        ("沈默", "沈默"),
        ("乾隆於甯", "干隆于甯"),
        ("尙栢衞姪", "尚柏卫侄"),
        ("山逕", "山迳"),
        ("錢鍾書", "钱钟书"),
        ("钱锺书", "钱钟书"),
        ("鉅鹿", "巨鹿"),
        ("「無」", "“无”"),
        ("abc ＡＢ 12", "abc ＡＢ 12"),
    ],
)
def test_a_text_in_simplified_characters(traditional: str, simple: str) -> None:
    assert simplify_chinese(traditional) == simple


def test_twice_is_once() -> None:
    assert len(load_character_table()) > 3700 and not [
        form for form in load_character_table().values() if simplify_chinese(form) != form
    ]


@pytest.mark.parametrize(
    "one, two, alike",
    [
        ("張偉", "张伟", True),
        ("蕭萬長", "萧万长", True),
        ("鍾麗緹", "钟丽缇", True),
        ("甯靜", "宁静", False),
        ("於梨華", "于梨华", False),
        ("李乾", "李干", False),
        ("李乾", "李幹", False),
        ("沈重", "沉重", False),
        ("栢樂", "柏乐", True),
    ],
)
def test_names(one: str, two: str, alike: bool) -> None:
    assert (fold_name(one) == fold_name(two)) is alike


@pytest.mark.parametrize(
    "words, said",
    [
        ("否認藥物過敏史", Presence.ABSENT),
        ("無已知過敏", Presence.ABSENT),
        ("對盤尼西林過敏", Presence.PRESENT),
        ("過敏史不詳", Presence.UNASKED),
    ],
)
def test_words_of_absence(words: str, said: Presence) -> None:
    assert presence_of_words(words) is said


def test_the_dictionary_is_read_as_opencc_writes_it() -> None:
    assert list_character_pairs(
        [
            "# Open Chinese Convert\n",
            "\n",
            "張\t张\n",
            "乾\t乾 干\n",
            "鍾\t钟 锺\n",
            "薴\t苧\n",
            "苧\t苎 苧\n",
        ]
    ) == ["張张", "薴苧", "鍾钟"]
