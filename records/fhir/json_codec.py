"""JSON in and out without loss: a decimal keeps every digit that was sent (FHIR R4
json.html#primitive).
"""

import json
from typing import Any

import orjson

from records.fhir.issues import Issue, TooLarge
from records.fhir.limits import JSON_VALUES


class ExactNumber(float):
    """A decimal that remembers how it was written: 1.50 stays 1.50."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "ExactNumber":
        self = super().__new__(cls, text)
        self.text = text
        return self


LONGEST = 100  # characters of a number; FHIR asks for 18 digits at least
INTEGER = 18  # digits that fit into 64 bits for sure


class InvalidJson(ValueError):
    """Not JSON; the message names line and column."""


def parse_number(text: str) -> ExactNumber:
    """Parse a number, and keep all its digits. Raises InvalidJson for what no other system could
    read: too long, or beyond a double.
    """
    if len(text) > LONGEST:
        raise InvalidJson(f"a number of {len(text)} characters is too long: {text[:20]}…")
    value = ExactNumber(text)
    if value in (float("inf"), float("-inf")):
        raise InvalidJson(f"the number {text} is out of range")
    return value


def parse_integer(text: str) -> int | ExactNumber:
    return int(text) if len(text) <= INTEGER else parse_number(text)


def refuse_constant(name: str) -> None:
    raise InvalidJson(f"{name} is not a JSON number")


def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        raise InvalidJson(f"the key {twice!r} stands twice in one object")
    return out


def parse_json(data: bytes) -> Any:
    """Raises InvalidJson for malformed text, NaN, duplicate keys, and text that is not UTF-8;
    TooLarge for more values than may be looked at.
    """
    if (
        len(data) > JSON_VALUES
        and data.count(b",") + data.count(b"[") + data.count(b"{") > JSON_VALUES
    ):
        raise TooLarge(
            Issue(
                "too-costly",
                f"The body holds more than {JSON_VALUES} JSON values: send it in parts.",
            )
        )
    try:
        return json.loads(
            data.decode("utf-8-sig"),
            parse_float=parse_number,
            parse_int=parse_integer,
            parse_constant=refuse_constant,
            object_pairs_hook=refuse_duplicates,
        )
    except UnicodeDecodeError as error:
        raise InvalidJson(f"not UTF-8 at byte {error.start}: FHIR JSON is UTF-8") from error
    except json.JSONDecodeError as error:
        raise InvalidJson(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise InvalidJson("nested too deeply") from error


def encode_number(value: Any) -> Any:
    if isinstance(value, ExactNumber):
        return orjson.Fragment(value.text)
    raise TypeError(type(value).__name__)


def indent_json(data: bytes) -> bytes:
    """The same, for human eyes."""
    return orjson.dumps(parse_json(data), default=encode_number, option=orjson.OPT_INDENT_2)


def dump_json(value: Any) -> bytes:
    """The canonical bytes: keys in the order that they were sent, no spaces, UTF-8."""
    return orjson.dumps(value, default=encode_number)
