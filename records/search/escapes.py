"""Values of search parameters as they are written: commas, dollars and bars separate, unless a
backslash stands before them; a backslash itself is written twice (FHIR R4 search.html#escaping).
The one place that takes such a text apart, and that writes one.
"""

import re
from collections.abc import Iterator

TOKEN = re.compile(r"\\([\\,|$])|([,|$])|([^\\,|$]+|\\)")
MEANING = re.compile(r"([\\,|$])")


class SearchValue(str):
    """One value, its backslashes undone. pieces: its parts between the bars that separate."""

    __slots__ = ("pieces",)
    pieces: tuple[str, ...]

    def __new__(cls, pieces: list[str]) -> "SearchValue":
        outer = [*pieces[:-1], pieces[-1].rstrip()]
        outer[0] = outer[0].lstrip()
        self = super().__new__(cls, "|".join(outer))
        self.pieces = tuple(outer)
        return self


def split_alternatives(text: str) -> list[SearchValue]:
    """The values between the commas; a dollar is a character as any other."""
    return [parts[0] for parts in scan_values(text, ",|")]


def parse_single(text: str) -> SearchValue:
    """The one value of a parameter that takes no alternatives."""
    return next(scan_values(text, "|"))[0]


def split_composites(text: str) -> list[list[SearchValue]]:
    """Of each value between the commas its parts between the dollars."""
    return list(scan_values(text, ",$|"))


def scan_values(text: str, separators: str) -> Iterator[list[SearchValue]]:
    """Of each value its parts. separators: those that separate here; the others are characters
    as any.
    """
    parts: list[SearchValue] = []
    pieces = [""]
    for m in TOKEN.finditer(text):
        undone, separator, plain = m.groups()
        if separator and separator not in separators:
            pieces[-1] += separator
        elif separator == "|":
            pieces.append("")
        elif separator:
            parts.append(SearchValue(pieces))
            pieces = [""]
            if separator == ",":
                yield parts
                parts = []
        else:
            pieces[-1] += undone or plain
    yield [*parts, SearchValue(pieces)]


def split_as_written(text: str) -> list[str]:
    """The parts between the commas and dollars that separate, backslashes and all, with these in
    between.
    """
    out = [""]
    for m in TOKEN.finditer(text):
        if m[2] in (",", "$"):
            out += [m[2], ""]
        else:
            out[-1] += m[0]
    return out


def escape_value(text: str) -> str:
    """The text as a value in which nothing separates."""
    return MEANING.sub(r"\\\1", text)
