"""Lines of refusals in the log."""

from typing import Any

import pytest
from django.db import connection

from consent.audit.log_query import AuditFilter, list_audit_lines
from consent.audit.refusal_counter import (
    flush_refusals,
)
from tests import draws
from tests.support.audit_lines import fresh


def lines(**fits: str) -> list[dict[str, Any]]:
    return [
        x
        for x in list_audit_lines(AuditFilter(), None, 400)
        if all(x[k] == v for k, v in fits.items())
    ]


def over() -> None:
    """The minute is over, and the sealer comes by."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_audit_refusal SET minute = minute - interval '2 minutes'")
    flush_refusals()


def address() -> str:
    return draws.address("198.18")


@pytest.fixture(autouse=True)
def quiet(world: None) -> None:
    fresh()
