"""FHIR data types in words: dates, periods, quantities, ranges, concepts, references, comments. What is sent is what is said."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from records.meaning.sense import Note
from records.meaning.times import say_period, shown_time
from records.meaning.units import unit_of
from records.meaning.values import decimal, join_bounds, quantity, text
from records.meaning.wording import chinese

Json = dict[str, Any]
TIME_UNITS = frozenset({"s", "min", "h", "d", "wk", "mo", "a"})


def join(parts: Iterable[str], by: str = " · ") -> str:
    return by.join(p for p in dict.fromkeys(parts) if p)


def list_words(parts: Iterable[str]) -> str:
    """As the reader's language lists things, each once."""
    return join(parts, str(_(", ")))


def chosen(node: Json, name: str) -> tuple[str, Any]:
    """(key, value) of a choice element such as onset[x], ("", None) where it is not there."""
    for key, value in node.items():
        if key == name or (key.startswith(name) and key[len(name):][:1].isupper()):
            return key, value
    return "", None


def say_amount(value: Any) -> str:
    """A Quantity, Age, Duration or Money: comparator, number and unit, a code where there is no number."""
    if not isinstance(value, dict):
        return ""
    number, unit, _number = quantity(value)
    if (found := unit_of(value)).odd:
        return f"{number} {found.shown(chinese=chinese())}".strip()
    unit = unit_word(value) if value.get("code") in TIME_UNITS and "unit" not in value else unit or str(value.get("currency") or "")
    return f"{number} {unit}".strip()


def unit_word(value: Json) -> str:
    """A UCUM unit of time without a printed unit, as a word."""
    words = {"s": _("seconds"), "min": _("minutes"), "h": _("hours"), "d": _("days"), "wk": _("weeks"), "mo": _("months"), "a": _("years")}
    return str(words[str(value["code"])])


def extent(value: Any) -> str:
    """A Range: both ends with their units, once where they share one."""
    low, high = value.get("low"), value.get("high")
    a, b = say_amount(low), say_amount(high)
    if a and b and quantity(low)[1] == quantity(high)[1] and not (unit_of(low).odd or unit_of(high).odd):
        return f"{quantity(low)[0]}–{b}"
    return join_bounds(a, b)


def proportion(value: Any) -> str:
    """A Ratio; a denominator of one is said as "per"."""
    top, bottom = say_amount(value.get("numerator")), value.get("denominator") or {}
    if "value" in bottom and not unit_of(bottom).odd and decimal(bottom["value"]) == "1" and (bottom.get("unit") or bottom.get("code")):
        return f"{top}/{bottom.get('unit') or bottom.get('code')}"
    return f"{top} / {say_amount(bottom)}" if bottom else top


def reference(value: Any, contained: Iterable[Json] = ()) -> str:
    """What a Reference names: its words, else those of the contained resource, else its address."""
    if value.get("display"):
        return str(value["display"])
    target = str(value.get("reference") or "")
    for inner in contained:
        if target == f"#{inner.get('id')}":
            return name(inner)
    return target.removeprefix("#") or str((value.get("identifier") or {}).get("value") or "")


def name(resource: Json) -> str:
    """What a contained resource is called."""
    for key in ("code", "type", "name", "deviceName", "description", "id"):
        value = resource.get(key)
        if isinstance(value, list) and value and isinstance(value[0], dict) and "coding" not in value[0]:
            value = value[0].get("text") or value[0].get("name") or value[0].get("family")
        if said := value if isinstance(value, str) else text(value):
            return str(said)
    return ""


def say(value: Any, key: str = "", contained: Iterable[Json] = ()) -> str:
    """Any value in words, by its shape; key: the element's name, which tells dates from other texts."""
    if isinstance(value, list):
        return list_words(say(v, key, contained) for v in value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, int | float):
        return decimal(value)
    if isinstance(value, str):
        return shown_time(value) if key.endswith(("DateTime", "Date", "Instant", "Occurrence", "date", "time")) else value
    if not isinstance(value, dict):
        return ""
    if "low" in value or "high" in value:
        return extent(value)
    if "numerator" in value:
        return proportion(value)
    if "start" in value or "end" in value:
        return say_period(value)
    if "value" in value or "comparator" in value:
        return say_amount(value)
    if "coding" in value or "text" in value or "code" in value or "system" in value:
        return text(value)
    if "concept" in value:
        return text(value["concept"])
    return reference(value, contained)


def note(value: Json) -> Note:
    """An Annotation: its text, who wrote it and when."""
    who = str(value.get("authorString") or "") or reference(value.get("authorReference") or {})
    return Note(str(value.get("text") or ""), join((who, shown_time(value.get("time") or "")), " "))


def notes(*nodes: Any) -> tuple[Note, ...]:
    """The comments of elements that may repeat."""
    return tuple(dict.fromkeys(note(n) for many in nodes for n in (many if isinstance(many, list) else [many]) if isinstance(n, dict) and n.get("text")))
