-- When facts that open or close a record begin or end by their own time, and what else a feed has to tell (docs/adr/0063).
SET LOCAL lock_timeout = '5s';
CREATE TABLE consent_moment (
  kind  varchar(12) NOT NULL,
  fact  bigint NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  due   timestamptz NOT NULL,
  PRIMARY KEY (kind, fact),
  CHECK (kind IN ('directive', 'confirmation', 'relationship', 'policy', 'hospital'))
);
CREATE INDEX consent_moment_due ON consent_moment (due);

-- As the owner, as the others are. A row that is due no later is left alone: whoever looks then finds the fact as it is.
CREATE OR REPLACE FUNCTION consent_await(its_kind varchar, its_fact bigint, its_due timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM consent_moment WHERE kind = its_kind AND fact = its_fact AND due <= its_due) THEN
    INSERT INTO consent_moment (kind, fact, due) VALUES (its_kind, its_fact, its_due)
      ON CONFLICT (kind, fact) DO UPDATE SET due = least(consent_moment.due, excluded.due);
  END IF;
END $$;
REVOKE ALL ON FUNCTION consent_await FROM PUBLIC;

-- What its times are is found by the courier, which reads the decision.
CREATE OR REPLACE FUNCTION consent_note_directive() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO consent_change (concerns, person, covers, directive) VALUES ('person', NEW.person, NEW.covers, NEW.id);
  PERFORM consent_await('directive', NEW.id, now());
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION consent_note_confirmation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.directive_id IS NOT NULL THEN
    INSERT INTO consent_change (concerns, person, covers, directive)
      SELECT 'person', person, covers, id FROM consent_directive WHERE id = NEW.directive_id;
  ELSE
    INSERT INTO consent_change (concerns, person, covers, hospital)
      VALUES (CASE NEW.subject WHEN 'intake' THEN 'everybody' ELSE 'hospital' END, NEW.person, NEW.covers, NEW.hospital_id);
  END IF;
  IF NEW.until IS NOT NULL THEN
    PERFORM consent_await('confirmation', NEW.id, now());
  END IF;
  RETURN NULL;
END $$;
-- What a clinician declares opens to that clinician alone, and to no system.
CREATE OR REPLACE FUNCTION consent_note_relationship() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.basis = 'declared' THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'INSERT' OR (OLD.ends_at > now() AND OLD.starts_at <= now()) <> (NEW.ends_at > now() AND NEW.starts_at <= now()) THEN
    INSERT INTO consent_change (concerns, person, hospital) VALUES ('hospital', NEW.person, NEW.hospital_id);
  END IF;
  IF TG_OP = 'INSERT' OR (OLD.starts_at, OLD.ends_at) IS DISTINCT FROM (NEW.starts_at, NEW.ends_at) THEN
    PERFORM consent_await('relationship', NEW.id,
      CASE WHEN NEW.starts_at > now() THEN NEW.starts_at ELSE greatest(now(), least(NEW.ends_at, NEW.noted_at + interval '30 days')) END);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION consent_note_policy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO consent_change (concerns) VALUES ('everybody');
  IF NEW.starts_at > now() THEN
    PERFORM consent_await('policy', NEW.id, NEW.starts_at);
  END IF;
  RETURN NULL;
END $$;

-- A member that is suspended, taken back, or comes or goes on a day: its records open to nobody while it does not take part.
CREATE FUNCTION consent_note_hospital() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.sandbox_of_id IS NULL THEN
    IF TG_OP = 'UPDATE' THEN
      INSERT INTO consent_change (concerns) VALUES ('everybody');
    END IF;
    PERFORM consent_await('hospital', NEW.id, now());
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER consent_hospital_admitted AFTER INSERT ON alliance_hospital
  FOR EACH ROW EXECUTE FUNCTION consent_note_hospital();
CREATE TRIGGER consent_hospital_noted AFTER UPDATE OF suspended_at, admitted_on, leaves_on ON alliance_hospital
  FOR EACH ROW WHEN ((OLD.suspended_at, OLD.admitted_on, OLD.leaves_on) IS DISTINCT FROM (NEW.suspended_at, NEW.admitted_on, NEW.leaves_on))
  EXECUTE FUNCTION consent_note_hospital();

-- Whoever is in a Group that decisions name: each of these decisions, once in a transaction.
CREATE FUNCTION consent_note_group() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO consent_change (concerns, person, covers, directive)
    SELECT 'person', d.person, d.covers, d.id FROM consent_directive d
      WHERE d.lifted_at IS NULL AND d.resource::text LIKE '%"Group/%'
        AND EXISTS (SELECT FROM changed c WHERE c.hospital_id = d.hospital_id AND strpos(d.resource::text, '"Group/' || c."group" || '"') > 0)
        AND NOT EXISTS (SELECT FROM consent_change n WHERE n.xid = alliance_xid() AND n.directive = d.id);
  RETURN NULL;
END $$;
CREATE TRIGGER consent_groupmember_entered AFTER INSERT ON consent_groupmember
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION consent_note_group();
CREATE TRIGGER consent_groupmember_left AFTER UPDATE ON consent_groupmember
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION consent_note_group();

-- Which restore on record explains a head that this log does not lead to.
ALTER TABLE consent_audit_cosignature ADD COLUMN restore bigint;
