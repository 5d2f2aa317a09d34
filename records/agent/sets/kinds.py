"""The kinds of columns: how a cell of each is read, and how its value is said again."""

from __future__ import annotations

from typing import Any, Callable

from ..values import codes
from ..values.blanks import fold, is_not_said, is_nothing, tidy
from ..values.dates import parse_moment, shown_moment
from ..values.identity_number import parse_identity_number
from ..values.invalid_value import InvalidValue
from ..values.numbers import parse_decimal, parse_record_number
from ..values.phones import parse_phones
from ..values.value_rules import NUMBER, TOO_LONG
from .column_set import Site

Read = Callable[[str, Site], Any]  # None, "" or an empty list: nothing is told
Say = Callable[[Any, Site], str]
MOST, MOST_LONG, MOST_RECORD = 2_000, 100_000, 120


def within(text: str, most: int) -> str:
    if len(text) > most:
        raise InvalidValue(TOO_LONG, length=len(text), most=most)
    return text


def read_text(text: str, site: Site) -> str:
    return "" if is_nothing(text) else within(text, MOST)


def read_long(text: str, site: Site) -> str:
    return "" if is_nothing(text) else within(text.replace("\r\n", "\n"), MOST_LONG)


def read_words(text: str, site: Site) -> str:
    """Where 无 or a dash is the answer."""
    nothing = is_nothing(text) and text.strip("-—－")
    return "" if nothing else within(text, MOST)


def read_name(text: str, site: Site) -> str:
    """Chinese names without the blanks that fill a column: 王　芳."""
    if is_not_said(text):
        return ""
    bare = "".join(text.split())
    return within(text if bare.isascii() else bare, 200)


def read_record(text: str, site: Site) -> str:
    return within(parse_record_number(text), MOST_RECORD)


def read_moment(text: str, site: Site) -> str:
    return parse_moment(text, site.zone)


def read_date(text: str, site: Site) -> str:
    return parse_moment(text, site.zone)[:10]


def read_short_code(text: str, site: Site) -> str:
    return "" if is_not_said(text) else within("".join(fold(text).split()), 100)


def read_integer(text: str, site: Site) -> int | None:
    number = parse_decimal(text.strip("第针剂次天日岁付帖贴"))
    if number is None:
        return None
    if number != int(number) or not 0 <= number < 2**31:
        raise InvalidValue(NUMBER)
    return int(number)


def read_order_kind(text: str, site: Site) -> str:
    """As written, but for blanks and width."""
    return "" if is_not_said(text) else within("".join(fold(text).split()), 100)


def by_table(table: codes.Table, strict: bool = True) -> tuple[Read, Say]:
    made = codes.CodeTable(table, strict)
    return (lambda text, site: made.parse(text)), (lambda value, site: made.shown[value])


def say_plain(value: Any, site: Site) -> str:
    return str(value)


KINDS: dict[str, tuple[Read, Say]] = {
    "text": (read_text, say_plain),
    "long": (read_long, say_plain),
    "words": (read_words, say_plain),
    "name": (read_name, say_plain),
    "record": (read_record, say_plain),
    "code": (read_short_code, say_plain),
    "moment": (read_moment, lambda value, site: shown_moment(value, site.zone)),
    "date": (read_date, say_plain),
    "decimal": (lambda text, site: parse_decimal(text), say_plain),
    "order-kind": (read_order_kind, say_plain),
    "integer": (read_integer, say_plain),
    "identity": (lambda text, site: parse_identity_number(text), say_plain),
    "phones": (lambda text, site: parse_phones(text), lambda value, site: "/".join(value)),
    "yes": by_table(codes.YES),
    "gender": by_table(codes.GENDERS),
    "class": by_table(codes.VISIT_CLASSES),
    "certainty": by_table(codes.CERTAINTIES),
    "course": by_table(codes.COURSES, strict=False),
    "rank": by_table(codes.RANKS, strict=False),
    "order-term": by_table(codes.ORDER_TERMS, strict=False),
    "urgency": by_table(codes.URGENCIES, strict=False),
    "order-state": by_table(codes.ORDER_STATES),
    "report-state": by_table(codes.REPORT_STATES),
    "allergy-kind": by_table(codes.ALLERGY_KINDS, strict=False),
    "severity": by_table(codes.SEVERITIES, strict=False),
    "certain": by_table(codes.CERTAIN),
    "vaccination-state": by_table(codes.VACCINATION_STATES),
}


def read_cell(kind: str, text: str, site: Site) -> Any:
    """The value of a cell, None where nothing is told. Raises InvalidValue."""
    text = tidy(text)
    if not text:
        return None
    found = KINDS[kind][0](text, site)
    return None if found == "" or found == [] else found


def say_cell(kind: str, value: Any, site: Site) -> str:
    return KINDS[kind][1](value, site)
