"""Registrations as curators see them: their own hospital's in clear, another's masked to what comparing needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from re import search

from alliance.auth.principal import Principal
from records.models import SourcePatient
from records.mpi.correction import read
from records.mpi.levels import Levels
from records.mpi.profile import Words
from records.mpi.rules import name
from records.web.banner import masked_number

AGAINST = frozenset({"differ", "is_parent", "borrowed_differ", "no_word", "other_pinyin", "other_parents", "marked", "generation"})
SPARED = ("number", "papers", "insurance", "phone", "address", "guardian", "guardian_number", "order")
FIELDS = ("name", "sex", "birth", "number", "paper", "insurance", "phone", "address", "parents", "order")


@dataclass(frozen=True, slots=True)
class Line:
    """One field of two registrations and how far they agree; kind: "same", "near", "differ" or "" where one says nothing."""

    field: str
    one: str
    two: str
    level: str
    kind: str


def masked(text: str, keep: int) -> str:
    """The last `keep` characters hidden by stars but for two."""
    return text[:keep] + "*" * max(0, len(text) - keep - 2) + text[-2:] if len(text) > keep + 2 else text


def hidden(words: Words) -> Words:
    """Enough to compare with one's own papers and to ask on the phone, not enough to copy."""
    house = search(r"\d", words.address)
    return replace(
        words, number=masked_number(words.number), papers=tuple(f"{k}:{masked(v, 2)}" for k, _, v in (p.partition(":") for p in words.papers)),
        insurance=masked(words.insurance, 2), phone=masked(words.phone, 3), address=words.address[: house.start()] + "***" if house else words.address,
        guardian=name.masked(words.guardian) if words.guardian else "", guardian_number=masked_number(words.guardian_number))


def words_for(source: SourcePatient, acting: Principal) -> Words:
    """Of a registration as this curator may read it."""
    if source.words is None:
        return Words(name=source.name, gender=source.gender, birth=source.birth_date)
    words = read(bytes(source.words), source.pk, source.correction)
    return words if source.hospital_id == acting.hospital_id else hidden(words)


def beside(words: Words, own: Sequence[Words]) -> Words:
    """Of another hospital's patient no more than there is to compare with: what the curator's own registrations say nothing of stays out, but for sex and year."""
    said = {f for o in own for f in SPARED if getattr(o, f)}
    out = replace(words, **{f: type(getattr(words, f))() for f in SPARED if f not in said})
    return out if any(o.birth for o in own) else replace(out, birth=words.birth[:4])


def pair_for(one: SourcePatient, two: SourcePatient, acting: Principal) -> tuple[Words, Words]:
    """Two registrations as this curator may read them beside each other."""
    a, b = words_for(one, acting), words_for(two, acting)
    if (one.hospital_id == acting.hospital_id) == (two.hospital_id == acting.hospital_id):
        return a, b
    return (a, beside(b, [a])) if one.hospital_id == acting.hospital_id else (beside(a, [b]), b)


def values(words: Words) -> dict[str, str]:
    return {
        "name": words.name, "sex": words.gender, "birth": words.birth, "number": words.number, "paper": "、".join(p.partition(":")[2] for p in words.papers),
        "insurance": words.insurance, "phone": words.phone, "address": words.address, "parents": words.guardian, "order": str(words.order or "")}


def lines(one: Words, two: Words, levels: Levels) -> list[Line]:
    """Side by side, without the fields of which neither says anything."""
    a, b = values(one), values(two)
    said = levels._asdict()
    return [Line(f, a[f], b[f], said[f], kind(said[f])) for f in FIELDS if a[f] or b[f] or said[f]]


def kind(level: str) -> str:
    if not level:
        return ""
    return "same" if level == "same" else "differ" if level in AGAINST else "near"
