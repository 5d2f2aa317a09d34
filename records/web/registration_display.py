"""Registrations as curators see them: their own hospital's in clear, another's masked to what
comparing needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from re import search

from alliance.auth.principal import Principal
from records.models import SourcePatient
from records.mpi.index.number_correction import read_demographics
from records.mpi.matching.comparison_levels import ComparisonLevels
from records.mpi.matching.profile import Demographics
from records.mpi.matching.rules import name_forms
from records.web.banner import mask_number

DIFFERING_LEVELS = frozenset(
    {
        "differ",
        "is_parent",
        "borrowed_differ",
        "no_word",
        "other_pinyin",
        "other_parents",
        "marked",
        "generation",
    }
)
COMPARABLE_FIELDS = (
    "number",
    "papers",
    "insurance",
    "phone",
    "address",
    "guardian",
    "guardian_number",
    "order",
)
DISPLAY_FIELDS = (
    "name",
    "sex",
    "birth",
    "number",
    "paper",
    "insurance",
    "phone",
    "address",
    "parents",
    "order",
)


@dataclass(frozen=True, slots=True)
class ComparisonLine:
    """One field of two registrations and how far they agree; kind: "same", "near", "differ" or
    "" where one says nothing.
    """

    field: str
    one: str
    two: str
    level: str
    kind: str


def mask_middle(text: str, keep: int) -> str:
    """The last `keep` characters hidden by stars but for two."""
    return (
        text[:keep] + "*" * max(0, len(text) - keep - 2) + text[-2:]
        if len(text) > keep + 2
        else text
    )


def mask_demographics(words: Demographics) -> Demographics:
    """Enough to compare with one's own papers and to ask on the phone, not enough to copy."""
    house = search(r"\d", words.address)
    return replace(
        words,
        number=mask_number(words.number),
        papers=tuple(
            f"{k}:{mask_middle(v, 2)}" for k, _, v in (p.partition(":") for p in words.papers)
        ),
        insurance=mask_middle(words.insurance, 2),
        phone=mask_middle(words.phone, 3),
        address=words.address[: house.start()] + "***" if house else words.address,
        guardian=name_forms.mask_name(words.guardian) if words.guardian else "",
        guardian_number=mask_number(words.guardian_number),
    )


def visible_demographics(source: SourcePatient, acting: Principal) -> Demographics:
    """Of a registration as this curator may read it."""
    if source.words is None:
        return Demographics(name=source.name, gender=source.gender, birth=source.birth_date)
    words = read_demographics(bytes(source.words), source.pk, source.correction)
    return words if source.hospital_id == acting.hospital_id else mask_demographics(words)


def keep_comparable(words: Demographics, own: Sequence[Demographics]) -> Demographics:
    """Of another hospital's patient no more than there is to compare with: what the curator's
    own registrations say nothing of stays out, but for sex and year.
    """
    said = {f for o in own for f in COMPARABLE_FIELDS if getattr(o, f)}
    out = replace(
        words, **{f: type(getattr(words, f))() for f in COMPARABLE_FIELDS if f not in said}
    )
    return out if any(o.birth for o in own) else replace(out, birth=words.birth[:4])


def visible_pair(
    one: SourcePatient, two: SourcePatient, acting: Principal
) -> tuple[Demographics, Demographics]:
    """Two registrations as this curator may read them beside each other."""
    a, b = visible_demographics(one, acting), visible_demographics(two, acting)
    if (one.hospital_id == acting.hospital_id) == (two.hospital_id == acting.hospital_id):
        return a, b
    return (
        (a, keep_comparable(b, [a]))
        if one.hospital_id == acting.hospital_id
        else (keep_comparable(a, [b]), b)
    )


def display_values(words: Demographics) -> dict[str, str]:
    return {
        "name": words.name,
        "sex": words.gender,
        "birth": words.birth,
        "number": words.number,
        "paper": "、".join(p.partition(":")[2] for p in words.papers),
        "insurance": words.insurance,
        "phone": words.phone,
        "address": words.address,
        "parents": words.guardian,
        "order": str(words.order or ""),
    }


def build_comparison_lines(
    one: Demographics, two: Demographics, levels: ComparisonLevels
) -> list[ComparisonLine]:
    """Side by side, without the fields of which neither says anything."""
    a, b = display_values(one), display_values(two)
    said = levels._asdict()
    return [
        ComparisonLine(f, a[f], b[f], said[f], agreement_kind(said[f]))
        for f in DISPLAY_FIELDS
        if a[f] or b[f] or said[f]
    ]


def agreement_kind(level: str) -> str:
    if not level:
        return ""
    return "same" if level == "same" else "differ" if level in DIFFERING_LEVELS else "near"
