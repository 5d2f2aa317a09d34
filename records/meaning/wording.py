"""A result in the reader's language: its value, its unit, the word and sign of its level. For pages, prints and summaries alike."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from records.meaning.marks import Flag
from records.meaning.results import Kind, Result
from records.meaning.sense import Words

MARKS: dict[Flag, tuple[str, Words]] = {  # sign, word
    Flag.CRITICAL_HIGH: ("↑↑", lazy("critical high")), Flag.CRITICAL_LOW: ("↓↓", lazy("critical low")), Flag.CRITICAL: ("", lazy("critical value")), Flag.HIGH: ("↑", lazy("high")),
    Flag.LOW: ("↓", lazy("low")), Flag.POSITIVE: ("", lazy("positive")), Flag.ABNORMAL: ("", lazy("abnormal")), Flag.UNCLEAR: ("", lazy("inconclusive")),
}


def value_words(result: Result) -> str:
    """As shown, without its unit; "—" where there is no value."""
    text = result.value.text
    match result.value.kind:
        case Kind.YES:
            return str(_("yes"))
        case Kind.NO:
            return str(_("no"))
        case Kind.CURVE:
            return str(_("a curve of %(n)s values") % {"n": text})
        case Kind.ABSENT:
            return str(_("no value: %(why)s") % {"why": text})
    return text or "—"


def unit_words(result: Result) -> str:
    return result.unit.shown(chinese=chinese())


def flag_sign(result: Result) -> str:
    return MARKS.get(result.flag, ("", ""))[0]


def flag_words(result: Result) -> str:
    """What the level is called; "" where the value says just that."""
    word = str(MARKS.get(result.flag, ("", ""))[1])
    return "" if word and word in value_words(result) else word


def result_words(result: Result) -> str:
    """Value, unit, level, the laboratory's own words: "6.8 mmol/L ↑↑ critical high"."""
    word, sign = flag_words(result), flag_sign(result)
    said = "" if result.said in ("", word, sign) else result.said
    return " ".join(filter(None, (value_words(result), unit_words(result), f"{sign} {word}".strip(), said)))


def chinese() -> bool:
    return (get_language() or "zh").startswith("zh")
