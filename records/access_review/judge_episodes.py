"""Judge episodes: which explanation there is, and of those that have none, or only one about the
hospital, what makes them conspicuous.

A run takes those to which lines came, and for some days asks again about those that wait for a
reason, as members send visits and orders late.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction

from alliance.models import Department
from alliance.sql.hospitals import WORKPLACES
from consent.labels import ALL_LABELS, Label
from consent.models import NumberedPractitioner
from consent.provision import STAFF_SYSTEM
from records.access_review.score_parts import HABIT, OWN_DAYS, PARTS
from records.access_review.templates import NOT_IN_EMERGENCY, TEMPLATES
from records.fhir.hashes import index_hash, reference_hash
from records.fhir.resource_types import TYPES
from records.search.search_parameters import parameters_of_type

BATCH = 100_000  # episodes in one transaction
AGAIN_DAYS = 4
AGAIN_AFTER = "50 minutes"
SENSITIVE = ALL_LABELS & ~int(Label.MINOR)
# Types that say who did something for a patient, and when.
AUTHORED_TYPES = (
    "AllergyIntolerance",
    "CarePlan",
    "ClinicalImpression",
    "Communication",
    "Composition",
    "Condition",
    "DiagnosticReport",
    "DocumentReference",
    "ImagingStudy",
    "Immunization",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Procedure",
    "ServiceRequest",
)
WAITING_SQL = f"""waits AND first_at > clock_timestamp() - interval '{AGAIN_DAYS} days'
    AND judged_at < clock_timestamp() - interval '{AGAIN_AFTER}'"""
# index: record_access_episode_stale, record_access_episode_waits
JUDGED_SQL = f"""
CREATE TEMP TABLE judged ON COMMIT DROP AS
SELECT e.id, e.staff, e.hospital, e.person, w.department_id AS department, e.role, e.first_at,
  e.last_at, e.opens, e.finds, e.task_line, e.launch_line, e.emergency,
  NULL::text AS template, '' AS evidence, false AS own
FROM (SELECT * FROM record_access_episode WHERE id IN (
  SELECT id FROM (SELECT id FROM record_access_episode WHERE stale ORDER BY id LIMIT %(most)s) s
  UNION SELECT id FROM (SELECT id FROM record_access_episode WHERE {WAITING_SQL}
    ORDER BY id LIMIT %(most)s) a) FOR NO KEY UPDATE) e
LEFT JOIN {WORKPLACES} w ON w.id = e.staff
"""
# index: source_person
SOURCES_SQL = """
CREATE TEMP TABLE judged_source ON COMMIT DROP AS
SELECT j.id AS episode, s.id AS source FROM judged j
JOIN records_sourcepatient s ON s.person_id = j.person
"""
STAFF_REFERENCES_SQL = """
CREATE TEMP TABLE staff_reference ON COMMIT DROP AS
SELECT * FROM unnest(%(staff)s::bigint[], %(hospitals)s::integer[], %(targets)s::bigint[])
  AS r(staff, hospital, target)
"""
DEPARTMENT_REFERENCES_SQL = """
CREATE TEMP TABLE department_reference ON COMMIT DROP AS
SELECT * FROM unnest(%(departments)s::bigint[], %(organizations)s::bigint[])
  AS r(department, target)
"""
# index: match_key
STAFF_PATIENTS_SQL = """
CREATE TEMP TABLE staff_patient ON COMMIT DROP AS
SELECT DISTINCT k.staff, m.source_id AS source FROM record_access_staff_key k
JOIN records_matchkey m ON m.key = k.key WHERE k.kind = 'self'
"""
SURNAMES_SQL = f"""
CREATE TEMP TABLE surname_share ON COMMIT DROP AS
SELECT hospital_id AS hospital, left(name, 1) AS surname,
  count(*)::float / sum(count(*)) OVER (PARTITION BY hospital_id) AS share
FROM records_sourcepatient WHERE registered AND name <> ''
  AND hospital_id IN (SELECT hospital FROM judged WHERE template IS NULL)
GROUP BY 1, 2
HAVING left(name, 1) IN (SELECT left(w.name, 1) FROM {WORKPLACES} w)
  OR hospital_id IS NULL
"""
# How far a day of one of the staff lies above their own days and above those of the role: the
# smaller of both, in median absolute deviations, of at least two accesses each.
# index: record_access_day_pkey, record_access_day_day
VOLUME_SQL = f"""
CREATE TEMP TABLE staff_volume ON COMMIT DROP AS
WITH days AS (SELECT DISTINCT d.* FROM judged j JOIN record_access_day d ON d.staff = j.staff
  AND d.hospital = j.hospital AND d.day = (j.first_at AT TIME ZONE %(zone)s)::date
  WHERE j.template IS NULL),
own_median AS (SELECT x.staff, x.hospital, x.day,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY o.episodes) AS middle, count(*) AS n
  FROM days x JOIN record_access_day o ON o.staff = x.staff AND o.hospital = x.hospital
    AND o.day < x.day AND o.day >= x.day - {OWN_DAYS} GROUP BY 1, 2, 3),
own AS (SELECT x.staff, x.hospital, x.day, m.middle, m.n,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(o.episodes - m.middle)) AS spread
  FROM days x JOIN own_median m USING (staff, hospital, day)
  JOIN record_access_day o ON o.staff = x.staff AND o.hospital = x.hospital
    AND o.day < x.day AND o.day >= x.day - {OWN_DAYS} GROUP BY 1, 2, 3, 4, 5),
asked AS (SELECT DISTINCT hospital, role, day FROM days),
role_median AS (SELECT a.hospital, a.role, a.day,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY o.episodes) AS middle, count(*) AS n
  FROM asked a JOIN record_access_day o ON o.hospital = a.hospital AND o.role = a.role
    AND o.day BETWEEN a.day - 7 AND a.day GROUP BY 1, 2, 3),
peers AS (SELECT a.hospital, a.role, a.day, m.middle, m.n,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(o.episodes - m.middle)) AS spread
  FROM asked a JOIN role_median m USING (hospital, role, day)
  JOIN record_access_day o ON o.hospital = a.hospital AND o.role = a.role
    AND o.day BETWEEN a.day - 7 AND a.day GROUP BY 1, 2, 3, 4, 5)
SELECT x.staff, x.hospital, x.day, x.episodes,
  least((x.episodes - p.middle) / greatest(2, 1.4826 * p.spread),
    CASE WHEN o.n >= 10 THEN (x.episodes - o.middle) / greatest(2, 1.4826 * o.spread) END)
    AS times
FROM days x JOIN peers p USING (hospital, role, day) LEFT JOIN own o USING (staff, hospital, day)
WHERE p.n >= 5
"""
# index: record_access_episode_staff
HABIT_SQL = f"""
CREATE TEMP TABLE staff_habit ON COMMIT DROP AS
SELECT a.staff, count(DISTINCT (e.first_at AT TIME ZONE %(zone)s)::date) AS n
FROM (SELECT DISTINCT staff FROM judged WHERE template IS NULL) a
JOIN record_access_episode e ON e.staff = a.staff AND e.template IS NULL AND NOT e.stale
  AND e.first_at > clock_timestamp() - interval '30 days'
GROUP BY a.staff HAVING count(*) > {HABIT}
"""
EXPLAIN_SQL = """
WITH found AS (SELECT DISTINCT ON (id) f.id, f.evidence, f.own
  FROM ({select}) f(id, evidence, own) ORDER BY f.id, f.own DESC, f.evidence)
UPDATE judged j SET template = %(template)s, evidence = left(found.evidence, 200), own = found.own
FROM found WHERE found.id = j.id{unless}
"""
UNLESS_EMERGENCY = " AND NOT j.emergency"
# Between the templates that look at clinical rows and those that look at other episodes.
SAVE_SQL = """
UPDATE record_access_episode e SET template = j.template, evidence = j.evidence, own = j.own,
  stale = false, judged_at = clock_timestamp()
FROM judged j WHERE j.id = e.id
"""
PART_SQL = """
INSERT INTO judged_part (episode, code, points, fact)
SELECT p.id, %(part)s, (w.points * p.times)::real, p.fact
FROM ({select}) p(id, times, fact) JOIN record_access_weight w ON w.code = %(part)s
WHERE w.points <> 0 AND p.id IN (SELECT id FROM judged WHERE NOT own)
"""
SCORE_SQL = """
WITH summed AS (SELECT j.id, coalesce(sum(p.points), 0) AS score,
    coalesce(jsonb_agg(jsonb_build_array(p.code, round(p.points::numeric, 1), p.fact)
      ORDER BY p.points DESC, p.code) FILTER (WHERE p.code IS NOT NULL), '[]') AS parts
  FROM judged j LEFT JOIN judged_part p ON p.episode = j.id GROUP BY j.id)
UPDATE record_access_episode e SET score = s.score, parts = s.parts,
  waits = e.template IS NULL OR NOT e.own
    AND s.score >= (SELECT points FROM record_access_weight WHERE code = 'threshold')
FROM summed s WHERE s.id = e.id
"""


def judge_episodes() -> int:
    """All that wait to be judged; how many these were."""
    count = 0
    while done := judge_batch():
        count += done
        if done < BATCH:
            break
    return count


@transaction.atomic
def judge_batch() -> int:
    values = judging_values()
    with connection.cursor() as cursor:
        cursor.execute(JUDGED_SQL, values | {"most": BATCH})
        cursor.execute("SELECT count(*) FROM judged")
        count = int(cursor.fetchone()[0])
        if not count:
            return 0
        for statement in (
            SOURCES_SQL,
            STAFF_REFERENCES_SQL,
            DEPARTMENT_REFERENCES_SQL,
            STAFF_PATIENTS_SQL,
        ):
            cursor.execute(statement, values)
        cursor.execute("CREATE INDEX ON judged_source (episode)")
        cursor.execute("ANALYZE judged, judged_source, staff_reference, staff_patient")
        explain(cursor, values, late=False)
        cursor.execute(SAVE_SQL)
        explain(cursor, values, late=True)
        cursor.execute(SAVE_SQL)
        cursor.execute("ANALYZE judged")
        for statement in (SURNAMES_SQL, VOLUME_SQL, HABIT_SQL):
            cursor.execute(statement, values)
        score(cursor, values)
    return count


def judging_values() -> dict[str, Any]:
    """What the statements are given beside the rows: hashes of references and parameters."""
    staff = list_staff_references()
    departments = [
        (pk, reference_hash(f"Organization/{code}"))
        for pk, code in Department.objects.exclude(code="").values_list("pk", "code")
    ]
    return {
        "staff": [s for s, _, _ in staff],
        "hospitals": [h for _, h, _ in staff],
        "targets": [t for _, _, t in staff],
        "departments": [d for d, _ in departments],
        "organizations": [t for _, t in departments],
        "encounter": TYPES["Encounter"].number,
        "participants": parameters_leading_to_staff(("Encounter",)),
        "provider": index_hash("Encounter", "service-provider"),
        "authored": [TYPES[name].number for name in AUTHORED_TYPES],
        "authors": parameters_leading_to_staff(AUTHORED_TYPES),
        "staff_system": STAFF_SYSTEM,
        "sensitive": SENSITIVE,
        "zone": settings.TIME_ZONE,
    }


def parameters_leading_to_staff(types: Sequence[str]) -> list[int]:
    return sorted(
        {
            index_hash(name, parameter.code)
            for name in types
            for parameter in parameters_of_type(name).values()
            if parameter.kind == "reference"
            and {"Practitioner", "PractitionerRole"} & set(parameter.targets)
        }
    )


def list_staff_references() -> list[tuple[int, int, int]]:
    """(staff number, hospital, hash of the reference): Practitioners that carry the number, and
    the roles through them.
    """
    rows = list(
        NumberedPractitioner.objects.values_list("hospital_id", "reference", "staff", "through")
    )
    numbers = {(h, reference): staff for h, reference, staff, _ in rows if staff is not None}
    return [
        (staff, h, reference_hash(reference))
        for h, reference, own, through in rows
        if (staff := own if own is not None else numbers.get((h, through))) is not None
    ]


def explain(cursor: Any, values: dict[str, Any], *, late: bool) -> None:
    cursor.execute("SELECT code FROM record_access_template WHERE enabled ORDER BY place")
    by_code = {t.code: t for t in TEMPLATES}
    for (code,) in cursor.fetchall():
        template = by_code.get(code)
        if template is None or template.late != late:
            continue
        unless = UNLESS_EMERGENCY if code in NOT_IN_EMERGENCY else ""
        cursor.execute(
            EXPLAIN_SQL.format(select=template.sql, unless=unless), values | {"template": code}
        )


def score(cursor: Any, values: dict[str, Any]) -> None:
    cursor.execute(
        "CREATE TEMP TABLE judged_part (episode bigint, code text, points real, fact text)"
        " ON COMMIT DROP"
    )
    for part in PARTS:
        cursor.execute(PART_SQL.format(select=part.sql), values | {"part": part.code})
    cursor.execute("ANALYZE judged_part")
    cursor.execute(SCORE_SQL)


def parts_of(value: Any) -> list[tuple[str, float, str]]:
    """(code, points, fact) as an episode keeps them."""
    found = orjson.loads(value) if isinstance(value, str) else value
    return [(str(code), float(points), str(fact)) for code, points, fact in found]
