"""Dead letters for the systems of their hospital: filtered, page by page, with a line in the audit
log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alliance.auth.scopes import NO_SCOPE_NEED, ScopeGrant
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import EventCode
from records.requests.fhir_request import FhirRequest, request_own_access
from records.sync import dead_letters
from records.sync.batch_lines import LARGEST
from records.sync.dead_letters import LetterState
from records.sync.describe_letters import describe_letters
from records.sync.sync_error import SyncError

PAGE, MOST = 100, 500  # letters of an answer
TEXTS = ("rule", "source", "type", "stream")
LONGEST = 80  # characters of a filter
SENDING = "cud"  # letters of scopes that send


@dataclass(frozen=True, slots=True)
class LetterQuestion:
    """Empty and 0: any; cursor: the last letter that was told before."""

    state: str = ""
    rule: str = ""
    source: str = ""
    type: str = ""
    stream: str = ""
    number: int = 0
    cursor: int = 0
    limit: int = PAGE

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "LetterQuestion":
        """Raises SyncError for a parameter that is not understood."""
        states = [s.value for s in LetterState]
        if query.get("state", "") not in ("", *states):
            raise SyncError(
                "query", name="state", form_zh="、".join(states), form_en=", ".join(states)
            )
        for name in TEXTS:
            text = query.get(name, "")
            if len(text) > LONGEST or "\x00" in text:
                raise SyncError(
                    "query", name=name, form_zh="最多 80 个字符", form_en="at most 80 characters"
                )
        return cls(
            query.get("state", ""),
            *(query.get(name, "") for name in TEXTS),
            number=read_whole(query, "number", 0, LARGEST),
            cursor=read_whole(query, "cursor", 0, LARGEST),
            limit=min(MOST, read_whole(query, "limit", PAGE, LARGEST) or PAGE),
        )


def read_whole(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
    if not 0 <= number <= most:
        raise SyncError("query", name=name, form_zh="整数", form_en="a whole number")
    return number


def types_of_sender(grant: ScopeGrant) -> frozenset[str] | None:
    """Those of which the token may send something; None for all that there are."""
    of_letters = [grant.types_for(letter) for letter in SENDING]
    return None if None in of_letters else frozenset().union(*(types or () for types in of_letters))


def list_dead_letters(fhir_request: FhirRequest, question: LetterQuestion) -> dict[str, Any]:
    """The own ones, of types that the token may send; those that other systems of the hospital
    sent, of types that it may read.
    """
    principal = fhir_request.principal
    access = request_own_access(
        fhir_request, EventCode.LETTER_READ, "dead-letters", need=NO_SCOPE_NEED
    )
    append_event(gate.authorize_access(access).event)
    letters = dead_letters.list_letters(
        principal.hospital_id,
        after=question.cursor,
        most=question.limit + 1,
        state=question.state,
        rule=question.rule,
        source=question.source,
        type=question.type,
        stream=question.stream,
        number=question.number,
        client=principal.id,
        types=principal.grant.types_for("r"),
        own_types=types_of_sender(principal.grant),
    )
    page, more = letters[: question.limit], len(letters) > question.limit
    return {
        "dead_letters": describe_letters(principal.hospital_id, page),
        "cursor": str(page[-1].id if page else question.cursor),
        "more": more,
    }
