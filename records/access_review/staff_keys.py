"""Keep by which of a hospital's staff are recognized as patients, and with whom they live: keyed
hashes of what their Practitioner says, made as those of registrations are.

A member sends a Practitioner with the staff number, and perhaps with birth date, number, phone and
address. Of whom none is sent, nothing is known, and nothing is guessed from a name.
"""

import datetime as dt
from typing import Any

from django.db import connection
from django.utils import timezone

from consent.models import NumberedPractitioner
from records.fhir.json_codec import parse_json
from records.mpi.index.field_protection import hash_household_keys, hash_keys
from records.mpi.matching.blocking import blocking_keys
from records.mpi.matching.fhir_patient import demographics_from_patient
from records.mpi.matching.profile import build_profile
from records.store.maintenance.practitioner_bodies import fetch_practitioners

SELF_WAYS = ("number", "sound+birth")  # what tells one person: a number, or name and birth date
Json = dict[str, Any]
REPLACE_SQL = """
WITH gone AS (DELETE FROM record_access_staff_key WHERE NOT (staff, kind, key) IN (
  SELECT * FROM unnest(%(staff)s::bigint[], %(kinds)s::text[], %(keys)s::bigint[])))
INSERT INTO record_access_staff_key (staff, kind, key)
SELECT * FROM unnest(%(staff)s::bigint[], %(kinds)s::text[], %(keys)s::bigint[])
ON CONFLICT DO NOTHING
"""


def keys_of_practitioner(resource: Json, today: dt.date) -> set[tuple[str, int]]:
    """(kind, key): as if the Practitioner were a Patient. Pure but for the index key."""
    known = {
        k: resource[k]
        for k in ("name", "gender", "birthDate", "telecom", "address")
        if k in resource
    }
    known |= {"resourceType": "Patient", "identifier": resource.get("identifier", [])}
    profile = build_profile(demographics_from_patient(known, today))
    told = {k for k in blocking_keys(profile) if k.partition("|")[0] in SELF_WAYS}
    return {("self", k) for k in hash_keys(told)} | {
        ("household", k) for k in hash_household_keys(profile)
    }


def refresh_staff_keys() -> int:
    """How many keys there are now."""
    numbered = {
        (hospital, reference.partition("/")[2]): staff
        for hospital, reference, staff in NumberedPractitioner.objects.filter(
            staff__isnull=False, reference__startswith="Practitioner/"
        ).values_list("hospital_id", "reference", "staff")
    }
    today = timezone.localdate()
    rows = {
        (staff, kind, key)
        for hospital, fhir_id, body in fetch_practitioners(list(numbered))
        for staff in [numbered[hospital, fhir_id]]
        for kind, key in keys_of_practitioner(parse_json(body), today)
    }
    columns = list(zip(*sorted(rows), strict=True)) or [(), (), ()]
    with connection.cursor() as cursor:
        cursor.execute(
            REPLACE_SQL,
            {"staff": list(columns[0]), "kinds": list(columns[1]), "keys": list(columns[2])},
        )
    return len(rows)
