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


def of_row(row: Mapping[str, str]) -> Profile:
    """From the columns of `mpi_evaluate` (any of them may be missing)."""

    def get(column: str) -> str:
        return (row.get(column) or "").strip()

    born, written = birth.parse(get("birth_date")), birth.parse(get("registered_at"))
    newborn = born is not None and written is not None and (written - born).days <= FRESH
    guardian = name.fold(get("guardian_name"))
    text = get("name") or " ".join(p for p in (get("given_name"), get("family_name")) if p)
    spelling = spell(text, newborn, frozenset({guardian} - {""}))
    sex = SEX.get(get("gender").lower(), "")
    own, borrowed, parent = numbers(paper.citizen(get("id_no")), born, sex)
    kind = "permit" if get("id_type") in ("", "01", "02") else get("id_type")
    other = "" if own or borrowed or parent else paper.normal(get("id_no"))
    return Profile(
        get("record_id"), get("hospital"), spelling, sex, born, own, borrowed, frozenset({f"{kind}:{other}"} if other else ()), paper.normal(get("insurance_no")),
        phone.normal(get("phone")), address.parse(get("address")), frozenset({guardian, spelling.base} - {""}),
        frozenset({paper.citizen(get("guardian_id")), parent} - {""}), spelling.order or (int(get("birth_order")) if get("birth_order").isdecimal() else 0))


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
