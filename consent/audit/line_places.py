"""List lines of the log with their place in the tree, for who reads the log by FHIR: newest first,
a page at a time, always within the hospitals they may audit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from consent.audit import canonical_line
from consent.audit.log_query import PERSON_IDS_SQL, AuditFilter

MAX_PERSONS = 20  # of a line's persons on a page of lines; a line by itself names all of them

# `several`: how many persons, where the line is about several; of these first whom the question
# names. `position` and `hash` are the leaf's, NULL until the line is sealed.
# index: consent_audit_event_pkey or what {{where}} names, consent_audit_person_pkey,
# consent_audit_leaf_event_id_key
PLACED_LINES_SQL = f"""
SELECT l.*,
  (SELECT count(*) FROM consent_audit_person p
    WHERE p.event = l.id AND p.written = l.written) AS several,
  ARRAY(SELECT p.person::text FROM consent_audit_person p
    WHERE p.event = l.id AND p.written = l.written
    ORDER BY (%(person)s::uuid IS NOT NULL AND p.person = ANY ({PERSON_IDS_SQL})) DESC, p.person
    LIMIT %(persons)s) AS persons,
  f.position, encode(f.hash, 'hex') AS hash
FROM (SELECT {canonical_line.COLUMNS}, recorded AS written FROM consent_audit_event
  WHERE {{where}} AND (%(before)s::bigint IS NULL OR id < %(before)s)
  ORDER BY id DESC LIMIT %(limit)s) l
LEFT JOIN consent_audit_leaf f ON f.event_id = l.id
ORDER BY l.id DESC
"""
COLUMNS = (*canonical_line.FIELDS, "written", "several", "persons", "position", "hash")


@dataclass(frozen=True, slots=True)
class LineSearch:
    """within: who may read what, and whom, when and by whom it is about; numbers: of the lines,
    outcomes: any of these; ref: `hospital/Type/id/version`, or `hospital/Type/id/` for any version;
    each None or empty where it was not asked.
    """

    within: AuditFilter
    numbers: tuple[int, ...] | None = None
    outcomes: tuple[str, ...] = ()
    ref: str = ""

    def where_sql(self) -> tuple[str, dict[str, Any]]:
        where, parameters = self.within.where_sql()
        tests = [where]
        if self.numbers is not None:
            tests.append("id = ANY(%(numbers)s)")
        if self.outcomes:
            tests.append("outcome = ANY(%(outcomes)s)")
        if self.ref:
            tests.append(
                "EXISTS (SELECT FROM unnest(refs) r WHERE starts_with(r, %(ref)s))"
                if self.ref.endswith("/")
                else "%(ref)s = ANY(refs)"
            )
        return " AND ".join(tests), {
            **parameters,
            "numbers": list(self.numbers or ()),
            "outcomes": list(self.outcomes),
            "ref": self.ref,
        }


def list_placed_lines(
    search: LineSearch, before: int | None, limit: int, persons: int | None = MAX_PERSONS
) -> list[dict[str, Any]]:
    """List the newest first; `before` is the id of the last line of the page above; persons: how
    many of a line's at most, None for all.
    """
    where, parameters = search.where_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            PLACED_LINES_SQL.format(where=where),
            {**parameters, "before": before, "limit": limit, "persons": persons},
        )
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def persons_of_lines(lines: Sequence[dict[str, Any]]) -> set[UUID]:
    """Whom the lines name, as they are shown."""
    return {
        UUID(person)
        for line in lines
        for person in (line["persons"] or ([line["person"]] if line["person"] else []))
    }
