"""Shape acts of the log for the auditor's pages: which of an act's lines says what was done, and
everybody in it by name.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from consent.audit.act_query import Act
from consent.audit.event import AuditOutcome, EventCode
from consent.audit.line_names import LineNames, load_line_names, persons_of_line

# What goes with nearly everything else: the other lines of the act say more.
ATTENDANT = (EventCode.PERSON_READ, EventCode.PERSON_FIND, EventCode.CONSENT_READ)
LOOKING = ("read", "search", "history", "open", "feed")


@dataclass(frozen=True, slots=True)
class LineRow:
    """persons: (id, name) of those whom it is about, some of `several` where there are more;
    staff, at: account and hospital whose own pages the auditor may open, "" of others.
    """

    line: dict[str, Any]
    when: dt.datetime
    hospital: str
    who: str
    account: str
    staff: str
    at: str
    persons: list[tuple[str, str]]
    purpose: str


@dataclass(frozen=True, slots=True)
class ActRow:
    """face: the line that says what was done; rest: the others, in their order."""

    act: Act
    face: LineRow
    rest: list[LineRow]


def build_act_rows(acts: list[Act], hospitals: tuple[str, ...] | None) -> list[ActRow]:
    names = load_line_names([line for act in acts for line in act.lines], hospitals)
    rows = []
    for act in acts:
        if act.lines:
            face = max(act.lines, key=rank_line)
            shaped = [build_line_row(line, names) for line in act.lines]
            at = act.lines.index(face)
            rows.append(ActRow(act, shaped[at], shaped[:at] + shaped[at + 1 :]))
    return rows


def rank_line(line: dict[str, Any]) -> tuple[bool, bool, int, int]:
    """How much a line says about its act: what was refused or failed first, then emergency access,
    what changes something, what looks at records, what goes with it; of equals the newest.
    """
    code = line["code"]
    weight = (
        ATTENDANT.index(code)
        if code in ATTENDANT
        else len(ATTENDANT) + (code.rsplit(":", 1)[-1] not in LOOKING)
    )
    return line["outcome"] != AuditOutcome.SUCCESS, line["purpose"] == "BTG", weight, line["id"]


def build_line_row(line: dict[str, Any], names: LineNames) -> LineRow:
    return LineRow(
        line=line,
        when=dt.datetime.fromisoformat(line["recorded"]),
        hospital=names.hospital_name(line["actor_hospital"]),
        who=names.actor_name(line),
        account=names.account(line) if line["foreign"] else "",
        staff=linked_staff(line, names),
        at=linked_hospital(line, names),
        persons=[(p, names.person_words(p)) for p in persons_of_line(line)],
        purpose=names.purpose_words(line),
    )


def linked_staff(line: dict[str, Any], names: LineNames) -> str:
    """The account's number, where the auditor may open its page: of who works now at a hospital
    that they audit.
    """
    known = names.staff_of(line)
    if known is None or names.is_foreign(line) or not names.is_known(known.hospital):
        return ""
    return str(line["actor"])


def linked_hospital(line: dict[str, Any], names: LineNames) -> str:
    """The hospital's code, where the auditor may open its page."""
    hospital = names.hospitals.get(line["actor_hospital"])
    if hospital is None or hospital.sandbox_of_id or names.is_foreign(line):
        return ""
    return hospital.code


def persons_shown(rows: list[ActRow]) -> set[UUID]:
    """Whose names a page shows: reading it is a look at them."""
    return {
        UUID(person)
        for row in rows
        for line in (row.face, *row.rest)
        for person, _name in line.persons
    }
