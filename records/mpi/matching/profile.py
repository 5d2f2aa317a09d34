"""A registration's matching profile: its compared fields, and the class of its citizen number.
Pure.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

from records.mpi.matching.rules import (
    address,
    birth_dates,
    identity_paper,
    name_forms,
    phone,
    resident_number,
)
from records.mpi.matching.rules.address import Address
from records.mpi.matching.rules.compared_name import ComparedName, parse_compared_name

SEX_BY_CODE = {
    "男": "m",
    "女": "f",
    "1": "m",
    "2": "f",
    "m": "m",
    "f": "f",
    "male": "m",
    "female": "f",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """number: a valid citizen number that may be their own; borrowed: one whose birth date or sex
    are not the stated ones; papers: other numbers as kind:value; birth: where it tells anything;
    parents: folded names, parent_numbers: citizen numbers of who answers for a child; order: among
    twins, 0 for unknown.
    """

    key: str
    hospital: str
    spelling: ComparedName
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
    former: tuple[ComparedName, ...] = ()  # names that they had before
    stated: dt.date | None = (
        None  # the birth date as it was written: birth is None where that tells nothing
    )
    newborn: bool = False  # written down soon after birth
    child: bool = False  # written down before they came of age

    def without_placeholder_date(self) -> "Profile":
        """Without a birth date that is a habit of its hospital (habits.py), unless the citizen
        number has it too, or it was written down soon after birth: a maternity ward registers many
        of one day.
        """
        date_on_card = (
            bool(self.number) and resident_number.birth_date_of_number(self.number) == self.stated
        )
        return self if date_on_card or self.newborn else replace(self, birth=None)


@dataclass(frozen=True, slots=True)
class Demographics:
    """A registration as it was sent: what a profile is made of, now and by later rules. number:
    in the citizen number's place, whatever it is; papers: others, as kind:value; registered: the
    day, ISO; order: among twins, 0 for unknown.
    """

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


def profile_from_row(row: Mapping[str, str]) -> Profile:
    """From the columns of `mpi_evaluate` (any of them may be missing)."""

    def get(column: str) -> str:
        return (row.get(column) or "").strip()

    kind = "permit" if get("id_type") in ("", "01", "02") else get("id_type")
    demographics = Demographics(
        get("name") or " ".join(p for p in (get("given_name"), get("family_name")) if p),
        get("gender"),
        get("birth_date"),
        get("id_no"),
        (f"{kind}:{get('id_no')}",) if get("id_no") else (),
        get("insurance_no"),
        get("phone"),
        get("address"),
        get("guardian_name"),
        get("guardian_id"),
        int(get("birth_order")) if get("birth_order").isdecimal() else 0,
        get("registered_at"),
    )
    return build_profile(demographics, get("record_id"), get("hospital"))


def build_profile(demographics: Demographics, key: str = "", hospital: str = "") -> Profile:
    stated, registered = (
        birth_dates.parse_birth_date(demographics.birth),
        birth_dates.parse_birth_date(demographics.registered),
    )
    card = identity_paper.valid_resident_number(demographics.number)
    date_on_card = bool(card) and stated == resident_number.birth_date_of_number(card)
    birth = (
        stated
        if stated and (date_on_card or birth_dates.is_informative_date(stated, registered))
        else None
    )
    newborn = (
        stated is not None
        and registered is not None
        and (registered - stated).days <= birth_dates.NEWBORN_DAYS
    )
    child = (
        stated is not None and registered is not None and birth_dates.is_minor(stated, registered)
    )
    guardian = name_forms.fold_name(demographics.guardian)
    spelling = parse_compared_name(demographics.name, newborn, frozenset({guardian} - {""}))
    sex = SEX_BY_CODE.get(demographics.gender.lower(), "")
    own_number, borrowed_number, parent_number = classify_number(
        card, stated if newborn else birth, sex
    )
    papers = {
        f"{kind}:{value}"
        for kind, _, text in (p.partition(":") for p in demographics.papers)
        if not identity_paper.valid_resident_number(text)
        and (value := identity_paper.normalize_paper_number(text))
    }
    return Profile(
        key,
        hospital,
        spelling,
        sex,
        birth,
        own_number,
        borrowed_number,
        frozenset(papers),
        identity_paper.normalize_paper_number(demographics.insurance),
        phone.normalize_phone(demographics.phone),
        address.parse_address(demographics.address),
        frozenset(
            {guardian, spelling.base if spelling.child and spelling.child.whole else ""} - {""}
        ),
        frozenset(
            {identity_paper.valid_resident_number(demographics.guardian_number), parent_number}
            - {""}
        ),
        spelling.order or demographics.order,
        tuple(s for s in map(parse_compared_name, demographics.former) if s.full and not s.base),
        stated,
        newborn,
        child,
    )


def classify_number(number: str, birth: dt.date | None, sex: str) -> tuple[str, str, str]:
    """(their own, somebody's, a parent's): only one is given. A valid number whose built-in birth
    date or sex is not the stated one speaks against itself; one of a whole generation before is a
    parent's.
    """
    if not number:
        return "", "", ""
    date_in_number = resident_number.birth_date_of_number(number)
    if birth and date_in_number.year + birth_dates.GENERATION_YEARS <= birth.year:
        return "", "", number
    if birth and birth_dates.birth_date_level(birth, date_in_number) == "differ":
        return "", number, ""
    if (
        sex
        and sex != resident_number.sex_of_number(number)[0]
        and (birth is None or birth != date_in_number)
    ):
        return "", number, ""
    return number, "", ""
