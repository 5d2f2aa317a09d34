"""What backups, epochs and keys ask of the stores, in SQL: versions of resources, as they are
stored, with no body opened.
"""

TABLES = (
    "record_resource",
    "record_history",
)  # both have rid, hospital, type, fhir_id, version, last_updated, xid, body
OF_TABLE = "SELECT hospital, type, xid, rid, version, body FROM {table}"
VERSIONS = f"({' UNION ALL '.join(OF_TABLE.format(table=t) for t in TABLES)})"
# (transaction, hospital/type, versions) of those with a number below %(horizon)s.
BY_TRANSACTION = f"""SELECT xid::text::bigint AS x, (hospital || '/' || type) COLLATE "C" AS kind,
  count(*) FROM {VERSIONS} v WHERE xid < %(horizon)s::text::xid8 GROUP BY 1, 2"""
# The newest transaction numbers that are stored, by an index each; {hospitals}: a relation (id).
NUMBERS = """SELECT (SELECT xid::text::bigint FROM record_resource WHERE hospital = h.id
    ORDER BY xid DESC LIMIT 1) AS n FROM {hospitals} h
  UNION ALL SELECT (SELECT xid::text::bigint FROM record_history WHERE hospital = h.id
      ORDER BY xid DESC LIMIT 1) FROM {hospitals} h
  UNION ALL (SELECT xid::text::bigint FROM records_decision
      ORDER BY records_decision.xid DESC LIMIT 1)
  UNION ALL SELECT max(xid::bigint) FROM records_feedposition"""
NUMBERED = (
    *TABLES,
    "records_decision",
    "records_feedposition",
)  # tables whose rows bear them, or remember them
NEWEST_KEY = "SELECT hospital, wrapped FROM record_key ORDER BY id DESC LIMIT 1"
NEWEST_WORDS = (
    "SELECT id, words FROM records_sourcepatient WHERE words IS NOT NULL ORDER BY id DESC LIMIT 1"
)
