"""TABLE resource type -> in which times it makes a hospital one that treats the patient (262号 2025: need to know).

An Encounter: its own, until 90 days after its end. EpisodeOfCare or CareTeam (a family doctor's panel): while it is active. Appointment and planned
Encounter (an admission list): until 30 days after the day. ServiceRequest that names a member as performer (a referral, or a consultation that is asked
for): the member's, for 90 days.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from django.utils import timezone

from alliance.config.dates import span
from alliance.models import Hospital
from consent.provision import HOSPITAL
from consent.services.relationships import Spell

AFTER, LISTED, PANEL = dt.timedelta(days=90), dt.timedelta(days=30), dt.timedelta(days=400)
Spells = Iterator[Spell]
SNOMED = "http://snomed.info/sct"
CONSULTATION = frozenset({(SNOMED, "11429006"), (SNOMED, "448337001")})  # consultation; telemedicine consultation with patient


def times(period: dict[str, Any] | None) -> tuple[dt.datetime | None, dt.datetime | None]:
    period = period or {}
    return span(period["start"])[0] if period.get("start") else None, span(period["end"])[1] if period.get("end") else None


def encounter(resource: dict[str, Any], own: str) -> Spells:
    """One without an end that began long ago counts from its beginning: old systems forget to close them."""
    start, end = times(resource.get("period"))
    if start is None:
        return
    if resource.get("status") in ("arrived", "triaged", "in-progress", "onleave", "finished"):
        yield Spell(own, "encounter", start, min(end or start, timezone.now()) + AFTER)
    elif resource.get("status") == "planned":
        yield Spell(own, "admission", timezone.now(), min(start, timezone.now() + LISTED) + LISTED)


def episode(resource: dict[str, Any], own: str) -> Spells:
    """An active one without an end is to be written again once a year, as contracts with family doctors are."""
    start, end = times(resource.get("period"))
    if resource.get("status") == "active" and start is not None:
        yield Spell(own, "panel", start, min(end, timezone.now() + PANEL) if end else min(start, timezone.now()) + PANEL)


def appointment(resource: dict[str, Any], own: str) -> Spells:
    if resource.get("status") in ("booked", "arrived", "checked-in") and resource.get("start"):
        at = span(resource["start"])[0]
        yield Spell(own, "admission", timezone.now(), min(at, timezone.now() + LISTED) + LISTED)


def referral(resource: dict[str, Any], own: str) -> Spells:
    """The referring hospital opens its door to the other: its own system wrote it. Who refers must know the patient: it is his registration."""
    if resource.get("status") == "active" and resource.get("intent") in ("order", "original-order", "plan"):
        codes = {(c.get("system"), c.get("code")) for concept in [*(resource.get("category") or []), resource.get("code") or {}] for c in concept.get("coding") or []}
        basis = "consultation" if CONSULTATION & codes else "referral"
        for performer in resource.get("performer") or []:
            code = member(performer)
            if code and code != own:
                yield Spell(code, basis, timezone.now(), timezone.now() + AFTER)


def member(reference: dict[str, Any]) -> str | None:
    """The code of the member hospital that a reference names: by our identifier, by its credit code, or as Organization/<code>."""
    named = reference.get("identifier") or {}
    value, literal = str(named.get("value") or ""), str(reference.get("reference") or "")
    if named.get("system") == HOSPITAL:
        return value
    if value:
        return Hospital.objects.filter(credit_code=value).values_list("code", flat=True).first()
    code = literal.removeprefix("Organization/") if literal.startswith("Organization/") else ""
    return Hospital.objects.filter(code=code).values_list("code", flat=True).first() if code else None


TABLE: dict[str, Callable[[dict[str, Any], str], Spells]] = {
    "Encounter": encounter, "EpisodeOfCare": episode, "CareTeam": episode, "Appointment": appointment, "ServiceRequest": referral,
}
TYPES = frozenset(TABLE)


def spells(resource: dict[str, Any], own: str) -> list[Spell]:
    """Of a valid resource of one of TYPES, written by the hospital `own`."""
    return list(TABLE[resource["resourceType"]](resource, own))
