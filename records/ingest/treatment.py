"""TABLE resource type -> in which times it makes a hospital one that treats the patient (262号
2025: need to know).

An Encounter: its own, until 90 days after its end; a stay in hospital that is open, until 90 days
after its hospital last wrote so (docs/adr/0070). EpisodeOfCare or CareTeam (a family doctor's
panel): while it is active. Appointment and planned Encounter (an admission list): until 30 days
after the day. ServiceRequest that names a member as performer (a referral, or a consultation that
is asked for): the member's, for 90 days.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from django.utils import timezone

from alliance.models import Hospital
from alliance.platform.dates import parse_date_range
from consent.provision import HOSPITAL_SYSTEM
from consent.services.relationships import TreatmentPeriod

PERIOD_AFTER_ENCOUNTER, ADMISSION_PERIOD, PANEL_PERIOD = (
    dt.timedelta(days=90),
    dt.timedelta(days=30),
    dt.timedelta(days=400),
)
LONGEST_STAY = PANEL_PERIOD
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
IN_A_BED = frozenset({"IMP", "ACUTE", "NONAC"})
TreatmentPeriods = Iterator[TreatmentPeriod]
SNOMED = "http://snomed.info/sct"
CONSULTATION = frozenset(
    {(SNOMED, "11429006"), (SNOMED, "448337001")}
)  # consultation; telemedicine consultation with patient


def parse_period(period: dict[str, Any] | None) -> tuple[dt.datetime | None, dt.datetime | None]:
    period = period or {}
    return parse_date_range(period["start"])[0] if period.get("start") else None, (
        parse_date_range(period["end"])[1] if period.get("end") else None
    )


def derive_encounter_periods(resource: dict[str, Any], hospital: str) -> TreatmentPeriods:
    """One without an end that began long ago counts from its beginning, for old systems forget to
    close them; a stay in hospital from when it was written, unless it began too long ago for that.
    """
    start, end = parse_period(resource.get("period"))
    if start is None:
        return
    if resource.get("status") in ("arrived", "triaged", "in-progress", "onleave", "finished"):
        last_known = timezone.now() if is_open_stay(resource, start) else start
        yield TreatmentPeriod(
            hospital,
            "encounter",
            start,
            min(end or last_known, timezone.now()) + PERIOD_AFTER_ENCOUNTER,
        )
    elif resource.get("status") == "planned":
        yield TreatmentPeriod(
            hospital,
            "admission",
            timezone.now(),
            min(start, timezone.now() + ADMISSION_PERIOD) + ADMISSION_PERIOD,
        )


def is_open_stay(resource: dict[str, Any], start: dt.datetime) -> bool:
    """In a bed, not ended, and begun within LONGEST_STAY: what is older was forgotten."""
    klass = resource.get("class") or {}
    return (
        resource.get("status") in ("in-progress", "onleave")
        and klass.get("system") == ACT_CODE
        and klass.get("code") in IN_A_BED
        and not (resource.get("period") or {}).get("end")
        and timezone.now() - start < LONGEST_STAY
    )


def derive_episode_periods(resource: dict[str, Any], hospital: str) -> TreatmentPeriods:
    """An active one without an end is to be written again once a year, as contracts with family
    doctors are.
    """
    start, end = parse_period(resource.get("period"))
    if resource.get("status") == "active" and start is not None:
        yield TreatmentPeriod(
            hospital,
            "panel",
            start,
            (
                min(end, timezone.now() + PANEL_PERIOD)
                if end
                else min(start, timezone.now()) + PANEL_PERIOD
            ),
        )


def derive_appointment_periods(resource: dict[str, Any], hospital: str) -> TreatmentPeriods:
    if resource.get("status") in ("booked", "arrived", "checked-in") and resource.get("start"):
        start = parse_date_range(resource["start"])[0]
        yield TreatmentPeriod(
            hospital,
            "admission",
            timezone.now(),
            min(start, timezone.now() + ADMISSION_PERIOD) + ADMISSION_PERIOD,
        )


def derive_referral_periods(resource: dict[str, Any], hospital: str) -> TreatmentPeriods:
    """The referring hospital gives the other access: its own system wrote it. Who refers
    must know the patient: the registration is its own.
    """
    if resource.get("status") == "active" and resource.get("intent") in (
        "order",
        "original-order",
        "plan",
    ):
        codes = {
            (c.get("system"), c.get("code"))
            for concept in [*(resource.get("category") or []), resource.get("code") or {}]
            for c in concept.get("coding") or []
        }
        basis = "consultation" if CONSULTATION & codes else "referral"
        for performer in resource.get("performer") or []:
            code = find_member_code(performer)
            if code and code != hospital:
                yield TreatmentPeriod(
                    code, basis, timezone.now(), timezone.now() + PERIOD_AFTER_ENCOUNTER
                )


def find_member_code(reference: dict[str, Any]) -> str | None:
    """The code of the member hospital that a reference names: by our identifier, by its credit
    code, or as Organization/<code>.
    """
    identifier = reference.get("identifier") or {}
    value, literal = str(identifier.get("value") or ""), str(reference.get("reference") or "")
    if identifier.get("system") == HOSPITAL_SYSTEM:
        return value
    if value:
        return Hospital.objects.filter(credit_code=value).values_list("code", flat=True).first()
    code = literal.removeprefix("Organization/") if literal.startswith("Organization/") else ""
    return (
        Hospital.objects.filter(code=code).values_list("code", flat=True).first() if code else None
    )


PERIODS_BY_TYPE: dict[str, Callable[[dict[str, Any], str], TreatmentPeriods]] = {
    "Encounter": derive_encounter_periods,
    "EpisodeOfCare": derive_episode_periods,
    "CareTeam": derive_episode_periods,
    "Appointment": derive_appointment_periods,
    "ServiceRequest": derive_referral_periods,
}
TREATMENT_TYPES = frozenset(PERIODS_BY_TYPE)


def periods_from_resource(resource: dict[str, Any], hospital: str) -> list[TreatmentPeriod]:
    """Of a valid resource of one of TYPES, written by the hospital `hospital`."""
    return list(PERIODS_BY_TYPE[resource["resourceType"]](resource, hospital))
