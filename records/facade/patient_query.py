"""Who is looked for at the shared base: the search parameters of PDQm, and whether a golden
record fits them (IHE PDQm 2:3.78). Pure.
"""

from dataclasses import dataclass, field
from typing import Any

from alliance.platform.dates import parse_date_range
from records.fhir.issues import Issue, Malformed, NotSupported
from records.mpi.matching.fhir_patient import patient_names
from records.mpi.matching.rules import identity_paper, name_forms, name_keys, phone
from records.search.escapes import SearchValue, parse_single

FINDING_PARAMETERS = ("identifier", "name", "family", "given", "telecom", "phone")
QUERY_PARAMETERS = (
    "_id",
    "identifier",
    "name",
    "family",
    "given",
    "birthdate",
    "gender",
    "telecom",
    "phone",
    "address",
    "address-city",
    "address-state",
    "address-postalcode",
    "active",
)
ADDRESS_PARTS = {
    "address-city": "city",
    "address-state": "state",
    "address-postalcode": "postalCode",
}
MAX_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class PatientQuery:
    """ids or finders name candidates; tests: (parameter, value) that all have to hold; count: of
    entries, at most, after the first `offset`.
    """

    ids: tuple[str, ...]
    finders: tuple[str, ...]
    tests: tuple[tuple[str, SearchValue], ...] = field(default=())
    count: int = MAX_ENTRIES
    offset: int = 0


def parse_patient_query(pairs: list[tuple[str, str]]) -> PatientQuery:
    """Raises Problem for what cannot be asked, and where nothing names a person: the shared base
    has no list of all patients.
    """
    count, offset = MAX_ENTRIES, 0
    ids: list[str] = []
    tests: list[tuple[str, SearchValue]] = []
    for key, value in pairs:
        if key in ("_format", "_pretty"):
            continue
        if key in ("_count", "_offset"):
            if not (value.isascii() and value.isdecimal()) or len(value) > 6:
                raise Malformed(Issue("value", f"{key} is a whole number.", key))
            count, offset = (
                (min(int(value), MAX_ENTRIES), offset) if key == "_count" else (count, int(value))
            )
        elif key not in QUERY_PARAMETERS:
            raise NotSupported(
                Issue(
                    "not-supported",
                    f"The shared base finds a Patient by {', '.join(QUERY_PARAMETERS)}; not by"
                    f" {key[:60]!r}.",
                )
            )
        elif not value:
            raise Malformed(Issue("value", f"{key} is empty.", key))
        elif key == "_id":
            ids += value.split(",")
        else:
            tests.append((key, parse_single(value)))
        if key == "birthdate":
            parse_birthdate_value(value)
    given = {k: v for k, v in tests}
    if "family" in given and "given" in given:
        family, first = given["family"], given["given"]
        finders = [family + first] if name_forms.is_chinese(family) else [f"{first} {family}"]
    else:
        finders = [v.pieces[-1] for k, v in tests if k == "identifier"] or [
            v for k, v in tests if k in ("name", "family")
        ]
    if not ids and not finders:
        raise NotSupported(
            Issue(
                "not-supported",
                "The shared base has no list of all patients: name one by identifier, name, family"
                " and given, or _id.",
            )
        )
    return PatientQuery(tuple(ids), tuple(finders), tuple(tests), count, offset)


def parse_birthdate_value(value: str) -> tuple[str, Any]:
    """(prefix, span of time)."""
    prefix = value[:2] if value[:2] in ("eq", "ge", "le", "gt", "lt") else ""
    try:
        return prefix or "eq", parse_date_range(value.removeprefix(prefix))
    except ValueError as error:
        raise Malformed(Issue("value", f"Parameter birthdate: {error}.", "birthdate")) from error


def matches_query(patient: dict[str, Any], wanted: PatientQuery) -> bool:
    return all(matches_parameter(patient, key, value) for key, value in wanted.tests)


def matches_parameter(patient: dict[str, Any], key: str, value: SearchValue) -> bool:
    if key == "identifier":
        *system, number = value.pieces
        return any(
            (not system or i.get("system", "") == system[0])
            and identifiers_equal(i.get("value"), number)
            for i in patient.get("identifier", [])
        )
    if key in ("name", "family", "given"):
        return matches_name(patient, key, value)
    if key == "birthdate":
        prefix, (start, end) = parse_birthdate_value(value)
        born = patient.get("birthDate")
        if not born:
            return False
        low, high = parse_date_range(born)
        return {
            "eq": start <= low and high <= end,
            "ge": high > start,
            "gt": low >= end,
            "le": low < end,
            "lt": high <= start,
        }[prefix]
    if key in ("telecom", "phone"):
        number = phone.normalize_phone(value.pieces[-1])
        return bool(number) and any(
            phone.normalize_phone(t.get("value", "")) == number for t in patient.get("telecom", [])
        )
    if key == "address":
        return any(value in text for a in patient.get("address", []) for text in address_texts(a))
    if key in ADDRESS_PARTS:
        return any(
            str(a.get(ADDRESS_PARTS[key], "")).startswith(value) for a in patient.get("address", [])
        )
    return (
        str(patient.get("active", True)).lower() == value
        if key == "active"
        else patient.get("gender") in value.split(",")
    )


def matches_name(patient: dict[str, Any], key: str, value: str) -> bool:
    """In any of the ways in which people write a name: the whole name by its beginning, a part
    likewise.
    """
    asked = name_keys.parse_name_query(value)
    if not asked.whole:
        return False
    if key != "name":
        parts = [
            p
            for n in patient.get("name", [])
            for p in ([n.get("family")] if key == "family" else n.get("given", []))
            if p
        ]
        if any(
            k.startswith(asked.beginnings) for p in parts for k in name_keys.name_search_keys(p)
        ):
            return True
    written = [k for n in patient_names(patient) for k in name_keys.name_search_keys(n)]
    if key == "given":
        return any(typed in k for k in written for typed in asked.beginnings)
    return any(k.startswith(asked.beginnings) or k in asked.whole for k in written)


def address_texts(address: dict[str, Any]) -> list[str]:
    return [
        t
        for t in (
            address.get("text"),
            *(address.get("line") or []),
            address.get("city"),
            address.get("district"),
            address.get("state"),
            address.get("postalCode"),
        )
        if t
    ]


def identifiers_equal(one: Any, two: str) -> bool:
    """Whether two values of identifiers are the same, also as a citizen number in another form."""
    if not isinstance(one, str):
        return False
    return identity_paper.fold_identifier(one) == identity_paper.fold_identifier(two) or (
        identity_paper.valid_resident_number(one) == identity_paper.valid_resident_number(two) != ""
    )


def is_identifier(identifier: dict[str, Any], system: str, value: str) -> bool:
    """Whether it is this one, as current."""
    return identifier.get("system") == system and identifiers_equal(identifier.get("value"), value)
