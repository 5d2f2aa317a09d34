-- What may change what a hospital's systems see, in the order of commits (docs/sync.md, Pull), and what witnesses have co-signed (Witness).
SET LOCAL lock_timeout = '5s';
CREATE TABLE consent_change (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid       xid8 NOT NULL DEFAULT alliance_xid(),
  at        timestamptz NOT NULL DEFAULT clock_timestamp(),
  concerns  varchar(13) NOT NULL,
  person    uuid,
  covers    bigint[] NOT NULL DEFAULT '{}',
  hospital  bigint,
  directive bigint,
  CHECK (concerns IN ('person', 'hospital', 'registrations', 'everybody'))
);
CREATE INDEX consent_change_feed ON consent_change (xid, id);
CREATE TRIGGER consent_change_fixed BEFORE UPDATE OR DELETE ON consent_change
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();

-- As the owner: whoever may write the fact need not be able to write here, and the last release's web role knows nothing of it.
CREATE FUNCTION consent_note_directive() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO consent_change (concerns, person, covers, directive) VALUES ('person', NEW.person, NEW.covers, NEW.id);
  RETURN NULL;
END $$;
CREATE FUNCTION consent_note_confirmation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.directive_id IS NOT NULL THEN
    INSERT INTO consent_change (concerns, person, covers, directive)
      SELECT 'person', person, covers, id FROM consent_directive WHERE id = NEW.directive_id;
  ELSE
    INSERT INTO consent_change (concerns, person, covers, hospital)
      VALUES (CASE NEW.subject WHEN 'intake' THEN 'everybody' ELSE 'hospital' END, NEW.person, NEW.covers, NEW.hospital_id);
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION consent_note_relationship() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' OR (OLD.ends_at > now() AND OLD.starts_at <= now()) <> (NEW.ends_at > now() AND NEW.starts_at <= now()) THEN
    INSERT INTO consent_change (concerns, person, hospital) VALUES ('hospital', NEW.person, NEW.hospital_id);
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION consent_note_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' OR OLD.lifted_at IS DISTINCT FROM NEW.lifted_at THEN
    INSERT INTO consent_change (concerns, covers) VALUES ('registrations', NEW.covers);
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION consent_note_policy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO consent_change (concerns) VALUES ('everybody');
  RETURN NULL;
END $$;
CREATE TRIGGER consent_directive_noted AFTER INSERT OR UPDATE ON consent_directive
  FOR EACH ROW EXECUTE FUNCTION consent_note_directive();
CREATE TRIGGER consent_confirmation_noted AFTER INSERT OR UPDATE ON consent_confirmation
  FOR EACH ROW EXECUTE FUNCTION consent_note_confirmation();
CREATE TRIGGER consent_relationship_noted AFTER INSERT OR UPDATE ON consent_relationship
  FOR EACH ROW EXECUTE FUNCTION consent_note_relationship();
CREATE TRIGGER consent_incidentseal_noted AFTER INSERT OR UPDATE ON consent_incidentseal
  FOR EACH ROW EXECUTE FUNCTION consent_note_seal();
CREATE TRIGGER consent_alliancepolicy_noted AFTER INSERT ON consent_alliancepolicy
  FOR EACH ROW EXECUTE FUNCTION consent_note_policy();

CREATE TABLE consent_audit_cosignature (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  received    timestamptz NOT NULL DEFAULT clock_timestamp(),
  client      varchar(64) NOT NULL,
  hospital    varchar(32) NOT NULL,
  origin      varchar(200) NOT NULL,
  size        bigint NOT NULL,
  root        bytea NOT NULL,
  line        varchar(500) NOT NULL,               -- the note's signature line, with time and signature
  key         bytea NOT NULL,
  contradicts boolean NOT NULL                     -- the log has another root at this size, or is shorter
);
CREATE INDEX consent_audit_cosignature_size ON consent_audit_cosignature (client, size);
CREATE INDEX consent_audit_cosignature_alarm ON consent_audit_cosignature (id) WHERE contradicts;
CREATE TRIGGER consent_audit_cosignature_fixed BEFORE UPDATE OR DELETE ON consent_audit_cosignature
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();

-- Roots of the log's full subtrees of 256 and 65,536 leaves and so on, by which proofs are made without reading all leaves.
CREATE TABLE consent_audit_subtree (
  height   smallint NOT NULL,                      -- 8, 16, 24 …
  position bigint NOT NULL,
  hash     bytea NOT NULL,
  PRIMARY KEY (height, position)
);
CREATE TRIGGER consent_audit_subtree_fixed BEFORE UPDATE OR DELETE ON consent_audit_subtree
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();
