-- Refusals of the running minute: the first one of a kind is a line of the audit log at once, further ones are counted here until the sealer writes
-- how many there were. Strangers fill no disk with it: how many kinds a minute has is bounded (consent/audit/refusal_counter.py).
CREATE TABLE consent_audit_refusal (
  minute  timestamptz NOT NULL,
  kind    text NOT NULL,
  counted text NOT NULL,
  times   bigint NOT NULL,
  line    jsonb NOT NULL,
  PRIMARY KEY (minute, kind)
);
CREATE INDEX consent_audit_refusal_counted ON consent_audit_refusal (minute, counted);
