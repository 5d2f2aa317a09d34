"""Find what a hospital's feed may have to tell: asked of the tables' owner, for row level security
would hide it before the gate has decided (docs/adr/0063). Ids alone: no body, no label, no name.
"""

from django.db import migrations

# Each hospital's index gives its newest rows in the order of commits, and the scan of their union
# stops after so many. A row that names patients of two persons is nobody's but its own hospital's.
FORWARD = """
CREATE FUNCTION record_feed_candidates(hospital integer, stores integer[], after xid8, after_rid bigint, horizon xid8, most integer)
RETURNS TABLE (xid text, rid bigint, version integer, store integer, patient bigint, person uuid, concerned boolean, scanned integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
DECLARE
  arms text;
BEGIN
  SELECT string_agg(format('(SELECT xid, rid, version, hospital, patient, others FROM record_resource'
      ' WHERE hospital = %s AND xid >= $2 AND xid < $4 AND (xid, rid) > ($2, $3))', s), ' UNION ALL ')
    INTO arms FROM unnest(stores) s;
  IF arms IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY EXECUTE
    'WITH scanned AS MATERIALIZED (SELECT * FROM (' || arms || ') u ORDER BY xid, rid LIMIT $5),
      last AS (SELECT rid FROM scanned ORDER BY xid DESC, rid DESC LIMIT 1),
      weighed AS (SELECT c.*, s.person_id, c.hospital = $1 OR (
          EXISTS (SELECT FROM records_sourcepatient o WHERE o.person_id = s.person_id AND o.hospital_id = $1 AND o.registered)
          AND (c.others IS NULL OR NOT EXISTS (SELECT FROM records_sourcepatient q
            WHERE q.id = ANY(c.others) AND q.person_id <> s.person_id))) AS concerned
        FROM scanned c LEFT JOIN records_sourcepatient s ON s.id = c.patient)
    SELECT w.xid::text, w.rid, w.version, w.hospital, w.patient, w.person_id, coalesce(w.concerned, false),
        (SELECT count(*)::integer FROM scanned)
      FROM weighed w WHERE w.concerned OR w.rid = (SELECT rid FROM last) ORDER BY w.xid, w.rid'
    USING hospital, after, after_rid, horizon, most;
END $body$;
REVOKE ALL ON FUNCTION record_feed_candidates FROM PUBLIC;

CREATE FUNCTION record_feed_newest(stores integer[]) RETURNS xid8
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
BEGIN
  RETURN (SELECT xid FROM (
    SELECT (SELECT xid FROM record_resource r WHERE r.hospital = s ORDER BY xid DESC LIMIT 1) AS xid FROM unnest(stores) s
    UNION ALL (SELECT xid FROM records_decision ORDER BY xid DESC LIMIT 1)) n WHERE xid IS NOT NULL ORDER BY xid DESC LIMIT 1);
END $body$;
REVOKE ALL ON FUNCTION record_feed_newest FROM PUBLIC;
"""
BACKWARD = "DROP FUNCTION record_feed_candidates, record_feed_newest"


class Migration(migrations.Migration):
    dependencies = [("records", "0034_sync")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
