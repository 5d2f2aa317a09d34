"""Warnings of dates before a patient's birth or after their death, for whoever sends them."""

from collections.abc import Sequence
from typing import Any

from consent.terms import Scope
from records.fhir.issues import Issue
from records.fhir.json import parse
from records.fhir.references import target
from records.fhir.types import TYPES
from records.interactions.unread import unread_named
from records.meaning.lifetime import DATES, Doubt, doubts, lifetime
from records.store import write as store

SAYS = {
    Doubt.BEFORE_BIRTH: "This date lies before the patient's birth date: correct the one or the other. It was taken as sent.",
    Doubt.AFTER_DEATH: "This date lies after the patient's death: correct the one or the other. It was taken as sent.",
}


def warnings(scope: Scope, sent: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, list[Issue]]:
    """{place: warnings} of resources that were just stored, of those that have any. sent: (place, resource), place its FHIRPath; their Patients are looked
    up in the same store, in one statement."""
    with unread_named(sent, lambda resource: doubts(resource, lifetime(resource))):
        return doubted(scope, sent)


def doubted(scope: Scope, sent: Sequence[tuple[str, dict[str, Any]]]) -> dict[str, list[Issue]]:
    about = {place: who for place, r in sent if r["resourceType"] in DATES and (who := patient_of(r))}
    patients = {r["id"]: r for _, r in sent if r["resourceType"] == "Patient" and "id" in r}
    stored = store.bodies(scope, [("Patient", i) for i in sorted(set(about.values()) - patients.keys())])
    lives = {i: lifetime(p) for i, p in patients.items()} | {i: lifetime(parse(body)) for (_, i), body in stored.items()}
    out = {}
    for place, r in sent:
        life = lives.get(about.get(place, ""))
        if (r["resourceType"] == "Patient" or life) and (odd := doubts(r, life or lifetime({}))):
            out[place] = [Issue("business-rule", SAYS[what], f"{place}.{key}", "warning") for key, what in odd]
    return out


def patient_of(resource: dict[str, Any]) -> str:
    """The id of the Patient whom it is about, "" for none in this store."""
    subject = TYPES[resource["resourceType"]].subject
    found = target(str((resource.get(subject) or {}).get("reference") or "")) if subject else None
    return found[1] if found and found[0] == "Patient" else ""
