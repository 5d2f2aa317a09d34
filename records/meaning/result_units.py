"""The units of results: as sent and as UCUM codes, compared and converted where units alone allow
it (UCUM 2.2; WS/T 780). Stored data keep what was sent.
"""

import re
from dataclasses import dataclass
from typing import Any

from alliance.platform.remembering import remember_short
from records.meaning.unit_display import READ, shown_unit
from records.meaning.written_units import ANNOTATION, tidy_unit, ucum_from_text
from records.search.base_units import SYSTEM, find_base_unit


@dataclass(frozen=True, slots=True)
class Unit:
    """code: in UCUM where it is known, else what was written; sent: what was written; odd: unit
    and code say different things, so that it is compared with nothing.
    """

    code: str = ""
    sent: str = ""
    odd: bool = False

    def shown(self, chinese: bool = True) -> str:
        if self.odd:
            return (
                f"{self.sent}［编码：{self.code}］"
                if chinese
                else f"{self.sent} [coded: {self.code}]"
            )
        return (
            self.sent
            if self.sent
            and self.code == tidy_unit(self.sent)
            and not find_base_unit(SYSTEM, self.code)
            and self.code not in READ
            else shown_unit(self.code, chinese)
        )


NONE = Unit()


def unit_of_quantity(quantity: Any) -> Unit:
    """Of a Quantity: its UCUM code, else what its unit says."""
    if not isinstance(quantity, dict):
        return NONE
    written, coded = str(quantity.get("unit") or ""), str(quantity.get("code") or "")
    if coded and quantity.get("system") not in (SYSTEM, None):
        return unit_from_text(written or coded)
    if not coded:
        return unit_from_text(written)
    exact = ucum_from_text(coded) or coded
    return (
        Unit(exact, written or coded)
        if not written or is_same_unit(written, coded)
        else Unit(coded, written, odd=True)
    )


WORDLESS = frozenset({"1", "{score}", "{ratio}", "{INR}", "[pH]"})

UNITS_OF_EFFECT = frozenset(
    {"u", "iu", "单位", "国际单位"}
)  # of a medicine: U and IU are written for one another

EFFECT_CODES = frozenset({"U", "[IU]", "[iU]", "[USP'U]"})


@remember_short
def is_same_unit(written: str, coded: str) -> bool:
    """Whether a printed unit and a code say the same. A word that is not known agrees with a
    code that only counts ("片" with 1 or {tablet}), and with one that measures nothing that is
    known.
    """
    exact, said, plain = (
        ucum_from_text(coded) or coded,
        ucum_from_text(written),
        tidy_unit(written).casefold(),
    )
    if plain in (
        tidy_unit(coded).casefold(),
        tidy_unit(shown_unit(exact, False)).casefold(),
        tidy_unit(shown_unit(exact)).casefold(),
    ):
        return True
    if plain in UNITS_OF_EFFECT and coded in EFFECT_CODES:
        return True
    if plain == "分" and exact == "min":
        return True
    counts = exact in WORDLESS or not ANNOTATION.sub("", exact).strip("1/.")
    if not said:
        return (
            counts
            or "{" in exact
            or not (find_base_unit(SYSTEM, coded) or find_base_unit(SYSTEM, exact))
        )
    if said in WORDLESS:
        return counts
    return said == ANNOTATION.sub("", exact) or conversion_factor(said, exact) == (1.0, 0.0)


def unit_from_text(written: str) -> Unit:
    return Unit(ucum_from_text(written) or tidy_unit(written), written) if written.strip() else NONE


@remember_short
def unit_dimension(code: str) -> str:
    """What a unit measures, as far as units alone tell: two units of one dimension are converted
    exactly. "" for what is compared with itself only: units without a row, without a dimension (%),
    of equivalents or osmoles (whose amount hangs on the ion), and with another annotation.
    """
    if re.search(r"eq|osm", code):
        return ""
    by = find_base_unit(SYSTEM, code)
    return f"{by[2]}{''.join(sorted(ANNOTATION.findall(code)))}" if by and by[2] else ""


@remember_short
def conversion_factor(sent: str, wanted: str) -> tuple[float, float] | None:
    """(a, b): a value in the unit sent times a plus b is in the unit wanted. None where that is
    not exact by the units alone: never from molar to mass.
    """
    if sent == wanted:
        return 1.0, 0.0
    if not unit_dimension(sent) or unit_dimension(sent) != unit_dimension(wanted):
        return None
    one, two = find_base_unit(SYSTEM, sent), find_base_unit(SYSTEM, wanted)
    if one is None or two is None:
        return None
    return float(f"{one[0] / two[0]:.9g}"), float(f"{(one[1] - two[1]) / two[0]:.9g}")


def convert_value(value: float, sent: str, wanted: str) -> float | None:
    """A number in another unit, rounded to nine digits that count; None where it cannot be said
    exactly.
    """
    by = conversion_factor(sent, wanted)
    return (
        None if by is None else value if by == (1.0, 0.0) else float(f"{value * by[0] + by[1]:.9g}")
    )
