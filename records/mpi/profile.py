"""A registration in the words that are compared, and what its number says about itself. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from records.mpi.rules import address, birth, name, paper, phone, resident_number
from records.mpi.rules.address import Address
from records.mpi.rules.spelling import Spelling, spell

SEX = {"男": "m", "女": "f", "1": "m", "2": "f", "m": "m", "f": "f", "male": "m", "female": "f"}
GENERATION = 13  # years between a parent and a child, at least
FRESH = 400  # days in which a child may still go by his mother's name


@dataclass(frozen=True, slots=True)
class Profile:
    """number: a valid citizen number that may be his own; borrowed: one whose birth date or sex are not the stated ones; papers: other numbers
    as kind:value; parents: folded names, parent_numbers: citizen numbers of who answers for a child; order: among twins, 0 for unknown."""

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
    former: tuple[Spelling, ...] = ()  # names that he had before


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
    born, written = birth.parse(words.birth), birth.parse(words.registered)
    newborn = born is not None and written is not None and (written - born).days <= FRESH
    guardian = name.fold(words.guardian)
    spelling = spell(words.name, newborn, frozenset({guardian} - {""}))
    sex = SEX.get(words.gender.lower(), "")
    own, borrowed, parent = numbers(paper.citizen(words.number), born, sex)
    papers = {f"{kind}:{value}" for kind, _, text in (p.partition(":") for p in words.papers) if not paper.citizen(text) and (value := paper.normal(text))}
    return Profile(
        key, hospital, spelling, sex, born, own, borrowed, frozenset(papers), paper.normal(words.insurance), phone.normal(words.phone), address.parse(words.address),
        frozenset({guardian, spelling.base} - {""}), frozenset({paper.citizen(words.guardian_number), parent} - {""}), spelling.order or words.order,
        tuple(s for s in map(spell, words.former) if s.full and not s.base))


def numbers(number: str, born: dt.date | None, sex: str) -> tuple[str, str, str]:
    """(his own, somebody's, a parent's): only one is given. A valid number whose built-in birth date or sex is not the stated one speaks
    against itself; one of a whole generation before is a parent's."""
    if not number:
        return "", "", ""
    inside = resident_number.birth_date(number)
    if born and inside.year + GENERATION <= born.year:
        return "", "", number
    if born and birth.level(born, inside) == "differ":
        return "", number, ""
    if sex and sex != resident_number.sex(number)[0] and (born is None or born != inside):
        return "", number, ""
    return number, "", ""
