"""The first step of referring: the directory of hospitals, departments and clinics, searched and
filtered, nearest match first; hospitals that keep no directory below it.
"""

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.directory.find_clinics import DirectoryQuestion, find_clinics
from alliance.models import Hospital, OfferedClinic, OfferedDepartment, WorkItem

LONGEST_SEARCH = 100
CARRIED = ("draft", "follows")  # what is continued, whoever it goes to


@dataclass(frozen=True, slots=True)
class Destination:
    """query: what chooses it, as GET parameters. free, first: places of the next days."""

    hospital: Hospital
    department: OfferedDepartment
    clinic: OfferedClinic | None
    free: int
    first: dt.datetime | None
    query: str


@dataclass(frozen=True, slots=True)
class DestinationSearch:
    """hospitals: all that may be chosen, each as a whole; urgencies: (value, words);
    kept: what goes on with the choice, as GET parameters.
    """

    asked: DirectoryQuestion
    found: list[Destination]
    hospitals: list[Hospital]
    urgencies: list[tuple[str, str]]
    kept: list[tuple[str, str]]

    @property
    def is_narrowed(self) -> bool:
        a = self.asked
        return bool(a.words or a.hospital or a.free or a.urgency)


def read_question(request: HttpRequest, *, for_consultation: bool) -> DirectoryQuestion:
    urgency = request.GET.get("urgency", "")
    return DirectoryQuestion(
        request.GET.get("q", "")[:LONGEST_SEARCH].strip(),
        request.GET.get("hospital", "")[:40],
        request.GET.get("free") == "on",
        urgency if urgency in WorkItem.Urgency.values else "",
        for_consultation,
    )


def search_destinations(
    request: HttpRequest,
    hospitals: list[Hospital],
    acting: Principal,
    *,
    for_consultation: bool = False,
) -> DestinationSearch:
    """hospitals: those that may be chosen, as the list of them is sorted; for_consultation: what
    gives consultations, and not what takes referrals.
    """
    asked = read_question(request, for_consultation=for_consultation)
    chosen = [h.pk for h in hospitals if asked.hospital in ("", h.code)]
    sender = Hospital.objects.get(pk=acting.hospital_id)
    rows = find_clinics(asked, chosen, sender, timezone.now())
    by_id = {h.pk: h for h in hospitals}
    departments = OfferedDepartment.objects.in_bulk({r.department_id for r in rows})
    clinics = OfferedClinic.objects.in_bulk({r.clinic_id for r in rows if r.clinic_id})
    kept = [(k, request.GET[k]) for k in CARRIED if request.GET.get(k, "").isdecimal()]
    carried = "".join(f"{k}={v}&" for k, v in kept)
    found = [
        Destination(
            by_id[r.hospital_id],
            departments[r.department_id],
            clinics.get(r.clinic_id or 0),
            r.free,
            r.first,
            f"{carried}to={by_id[r.hospital_id].code}&"
            + (f"clinic={r.clinic_id}" if r.clinic_id else f"department={r.department_id}"),
        )
        for r in rows
    ]
    return DestinationSearch(
        asked, found, hospitals, [(u.value, str(u.label)) for u in WorkItem.Urgency], kept
    )


def name_wish(request: HttpRequest, receiver: Hospital) -> str:
    """The chosen department, and the clinic, in words: where the referral goes, as whoever arranges
    reads it. "" where only the hospital was chosen, or what is not the hospital's.
    """
    clinic_id, department_id = (request.GET.get(k, "") for k in ("clinic", "department"))
    if clinic_id.isdecimal():
        clinic = (
            OfferedClinic.objects.select_related("department")
            .filter(pk=int(clinic_id[:18]), hospital=receiver, ended_at=None)
            .first()
        )
        if clinic:
            return f"{clinic.department.name_zh} · {clinic}"[: longest_wish()]
    if department_id.isdecimal():
        department = OfferedDepartment.objects.filter(
            pk=int(department_id[:18]), hospital=receiver, ended_at=None
        ).first()
        if department:
            return department.name_zh[: longest_wish()]
    return ""


def longest_wish() -> int:
    return WorkItem._meta.get_field("department").max_length or 80
