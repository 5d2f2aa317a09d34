"""Domain error -> OperationOutcome and HTTP status; the only place that knows both (FHIR R4 operationoutcome.html)."""

from typing import Any

from django.core.exceptions import DisallowedHost

from alliance.auth.errors import AuthenticationFailed, Forbidden
from consent.terms import Refused
from records.fhir.issues import Issue, Problem, first
from records.fhir.limits import ISSUES

STATUS = {
    "invalid": 400, "malformed": 400, "unprocessable": 422, "not-found": 404, "gone": 410, "conflict": 409, "precondition": 412,
    "not-supported": 400, "too-large": 413, "too-many": 429, "media-type": 415, "not-acceptable": 406, "method": 405,
}
# A refusal that must not tell whether the thing exists looks exactly like absence.
HIDDEN = frozenset({"no_consent", "unverified", "unconfirmed", "unconfirmed_consent", "provisional", "patient_denied", "no_relationship", "source_suspended", "patient_grant", "sensitive"})
REFUSALS = {
    "role": "Your role does not include this.",
    "viewer_inactive": "Your hospital's membership or your employment is not active.",
    "foreign_store": "Only a hospital's own systems write to its record store and read there: yours is /fhir/<own hospital>/, what others share is at /fhir/alliance/.",
}
ABSENT = Issue("not-found", "There is no such resource here, or it is not shared with you.")


def outcome(*issues: Issue) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for i in first(issues, ISSUES + 1):
        row: dict[str, Any] = {"severity": i.severity, "code": i.code, "diagnostics": i.says}
        if i.where:
            row["expression"] = [i.where]
        rows.append(row)
    return {"resourceType": "OperationOutcome", "issue": rows}


def of(error: Exception) -> tuple[int, dict[str, Any]]:
    """(status, OperationOutcome) of any error; of an unknown one nothing but its being one."""
    if isinstance(error, Problem):
        return STATUS[error.kind], outcome(*error.issues)
    if isinstance(error, AuthenticationFailed):
        return 401, outcome(Issue("login", str(error)))
    if isinstance(error, Refused):
        if error.code in HIDDEN:
            return 404, outcome(ABSENT)
        return 403, outcome(Issue("forbidden", REFUSALS.get(error.code, "This is not permitted.")))
    if isinstance(error, Forbidden):
        return 403, outcome(Issue("forbidden", str(error)))
    if isinstance(error, DisallowedHost):
        return 400, outcome(Issue("security", "This address is not served here: ask for the site by a name that its operator has listed (XINGLIN_HOSTS)."))
    return 500, outcome(Issue("exception", "The server failed. Nothing was stored. Tell the operator the X-Request-Id of this answer.", severity="fatal"))
