"""FHIR data types in words: dates, periods, quantities, ranges, concepts, references, comments.
What is sent is what is said.
"""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from records.meaning.result_units import unit_of_quantity
from records.meaning.result_wording import is_reader_chinese
from records.meaning.sense import ReadingNote
from records.meaning.times import say_period, shown_time
from records.meaning.value_text import concept_text, format_decimal, join_bounds, split_quantity

Json = dict[str, Any]
TIME_UNITS = frozenset({"s", "min", "h", "d", "wk", "mo", "a"})


def join_distinct(parts: Iterable[str], by: str = " · ") -> str:
    return by.join(p for p in dict.fromkeys(parts) if p)


def list_words(parts: Iterable[str]) -> str:
    """As the reader's language lists things, each once."""
    return join_distinct(parts, str(_(", ")))


def choice_element(node: Json, name: str) -> tuple[str, Any]:
    """(key, value) of a choice element such as onset[x], ("", None) where it is not there."""
    for key, value in node.items():
        if key == name or (key.startswith(name) and key[len(name) :][:1].isupper()):
            return key, value
    return "", None


def say_amount(value: Any) -> str:
    """A Quantity, Age, Duration or Money: comparator, number and unit, a code where there is no
    number.
    """
    if not isinstance(value, dict):
        return ""
    number, unit, _number = split_quantity(value)
    if (found := unit_of_quantity(value)).odd:
        return f"{number} {found.shown(chinese=is_reader_chinese())}".strip()
    unit = (
        unit_word(value)
        if value.get("code") in TIME_UNITS and "unit" not in value
        else unit or str(value.get("currency") or "")
    )
    return f"{number} {unit}".strip()


def unit_word(value: Json) -> str:
    """A UCUM unit of time without a printed unit, as a word."""
    words = {
        "s": _("seconds"),
        "min": _("minutes"),
        "h": _("hours"),
        "d": _("days"),
        "wk": _("weeks"),
        "mo": _("months"),
        "a": _("years"),
    }
    return str(words[str(value["code"])])


def say_range(value: Any) -> str:
    """A Range: both ends with their units, once where they share one."""
    low, high = value.get("low"), value.get("high")
    a, b = say_amount(low), say_amount(high)
    if (
        a
        and b
        and split_quantity(low)[1] == split_quantity(high)[1]
        and not (unit_of_quantity(low).odd or unit_of_quantity(high).odd)
    ):
        return f"{split_quantity(low)[0]}–{b}"
    return join_bounds(a, b)


def say_ratio(value: Any) -> str:
    """A Ratio; a denominator of one is said as "per"."""
    top, bottom = say_amount(value.get("numerator")), value.get("denominator") or {}
    if (
        "value" in bottom
        and not unit_of_quantity(bottom).odd
        and format_decimal(bottom["value"]) == "1"
        and (bottom.get("unit") or bottom.get("code"))
    ):
        return f"{top}/{bottom.get('unit') or bottom.get('code')}"
    return f"{top} / {say_amount(bottom)}" if bottom else top


def say_reference(value: Any, contained: Iterable[Json] = ()) -> str:
    """What a Reference names: its words, else those of the contained resource, else its address."""
    if value.get("display"):
        return str(value["display"])
    target = str(value.get("reference") or "")
    for inner in contained:
        if target == f"#{inner.get('id')}":
            return resource_name(inner)
    return target.removeprefix("#") or str((value.get("identifier") or {}).get("value") or "")


def resource_name(resource: Json) -> str:
    """What a contained resource is called."""
    for key in ("code", "type", "name", "deviceName", "description", "id"):
        value = resource.get(key)
        if (
            isinstance(value, list)
            and value
            and isinstance(value[0], dict)
            and "coding" not in value[0]
        ):
            value = value[0].get("text") or value[0].get("name") or value[0].get("family")
        if said := value if isinstance(value, str) else concept_text(value):
            return str(said)
    return ""


def say_value(value: Any, key: str = "", contained: Iterable[Json] = ()) -> str:
    """Any value in words, by its shape; key: the element's name, which tells dates from other
    texts.
    """
    if isinstance(value, list):
        return list_words(say_value(v, key, contained) for v in value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, int | float):
        return format_decimal(value)
    if isinstance(value, str):
        return (
            shown_time(value)
            if key.endswith(("DateTime", "Date", "Instant", "Occurrence", "date", "time"))
            else value
        )
    if not isinstance(value, dict):
        return ""
    if "low" in value or "high" in value:
        return say_range(value)
    if "numerator" in value:
        return say_ratio(value)
    if "start" in value or "end" in value:
        return say_period(value)
    if "value" in value or "comparator" in value:
        return say_amount(value)
    if "coding" in value or "text" in value or "code" in value or "system" in value:
        return concept_text(value)
    if "concept" in value:
        return concept_text(value["concept"])
    return say_reference(value, contained)


def read_annotation(value: Json) -> ReadingNote:
    """An Annotation: its text, who wrote it and when."""
    who = str(value.get("authorString") or "") or say_reference(value.get("authorReference") or {})
    return ReadingNote(
        str(value.get("text") or ""), join_distinct((who, shown_time(value.get("time") or "")), " ")
    )


def read_annotations(*nodes: Any) -> tuple[ReadingNote, ...]:
    """The comments of elements that may repeat."""
    return tuple(
        dict.fromkeys(
            read_annotation(n)
            for many in nodes
            for n in (many if isinstance(many, list) else [many])
            if isinstance(n, dict) and n.get("text")
        )
    )
