"""Who is not joined by a rule: names told apart by a mark, other names in letters. Each line is
a register's.
"""

import pytest

from records.mpi.matching.comparison_levels import ComparisonLevels, compare_profiles
from records.mpi.matching.join_evidence import join_obstacle, other_name_reason
from records.mpi.matching.linkage_model import release_model
from records.mpi.matching.profile import Demographics, build_profile
from records.mpi.matching.rules.compared_name import parse_compared_name
from records.mpi.matching.rules.name_levels import name_level

EVERY = ComparisonLevels(*[""] * len(ComparisonLevels._fields))


def how(a: str, b: str) -> str:
    assert name_level(parse_compared_name(a), parse_compared_name(b)) == name_level(
        parse_compared_name(b), parse_compared_name(a)
    ), (a, b)
    return name_level(parse_compared_name(a), parse_compared_name(b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("王丽之子A", "王丽之子B"),
        ("王丽之女a", "王丽之女b"),
        ("王丽之子1", "王丽之子2"),
        ("王丽之子１", "王丽之子２"),
        ("王丽之子①", "王丽之子②"),
        ("王丽之子Ⅰ", "王丽之子Ⅱ"),
        ("王丽之子", "王丽之子A"),
        ("王丽之子（大）", "王丽之子（小）"),
        ("王丽之子(大)", "王丽之子【小】"),
        ("王丽之子（甲）", "王丽之子（乙）"),
        ("王丽双胎A", "王丽双胎B"),
        ("王丽之子", "王丽之女"),
        ("王丽双胎1", "王丽双胎 2"),
        ("王丽之子1号", "王丽之子2号"),
        ("王强1", "王强2"),
        ("王强A", "王强b"),
        ("王强", "王强1"),
        ("王强", "王强（小）"),
        ("王强（大）", "王强（小）"),
        ("王强#1", "王强#2"),
        ("1王强", "2王强"),
        ("王强Ⅱ", "王强Ⅲ"),
        ("无名氏1", "无名氏2"),
        ("XX1", "XX2"),
        ("新生儿A", "新生儿B"),
        ("Baby of Wang Li A", "Baby of Wang Li B"),
        ("Baby Boy A Wang", "Baby Boy B Wang"),
        ("Wang Li's Baby 1", "Wang Li’s Baby 2"),
        ("BB of Wang Li 1", "BB of Wang Li 2"),
        ("B/O Wang Li A", "B/O Wang Li B"),
        ("Infant A Wang", "Infant B Wang"),
        ("Baby Boy Wang", "Baby Girl Wang"),
        ("Twin 1 of Wang Li", "Twin 2 of Wang Li"),
        ("Baby A", "Baby B"),
        ("Wang Li 1", "Wang Li 2"),
        ("Wang Li A", "Wang Li B"),
        ("John A Smith", "John B Smith"),
        ("Smith John Jr", "Smith John Sr"),
        ("Smith John", "Smith John II"),
        ("BabyA Smith", "BabyB Smith"),
        ("TwinA", "TwinB"),
        ("TWINA Smith", "TWINB Smith"),
        ("Babyboy1 Smith", "Babyboy2 Smith"),
        ("BabyBoyA Smith", "BabyGirlB Smith"),
        ("Smith1 John", "Smith2 John"),
        ("王丽之子❶", "王丽之子❷"),
        ("王丽之子➀", "王丽之子➁"),
        ("王丽之子⓵", "王丽之子⓶"),
        ("王丽之子1️⃣", "王丽之子2️⃣"),
        ("王丽之子🅐", "王丽之子🅑"),
        ("王丽之长子", "王丽之次子"),
        ("王丽之大女", "王丽之小女"),
        ("王丽之子甲", "王丽之子乙"),
        ("王丽之子一", "王丽之子二"),
        ("王丽双胎大", "王丽双胎小"),
        ("长子", "次子"),
        ("新生儿甲", "新生儿乙"),
        ("双胎大", "双胎小"),
        ("大双", "小双"),
        ("老大", "老二"),
        ("王强甲", "王强乙"),
        ("王强大", "王强小"),
        ("未命名1", "未命名2"),
    ],
)
def test_a_mark_tells_two_people_apart_until_a_human_says_otherwise(a: str, b: str) -> None:
    assert how(a, b) == "marked"
    assert (
        other_name_reason(
            EVERY._replace(
                name="marked", birth="same", number="same", paper="same", insurance="same"
            )
        )
        == "marked_name"
    ), "whatever agrees beside it"


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("王丽之子A", "王丽之子a", "same_parent"),
        ("王丽之子１", "王丽之子①", "same_parent"),
        ("王强（小）", "王强(小)", "same"),
        ("王强Ⅱ", "王强2", "same"),
        ("王丽(Wang Li)", "王丽", "same"),
        ("（王强）", "王强", "same"),
        ("wang2 li4", "Wang Li", "same"),
        ("John Smith", "John A Smith", "cut"),
        ("王丽之子", "张芳之子", "other_parents"),
        ("王丽之子A", "张芳之子A", "other_parents"),
        ("Baby of Wang Li", "Baby of Zhang Fang", "other_parents"),
        ("王丽之子", "Baby of Wang Li", "same_parent"),
        ("王丽之子", "Baby Boy Wang", "same_parent"),
        ("Baby of Wang Li", "Wang Li", "is_parent"),
        ("Baby of Wang Li", "王丽", "is_parent"),
        ("Baby of Wang Li", "Wang Xiaoming", "unnamed"),
        ("张伟1", "李强2", "differ"),
        ("杨怡红1", "杨怡敏2", "near"),
        ("无名氏1", "王强", ""),
        ("张伟明", "张偉明", "same"),
        ("李元宝", "李元", "near"),
    ],
)
def test_marks_that_are_the_same_and_other_names(a: str, b: str, found: str) -> None:
    assert how(a, b) == found


@pytest.mark.parametrize(
    "text",
    [
        "王**",
        "王＊＊",
        "王*国",
        "王×国",
        "王○○",
        "王○国",
        "王XX",
        "王X国",
        "王某某",
        "王某",
        "王某国",
        "欧阳某某",
        "某某某",
        "王女士",
        "王先生",
        "欧阳女士",
        "王老师",
        "王",
        "王未命名",
        "J*** S***",
        "Mr Smith",
        "Ms. Wang",
    ],
)
def test_a_masked_name_joins_nobody(text: str) -> None:
    known = {
        "gender": "male",
        "birth": "1958-03-12",
        "phone": "13912345670",
        "registered": "2026-01-01",
    }
    one, same, other = (
        build_profile(Demographics(name=n, **known)) for n in (text, text, "王建国")
    )
    assert (
        not one.spelling.full
        and join_obstacle(compare_profiles(one, same))
        and join_obstacle(compare_profiles(one, other))
        and join_obstacle(compare_profiles(other, one))
    )
    assert not join_obstacle(compare_profiles(other, other)), "the control"


def test_a_character_that_a_system_lacks_is_no_mask() -> None:
    assert (
        how("晏根□", "晏根府") == "variant"
        and how("阿卜杜拉●买买提", "阿卜杜拉·买买提") == "same"
        and how("王强X", "王强Y") == "marked"
    )


@pytest.mark.parametrize(
    "text",
    [
        "未命名",
        "待定",
        "无",
        "未取名",
        "未起名",
        "待命名",
        "暂未取名",
        "暂无",
        "长子",
        "TwinA",
        "Babyboy",
        "No Name",
        "Unknown Male",
    ],
)
def test_a_placeholder_is_no_name(text: str) -> None:
    assert not parse_compared_name(text).full and how(text, text) == how(text, "王强") == ""


@pytest.mark.parametrize(
    ("text", "base", "order"),
    [
        ("SMITH BABYBOY", "smith", 0),
        ("BabyA Smith", "smith", 1),
        ("Babyboy2 Smith", "smith", 2),
        ("王丽之子❷", "王丽", 2),
        ("Babyak Smith", "", 0),
        ("王丽之长子", "王丽", 1),
        ("王丽之次女", "王丽", 2),
        ("王丽之子老大", "王丽", 1),
        ("王丽之老二", "王丽", 2),
        ("王丽之小宝", "王丽", 2),
        ("王丽双胎大", "王丽", 1),
        ("王丽双胎小", "王丽", 2),
        ("王丽三胞胎丙", "王丽", 3),
        ("王丽之女（乙）", "王丽", 2),
        ("Baby of Wang Li B", "li wang", 2),
        ("Wang Li's second baby", "li wang", 2),
        ("Infant Wang", "wang", 0),
        ("李大宝", "", 0),
        ("周老二", "", 0),
        ("Li Baobao", "", 0),
    ],
)
def test_whose_child_and_which_of_several(text: str, base: str, order: int) -> None:
    assert (parse_compared_name(text).base, parse_compared_name(text).order) == (base, order)


@pytest.mark.parametrize(
    ("a", "b", "found"),
    [
        ("王建国", "Wang Jianguo", "sound"),
        ("王建国", "Jianguo WANG", "sound"),
        ("王建国", "wang jian guo", "sound"),
        ("王建国", "Wang Jian-guo", "sound"),
        ("王建国", "WANGJIANGUO", "sound"),
        ("王建国", "Wáng Jiànguó", "sound"),
        ("王建国", "wang2 jian4 guo2", "sound"),
        ("吕绿", "Lv Lv", "sound"),
        ("吕绿", "Lü Lü", "sound"),
        ("吕绿", "LYU LYU", "sound"),
        ("吕绿", "Lu Lu", "sound"),
        ("曾敏", "Zeng Min", "sound"),
        ("曾敏", "Ceng Min", "sound"),
        ("单雄信", "Shan Xiongxin", "sound"),
        ("欧阳若川", "Ouyang Ruochuan", "sound"),
        ("欧阳若川", "Ou Yang Ruo Chuan", "sound"),
        ("西安", "Xi An", "sound"),
        ("王建国", "Li Weidong", "other_pinyin"),
        ("李若岚", "Chen Xiaoming", "other_pinyin"),
        ("孙晓光", "Guoqiang Zhou", "other_pinyin"),
        ("李强", "wangxiaoming", "other_pinyin"),
        ("李强", "Ouyang Xiu", "other_pinyin"),
        ("王建国", "Wang Jianjun", "family"),
        ("王丽", "Wang Fang", "family"),
        ("王建国", "Wang JG", "foreign"),
        ("王建国", "J. Wang", "foreign"),
        ("王建国", "Wang Jian", "foreign"),
        ("李伟", "Li Weidong", "foreign"),
        ("张伟", "Chang Wei", "foreign"),
        ("周国强", "Chou Kuo-chiang", "foreign"),
        ("蔡英文", "Tsai Ing-wen", "foreign"),
        ("萧万长", "Hsiao Wan-chang", "foreign"),
        ("简又新", "Chien You-hsin", "foreign"),
        ("黄美丽", "Wong Mei Li", "foreign"),
        ("陈大文", "Chan Tai Man", "foreign"),
        ("李大文", "Lee Tai Man", "foreign"),
        ("林伟", "Lim Wei", "foreign"),
        ("吴强", "Ng Keung", "foreign"),
        ("张国荣", "Cheung Kwok Wing", "foreign"),
        ("陈伟", "Tan Wei", "foreign"),
        ("成龙", "Jacky Chan", "foreign"),
        ("李伟", "Mike Li", "foreign"),
        ("王芳", "Anna Smith", "foreign"),
        ("王琳", "Wang Ling", "foreign"),
        ("王芳", "Tanaka Ai", "foreign"),
        ("李强", "Wong Wei", "foreign"),
        ("Wang Xiaoming", "Xiao-ming Wang", "variant"),
        ("Wang Wei", "Wang Lei", "family"),
        ("Li Weidong", "Chen Xiaoming", "other_pinyin"),
        ("Wang Ming", "Wang Xiaoming", "foreign"),
        ("J Wang", "Jianguo Wang", "foreign"),
        ("Lv Na", "Lyu Na", "variant"),
    ],
)
def test_names_in_letters_by_whole_syllables(a: str, b: str, found: str) -> None:
    assert how(a, b) == found


def test_another_name_in_letters_speaks_against_and_what_is_uncertain_does_not() -> None:
    known = EVERY._replace(birth="same", sex="same", phone="same")
    agree, other, unsure = (
        release_model().probability(known._replace(name=n), 20_000)
        for n in ("sound", "other_pinyin", "foreign")
    )
    nothing = release_model().probability(known, 20_000)
    assert other < 0.5 < 0.99 < agree and abs(unsure - nothing) < 0.05, (
        "neither agrees nor contradicts"
    )
    for name in ("other_pinyin", "foreign"):
        assert join_obstacle(known._replace(name=name, address="same")) and not join_obstacle(
            known._replace(name=name, number="same", insurance="same")
        )
    assert not join_obstacle(known._replace(name="sound")), "the control"
