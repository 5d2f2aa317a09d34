"""TABLE of what makes an access conspicuous. Each part is a SELECT of (episode, times, fact) over
`judged`; its points are the times with its weight (record_access_weight). fact: the number or code
that its words take, "" for none.

What is private of the staff and of patients is compared by keyed hashes, as the index compares
registrations; a surname counts alone where few of the hospital's patients have it.
"""

from dataclasses import dataclass

from alliance.sql.hospitals import WORKPLACES
from consent.audit.event import EventCode
from consent.sql.accesses import LINES_OF_STAFF, SEALS
from records.access_review.build_episodes import NIGHT

RARE = 0.01  # share of a hospital's registrations that have a surname
OWN_DAYS = 90
QUIET_DAYS = 21  # without any access
KNOWN_DAYS = 30  # in which an address was used
NIGHT_SHARE = 0.05
NO_CLUE = 3.5  # median absolute deviations above the median that still say nothing
HABIT = 3  # unexplained ones of a month that still say nothing
MOST_TIMES = 4
UNEXPLAINED = "j.template IS NULL"
LOCAL = "(j.first_at AT TIME ZONE %(zone)s)"
IS_NIGHT = f"(extract(hour FROM {LOCAL}) >= {NIGHT[0]} OR extract(hour FROM {LOCAL}) < {NIGHT[1]})"
OWN_PATIENT = (  # the staff member is this patient
    "EXISTS (SELECT FROM staff_patient o JOIN judged_source s ON s.source = o.source"
    " WHERE s.episode = j.id AND o.staff = j.staff)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """code: of its weight and of its words (records/web/episode_words.py)."""

    code: str
    sql: str


PARTS = (
    # index: records_matchkey_pkey, record_access_staff_key_pkey
    Part(
        "household",
        f"""SELECT DISTINCT j.id, 1.0, '' FROM judged j JOIN judged_source s ON s.episode = j.id
JOIN record_access_staff_key k ON k.staff = j.staff AND k.kind = 'household'
JOIN records_matchkey m ON m.source_id = s.source AND m.key = k.key WHERE NOT {OWN_PATIENT}""",
    ),
    Part("self", f"SELECT j.id, 1.0, '' FROM judged j WHERE {OWN_PATIENT}"),
    Part(
        "colleague",
        f"""SELECT DISTINCT j.id, 1.0, '' FROM judged j JOIN judged_source s ON s.episode = j.id
JOIN staff_patient o ON o.source = s.source AND o.staff <> j.staff
JOIN {WORKPLACES} w ON w.id = o.staff AND w.hospital_id = j.hospital""",
    ),
    Part(
        "same_department",
        f"""SELECT DISTINCT j.id, 1.0, '' FROM judged j JOIN judged_source s ON s.episode = j.id
JOIN staff_patient o ON o.source = s.source AND o.staff <> j.staff
JOIN {WORKPLACES} w ON w.id = o.staff AND w.hospital_id = j.hospital
  AND w.department_id = j.department""",
    ),
    Part(
        "surname",
        f"""SELECT DISTINCT j.id, 1.0, left(w.name, 1) FROM judged j
JOIN {WORKPLACES} w ON w.id = j.staff AND w.name <> ''
JOIN judged_source s ON s.episode = j.id
JOIN records_sourcepatient o ON o.id = s.source AND left(o.name, 1) = left(w.name, 1)
JOIN surname_share u ON u.hospital = j.hospital AND u.surname = left(w.name, 1)
  AND u.share < {RARE}
WHERE {UNEXPLAINED} AND NOT {OWN_PATIENT}""",
    ),
    Part(
        "sealed",
        f"""SELECT DISTINCT j.id, 1.0, '' FROM judged j JOIN judged_source s ON s.episode = j.id
JOIN {SEALS} q ON q.covers && ARRAY[s.source] AND q.sealed_at <= j.last_at
  AND (q.lifted_at IS NULL OR q.lifted_at > j.first_at)""",
    ),
    Part(
        "emergency",
        f"""SELECT j.id, 1.0, '' FROM judged j WHERE j.emergency AND {UNEXPLAINED}
  AND j.last_at < clock_timestamp() - interval '72 hours'""",
    ),
    # index: record_access_day_pkey
    Part(
        "night",
        f"""SELECT j.id, 1.0, '' FROM judged j JOIN LATERAL (
  SELECT sum(d.nights)::float AS nights, sum(d.episodes) AS episodes FROM record_access_day d
  WHERE d.staff = j.staff AND d.hospital = j.hospital AND d.day < {LOCAL}::date
    AND d.day >= {LOCAL}::date - {OWN_DAYS}) own ON own.episodes >= 20
WHERE {IS_NIGHT} AND own.nights / own.episodes <= {NIGHT_SHARE}""",
    ),
    # index: source_person
    Part(
        "elsewhere",
        f"""SELECT j.id, 1.0, '' FROM judged j WHERE {UNEXPLAINED}
  AND NOT EXISTS (SELECT FROM records_sourcepatient o WHERE o.person_id = j.person
    AND o.hospital_id = j.hospital AND o.registered)""",
    ),
    Part(
        "search_only",
        f"""SELECT j.id, 1.0, '' FROM judged j
WHERE {UNEXPLAINED} AND j.opens = 0 AND j.finds > 0 AND j.role = 'clinician'""",
    ),
    # Against the own ninety days where there are some, and against the role at the hospital.
    Part(
        "volume",
        f"""SELECT j.id, least({MOST_TIMES}, (v.times - {NO_CLUE}) / 2 + 1), v.episodes::text
FROM judged j JOIN staff_volume v ON v.staff = j.staff AND v.hospital = j.hospital
  AND v.day = {LOCAL}::date AND v.times > {NO_CLUE}
WHERE {UNEXPLAINED}""",
    ),
    # index: record_access_episode_staff
    Part(
        "habit",
        f"""SELECT j.id, least({MOST_TIMES}, ln(h.n::float / {HABIT}) / ln(2) + 1), h.n::text
FROM judged j JOIN staff_habit h ON h.staff = j.staff AND h.n > {HABIT}
WHERE {UNEXPLAINED}""",
    ),
    # index: consent_audit_event_actor
    Part(
        "two_places",
        f"""SELECT DISTINCT j.id, 1.0, '' FROM judged j
JOIN LATERAL {
            LINES_OF_STAFF.format(
                staff="j.staff::text",
                since="j.first_at - interval '5 minutes'",
                until="j.last_at + interval '5 minutes'",
            )
        } a ON a.address <> ''
JOIN LATERAL {
            LINES_OF_STAFF.format(
                staff="j.staff::text",
                since="a.recorded",
                until="a.recorded + interval '5 minutes'",
            )
        } b ON b.address <> '' AND b.address <> a.address
WHERE {UNEXPLAINED} AND (a.person = j.person OR b.person = j.person)""",
    ),
    # index: consent_audit_event_actor
    Part(
        "new_address",
        f"""SELECT j.id, 1.0, '' FROM judged j
JOIN LATERAL (SELECT a.address FROM {
            LINES_OF_STAFF.format(staff="j.staff::text", since="j.first_at", until="j.last_at")
        } a WHERE a.person = j.person AND a.address <> '' LIMIT 1) here ON true
JOIN LATERAL (SELECT bool_or(b.address = here.address) AS known, count(*) AS lines FROM {
            LINES_OF_STAFF.format(
                staff="j.staff::text",
                since=f"j.first_at - interval '{KNOWN_DAYS} days'",
                until="j.first_at - interval '1 hour'",
            )
        } b WHERE b.address <> '') before ON NOT before.known AND before.lines >= 10
WHERE {UNEXPLAINED}""",
    ),
    # index: record_access_day_pkey
    Part(
        "dormant",
        f"""SELECT j.id, 1.0, (({LOCAL})::date - was.day)::text FROM judged j JOIN LATERAL (
  SELECT max(d.day) AS day FROM record_access_day d WHERE d.staff = j.staff
    AND d.day < {LOCAL}::date) was ON was.day < {LOCAL}::date - {QUIET_DAYS}
WHERE {UNEXPLAINED}""",
    ),
    # What was opened is specially protected, by its labels.
    # index: consent_audit_event_actor, record_resource_patient
    Part(
        "sensitive",
        f"""SELECT DISTINCT j.id, 1.0, '' FROM judged j
JOIN LATERAL {
            LINES_OF_STAFF.format(staff="j.staff::text", since="j.first_at", until="j.last_at")
        } l ON l.person = j.person AND l.code <> '{EventCode.PERSON_FIND.value}'
JOIN judged_source s ON s.episode = j.id
JOIN record_resource r ON r.patient = s.source AND r.labels & %(sensitive)s <> 0
WHERE {UNEXPLAINED} AND EXISTS (SELECT FROM unnest(l.refs) u(ref)
  WHERE split_part(u.ref, '/', 2) = record_type_name(r.type)
    AND split_part(u.ref, '/', 3) = r.fhir_id)""",
    ),
)
