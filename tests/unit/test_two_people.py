"""Who is not joined by a rule: names told apart by a mark, other names in letters, birth dates that tell nothing, one sign alone. Each line is a register's."""

import datetime as dt
from typing import Any

import pytest

from records.mpi.features import identify, names_of, words_of
from records.mpi.levels import Levels, compare
from records.mpi.match import Grade, grade
from records.mpi.model import of, standard
from records.mpi.profile import Profile, Words, profile
from records.mpi.resolve import dated, resolve
from records.mpi.rules import birth
from records.mpi.rules.resident_number import SYSTEM, check_digit
from records.mpi.rules.spelling import level, spell
from records.mpi.signs import another_name, obstacle, sole_sign


def card(first: str) -> str:
    return first + check_digit(first)


EVERY = Levels(*[""] * len(Levels._fields))


def how(a: str, b: str) -> str:
    assert level(spell(a), spell(b)) == level(spell(b), spell(a)), (a, b)
    return level(spell(a), spell(b))


@pytest.mark.parametrize(("a", "b"), [
    ("王丽之子A", "王丽之子B"), ("王丽之女a", "王丽之女b"), ("王丽之子1", "王丽之子2"), ("王丽之子１", "王丽之子２"), ("王丽之子①", "王丽之子②"), ("王丽之子Ⅰ", "王丽之子Ⅱ"),
    ("王丽之子", "王丽之子A"),
    ("王丽之子（大）", "王丽之子（小）"), ("王丽之子(大)", "王丽之子【小】"), ("王丽之子（甲）", "王丽之子（乙）"), ("王丽双胎A", "王丽双胎B"), ("王丽之子", "王丽之女"),
    ("王丽双胎1", "王丽双胎 2"), ("王丽之子1号", "王丽之子2号"),
    ("王强1", "王强2"), ("王强A", "王强b"), ("王强", "王强1"), ("王强", "王强（小）"), ("王强（大）", "王强（小）"), ("王强#1", "王强#2"), ("1王强", "2王强"), ("王强Ⅱ", "王强Ⅲ"),
    ("无名氏1", "无名氏2"), ("XX1", "XX2"), ("新生儿A", "新生儿B"),
    ("Baby of Wang Li A", "Baby of Wang Li B"), ("Baby Boy A Wang", "Baby Boy B Wang"), ("Wang Li's Baby 1", "Wang Li’s Baby 2"), ("BB of Wang Li 1", "BB of Wang Li 2"),
    ("B/O Wang Li A", "B/O Wang Li B"),
    ("Infant A Wang", "Infant B Wang"), ("Baby Boy Wang", "Baby Girl Wang"), ("Twin 1 of Wang Li", "Twin 2 of Wang Li"), ("Baby A", "Baby B"), ("Wang Li 1", "Wang Li 2"),
    ("Wang Li A", "Wang Li B"), ("John A Smith", "John B Smith"),
    ("Smith John Jr", "Smith John Sr"), ("Smith John", "Smith John II"),
    ("BabyA Smith", "BabyB Smith"), ("TwinA", "TwinB"), ("TWINA Smith", "TWINB Smith"), ("Babyboy1 Smith", "Babyboy2 Smith"), ("BabyBoyA Smith", "BabyGirlB Smith"),
    ("Smith1 John", "Smith2 John"), ("王丽之子❶", "王丽之子❷"), ("王丽之子➀", "王丽之子➁"), ("王丽之子⓵", "王丽之子⓶"), ("王丽之子1️⃣", "王丽之子2️⃣"), ("王丽之子🅐", "王丽之子🅑"),
    ("王丽之长子", "王丽之次子"), ("王丽之大女", "王丽之小女"), ("王丽之子甲", "王丽之子乙"), ("王丽之子一", "王丽之子二"), ("王丽双胎大", "王丽双胎小"),
    ("长子", "次子"), ("新生儿甲", "新生儿乙"), ("双胎大", "双胎小"), ("大双", "小双"), ("老大", "老二"), ("王强甲", "王强乙"), ("王强大", "王强小"), ("未命名1", "未命名2"),
])
def test_a_mark_tells_two_people_apart_until_a_human_says_otherwise(a: str, b: str) -> None:
    assert how(a, b) == "marked"
    assert another_name(EVERY._replace(name="marked", birth="same", number="same", paper="same", insurance="same")) == "marked_name", "whatever agrees beside it"


@pytest.mark.parametrize(("a", "b", "found"), [
    ("王丽之子A", "王丽之子a", "same_parent"), ("王丽之子１", "王丽之子①", "same_parent"), ("王强（小）", "王强(小)", "same"), ("王强Ⅱ", "王强2", "same"),
    ("王丽(Wang Li)", "王丽", "same"), ("（王强）", "王强", "same"),
    ("wang2 li4", "Wang Li", "same"), ("John Smith", "John A Smith", "cut"), ("王丽之子", "张芳之子", "other_parents"), ("王丽之子A", "张芳之子A", "other_parents"),
    ("Baby of Wang Li", "Baby of Zhang Fang", "other_parents"),
    ("王丽之子", "Baby of Wang Li", "same_parent"), ("王丽之子", "Baby Boy Wang", "same_parent"), ("Baby of Wang Li", "Wang Li", "is_parent"),
    ("Baby of Wang Li", "王丽", "is_parent"), ("Baby of Wang Li", "Wang Xiaoming", "unnamed"),
    ("张伟1", "李强2", "differ"), ("杨怡红1", "杨怡敏2", "near"), ("无名氏1", "王强", ""), ("张伟明", "张偉明", "same"), ("李元宝", "李元", "near"),
])
def test_marks_that_are_the_same_and_other_names(a: str, b: str, found: str) -> None:
    assert how(a, b) == found


@pytest.mark.parametrize("text", [
    "王**", "王＊＊", "王*国", "王×国", "王○○", "王○国", "王XX", "王X国", "王某某", "王某", "王某国", "欧阳某某", "某某某", "王女士", "王先生", "欧阳女士",
    "王老师", "王", "王未命名", "J*** S***", "Mr Smith", "Ms. Wang",
])
def test_a_masked_name_joins_nobody(text: str) -> None:
    known = {"gender": "male", "birth": "1958-03-12", "phone": "13912345670", "registered": "2026-01-01"}
    one, same, other = (profile(Words(name=n, **known)) for n in (text, text, "王建国"))
    assert not one.spelling.full and obstacle(compare(one, same)) and obstacle(compare(one, other)) and obstacle(compare(other, one))
    assert not obstacle(compare(other, other)), "the control"


def test_a_character_that_a_system_lacks_is_no_mask() -> None:
    assert how("晏根□", "晏根府") == "variant" and how("阿卜杜拉●买买提", "阿卜杜拉·买买提") == "same" and how("王强X", "王强Y") == "marked"


@pytest.mark.parametrize("text", ["未命名", "待定", "无", "未取名", "未起名", "待命名", "暂未取名", "暂无", "长子", "TwinA", "Babyboy", "No Name", "Unknown Male"])
def test_a_placeholder_is_no_name(text: str) -> None:
    assert not spell(text).full and how(text, text) == how(text, "王强") == ""


@pytest.mark.parametrize(("text", "base", "order"), [
    ("SMITH BABYBOY", "smith", 0), ("BabyA Smith", "smith", 1), ("Babyboy2 Smith", "smith", 2), ("王丽之子❷", "王丽", 2), ("Babyak Smith", "", 0),
    ("王丽之长子", "王丽", 1), ("王丽之次女", "王丽", 2), ("王丽之子老大", "王丽", 1), ("王丽之老二", "王丽", 2), ("王丽之小宝", "王丽", 2), ("王丽双胎大", "王丽", 1),
    ("王丽双胎小", "王丽", 2), ("王丽三胞胎丙", "王丽", 3), ("王丽之女（乙）", "王丽", 2),
    ("Baby of Wang Li B", "li wang", 2), ("Wang Li's second baby", "li wang", 2), ("Infant Wang", "wang", 0), ("李大宝", "", 0), ("周老二", "", 0), ("Li Baobao", "", 0),
])
def test_whose_child_and_which_of_several(text: str, base: str, order: int) -> None:
    assert (spell(text).base, spell(text).order) == (base, order)


@pytest.mark.parametrize(("a", "b", "found"), [
    ("王建国", "Wang Jianguo", "sound"), ("王建国", "Jianguo WANG", "sound"), ("王建国", "wang jian guo", "sound"), ("王建国", "Wang Jian-guo", "sound"),
    ("王建国", "WANGJIANGUO", "sound"), ("王建国", "Wáng Jiànguó", "sound"),
    ("王建国", "wang2 jian4 guo2", "sound"), ("吕绿", "Lv Lv", "sound"), ("吕绿", "Lü Lü", "sound"), ("吕绿", "LYU LYU", "sound"), ("吕绿", "Lu Lu", "sound"),
    ("曾敏", "Zeng Min", "sound"), ("曾敏", "Ceng Min", "sound"), ("单雄信", "Shan Xiongxin", "sound"),
    ("欧阳若川", "Ouyang Ruochuan", "sound"), ("欧阳若川", "Ou Yang Ruo Chuan", "sound"), ("西安", "Xi An", "sound"),
    ("王建国", "Li Weidong", "other_pinyin"), ("李若岚", "Chen Xiaoming", "other_pinyin"), ("孙晓光", "Guoqiang Zhou", "other_pinyin"), ("李强", "wangxiaoming", "other_pinyin"),
    ("李强", "Ouyang Xiu", "other_pinyin"),
    ("王建国", "Wang Jianjun", "family"), ("王丽", "Wang Fang", "family"),
    ("王建国", "Wang JG", "foreign"), ("王建国", "J. Wang", "foreign"), ("王建国", "Wang Jian", "foreign"), ("李伟", "Li Weidong", "foreign"), ("张伟", "Chang Wei", "foreign"),
    ("周国强", "Chou Kuo-chiang", "foreign"),
    ("蔡英文", "Tsai Ing-wen", "foreign"), ("萧万长", "Hsiao Wan-chang", "foreign"), ("简又新", "Chien You-hsin", "foreign"), ("黄美丽", "Wong Mei Li", "foreign"),
    ("陈大文", "Chan Tai Man", "foreign"), ("李大文", "Lee Tai Man", "foreign"),
    ("林伟", "Lim Wei", "foreign"), ("吴强", "Ng Keung", "foreign"), ("张国荣", "Cheung Kwok Wing", "foreign"), ("陈伟", "Tan Wei", "foreign"), ("成龙", "Jacky Chan", "foreign"),
    ("李伟", "Mike Li", "foreign"), ("王芳", "Anna Smith", "foreign"),
    ("王琳", "Wang Ling", "foreign"), ("王芳", "Tanaka Ai", "foreign"), ("李强", "Wong Wei", "foreign"),
    ("Wang Xiaoming", "Xiao-ming Wang", "variant"), ("Wang Wei", "Wang Lei", "family"), ("Li Weidong", "Chen Xiaoming", "other_pinyin"), ("Wang Ming", "Wang Xiaoming", "foreign"),
    ("J Wang", "Jianguo Wang", "foreign"), ("Lv Na", "Lyu Na", "variant"),
])
def test_names_in_letters_by_whole_syllables(a: str, b: str, found: str) -> None:
    assert how(a, b) == found


def test_another_name_in_letters_speaks_against_and_what_is_uncertain_does_not() -> None:
    known = EVERY._replace(birth="same", sex="same", phone="same")
    agree, other, unsure = (standard().probability(known._replace(name=n), 20_000) for n in ("sound", "other_pinyin", "foreign"))
    nothing = standard().probability(known, 20_000)
    assert other < 0.5 < 0.99 < agree and abs(unsure - nothing) < 0.05, "neither agrees nor contradicts"
    for name in ("other_pinyin", "foreign"):
        assert obstacle(known._replace(name=name, address="same")) and not obstacle(known._replace(name=name, number="same", insurance="same"))
    assert not obstacle(known._replace(name="sound")), "the control"


@pytest.mark.parametrize("text", ["1900-01-01", "1970-01-01", "1949-10-01", "1985-01-01", "0001-01-01", "9999-12-31", "1899-12-30", "1111-11-11", "2099-06-07"])
def test_dates_that_stand_for_not_known(text: str) -> None:
    date = birth.parse(text)
    assert date and not birth.tells(date, dt.date(2026, 1, 1))
    one, two = (profile(Words(name="张桂英", gender="female", birth=b, registered="2026-01-01")) for b in (text, "1958-03-12"))
    assert one.birth is None and compare(one, two).birth == compare(one, one).birth == "", "neither agreement nor disagreement"


def test_a_date_that_the_citizen_number_has_too_is_true() -> None:
    carded = profile(Words(name="张桂英", gender="female", birth="1970-01-01", number=card("43010419700101104"), registered="2026-01-01"))
    assert carded.number and carded.birth == dt.date(1970, 1, 1) == carded.undated().birth
    assert birth.tells(dt.date(1970, 1, 2)), "the control"


def person(key: str, name: str, born: str, hospital: str = "H", **more: Any) -> Profile:
    return profile(Words(name=name, gender="female", birth=born, registered="2026-01-01", **more), key, hospital)


def test_a_date_that_a_register_holds_far_too_often_tells_nothing() -> None:
    names = [a + b for a in "赵钱孙李周" for b in "安宁静怡欣"]
    habit = [person(f"h{i}", n, "1966-06-06") for i, n in enumerate(names)]
    spread = [person(f"s{i}", n, f"1966-{1 + i % 12:02}-{2 + i % 27:02}") for i, n in enumerate(names)]
    assert all(p.birth is None for p in dated([*habit, *spread]) if p.key[0] == "h") and all(p.birth for p in dated([*habit, *spread]) if p.key[0] == "s")
    assert all(p.birth for p in dated([*habit[:birth.FEW - 1], *spread])), "a few prove nothing"
    assert all(p.birth for p in dated([person(str(i), n, "1966-06-06", f"H{i}") for i, n in enumerate(names)])), "other registers have other habits"
    assert all(p.birth for p in dated([person(str(i), "赵安宁", "1966-06-06") for i in range(40)])), "one who is registered often is one"
    assert birth.is_habit(30, 119) and not birth.is_habit(30, 120), "tenfold what another day of its month has"


def test_a_newborns_date_is_no_habit_whoever_asks() -> None:
    ward = [profile(Words(name=a + b, gender="female", birth="2025-06-06", registered="2025-06-07"), a + b, "H") for a in "赵钱孙李周" for b in "安宁静怡欣"]
    assert all(p.birth for p in dated(ward)) and all(p.undated() is p for p in ward)
    late = [profile(Words(name=a + b, gender="female", birth="2015-06-06", registered="2025-06-07"), a + b, "H") for a in "赵钱孙李周" for b in "安宁静怡欣"]
    assert not any(p.birth for p in dated(late)) and late[0].undated().birth is None, "the control: children who came years later"


SAME = {"name": "same", "sex": "same"}


@pytest.mark.parametrize(("levels", "held"), [
    ({"birth": "same"}, True), ({"phone": "same"}, True), ({"phone": "same", "address": "same"}, True), ({"birth": "same", "address": "estate"}, True),
    ({"birth": "generation", "phone": "same", "address": "same"}, True),
    ({"birth": "lunar_like", "phone": "same"}, True), ({"birth": "differ", "phone": "same"}, True), ({"birth": "same", "phone": "differ", "address": "differ"}, True),
    ({"birth": "estimated", "phone": "same"}, True),
    ({"birth": "same", "phone": "same"}, False), ({"birth": "same", "address": "same"}, False), ({"birth": "same", "address": "road"}, False),
    ({"birth": "same", "parents": "same"}, False), ({"parents": "same"}, False),
    *(({"birth": fault, **home}, True) for fault in ("swapped", "day", "month", "year") for home in (
        {"phone": "same"}, {"phone": "near"}, {"address": "same"}, {"address": "road"}, {"parents": "same"}, {"phone": "same", "address": "same"})),
    *(({"birth": fault, "number": level}, False) for fault in ("swapped", "day", "month", "year") for level in ("same", "near")),
    ({"birth": "lunar", "phone": "same"}, False), ({"birth": "same", "address": "neighbour"}, True), ({"birth": "same", "address": "neighbour", "phone": "same"}, False),
    ({"number": "same"}, False), ({"paper": "same"}, False), ({"insurance": "same"}, False), ({"birth": "same", "number": "near"}, False),
])
def test_one_sign_links_nobody(levels: dict[str, str], held: bool) -> None:
    said = EVERY._replace(**SAME, **levels)
    assert (sole_sign(said) == "sole_sign") is held
    assert (grade(0.9999, said) is Grade.CERTAIN) is not held, "no grade says certain where no rule would link"


def test_a_place_without_a_house_is_no_second_sign() -> None:
    one, two = (profile(Words(name="Anna Smith", birth="1958-03-12", address=a)) for a in ("Changsha, Hunan 410000", "changsha hunan 410000"))
    assert compare(one, two).address == "place" and sole_sign(compare(one, two))
    one, two = (profile(Words(name="Anna Smith", birth="1958-03-12", address=a)) for a in ("12 Furong Road, Changsha", "12 furong road changsha"))
    assert not sole_sign(compare(one, two)), "the control"


@pytest.mark.parametrize(("a", "b", "found"), [
    ("12 Furong Road, Changsha", "14 Furong Road, Changsha", "neighbour"), ("Flat 5, 12 Furong Road", "Flat 6, 12 Furong Road", "neighbour"),
    ("No.12 Furong Road", "no. 21 furong road", "neighbour"), ("#12 Furong Road Changsha", "12 Furong Road Changsha", "same"), ("Flat 5, 12 Furong Road", "12 Furong Road Flat 5", "same"),
    ("12 5th Avenue Changsha", "14 5th Avenue Changsha", "neighbour"), ("5th Avenue Changsha", "5th avenue changsha", "place"), ("Changsha 410000 China", "changsha 410000 china", "place"),
    ("芙蓉路12号", "芙蓉路14号", "differ"), ("芙蓉路12号502室", "芙蓉路12号601室", "neighbour"), ("芙蓉路12号", "芙蓉路12号601室", "road"),
    ("芙蓉路12号湘雅家园3栋201室", "芙蓉路12号湘雅家园5栋502室", "neighbour"), ("芙蓉路12号湘雅家园3栋2单元201室", "芙蓉路12号湘雅家园2栋3单元201室", "neighbour"),
    ("湘雅家园13栋1单元3002室", "湘雅家园13栋2单元3002室", "neighbour"), ("湘雅家园13栋3002室", "湘雅家园13栋2单元3002室", "same"),
    ("芙蓉路12号3栋201室", "湘雅路12号3栋201室", "differ"), ("芙蓉路12号3栋201室", "长沙市芙蓉路12号3栋201", "same"),
])
def test_two_doors_of_one_street_are_two_homes(a: str, b: str, found: str) -> None:
    one, two = (profile(Words(name="司马长风", birth="1958-03-12", address=x)) for x in (a, b))
    assert compare(one, two).address == compare(two, one).address == found
    assert bool(sole_sign(compare(one, two))) is (found not in ("same", "road"))


@pytest.mark.parametrize(("birth_b", "name_b"), [("1991-03-12", "王昊宇"), ("1990-12-03", "王昊宇"), ("1991-03-12", "王浩宇"), ("1990-03-13", "王浩宇")])
def test_a_household_and_a_date_with_a_fault_may_be_a_brothers(birth_b: str, name_b: str) -> None:
    """Grown-up brothers and twins of one home, of names that sound alike; the same with one name, for a human sees what a rule does not."""
    home = {"gender": "male", "phone": "13912345670", "address": "芙蓉区书院路390号省建院宿舍13栋2001房"}
    one, two = profile(Words(name="王浩宇", birth="1990-03-12", **home)), profile(Words(name=name_b, birth=birth_b, **home))
    assert obstacle(compare(one, two)) == "sole_sign"
    carded = [profile(Words(name=n, birth=b, insurance="4301887342", **home)) for n, b in (("王浩宇", "1990-03-12"), (name_b, birth_b))]
    assert not obstacle(compare(*carded)), "the control: a document"


@pytest.mark.parametrize("many", [2, 50, 3000])
def test_a_register_of_any_size_links_by_two_signs_only(many: int) -> None:
    crowd = [person(f"c{i}", f"{'赵钱孙李周吴郑王'[i % 8]}{chr(0x5b80 + i % 97)}{chr(0x6000 + i)}", f"{1930 + i % 80}-{1 + i % 12:02}-{2 + i % 26:02}") for i in range(many)]
    alone = [person("a1", "端木若川", "1971-05-06"), person("a2", "端木若川", "1971-05-06")]
    reached = [person(k, "司马长风", "1948-11-05", phone="13912345670", hospital=k) for k in ("b1", "b2")]
    given = [*crowd, *alone, *reached]
    done = resolve(given, learning=many > 100).clusters
    of = {p.key: g for p, g in zip(given, done.of, strict=True)}
    assert of["a1"] != of["a2"] and of["b1"] == of["b2"]
    assert ({"a1", "a2"}, "sole_sign") in [({given[e.one].key, given[e.two].key}, why) for e, why in done.review]


def test_equal_rivals_go_to_a_human() -> None:
    """Two of one name, date and home with two numbers; a third without a number may be either."""
    given = [person(k, "司马长风", "1948-11-05", phone="13912345670", number=n, hospital=k) for k, n in (("x", card("43010419481105104")), ("y", card("43010419481105306")), ("z", ""))]
    assert given[0].number and given[1].number
    done = resolve(given, learning=False).clusters
    assert len(set(done.of)) == 3 and {why for _, why in done.review} >= {"equals"}
    assert len(set(resolve([given[0], given[2]], learning=False).clusters.of)) == 1, "the control: one of them alone"


def test_a_model_of_an_older_release_knows_the_new_levels() -> None:
    older = {"version": "family-2", "share": standard().share, "table": {f: {k: v for k, v in rows.items() if k not in ("other_pinyin", "marked")} for f, rows in standard().table.items()}}
    assert of(older).table["name"]["marked"] == standard().table["name"]["marked"] and of(older).version == "family-2"


def test_what_is_current_is_compared() -> None:
    today, old, new = dt.date(2026, 5, 6), card("43010419481105104"), card("43010419481105306")
    given = {
        "name": [{"use": "nickname", "text": "小王"}, {"use": "official", "text": "王芬", "period": {"end": "2020-03"}}, {"text": "王芳"},
                 {"use": "old", "text": "王老"}, {"use": "usual", "text": "王方"},
                 {"use": "anonymous", "text": "佚名"}, {"use": "official", "text": "王建芳", "period": {"start": "2020", "end": "2026"}}],
        "telecom": [{"system": "phone", "value": "13912345670", "use": "old"},
                    {"system": "phone", "value": "13912345671", "period": {"end": "2026-05-05"}}, {"system": "phone", "value": "13912345672"}],
        "address": [{"text": "芙蓉路1号", "period": {"end": "2019"}}, {"text": "芙蓉路2号"}],
        "identifier": [{"system": SYSTEM, "value": old, "use": "old"}, {"system": SYSTEM, "value": new}, {"system": SYSTEM, "value": old, "use": "old"}],
    }
    assert names_of(given, today) == ["王建芳", "王方", "王芳", "小王", "佚名", "王芬", "王老"]
    words = words_of(given, today)
    assert (words.name, words.phone, words.address, words.number) == ("王建芳", "13912345672", "芙蓉路2号", new) and identify(given).features.number == new
    alone = {"telecom": given["telecom"][:2], "identifier": given["identifier"][:1]}
    assert words_of(alone, today).phone == "" and words_of(alone, today).number == old, "an old number is still a number of theirs"


TWINS = [
    ("王浩宇", "王昊宇"), ("王子轩", "王梓轩"), ("王心怡", "王怡心"), ("Ron Smith", "Jon Smith"),
    ("Maria Okafor", "Marie Okafor"), ("阿卜杜拉·买买提", "阿卜杜拉·买买提江"), ("艾力·买买提", "买买提·艾力"),
    ("John Smith", "Johnny Smith"),
]


@pytest.mark.parametrize(("a", "b"), TWINS)
def test_children_of_like_names_need_a_document(a: str, b: str) -> None:
    home = {"gender": "male", "birth": "2015-03-12", "phone": "13912345670", "address": "芙蓉区书院路390号省建院宿舍13栋2001房", "registered": "2024-05-06"}

    def said(**more: str) -> Levels:
        return compare(*(profile(Words(name=n, **{**home, **more})) for n in (a, b)))

    assert said().name == "near" and obstacle(said()) == "another_name"
    assert not obstacle(said(insurance="4301887342")), "a document that agrees"
    assert not obstacle(said(birth="1975-03-12")), "adults' names are mistyped"
    assert said(registered="2033-03-11").name == "near" != said(registered="2033-03-12").name, "of age on the birthday"
    mixed = compare(*(profile(Words(name=n, **{**home, "registered": r})) for n, r in ((a, "2024-05-06"), (b, "2040-05-06"))))
    assert obstacle(mixed) == "another_name", "one of them was a child"


@pytest.mark.parametrize(("a", "b"), [
    ("王浩宇", "王浩宇"), ("王浩宇", "浩宇王"), ("欧阳浩宇", "浩宇欧阳"), ("萧浩宇", "肖浩宇"), ("王浩宇", "Wang Haoyu"), ("John Smith", "Smith, John"), ("晏根□", "晏根府"),
])
def test_a_childs_own_name_in_another_form_is_theirs(a: str, b: str) -> None:
    one, two = (profile(Words(name=n, birth="2015-03-12", phone="13912345670", registered="2024-05-06")) for n in (a, b))
    assert not obstacle(compare(one, two)) and not obstacle(compare(two, one))
