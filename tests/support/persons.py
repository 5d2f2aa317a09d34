"""An open world of two hospitals and its golden records."""

from typing import Any

import pytest

from alliance.roles import Role
from records.fhir.validate import check_by_model
from records.models import SourcePatient
from tests.factories import alliance
from tests.support.world import World, related, w

__all__ = ["curator", "golden", "open_world", "rows", "w"]


@pytest.fixture
def open_world(w: World) -> World:
    related(w)
    w.permit()
    return w


def golden(w: World, kind: str = "Patient") -> dict[str, Any]:
    reply = w.ask("GET", f"{kind}/{w.person}", base="alliance")
    assert reply.status == 200, reply.body
    check_by_model(reply.json, kind)
    return reply.json  # type: ignore[no-any-return]


def curator(w: World) -> Any:
    return alliance.get_staff_principal(alliance.make_staff(w.b, Role.CLERK, wide=True))


def rows(w: World) -> tuple[SourcePatient, SourcePatient]:
    one, two = SourcePatient.objects.filter(person=w.person).order_by("pk")
    return one, two
