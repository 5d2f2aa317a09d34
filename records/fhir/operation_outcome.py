"""Domain error -> OperationOutcome and HTTP status; the only place that knows both (FHIR R4
operationoutcome.html).
"""

from typing import Any

from django.core.exceptions import DisallowedHost
from django.db import OperationalError
from psycopg.errors import QueryCanceled

from alliance.auth.errors import AuthenticationFailed, Forbidden
from alliance.platform.database_away import find_retryable_cause
from consent.terms import Refused
from records.fhir.issues import Issue, Problem, truncate_issues
from records.fhir.limits import ISSUES

STATUS = {
    "invalid": 400,
    "malformed": 400,
    "unprocessable": 422,
    "not-found": 404,
    "gone": 410,
    "conflict": 409,
    "precondition": 412,
    "not-supported": 400,
    "too-large": 413,
    "too-many": 429,
    "unavailable": 503,
    "media-type": 415,
    "not-acceptable": 406,
    "method": 405,
}
# A refusal that must not tell whether the thing exists looks exactly like absence.
HIDDEN_REFUSALS = frozenset(
    {
        "no_consent",
        "unverified",
        "unconfirmed",
        "unconfirmed_consent",
        "provisional",
        "patient_denied",
        "no_relationship",
        "source_suspended",
        "patient_grant",
        "sensitive",
    }
)
REFUSAL_TEXTS = {
    "role": "Your role does not include this.",
    "viewer_inactive": "Your hospital's membership or your employment is not active.",
    "foreign_store": (
        "Only a hospital's own systems write to its record store and read there: yours is"
        " /fhir/<own hospital>/, what others share is at /fhir/alliance/."
    ),
}
ABSENT = Issue("not-found", "There is no such resource here, or it is not shared with you.")

TOO_COSTLY = Issue(
    "too-costly",
    "This takes the server too long. Narrow it, for example by patient, code or date, or ask for"
    " fewer things at once. Nothing was stored.",
)
BUSY = Issue("transient", "The server is busy. Nothing was stored; send the same request again.")


def build_outcome(*issues: Issue) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    for i in truncate_issues(issues, ISSUES + 1):
        row: dict[str, Any] = {"severity": i.severity, "code": i.code, "diagnostics": i.says}
        if i.where:
            row["expression"] = [i.where]
        rows.append(row)
    return {"resourceType": "OperationOutcome", "issue": rows}


def outcome_from_error(error: Exception) -> tuple[int, dict[str, Any]]:
    """(status, OperationOutcome) of any error; of an unknown one nothing but its being one."""
    if isinstance(error, Problem):
        return STATUS[error.kind], build_outcome(*error.issues)
    if isinstance(error, AuthenticationFailed):
        return 401, build_outcome(Issue("login", str(error)))
    if isinstance(error, Refused):
        if error.code in HIDDEN_REFUSALS:
            return 404, build_outcome(ABSENT)
        return 403, build_outcome(
            Issue("forbidden", REFUSAL_TEXTS.get(error.code, "This is not permitted."))
        )
    if isinstance(error, Forbidden):
        return 403, build_outcome(Issue("forbidden", str(error)))
    if isinstance(error, DisallowedHost):
        return 400, build_outcome(
            Issue(
                "security",
                "This address is not served here: ask for the site by a name that its operator has"
                " listed (XINGLIN_HOSTS).",
            )
        )
    if isinstance(error, OperationalError) and isinstance(error.__cause__, QueryCanceled):
        return STATUS["too-large"], build_outcome(TOO_COSTLY)
    if find_retryable_cause(error):
        return STATUS["unavailable"], build_outcome(BUSY)
    return 500, build_outcome(
        Issue(
            "exception",
            "The server failed. Nothing was stored. Tell the operator the X-Request-Id of this"
            " answer.",
            severity="fatal",
        )
    )
