-- What was taken out of the tree heads: signed, and append-only as they are (consent/audit/thin_heads.py).
SET LOCAL lock_timeout = '5s';
CREATE TABLE consent_audit_thinning (
  above      bigint PRIMARY KEY,        -- size of the head that stays before those that are gone; 0: the beginning of the log
  below      bigint NOT NULL UNIQUE,    -- size of the head that stays after them
  last       bigint NOT NULL,           -- size of the greatest that is gone
  heads      integer NOT NULL,          -- how many are gone
  digest     bytea NOT NULL,            -- root of a tree over what their signatures covered
  thinned_at text NOT NULL,
  signature  bytea NOT NULL,
  key        bytea NOT NULL,
  CHECK (above < last AND last < below AND heads > 0)
);
CREATE TRIGGER consent_audit_thinning_fixed BEFORE UPDATE OR DELETE ON consent_audit_thinning
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();

-- The owner of the tables may take out the heads that a statement covers. Whether it is signed rightly only a verifier can tell.
CREATE FUNCTION consent_audit_refuse_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('is_superuser') = 'on' OR TG_OP = 'DELETE' AND EXISTS (SELECT FROM consent_audit_thinning t WHERE t.above < OLD.size AND OLD.size < t.below) THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME;
END $$;
DROP TRIGGER consent_audit_head_fixed ON consent_audit_head;
CREATE TRIGGER consent_audit_head_thinned BEFORE UPDATE OR DELETE ON consent_audit_head
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse_head();
