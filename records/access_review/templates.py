"""TABLE of explanation templates: join paths from an access of one of the staff to what members
have written down about the patient (explanation-based auditing: Fabbri and LeFevre, PVLDB 2011).

Each is a SELECT of (episode, evidence, own) over `judged`, the episodes of a run, and
`judged_source`, the registrations of their patients. own: the evidence is about this very person
of the staff; where it is only about their department, hospital or a colleague, an episode that is
conspicuous by its score waits for a human all the same. The first one that finds something counts;
which count at all, and in which order, are rows of record_access_template.
"""

from dataclasses import dataclass

from alliance.sql.hospitals import HOSPITALS, WORKPLACES
from consent.sql.accesses import EMERGENCIES, PERMITS, TREATMENTS

DAYS_BEFORE, DAYS_AFTER = 1, 14  # of a visit: the access may lie so far outside
OPEN_DAYS = 90  # of a visit without an end: since its last word (docs/adr/0070)
AUTHOR_DAYS = 30  # from what somebody ordered, resulted or signed
REPEAT_DAYS = 30
# An access lies within a visit, or near it.
NEAR_VISIT = f"""r.dated <= j.last_at + interval '{DAYS_BEFORE} days'
  AND r.dated > '-infinity'
  AND least(r.dated_to, greatest(r.dated, r.last_updated))
    >= j.first_at - CASE WHEN r.dated_to > clock_timestamp()
      THEN interval '{OPEN_DAYS} days' ELSE interval '{DAYS_AFTER} days' END"""
VISITS = f"""judged j JOIN judged_source js ON js.episode = j.id
JOIN record_resource r ON r.patient = js.source AND r.type = %(encounter)s AND NOT r.deleted
  AND {NEAR_VISIT}"""
EVIDENCE = "h.code || '/' || record_type_name(r.type) || '/' || r.fhir_id"
WITH_CODE = f"JOIN {HOSPITALS} h ON h.id = r.hospital"


@dataclass(frozen=True, slots=True)
class Template:
    """late: it looks at other episodes, and is asked when these have been judged."""

    code: str
    sql: str
    late: bool = False


TEMPLATES = (
    # index: record_resource_patient, record_reference_rid
    Template(
        "encounter",
        f"""SELECT j.id, {EVIDENCE}, true FROM {VISITS}
JOIN record_reference x ON x.rid = r.rid AND x.parameter = ANY(%(participants)s)
JOIN staff_reference sr ON sr.staff = j.staff AND sr.hospital = r.hospital
  AND sr.target = x.target {WITH_CODE} WHERE j.template IS NULL""",
    ),
    # index: record_resource_patient, record_reference_rid
    Template(
        "author",
        f"""SELECT j.id, {EVIDENCE}, true
FROM judged j JOIN judged_source js ON js.episode = j.id
JOIN record_resource r ON r.patient = js.source AND r.type = ANY(%(authored)s) AND NOT r.deleted
  AND r.dated BETWEEN j.first_at - interval '{AUTHOR_DAYS} days'
    AND j.last_at + interval '{DAYS_BEFORE} days'
JOIN record_reference x ON x.rid = r.rid AND x.parameter = ANY(%(authors)s)
JOIN staff_reference sr ON sr.staff = j.staff AND sr.hospital = r.hospital
  AND sr.target = x.target {WITH_CODE}
WHERE j.template IS NULL AND EXISTS (SELECT FROM staff_reference k WHERE k.staff = j.staff)""",
    ),
    # The patient came to the hospital around it, or the privacy officer found it justified.
    # index: consent_emergency_staff_id, record_resource_patient
    Template(
        "emergency",
        f"""SELECT j.id, 'emergency/' || m.id, true
FROM judged j JOIN {EMERGENCIES} m ON m.staff_id = j.staff
  AND m.opened_at BETWEEN j.first_at - interval '1 day' AND j.last_at
JOIN records_sourcepatient o ON o.home = m.person AND o.person_id = j.person
WHERE j.template IS NULL AND j.emergency AND (m.finding = 'justified' OR EXISTS (
  SELECT FROM judged_source js JOIN record_resource r ON r.patient = js.source
    AND r.type = %(encounter)s AND NOT r.deleted AND r.hospital = j.hospital
  WHERE js.episode = j.id AND r.dated BETWEEN m.opened_at - interval '1 day'
    AND m.opened_at + interval '72 hours'))""",
    ),
    Template(
        "task",
        """SELECT j.id, 'line/' || j.task_line, true FROM judged j
WHERE j.template IS NULL AND j.task_line IS NOT NULL""",
    ),
    # A decision that permits, and names this one of the staff.
    # index: directive_covered
    Template(
        "consent",
        f"""SELECT j.id, 'directive/' || d.id, true
FROM judged j JOIN judged_source js ON js.episode = j.id
JOIN {PERMITS} d ON d.covers && ARRAY[js.source] AND d.valid_from <= j.last_at
  AND coalesce(d.valid_until, 'infinity') >= j.first_at
  AND coalesce(d.withdrawn_at, 'infinity') >= j.first_at
  AND jsonb_path_exists(d.resource,
    '$.provision.** ? (@.system == $system && @.value == $staff)',
    jsonb_build_object('system', %(staff_system)s::text, 'staff', j.staff::text))
WHERE j.template IS NULL""",
    ),
    # The department's visit: its service provider is the department.
    # index: record_resource_patient, record_reference_rid
    Template(
        "department",
        f"""SELECT j.id, {EVIDENCE}, false FROM {VISITS}
JOIN record_reference x ON x.rid = r.rid AND x.parameter = %(provider)s
JOIN department_reference dr ON dr.department = j.department AND dr.target = x.target {WITH_CODE}
WHERE j.template IS NULL AND r.hospital = j.hospital""",
    ),
    # index: consent_relationship_person_4361b594, source_person
    Template(
        "referral",
        f"""SELECT j.id, 'relationship/' || t.id, false
FROM judged j JOIN records_sourcepatient o ON o.person_id = j.person
JOIN {TREATMENTS} t ON t.person = o.home AND t.hospital_id = j.hospital
  AND (t.basis IN ('referral', 'consultation', 'transfer', 'panel', 'admission')
    OR t.expert_source IS NOT NULL AND t.declared_by_id = j.staff)
  AND t.starts_at <= j.last_at + interval '1 day' AND t.ends_at >= j.first_at
WHERE j.template IS NULL""",
    ),
    Template(
        "launch",
        """SELECT j.id, 'line/' || j.launch_line, false FROM judged j
WHERE j.template IS NULL AND j.launch_line IS NOT NULL""",
    ),
    # index: record_resource_patient
    Template(
        "hospital",
        f"""SELECT j.id, {EVIDENCE}, false FROM {VISITS} {WITH_CODE}
WHERE j.template IS NULL AND r.hospital = j.hospital""",
    ),
    # Clerks register patients, and look who is who.
    # index: source_person
    Template(
        "registered",
        """SELECT j.id, 'registration/' || o.id, false
FROM judged j JOIN records_sourcepatient o ON o.person_id = j.person AND o.hospital_id = j.hospital
  AND o.registered AND o.updated_at BETWEEN j.first_at - interval '1 day'
    AND j.last_at + interval '1 day'
WHERE j.template IS NULL AND j.role = 'clerk'""",
    ),
    # What two people have agreed on, for which no member sends data.
    # index: access_rule_state, source_person
    Template(
        "rule",
        """SELECT j.id, 'rule/' || a.id, false
FROM judged j JOIN records_accessrule a ON a.hospital_id = j.hospital
  AND a.decided_at IS NOT NULL AND a.state IN ('approved', 'ended')
  AND (a.ended_at IS NULL OR a.ended_at > j.first_at)
  AND (j.first_at AT TIME ZONE %(zone)s)::date <= a.until
  AND (a.member IS NULL OR a.member = j.staff)
  AND (a.department_id IS NULL OR a.department_id = j.department)
  AND (a.role = '' OR a.role = j.role)
WHERE j.template IS NULL AND NOT j.emergency AND EXISTS (SELECT FROM records_sourcepatient o
  WHERE o.person_id = j.person AND o.hospital_id = j.hospital AND o.registered)""",
    ),
    # index: record_access_episode_pair
    Template(
        "repeat",
        f"""SELECT j.id, 'episode/' || e.id, e.own
FROM judged j JOIN record_access_episode e ON e.person = j.person AND e.staff = j.staff
  AND e.hospital = j.hospital AND e.id <> j.id AND e.template IS NOT NULL
  AND e.template NOT IN ('repeat', 'colleague', 'emergency', 'rule')
  AND e.first_at BETWEEN j.first_at - interval '{REPEAT_DAYS} days' AND j.first_at
WHERE j.template IS NULL""",
        late=True,
    ),
    # index: record_access_episode_pair
    Template(
        "colleague",
        f"""SELECT j.id, 'episode/' || e.id, false
FROM judged j JOIN record_access_episode e ON e.person = j.person AND e.staff <> j.staff
  AND e.hospital = j.hospital AND e.template IN ('encounter', 'author')
  AND e.first_at BETWEEN j.first_at - interval '1 day' AND j.last_at + interval '1 day'
JOIN {WORKPLACES} w ON w.id = e.staff AND w.department_id = j.department
WHERE j.template IS NULL""",
        late=True,
    ),
)
# In an emergency the gate asked neither for treatment nor for consent: what is only about the
# hospital, a department or a colleague is no reason to have broken the glass.
NOT_IN_EMERGENCY = frozenset(
    {"department", "referral", "launch", "hospital", "registered", "rule", "repeat", "colleague"}
)
