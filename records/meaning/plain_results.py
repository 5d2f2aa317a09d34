"""Results for the patient who reads them: what a level means for somebody who is no clinician, and
what a common test looks at, in one sentence each. Our own words; no advice beyond whom to ask.
"""

import re
from typing import NamedTuple

from django.utils.translation import gettext_lazy

from records.meaning.result_flags import ResultFlag
from records.meaning.sense import Words

FAR_OUTSIDE = gettext_lazy(
    "Far outside the usual range. If nobody from the hospital has spoken with you about it yet,"
    " call them now."
)
LEVEL_SENTENCES: dict[ResultFlag, Words] = {
    ResultFlag.CRITICAL_HIGH: FAR_OUTSIDE,
    ResultFlag.CRITICAL_LOW: FAR_OUTSIDE,
    ResultFlag.CRITICAL: FAR_OUTSIDE,
    ResultFlag.HIGH: gettext_lazy("Higher than usual. Ask your doctor what it means for you."),
    ResultFlag.LOW: gettext_lazy("Lower than usual. Ask your doctor what it means for you."),
    ResultFlag.POSITIVE: gettext_lazy(
        "What was looked for was found. Ask your doctor what it means for you."
    ),
    ResultFlag.ABNORMAL: gettext_lazy("Not as usual. Ask your doctor what it means for you."),
    ResultFlag.UNCLEAR: gettext_lazy("The laboratory cannot say for sure."),
    ResultFlag.NORMAL: gettext_lazy("Within the usual range."),
}


class PlainTest(NamedTuple):
    """names: by which it is called, as squeeze_title makes them; codes: LOINC."""

    names: frozenset[str]
    codes: frozenset[str]
    sentence: Words


def make_plain_test(names: str, codes: str, sentence: Words) -> PlainTest:
    return PlainTest(frozenset(names.split("|")), frozenset(codes.split()), sentence)


PLAIN_TESTS = (
    make_plain_test(
        "糖化血红蛋白|糖化血红蛋白a1c|hba1c|hemoglobina1c",
        "4548-4 59261-8 17856-6",
        gettext_lazy("The average of your blood sugar over the last two to three months."),
    ),
    make_plain_test(
        "葡萄糖|血糖|空腹血糖|空腹葡萄糖|随机血糖|餐后2小时血糖|glucose|fastingglucose",
        "2345-7 15074-8 1558-6 14749-6 2339-0 14771-0",
        gettext_lazy("Sugar in the blood."),
    ),
    make_plain_test(
        "低密度脂蛋白|低密度脂蛋白胆固醇|ldl-c|ldlcholesterol",
        "13457-7 18262-6 2089-1 22748-8 69419-0",
        gettext_lazy("The cholesterol that settles in blood vessels when there is too much of it."),
    ),
    make_plain_test(
        "高密度脂蛋白|高密度脂蛋白胆固醇|hdl-c|hdlcholesterol",
        "2085-9 14646-4",
        gettext_lazy("The cholesterol that is carried away from blood vessels."),
    ),
    make_plain_test(
        "总胆固醇|胆固醇|cholesterol|totalcholesterol",
        "2093-3 14647-2",
        gettext_lazy("All cholesterol in the blood, a kind of fat."),
    ),
    make_plain_test(
        "甘油三酯|triglycerides|triglyceride",
        "2571-8 14927-8",
        gettext_lazy("Fats from food in the blood."),
    ),
    make_plain_test(
        "肾小球滤过率|估算肾小球滤过率|egfr",
        "33914-3 48642-3 48643-1 62238-1 98979-8 77147-7",
        gettext_lazy("How well the kidneys filter the blood."),
    ),
    make_plain_test(
        "肌酐|血肌酐|creatinine",
        "2160-0 14682-9 38483-4",
        gettext_lazy("A waste product that the kidneys remove; it tells how they work."),
    ),
    make_plain_test(
        "尿素|尿素氮|血尿素|urea|bun",
        "3094-0 22664-7 6299-2",
        gettext_lazy("A waste product that the kidneys remove."),
    ),
    make_plain_test(
        "尿酸|血尿酸|uricacid|urate",
        "3084-1 14933-6",
        gettext_lazy("A waste product; too much of it for long can bring gout."),
    ),
    make_plain_test(
        "丙氨酸氨基转移酶|谷丙转氨酶|alt|alanineaminotransferase",
        "1742-6 1743-4",
        gettext_lazy("A substance from liver cells; more of it when the liver is irritated."),
    ),
    make_plain_test(
        "天门冬氨酸氨基转移酶|谷草转氨酶|ast|aspartateaminotransferase",
        "1920-8 30239-8",
        gettext_lazy("A substance from liver and muscle cells."),
    ),
    make_plain_test(
        "总胆红素|胆红素|bilirubin|totalbilirubin",
        "1975-2 14631-6 1968-7",
        gettext_lazy("A yellow waste product that the liver removes."),
    ),
    make_plain_test(
        "白蛋白|albumin",
        "1751-7 61151-7",
        gettext_lazy("The commonest protein in the blood; the liver makes it."),
    ),
    make_plain_test(
        "血红蛋白|hemoglobin|haemoglobin",
        "718-7 20509-6",
        gettext_lazy("What carries oxygen in the blood; low in anaemia."),
    ),
    make_plain_test(
        "白细胞|白细胞计数|白细胞数|leukocytes|whitebloodcells",
        "6690-2 26464-8",
        gettext_lazy("Blood cells that fight infections."),
    ),
    make_plain_test(
        "血小板|血小板计数|platelets", "777-3 26515-7", gettext_lazy("What lets the blood clot.")
    ),
    make_plain_test(
        "红细胞|红细胞计数|erythrocytes|redbloodcells",
        "789-8 26453-1",
        gettext_lazy("The red blood cells."),
    ),
    make_plain_test(
        "c反应蛋白|超敏c反应蛋白|crp|c-reactiveprotein",
        "1988-5 30522-7",
        gettext_lazy("Rises with infections and inflammation."),
    ),
    make_plain_test(
        "国际标准化比值|inr",
        "6301-6 34714-6",
        gettext_lazy("How slowly the blood clots; watched with some blood thinners."),
    ),
    make_plain_test(
        "钾|血钾|potassium",
        "2823-3 6298-4",
        gettext_lazy("A salt that the heart and muscles need in the right amount."),
    ),
    make_plain_test(
        "钠|血钠|sodium", "2951-2 2947-0", gettext_lazy("A salt that tells of the body's water.")
    ),
    make_plain_test(
        "促甲状腺激素|tsh|thyrotropin",
        "3016-3 11580-8",
        gettext_lazy("Tells whether the thyroid works too much or too little."),
    ),
    make_plain_test(
        "脑钠肽|n末端脑钠肽前体|bnp|nt-probnp",
        "33762-6 30934-4",
        gettext_lazy("Rises when the heart has to work against too much pressure."),
    ),
    make_plain_test(
        "收缩压|systolicbloodpressure",
        "8480-6",
        gettext_lazy("The upper value of the blood pressure."),
    ),
    make_plain_test(
        "舒张压|diastolicbloodpressure",
        "8462-4",
        gettext_lazy("The lower value of the blood pressure."),
    ),
    make_plain_test(
        "体重指数|身体质量指数|bmi|bodymassindex",
        "39156-5 59574-4",
        gettext_lazy("Weight compared with height."),
    ),
)


def explain_level(flag: ResultFlag) -> str:
    """What the level means, "" where nobody has said anything."""
    return str(LEVEL_SENTENCES.get(flag, ""))


def squeeze_title(title: str) -> str:
    """A test's name without blanks, brackets, the blood it was measured in and the word for a
    measurement.
    """
    bare = re.sub(r"[（(【\[].*?[)）】\]]|\s", "", title).casefold()
    return re.sub(r"测定$|检测$", "", re.sub(r"^(血清|血浆|全血|静脉血)", "", bare))


def explain_test(title: str, codes: frozenset[str]) -> str:
    """What the test looks at; codes: LOINC codes of the result, which go before its name. "" for
    one that is not in the table.
    """
    name = squeeze_title(title)
    found = next((t for t in PLAIN_TESTS if (t.codes & codes if codes else name in t.names)), None)
    return str(found.sentence) if found else ""
