"""Vouching in short."""

from alliance.models import Staff
from alliance.services.vouching import (
    account_issue_mark,
    do_vouch_staff,
)
from records.operations.shared_record import open_record
from records.requests.fhir_request import build_fhir_request
from tests.factories import alliance
from tests.support.world import World, w

__all__ = ["fresh", "observations", "vouch", "w"]


def vouch(who: Staff, officer: Staff) -> None:
    do_vouch_staff(
        who,
        ground="card",
        seen=account_issue_mark(Staff.objects.get(pk=who.pk)),
        acting=alliance.get_staff_principal(officer),
    )


def fresh(who: Staff) -> Staff:
    return Staff.objects.select_related("hospital", "user").get(pk=who.pk)


def observations(w: World, who: Staff) -> int:
    return len(
        open_record(
            build_fhir_request(alliance.get_staff_principal(who), "alliance", ""),
            w.person,
            {"Observation": 9},
            "",
        ).rows["Observation"]
    )  # type: ignore[arg-type]
