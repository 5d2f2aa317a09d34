-- What was done with whole months of the audit log: taken out of the online log once their archive had been read back, and put in again (docs/adr/0082).
CREATE TABLE consent_audit_archive (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  month     date NOT NULL,
  act       text NOT NULL CHECK (act IN ('detach', 'attach')),
  manifest  text NOT NULL,
  done_at   text NOT NULL,
  signature bytea NOT NULL,
  key       bytea NOT NULL
);
CREATE TRIGGER consent_audit_archive_fixed BEFORE UPDATE OR DELETE ON consent_audit_archive
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();
