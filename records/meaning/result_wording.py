"""A result in the reader's language: its value, its unit, the word and sign of its level. For
pages, prints and summaries alike.
"""

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from records.meaning.observation_results import Result
from records.meaning.result_flags import ResultFlag
from records.meaning.result_values import ValueKind
from records.meaning.sense import Words

MARKS: dict[ResultFlag, tuple[str, Words]] = {  # sign, word
    ResultFlag.CRITICAL_HIGH: ("↑↑", gettext_lazy("critical high")),
    ResultFlag.CRITICAL_LOW: ("↓↓", gettext_lazy("critical low")),
    ResultFlag.CRITICAL: ("", gettext_lazy("critical value")),
    ResultFlag.HIGH: ("↑", gettext_lazy("high")),
    ResultFlag.LOW: ("↓", gettext_lazy("low")),
    ResultFlag.POSITIVE: ("", gettext_lazy("positive")),
    ResultFlag.ABNORMAL: ("", gettext_lazy("abnormal")),
    ResultFlag.UNCLEAR: ("", gettext_lazy("inconclusive")),
}

# a mark that is but a letter for a level which the page has a sign for, or which is normal; or the
# name that HL7 has for it, which a sender's software put there and no laboratory wrote
LETTERS = {
    "HH": ResultFlag.CRITICAL_HIGH,
    "LL": ResultFlag.CRITICAL_LOW,
    "H": ResultFlag.HIGH,
    "L": ResultFlag.LOW,
    "N": ResultFlag.NORMAL,
    "Critical high": ResultFlag.CRITICAL_HIGH,
    "Critical low": ResultFlag.CRITICAL_LOW,
    "High": ResultFlag.HIGH,
    "Low": ResultFlag.LOW,
    "Normal": ResultFlag.NORMAL,
    "Positive": ResultFlag.POSITIVE,
    "Negative": ResultFlag.NORMAL,
}


def value_words(result: Result) -> str:
    """As shown, without its unit; "—" where there is no value."""
    text = result.value.text
    match result.value.kind:
        case ValueKind.YES:
            return str(_("yes"))
        case ValueKind.NO:
            return str(_("no"))
        case ValueKind.CURVE:
            return str(_("a curve of %(n)s values") % {"n": text})
        case ValueKind.ABSENT:
            return str(_("no value: %(why)s") % {"why": text})
    return text or "—"


def unit_words(result: Result) -> str:
    return result.unit.shown(chinese=is_reader_chinese())


def flag_sign(result: Result) -> str:
    return MARKS.get(result.flag, ("", ""))[0]


def flag_words(result: Result) -> str:
    """What the level is called; "" where the value says just that."""
    word = str(MARKS.get(result.flag, ("", ""))[1])
    return "" if word and word in value_words(result) else word


def laboratory_words(result: Result) -> str:
    """What the laboratory has said of the level, unless the page's sign or word says just that."""
    repeats = LETTERS.get(result.said) is result.flag and not result.contradicts
    known = ("", flag_words(result), flag_sign(result))
    return "" if result.said in known or repeats else result.said


def result_words(result: Result) -> str:
    """Value, unit, level, the laboratory's own words: "6.8 mmol/L ↑↑ critical high"."""
    word, sign = flag_words(result), flag_sign(result)
    level, said = f"{sign} {word}".strip(), laboratory_words(result)
    return " ".join(filter(None, (value_words(result), unit_words(result), level, said)))


def is_reader_chinese() -> bool:
    return (get_language() or "zh").startswith("zh")
