"""What the gate and the audit log ask of the app above (records), in SQL that records writes
itself: consent names none of its tables, and imports nothing of it. records/apps.py gives it when
it is imported, before any statement is made of it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecordsSql:
    """registrations: a relation (id, hospital_id, fhir_id, person_id, home, registered,
    joined_at, name, birth_date, updated_at), a row for each registration of the patient index;
    hold: (id, joined_at) of those with the ids %s, which stay as they are until the transaction
    ends; hold_all: nobody changes any until then; oldest_decision: (at) of who is whom; walled: a
    table with row level security.
    """

    registrations: str
    hold: str
    hold_all: str
    oldest_decision: str
    walled: str


asked: RecordsSql
