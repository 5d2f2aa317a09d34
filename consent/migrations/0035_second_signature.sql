-- Heads of the log that are signed with SM2 beside Ed25519, and the key that does (docs/adr/0087). Off until the operator turns it on.
SET LOCAL lock_timeout = '5s';
ALTER TABLE consent_audit_head
  ADD COLUMN second_key bytea,
  ADD COLUMN second_signature bytea,
  ADD COLUMN second_absent text;
CREATE TABLE consent_audit_second_key (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key       bytea NOT NULL UNIQUE CHECK (octet_length(key) = 65),
  begins_at timestamptz NOT NULL,
  ended_at  timestamptz
);
CREATE UNIQUE INDEX consent_audit_second_key_open ON consent_audit_second_key ((true)) WHERE ended_at IS NULL;
