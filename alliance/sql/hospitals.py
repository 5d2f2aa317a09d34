"""What other apps ask of the tables of this one, in SQL: of hospitals, staff and keys just these
columns. The planner sees through it as if they named the table.
"""

HOSPITALS = "(SELECT id, code, enforces_references, requires_version FROM alliance_hospital)"
# Codes of those that do not take part on the day %(today)s: no sandbox ever does.
NOT_TAKING_PART = (
    "SELECT coalesce(array_agg(code), '{}') FROM alliance_hospital WHERE suspended_at IS NOT NULL"
    " OR admitted_on > %(today)s OR leaves_on < %(today)s OR sandbox_of_id IS NOT NULL"
)


def hospitals_then(row_then: str) -> str:
    """The table of hospitals as it stood, under its own name, for a WITH in front of a statement.
    row_then: a query of the columns that have changed since, as `was`, of the hospital h.id.
    """
    return f"""
alliance_hospital AS NOT MATERIALIZED (
  SELECT h.id, h.code, h.enforces_references, h.requires_version, h.sandbox_of_id,
    CASE WHEN p.was IS NULL THEN h.suspended_at
      ELSE (p.was->>'suspended_at')::timestamptz END AS suspended_at,
    CASE WHEN p.was IS NULL THEN h.admitted_on
      ELSE (p.was->>'admitted_on')::date END AS admitted_on,
    CASE WHEN p.was IS NULL THEN h.leaves_on
      ELSE (p.was->>'leaves_on')::date END AS leaves_on
  FROM alliance_hospital h LEFT JOIN LATERAL ({row_then}) p ON true)
"""


# Numbers of the sandboxes, whose directory is no reader's either.
SANDBOXES = "SELECT id FROM alliance_hospital WHERE sandbox_of_id IS NOT NULL"
# Systems that may do nothing now, as their ids: they or their hospitals were stopped.
STOPPED_SYSTEMS = (
    "SELECT c.client_id FROM alliance_client c JOIN alliance_hospital h ON h.id = c.hospital_id"
    " WHERE c.revoked_at IS NOT NULL OR h.suspended_at IS NOT NULL"
)
# Systems that were revoked longer ago than %(kept)s, an interval.
REVOKED_SYSTEMS = (
    "SELECT client_id FROM alliance_client"
    " WHERE revoked_at < clock_timestamp() - %(kept)s::interval"
)
# When each member comes and goes.
MEMBER_DAYS = (
    "(SELECT id, admitted_on, leaves_on FROM alliance_hospital WHERE sandbox_of_id IS NULL)"
)
STAFF = "(SELECT id, hospital_id FROM alliance_staff)"
# whether anybody was ever admitted or enrolled
IN_USE = "EXISTS (SELECT FROM alliance_hospital) OR EXISTS (SELECT FROM alliance_user)"
# wrapped with the master key, as the keys of records are: they are wrapped anew together
COLUMN_KEYS = "alliance_columnkey"
# Where the staff work, from when to when; department: its code, the id of its Organization.
WORKPLACES = (
    "(SELECT s.id, s.name, s.hospital_id, s.role, s.department_id, d.code AS department,"
    " s.starts_on, s.ends_on, s.ended_at"
    " FROM alliance_staff s LEFT JOIN alliance_department d ON d.id = s.department_id)"
)
