"""Whom a resource is about where no reference to a Patient of the store says so: by the patient's identifiers, as the store knows them.

A document brings its own Patient (FHIR R4 documents.html), a resource may contain one, and a reference may be logical alone (references.html#logical). One Patient of the
store who has just these identifiers, and whom nothing else that is said there contradicts, is who is meant; else the resource is about nobody here, and its sender is told.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils import timezone

from consent.terms import Scope
from records.fhir.base_address import spelled
from records.fhir.issues import Issue
from records.fhir.reference_forms import Form, form_of
from records.fhir.references import RELATIVE
from records.fhir.types import TYPES
from records.interactions.item import Item
from records.mpi.features import words_of
from records.mpi.match import agrees
from records.search.escapes import escaped
from records.search.parse import parse
from records.search.plan import plan
from records.store import find

NOWHERE = "It stands in nobody's record here: "
FOREIGN = NOWHERE + "its patient has an address elsewhere. To file it with a patient of this store, refer to Patient/id."
NAMELESS = NOWHERE + "its patient is named by no reference and no identifier. Refer to Patient/id."
UNNAMED = NOWHERE + "its Patient comes without an identifier (system and value), so nobody in this store is found by it."
UNKNOWN = NOWHERE + "no one Patient of this store has the identifiers that its Patient comes with. Send the Patient first, then this again."
OTHERWISE = NOWHERE + "the Patient of this store who has its identifiers has another name, sex or birth date. Correct the one or the other, then send this again."


def find_patients(scope: Scope, items: Sequence[Item]) -> None:
    """Give each item the Patient whom it is about, or the doubt."""
    for item in items:
        described = description(item.resource)
        if isinstance(described, str):
            item.doubt = described
        elif described is not None:
            item.about, item.doubt = identified(scope, described)


def doubts(items: Sequence[Item]) -> dict[str, list[Issue]]:
    """{FHIRPath: warnings} of those that are about nobody here."""
    return {i.place or i.resource["resourceType"]: [Issue("not-found", i.doubt, i.place or i.resource["resourceType"], "warning")] for i in items if i.doubt}


def description(resource: dict[str, Any]) -> dict[str, Any] | str | None:
    """What tells who the patient is, as a Patient; why nothing does; or None where a literal reference does, or it is about no patient by its nature."""
    if resource["resourceType"] == "Bundle":
        return of_document(resource) if resource.get("type") == "document" else None
    element = TYPES[resource["resourceType"]].subject
    subject = resource.get(element) if element else None
    if not isinstance(subject, dict):
        return None
    text = subject.get("reference")
    if isinstance(text, str):
        form = form_of(text)
        if form is Form.FOREIGN:
            return FOREIGN if "/Patient/" in text else None
        inner = next((c for c in resource.get("contained") or () if form is Form.CONTAINED and c.get("id") == text[1:]), None)
        return inner if inner and inner.get("resourceType") == "Patient" else None
    if str(subject.get("type") or "Patient").rpartition("/")[2] != "Patient":
        return None
    return {"resourceType": "Patient", "identifier": [subject["identifier"]]} if isinstance(subject.get("identifier"), dict) else NAMELESS


def of_document(bundle: dict[str, Any]) -> dict[str, Any] | str | None:
    """The Patient inside whom the Composition is about."""
    entries = [e for e in bundle.get("entry") or () if isinstance(e, dict) and isinstance(e.get("resource"), dict)]
    if not entries or entries[0]["resource"].get("resourceType") != "Composition":
        return None
    text = str((entries[0]["resource"].get("subject") or {}).get("reference") or "")
    wanted = {spelled(t) for t in (text, *addresses(str(entries[0].get("fullUrl") or ""), text))}
    inner = [e["resource"] for e in entries if spelled(str(e.get("fullUrl") or "")) in wanted]
    if len(inner) == 1 and inner[0].get("resourceType") == "Patient":
        return inner[0]  # type: ignore[no-any-return]
    return UNNAMED if text else None


def addresses(full_url: str, text: str) -> Iterator[str]:
    """A relative reference as the entry with this fullUrl means it (FHIR R4 bundle.html#references)."""
    root = root_of(full_url)
    if root and RELATIVE.fullmatch(text):
        yield f"{root}/{text.partition('/_history/')[0]}"


def root_of(full_url: str) -> str:
    """The base of a RESTful fullUrl, [root]/Type/id; "" of any other."""
    root, _, rest = full_url.partition("/_history/")[0].rpartition("/")
    root, _, kind = root.rpartition("/")
    return root if root.startswith(("http://", "https://")) and RELATIVE.fullmatch(f"{kind}/{rest}") else ""


def identified(scope: Scope, described: dict[str, Any]) -> tuple[str, str]:
    """(id of the one Patient of the store who has an identifier of the described one, and whom nothing contradicts; why there is none)."""
    pairs = [(str(i.get("system") or ""), str(i.get("value") or "")) for i in described.get("identifier") or () if isinstance(i, dict)]
    asked = [f"{escaped(system)}|{escaped(value)}" for system, value in pairs if system and value]
    if not asked:
        return "", UNNAMED
    found = find.having(scope, plan(parse(["Patient"], [("identifier", ",".join(asked))]), scope.whole, None))
    if len(found) != 1:
        return "", UNKNOWN
    if not agrees(words_of(described, timezone.localdate()), scope.whole or 0, found[0]):
        return "", OTHERWISE
    return found[0], ""

