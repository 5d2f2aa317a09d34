-- Witnesses of the log that are a browser of a member's staff (docs/adr/0081); beside them the systems with a witness key.
SET LOCAL lock_timeout = '5s';
CREATE TABLE consent_audit_witness (
  code        varchar(64) COLLATE "C" PRIMARY KEY,   -- its name in signature lines
  hospital    bigint NOT NULL,
  name        varchar(60) NOT NULL,
  key         bytea NOT NULL UNIQUE CHECK (octet_length(key) = 32),
  offered_by  bigint NOT NULL,
  offered_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  accepted_by bigint,
  accepted_at timestamptz,
  ended_by    bigint,
  ended_at    timestamptz
);
CREATE INDEX consent_audit_witness_hospital ON consent_audit_witness (hospital);
