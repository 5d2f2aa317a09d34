"""What the gate and the store must know of a resource before, or whether or not, the reader may see
it: asked of the tables' owner, for row level security would hide it (docs/adr/0022). No body is
among it.
"""

from django.db import migrations

FUNCTIONS = {
    "record_person_of(hospital integer, named bigint, type smallint, id text) RETURNS uuid": """
  RETURN (SELECT p.person_id FROM record_resource r JOIN records_sourcepatient p ON p.id = r.patient
          WHERE r.named = $2 AND r.hospital = $1 AND r.type = $3 AND r.fhir_id = $4);""",
    "record_marks_of(hospital integer, named bigint, type smallint, id text) RETURNS bigint[]": """
  RETURN coalesce((SELECT r.marks FROM record_resource r WHERE r.named = $2 AND r.hospital = $1 AND r.type = $3 AND r.fhir_id = $4 AND NOT r.deleted), '{}');""",
    "record_current(hospital integer, named bigint, OUT rid bigint, OUT labels integer)": """
  SELECT r.rid, r.labels INTO $3, $4 FROM record_resource r WHERE r.named = $2 AND r.hospital = $1;""",
    "record_followed(rid bigint, version integer, moment timestamptz) RETURNS boolean": """
  RETURN EXISTS (SELECT FROM record_resource n WHERE n.rid = $1 AND n.version > $2 AND n.last_updated <= $3)
      OR EXISTS (SELECT FROM record_history n WHERE n.rid = $1 AND n.version > $2 AND n.last_updated <= $3);""",
}
MAKE = """
CREATE FUNCTION {head} LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $body$
#variable_conflict use_column
BEGIN{body}
END $body$;
REVOKE ALL ON FUNCTION {name} FROM PUBLIC;
"""
FORWARD = "".join(
    MAKE.format(head=head, body=body, name=head.split("(")[0]) for head, body in FUNCTIONS.items()
)
BACKWARD = "DROP FUNCTION " + ", ".join(head.split("(")[0] for head in FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [("records", "0016_review_queue")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
