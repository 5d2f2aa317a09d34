"""Compare what a line of the audit log says with what the rules say of its moment. Pure, but for
the facts, which are loaded for it.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from alliance.auth.principal import Principal, Purpose
from alliance.roles import Permission
from consent.audit.event import AuditOutcome, EventCode
from consent.decide import decide_access, evaluate_hospital
from consent.reason_words import REASONS_FOR_VIEWER
from consent.rules import own_record
from consent.terms import AccessRequest, Facts, Refused, Source

# Lines about reading one person's records: of these alone the gate's answer can be given anew.
READS = frozenset(
    {
        EventCode.RECORD_OPEN,
        EventCode.RECORD_READ,
        EventCode.RECORD_SEARCH,
        EventCode.RECORD_HISTORY,
        EventCode.RECORD_PRINT,
        EventCode.RECOGNITION_CHECK,
    }
)
# Why the gate itself refuses; a token's scopes, a rate or a fault are other matters.
GATE_CODES = frozenset(REASONS_FOR_VIEWER) | {
    "foreign_store",
    "sandbox",
    own_record.UNPROVEN_PATIENT,
}
# A fact that was written while the line was has a moment of its own, this far from it at most.
AT_ONCE = dt.timedelta(seconds=2)


class Agreement(StrEnum):
    AGREES = "agrees"
    # by the facts of just before: they changed while the line was written
    AT_ONCE = "at_once"
    CONTRADICTS = "contradicts"
    OTHER = "other"  # the gate's answer is not what the line tells of


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """Let in or refused; reason: of a refusal; emergency: whether the glass was broken."""

    permitted: bool
    reason: str = ""
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class LineComparison:
    """answer: what the gate answers by the facts of the moment; strays: hospitals whose records
    left by the line though these facts open none of theirs.
    """

    agreement: Agreement
    answer: GateAnswer
    strays: tuple[str, ...] = ()


def request_of_line(
    line: Mapping[str, Any], principal: Principal, person: UUID, sources: tuple[Source, ...]
) -> AccessRequest:
    """The question that was asked, of the registrations that the person had."""
    base = line["target"].partition("/")[0]
    is_own = base == principal.hospital
    asked = sources if base in ("alliance", "") else [s for s in sources if s.hospital == base]
    return AccessRequest(
        principal,
        Permission.OWN_RECORD_READ if principal.kind == "patient" else Permission.RECORD_READ,
        EventCode.CONSENT_READ,
        line["target"],
        hospital_id=principal.hospital_id if is_own and principal.kind != "patient" else None,
        person=person,
        sources=tuple(asked),
        all_sources=sources,
    )


def answer_request(request: AccessRequest, facts: Facts) -> GateAnswer:
    try:
        scope = decide_access(request, facts)
    except Refused as refusal:
        return GateAnswer(False, refusal.code)
    return GateAnswer(True, emergency=scope.emergency)


def can_compare(line: Mapping[str, Any]) -> bool:
    """Whether the line tells of an answer of the gate about one person's records."""
    if line["code"] not in READS or line["outcome"] == AuditOutcome.FAILED:
        return False
    return line["outcome"] != AuditOutcome.REFUSED or line["reason"] in GATE_CODES


def says_the_same(line: Mapping[str, Any], answer: GateAnswer) -> bool:
    if line["outcome"] == AuditOutcome.REFUSED:
        return not answer.permitted and answer.reason == line["reason"]
    return answer.permitted and answer.emergency == (line["purpose"] == Purpose.EMERGENCY)


def find_strays(line: Mapping[str, Any], request: AccessRequest, facts: Facts) -> tuple[str, ...]:
    """Of the hospitals whose records left."""
    left = {r.partition("/")[0] for r in line["refs"]} - {request.principal.hospital}
    known = left & {s.hospital for s in request.all_sources}
    whole = replace(request, hospital_id=None)
    return tuple(sorted(h for h in known if not evaluate_hospital(whole, facts, h).permitted))


def compare_line(
    line: Mapping[str, Any],
    ask: Callable[[dt.datetime], tuple[AccessRequest, Facts]],
    moment: dt.datetime,
) -> LineComparison:
    """ask: the question, and the facts, of a moment."""
    request, facts = ask(moment)
    answer = answer_request(request, facts)
    if not can_compare(line):
        return LineComparison(Agreement.OTHER, answer)
    strays = find_strays(line, request, facts)
    if says_the_same(line, answer) and not strays:
        return LineComparison(Agreement.AGREES, answer)
    before, facts_before = ask(moment - AT_ONCE)
    if says_the_same(line, answer_request(before, facts_before)) and not find_strays(
        line, before, facts_before
    ):
        return LineComparison(Agreement.AT_ONCE, answer)
    return LineComparison(Agreement.CONTRADICTS, answer, strays)
