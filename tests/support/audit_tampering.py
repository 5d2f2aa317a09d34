"""A log that is tampered with, and the check's verdict."""

import json

from django.test import RequestFactory

from alliance.operations.health import report_readiness
from tests.support.tampering import (
    log,
)

__all__ = ["cut", "log", "told_by_readyz"]


def cut(size: str) -> list[str]:
    return [
        f"DELETE FROM consent_audit_head WHERE size > {size}",
        (
            "DELETE FROM consent_audit_event WHERE id IN (SELECT event_id FROM consent_audit_leaf"
            f" WHERE position >= {size})"
        ),
        f"DELETE FROM consent_audit_leaf WHERE position >= {size}",
    ]


def told_by_readyz() -> str:
    return str(
        json.loads(report_readiness(RequestFactory().get("/readyz")).content)["checks"]["audit log"]
    )
