"""Read the grades of a semi-quantitative result: negative, ±, 1+ to 4+, positive."""

from records.meaning.flag_words import AMOUNT_BEHIND, PLUS_MINUS, strip_mark

GRADES: dict[str, str] = {
    word: grade
    for grade, words in {
        "negative": (
            "阴性 阴 - -- 未检出 无反应 无反应性 非反应性 neg negative notdetected nonreactive"
            " 阴性(- -(阴性 (-"
        ),
        "unclear": f"{' '.join(PLUS_MINUS)} 可疑 可疑阳性 弱阳性可疑 (±",
        "weak": "弱阳性 弱阳 weakpositive weaklypositive 弱阳性(±",
        "1": "+ 1+ +1 阳性(+ 阳性(1+ (+",
        "2": "++ 2+ +2 阳性(++ 阳性(2+",
        "3": "+++ 3+ +3 阳性(+++ 阳性(3+",
        "4": "++++ 4+ +4 阳性(++++ 阳性(4+",
        "positive": "阳性 阳 pos positive 检出 有反应 有反应性 反应性 detected reactive",
        "strong": "强阳性 强阳",
    }.items()
    for word in words.split()
}

BETWEEN_GRADES = ["negative", "unclear", "1", "2", "3", "4"]


def parse_grade(text: str) -> str:
    """Which grade of a quality a word is: negative, unclear, weak, 1 to 4, positive, strong; ""
    for any other text.
    """
    said = strip_mark(text)
    if m := AMOUNT_BEHIND.fullmatch(said):
        said = m["head"]
    return GRADES.get(said, "")


def parse_grades(text: str) -> frozenset[str]:
    """The grades that a text accepts, where it names several: "阴性/弱阳性", "- ~ ±", "阴性或±";
    empty for any other.
    """
    said = strip_mark(text)
    if said in GRADES:
        return frozenset()
    for by in ("/", "或", "、", "~", "至", "到", "|", "-"):
        parts = [parse_grade(p) for p in said.split(by)]
        if by == "-" and said.startswith("-"):
            parts = (
                [parse_grade("-"), *map(parse_grade, said.strip("-").split("-"))]
                if said.strip("-")
                else []
            )
        if len(parts) > 1 and all(parts):
            if by in ("~", "至", "到", "-") and all(p in BETWEEN_GRADES for p in parts):
                at = sorted(map(BETWEEN_GRADES.index, parts))
                return frozenset(BETWEEN_GRADES[at[0] : at[-1] + 1]) | (
                    {"weak"} if at[-1] > 0 else frozenset()
                )
            more = {"unclear"} if by in ("~", "至", "到", "-") and "negative" in parts else set()
            return frozenset({*parts, *more})
    return frozenset()
