"""What the app below asks of the patient index and of the stores' row level security
(consent/from_records.py). The planner sees through the relation as if they named the table.
"""

from consent.from_records import RecordsSql

ASKED = RecordsSql(
    registrations=(
        "(SELECT id, hospital_id, fhir_id, person_id, home, registered, joined_at, name,"
        " birth_date, updated_at FROM records_sourcepatient)"
    ),
    # index: records_sourcepatient_pkey
    hold="SELECT id, joined_at FROM records_sourcepatient WHERE id = ANY(%s) ORDER BY id FOR SHARE",
    hold_all="LOCK TABLE records_sourcepatient IN SHARE MODE",
    oldest_decision="(SELECT at FROM records_decision ORDER BY id LIMIT 1)",
    walled="record_resource",
)
