-- What facts said before they were changed in place, so that a line of the log can be explained by the facts of its moment (docs/adr/0076).
SET LOCAL lock_timeout = '5s';
CREATE TABLE consent_fact_history (
  id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind   varchar(12) NOT NULL,
  fact   bigint NOT NULL,
  person uuid,
  until  timestamptz NOT NULL DEFAULT clock_timestamp(),
  was    jsonb NOT NULL,
  CHECK (kind IN ('relationship', 'hospital', 'staff', 'client', 'launch', 'registration'))
);
CREATE INDEX consent_fact_history_fact ON consent_fact_history (kind, fact, until);
CREATE INDEX consent_fact_history_person ON consent_fact_history (person, kind) WHERE person IS NOT NULL;
CREATE TRIGGER consent_fact_history_fixed BEFORE UPDATE OR DELETE ON consent_fact_history
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();

-- As the owner: whoever may write the fact may not write its history. Arguments: the kind, and the columns that are kept.
CREATE FUNCTION consent_keep_fact() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  whole jsonb := to_jsonb(OLD);
BEGIN
  INSERT INTO consent_fact_history (kind, fact, person, was)
    SELECT TG_ARGV[0], OLD.id, coalesce(whole->>'person_id', whole->>'person')::uuid, jsonb_object_agg(c, whole->c)
    FROM unnest(TG_ARGV[1:]) c;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION consent_keep_fact FROM PUBLIC;

-- Only what would tell another story of a moment that has passed: a period that ran on is told by its row as it is now.
CREATE TRIGGER consent_relationship_kept AFTER UPDATE OF starts_at, ends_at ON consent_relationship
  FOR EACH ROW WHEN (OLD.ends_at <= clock_timestamp() OR NEW.ends_at < OLD.ends_at OR NEW.starts_at > OLD.starts_at
    OR NEW.starts_at < OLD.starts_at AND OLD.starts_at > OLD.noted_at)
  EXECUTE FUNCTION consent_keep_fact('relationship', 'starts_at', 'ends_at');
CREATE TRIGGER consent_hospital_kept AFTER UPDATE OF suspended_at, admitted_on, leaves_on ON alliance_hospital
  FOR EACH ROW WHEN ((OLD.suspended_at, OLD.admitted_on, OLD.leaves_on) IS DISTINCT FROM (NEW.suspended_at, NEW.admitted_on, NEW.leaves_on))
  EXECUTE FUNCTION consent_keep_fact('hospital', 'suspended_at', 'admitted_on', 'leaves_on');
CREATE TRIGGER consent_staff_kept AFTER UPDATE OF role, hospital_id, starts_on, ends_on, ended_at, vouched_at ON alliance_staff
  FOR EACH ROW WHEN ((OLD.role, OLD.hospital_id, OLD.starts_on, OLD.ends_on, OLD.ended_at, OLD.vouched_at)
    IS DISTINCT FROM (NEW.role, NEW.hospital_id, NEW.starts_on, NEW.ends_on, NEW.ended_at, NEW.vouched_at))
  EXECUTE FUNCTION consent_keep_fact('staff', 'role', 'hospital_id', 'starts_on', 'ends_on', 'ended_at', 'vouched_at');
CREATE TRIGGER consent_client_kept AFTER UPDATE OF revoked_at, vouched_at ON alliance_client
  FOR EACH ROW WHEN ((OLD.revoked_at, OLD.vouched_at) IS DISTINCT FROM (NEW.revoked_at, NEW.vouched_at))
  EXECUTE FUNCTION consent_keep_fact('client', 'revoked_at', 'vouched_at');
CREATE TRIGGER consent_launch_kept AFTER UPDATE OF allowed, said_at, until ON alliance_launchpermission
  FOR EACH ROW WHEN ((OLD.allowed, OLD.said_at, OLD.until) IS DISTINCT FROM (NEW.allowed, NEW.said_at, NEW.until))
  EXECUTE FUNCTION consent_keep_fact('launch', 'allowed', 'said_at', 'until');
