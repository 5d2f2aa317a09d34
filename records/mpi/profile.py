"""A registration in the words that are compared, and what its number says about itself. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from records.mpi.rules import address, birth, name, paper, phone, resident_number
from records.mpi.rules.address import Address
from records.mpi.rules.spelling import Spelling, spell

SEX = {"男": "m", "女": "f", "1": "m", "2": "f", "m": "m", "f": "f", "male": "m", "female": "f"}


@dataclass(frozen=True, slots=True)
class Profile:
    """number: a valid citizen number that may be his own; borrowed: one whose birth date or sex are not the stated ones; papers: other numbers
    as kind:value; birth: where it tells anything; parents: folded names, parent_numbers: citizen numbers of who answers for a child; order: among twins, 0 for unknown."""

    key: str
    hospital: str
    spelling: Spelling
    sex: str
    birth: dt.date | None
    number: str
    borrowed: str
    papers: frozenset[str]
    insurance: str
    phone: str
    address: Address
    parents: frozenset[str]
    parent_numbers: frozenset[str]
    order: int
    former: tuple[Spelling, ...] = ()  # names that they had before
    stated: dt.date | None = None  # the birth date as it was written: birth is None where that tells nothing
    newborn: bool = False  # written down soon after birth
    child: bool = False  # written down before they came of age

    def undated(self) -> "Profile":
        """Without a birth date that is a habit of its hospital (habits.py), unless the citizen number has it too, or it was written down soon after birth: a maternity
        ward registers many of one day."""
        carded = bool(self.number) and resident_number.birth_date(self.number) == self.stated
        return self if carded or self.newborn else replace(self, birth=None)


@dataclass(frozen=True, slots=True)
class Words:
    """A registration as it was sent: what a profile is made of, now and by later rules. number: in the citizen number's place, whatever it is;
    papers: others, as kind:value; registered: the day, ISO; order: among twins, 0 for unknown."""

    name: str = ""
    gender: str = ""
    birth: str = ""
    number: str = ""
    papers: tuple[str, ...] = ()
    insurance: str = ""
    phone: str = ""
    address: str = ""
    guardian: str = ""
    guardian_number: str = ""
    order: int = 0
    registered: str = ""
    former: tuple[str, ...] = ()


def of_row(row: Mapping[str, str]) -> Profile:
    """From the columns of `mpi_evaluate` (any of them may be missing)."""

    def get(column: str) -> str:
        return (row.get(column) or "").strip()

    kind = "permit" if get("id_type") in ("", "01", "02") else get("id_type")
    words = Words(
        get("name") or " ".join(p for p in (get("given_name"), get("family_name")) if p), get("gender"), get("birth_date"), get("id_no"),
        (f"{kind}:{get('id_no')}",) if get("id_no") else (), get("insurance_no"), get("phone"), get("address"), get("guardian_name"), get("guardian_id"),
        int(get("birth_order")) if get("birth_order").isdecimal() else 0, get("registered_at"))
    return profile(words, get("record_id"), get("hospital"))


def profile(words: Words, key: str = "", hospital: str = "") -> Profile:
    stated, written = birth.parse(words.birth), birth.parse(words.registered)
    card = paper.citizen(words.number)
    carded = bool(card) and stated == resident_number.birth_date(card)
    born = stated if stated and (carded or birth.tells(stated, written)) else None
    newborn = stated is not None and written is not None and (written - stated).days <= birth.NEWBORN
    child = stated is not None and written is not None and birth.is_minor(stated, written)
    guardian = name.fold(words.guardian)
    spelling = spell(words.name, newborn, frozenset({guardian} - {""}))
    sex = SEX.get(words.gender.lower(), "")
    own, borrowed, parent = numbers(card, stated if newborn else born, sex)
    papers = {f"{kind}:{value}" for kind, _, text in (p.partition(":") for p in words.papers) if not paper.citizen(text) and (value := paper.normal(text))}
    return Profile(
        key, hospital, spelling, sex, born, own, borrowed, frozenset(papers), paper.normal(words.insurance), phone.normal(words.phone), address.parse(words.address),
        frozenset({guardian, spelling.base if spelling.child and spelling.child.whole else ""} - {""}), frozenset({paper.citizen(words.guardian_number), parent} - {""}),
        spelling.order or words.order, tuple(s for s in map(spell, words.former) if s.full and not s.base), stated, newborn, child)


def numbers(number: str, born: dt.date | None, sex: str) -> tuple[str, str, str]:
    """(his own, somebody's, a parent's): only one is given. A valid number whose built-in birth date or sex is not the stated one speaks
    against itself; one of a whole generation before is a parent's."""
    if not number:
        return "", "", ""
    inside = resident_number.birth_date(number)
    if born and inside.year + birth.GENERATION <= born.year:
        return "", "", number
    if born and birth.level(born, inside) == "differ":
        return "", number, ""
    if sex and sex != resident_number.sex(number)[0] and (born is None or born != inside):
        return "", number, ""
    return number, "", ""
