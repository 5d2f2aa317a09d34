-- Whom a line of the audit log is about where it is about several persons: one row each. A line about one person has them in its column `person`
-- alone, which costs a read nothing. `written` is the line's `recorded`, so that both lie in the same month's partition.
CREATE TABLE consent_audit_person (
  event   bigint NOT NULL,
  written timestamptz NOT NULL,
  person  uuid NOT NULL,
  PRIMARY KEY (event, person, written)
) PARTITION BY RANGE (written);
CREATE TABLE consent_audit_person_rest PARTITION OF consent_audit_person DEFAULT;
CREATE INDEX consent_audit_person_person ON consent_audit_person (person, written);
CREATE TRIGGER consent_audit_person_fixed BEFORE UPDATE OR DELETE ON consent_audit_person
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();

CREATE FUNCTION consent_audit_name(line bigint, recorded timestamptz, persons uuid[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO consent_audit_person (event, written, person) SELECT line, recorded, unnest(persons)
$$;

-- Each person once: `persons`, and those of `others`, arrays as text.
CREATE FUNCTION consent_audit_united(persons uuid[], others text[]) RETURNS uuid[] LANGUAGE sql IMMUTABLE AS $$
  SELECT array_agg(DISTINCT p) FROM (SELECT unnest(persons) UNION ALL SELECT unnest(o::uuid[]) FROM unnest(others) o) x(p)
$$;

-- The partitions of the log and of its persons for the month of `day`, unless they are there. Rows that already lie in a rest partition stay there.
CREATE OR REPLACE FUNCTION consent_audit_partition(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first date := date_trunc('month', day);
  name text;
  taken boolean;
  parent record;
BEGIN
  FOR parent IN SELECT * FROM (VALUES ('consent_audit_event', 'recorded'), ('consent_audit_person', 'written')) p(relation, moment) LOOP
    name := parent.relation || '_' || to_char(first, 'YYYY_MM');
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I WHERE %I >= $1 AND %2$I < $1 + interval ''1 month'')', parent.relation || '_rest', parent.moment) INTO taken USING first;
    IF to_regclass(name) IS NULL AND NOT taken THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', name, parent.relation, first, (first + interval '1 month')::date);
    END IF;
  END LOOP;
END $$;
SELECT consent_audit_partition(current_date), consent_audit_partition((current_date + interval '1 month')::date);
