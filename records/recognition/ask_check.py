"""$recognition-check as a system asks it: ?item=SYSTEM|CODE&date=YYYY-MM-DD (docs/adr/0085)."""

import datetime as dt

from django.utils import timezone

from records.fhir.issues import Issue, NotFound, NotSupported
from records.fhir.json_codec import dump_json
from records.fhir.query_string import FORMAT_PARAMETERS
from records.recognition.catalogue import find_item
from records.recognition.catalogue_item import CatalogueItem
from records.recognition.check_answer import build_answer
from records.recognition.department import check_department
from records.recognition.recognition_check import check_recognition
from records.requests.fhir_request import FhirRequest, FhirResponse, parse_uuid
from records.search.search_request import BadSearch

Pairs = list[tuple[str, str]]
MOST_ITEMS = 10
PARAMETERS = ("item", "date", "department")


def answer_recognition_check(fhir_request: FhirRequest, fhir_id: str, pairs: Pairs) -> FhirResponse:
    check_shared_base(fhir_request, "$recognition-check")
    given: dict[str, list[str]] = {name: [] for name in PARAMETERS}
    for name, value in pairs:
        if name in given:
            given[name].append(value)
        elif name not in FORMAT_PARAMETERS:
            raise NotSupported(
                Issue("not-supported", f"$recognition-check takes no parameter {name[:60]!r}.")
            )
    date = read_date(given["date"])
    department = check_department(given["department"][0] if given["department"] else "")
    items = read_items(given["item"], fhir_request.principal.hospital_id)
    checked = [
        check_recognition(fhir_request, parse_uuid(fhir_id), item, date, department=department)
        for item in items
    ]
    return FhirResponse(200, dump_json(build_answer(checked, date, fhir_request.root)))


def check_shared_base(fhir_request: FhirRequest, name: str) -> None:
    """Raises NotFound at a member's own base, which holds one hospital's results."""
    if fhir_request.hospital_id is not None:
        raise NotFound(
            Issue("not-found", f"{name} is asked at the shared base: /fhir/alliance/Patient/…")
        )


def read_date(given: list[str]) -> dt.date:
    """On which the test would be made; today where it is not said."""
    if not given:
        return timezone.localdate()
    try:
        found = dt.date.fromisoformat(given[0])
    except ValueError:
        found = None
    if found is None or len(given) > 1 or len(given[0]) != 10 or not 1900 < found.year < 2200:
        raise BadSearch(Issue("invalid", "Parameter date: one day, as 2026-12-01."))
    return found


def read_items(given: list[str], hospital_id: int) -> list[CatalogueItem]:
    """Each once. Raises BadSearch for one that is no code, NotFound for one that the catalogue
    has not.
    """
    if not given or len(given) > MOST_ITEMS:
        raise BadSearch(Issue("required", f"Add item=SYSTEM|CODE, one to {MOST_ITEMS} times."))
    found: dict[str, CatalogueItem] = {}
    for value in given:
        system, bar, code = value.rpartition("|")
        if not bar or not system or not code or "\0" in value:
            raise BadSearch(
                Issue("invalid", "Parameter item: SYSTEM|CODE, as http://loinc.org|2823-3.")
            )
        item = find_item(system, code, hospital_id)
        if item is None:
            raise NotFound(
                Issue(
                    "not-found",
                    "The alliance's catalogue of recognisable items has no such item, or your"
                    " hospital's own code is not mapped to one: see docs/how-to/recognition.md.",
                )
            )
        found[item.code] = item
    return list(found.values())
