"""Who is looked for at the shared base: the search parameters of PDQm, and whether a golden record fits them (IHE PDQm 2:3.78). Pure."""

from dataclasses import dataclass, field
from typing import Any

from alliance.config.dates import span
from records.fhir.issues import Issue, Malformed, NotSupported
from records.mpi.features import names_of
from records.mpi.rules import name, name_key, paper, phone
from records.search.escapes import Value, single

FINDERS = ("identifier", "name", "family", "given", "telecom", "phone")
PARAMETERS = ("_id", "identifier", "name", "family", "given", "birthdate", "gender", "telecom", "phone", "address", "address-city", "address-state", "address-postalcode", "active")
ADDRESS = {"address-city": "city", "address-state": "state", "address-postalcode": "postalCode"}
MOST = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """ids or finders name candidates; tests: (parameter, value) that all have to hold; count: of entries, at most, after the first `offset`."""

    ids: tuple[str, ...]
    finders: tuple[str, ...]
    tests: tuple[tuple[str, Value], ...] = field(default=())
    count: int = MOST
    offset: int = 0


def understood(pairs: list[tuple[str, str]]) -> Wanted:
    """Raises Problem for what cannot be asked, and where nothing names a person: the shared base has no list of all patients."""
    count, offset = MOST, 0
    ids: list[str] = []
    tests: list[tuple[str, Value]] = []
    for key, value in pairs:
        if key in ("_format", "_pretty"):
            continue
        if key in ("_count", "_offset"):
            if not (value.isascii() and value.isdecimal()) or len(value) > 6:
                raise Malformed(Issue("value", f"{key} is a whole number.", key))
            count, offset = (min(int(value), MOST), offset) if key == "_count" else (count, int(value))
        elif key not in PARAMETERS:
            raise NotSupported(Issue("not-supported", f"The shared base finds a Patient by {', '.join(PARAMETERS)}; not by {key[:60]!r}."))
        elif not value:
            raise Malformed(Issue("value", f"{key} is empty.", key))
        elif key == "_id":
            ids += value.split(",")
        else:
            tests.append((key, single(value)))
        if key == "birthdate":
            dated(value)
    given = {k: v for k, v in tests}
    if "family" in given and "given" in given:
        family, first = given["family"], given["given"]
        finders = [family + first] if name.is_chinese(family) else [f"{first} {family}"]
    else:
        finders = [v.pieces[-1] for k, v in tests if k == "identifier"] or [v for k, v in tests if k in ("name", "family")]
    if not ids and not finders:
        raise NotSupported(Issue("not-supported", "The shared base has no list of all patients: name one by identifier, name, family and given, or _id."))
    return Wanted(tuple(ids), tuple(finders), tuple(tests), count, offset)


def dated(value: str) -> tuple[str, Any]:
    """(prefix, span of time)."""
    prefix = value[:2] if value[:2] in ("eq", "ge", "le", "gt", "lt") else ""
    try:
        return prefix or "eq", span(value.removeprefix(prefix))
    except ValueError as error:
        raise Malformed(Issue("value", f"Parameter birthdate: {error}.", "birthdate")) from error


def fits(patient: dict[str, Any], wanted: Wanted) -> bool:
    return all(holds(patient, key, value) for key, value in wanted.tests)


def holds(patient: dict[str, Any], key: str, value: Value) -> bool:
    if key == "identifier":
        *system, number = value.pieces
        return any((not system or i.get("system", "") == system[0]) and alike(i.get("value"), number) for i in patient.get("identifier", []))
    if key in ("name", "family", "given"):
        return named(patient, key, value)
    if key == "birthdate":
        prefix, (start, end) = dated(value)
        born = patient.get("birthDate")
        if not born:
            return False
        low, high = span(born)
        return {"eq": start <= low and high <= end, "ge": high > start, "gt": low >= end, "le": low < end, "lt": high <= start}[prefix]
    if key in ("telecom", "phone"):
        number = phone.normal(value.pieces[-1])
        return bool(number) and any(phone.normal(t.get("value", "")) == number for t in patient.get("telecom", []))
    if key == "address":
        return any(value in text for a in patient.get("address", []) for text in texts(a))
    if key in ADDRESS:
        return any(str(a.get(ADDRESS[key], "")).startswith(value) for a in patient.get("address", []))
    return str(patient.get("active", True)).lower() == value if key == "active" else patient.get("gender") in value.split(",")


def named(patient: dict[str, Any], key: str, value: str) -> bool:
    """In any of the ways in which people write a name: the whole name by its beginning, a part likewise."""
    asked = name_key.asked(value)
    if not asked.whole:
        return False
    if key != "name":
        parts = [p for n in patient.get("name", []) for p in ([n.get("family")] if key == "family" else n.get("given", [])) if p]
        if any(k.startswith(asked.beginnings) for p in parts for k in name_key.keys(p)):
            return True
    written = [k for n in names_of(patient) for k in name_key.keys(n)]
    if key == "given":
        return any(typed in k for k in written for typed in asked.beginnings)
    return any(k.startswith(asked.beginnings) or k in asked.whole for k in written)


def texts(address: dict[str, Any]) -> list[str]:
    return [t for t in (address.get("text"), *(address.get("line") or []), address.get("city"), address.get("district"), address.get("state"), address.get("postalCode")) if t]


def alike(one: Any, two: str) -> bool:
    """Whether two values of identifiers are the same, also as a citizen number in another form."""
    if not isinstance(one, str):
        return False
    return paper.folded(one) == paper.folded(two) or (paper.citizen(one) == paper.citizen(two) != "")


def has(identifier: dict[str, Any], system: str, value: str) -> bool:
    """Whether it is this one, as current."""
    return identifier.get("system") == system and alike(identifier.get("value"), value)
