"""What somebody may mean who types one line to find a patient: a name, a number, the last four
characters of a citizen number, a phone, a birth date, a family name alone, or a name with one of
these beside it. Pure.
"""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field

from records.mpi.matching.rules import name_keys
from records.mpi.matching.rules.invisible_characters import strip_invisible
from records.mpi.matching.rules.name_forms import DASHES, fold_name, is_chinese
from records.mpi.matching.rules.name_keys import NameQuery
from records.mpi.matching.rules.phone import AREA, MOBILE, normalize_phone

OLDEST_YEAR = 1880
LAST_FOUR = re.compile(r"\d{3}[\dX]")
PHONE = re.compile(r"\+?[\d\s()-]{7,24}")
BORN = re.compile(r"(?:出?生(?:于|日)?)?[:\s]*(.*?)\s*(?:出?生)?")  # words about a date
# year, month and day where they are said, in the order of Chinese dates (GB/T 7408)
DATES = (
    re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?"),
    re.compile(r"(\d{2})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?"),
    re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月"),
    re.compile(r"(\d{2})\s*年\s*(\d{1,2})\s*月"),
    re.compile(r"(\d{4}|\d{2})\s*年"),
    re.compile(r"(\d{4})[-./\s](\d{1,2})[-./\s](\d{1,2})"),
    re.compile(r"(\d{2})[-./](\d{1,2})[-./](\d{1,2})"),
    re.compile(r"(\d{4})[-./](\d{1,2})"),
)
COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
COMPACT_MONTH = re.compile(r"(\d{4})(\d{2})")  # beside a name; alone it is a number
NAME_FIRST = re.compile(r"(?P<name>[^\d]*[^\d\s])(?P<gap>\s*)(?P<beside>\d.*)")
NAME_LAST = re.compile(r"(?P<beside>\d\S*)(?P<gap>\s*)(?P<name>[^\d\s][^\d]*)")


@dataclass(frozen=True, slots=True)
class BirthRange:
    """Birth dates from the first to the last, as ISO text; the first may be a month or year."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class NarrowedName:
    """A name, maybe not to its end, with what was typed beside it; either may fit."""

    beginnings: tuple[str, ...]
    births: tuple[BirthRange, ...] = ()
    last_four: str = ""


@dataclass(frozen=True, slots=True)
class TypedSearch:
    """All that a line may mean. number: as an exact number it is asked of all hospitals, as the
    names are; what stands in the other fields is asked of the own hospital's patients alone.
    own_number: a number too short to be asked of others; family: one character.
    """

    names: NameQuery = field(default_factory=NameQuery)
    number: str = ""
    own_number: str = ""
    last_four: str = ""
    phone: str = ""
    births: tuple[BirthRange, ...] = ()
    family: str = ""
    narrowed: NarrowedName | None = None

    @property
    def asks_all_hospitals(self) -> bool:
        return bool(self.number or self.names.whole)

    @property
    def means_nothing(self) -> bool:
        return self == TypedSearch()


def parse_exact_search(text: str) -> TypedSearch:
    """As a name and as a number, which is how systems ask."""
    text = strip_invisible(text).strip()
    if len(text) < 2:
        return TypedSearch()
    return TypedSearch(names=name_keys.parse_name_query(text), number=text)


def parse_typed_search(text: str, today: dt.date) -> TypedSearch:
    """As people type it."""
    text = strip_invisible(text).strip()
    folded = fold_typed_text(text)
    if len(folded) == 1:
        return TypedSearch(family=fold_name(text)) if is_chinese(folded) else TypedSearch()
    if LAST_FOUR.fullmatch(folded):
        return TypedSearch(own_number=folded, last_four=folded)
    births = parse_birth_ranges(folded, today)
    if births and not folded.isdecimal():
        return TypedSearch(own_number=text, births=births)
    phone = parse_phone(folded)
    if is_surely_phone(phone) and not folded.isdecimal():
        return TypedSearch(own_number=text, phone=phone)
    exact = parse_exact_search(text)
    return TypedSearch(
        names=exact.names,
        number=exact.number,
        phone=phone,
        births=births,
        narrowed=parse_narrowed_name(folded, today),
    )


def fold_typed_text(text: str) -> str:
    """Compatibility-folded capitals, with one kind of dash."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return " ".join(folded.translate(str.maketrans(DASHES, "-" * len(DASHES))).split())


def parse_phone(folded: str) -> str:
    """The phone as the index keeps it; "" where it can be none."""
    return normalize_phone(folded) if PHONE.fullmatch(folded) else ""


def is_surely_phone(phone: str) -> bool:
    return bool(MOBILE.match(phone) or AREA.match(phone))


def parse_narrowed_name(folded: str, today: dt.date) -> NarrowedName | None:
    """A name and what stands before or behind it; of a name in letters apart from it."""
    found = NAME_FIRST.fullmatch(folded) or NAME_LAST.fullmatch(folded)
    if found is None or not (found["gap"] or is_chinese(found["name"])):
        return None
    name, beside = found["name"].strip(), found["beside"].strip()
    births = parse_birth_ranges(beside, today, beside_name=True)
    last_four = beside if LAST_FOUR.fullmatch(beside) else ""
    beginnings = name_keys.parse_name_query(name).beginnings
    return NarrowedName(beginnings, births, last_four) if births or last_four else None


def parse_birth_ranges(
    folded: str, today: dt.date, *, beside_name: bool = False
) -> tuple[BirthRange, ...]:
    """The day, month or year that is said; of a year in two digits those of both centuries that
    can be. beside_name: four and six digits are a year and a month, too.
    """
    said = BORN.fullmatch(folded)
    text = said[1] if said else folded
    shapes: tuple[re.Pattern[str], ...] = (*DATES, COMPACT_DATE)
    if beside_name:
        shapes = (*shapes, COMPACT_MONTH, re.compile(r"(\d{4})"))
    found = next((m for shape in shapes if (m := shape.fullmatch(text))), None)
    if found is None:
        return ()
    year, *rest = found.groups()
    years = [int(year)] if len(year) == 4 else [2000 + int(year), 1900 + int(year)]
    ranges = (birth_range(y, [int(n) for n in rest], today) for y in years)
    return tuple(r for r in ranges if r is not None)


def birth_range(year: int, month_and_day: list[int], today: dt.date) -> BirthRange | None:
    """None for a date that no calendar has, or that nobody alive today was born on."""
    try:
        first = dt.date(year, *(month_and_day + [1, 1])[:2])
    except ValueError:
        return None
    if not dt.date(OLDEST_YEAR, 1, 1) <= first <= today:
        return None
    match len(month_and_day):
        case 0:
            return BirthRange(f"{year:04}", f"{year:04}-12-31")
        case 1:
            return BirthRange(f"{year:04}-{first.month:02}", f"{year:04}-{first.month:02}-31")
    return BirthRange(first.isoformat(), first.isoformat())
