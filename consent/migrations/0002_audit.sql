-- The audit log: append only, one partition a month, sealed into a Merkle tree by a single writer.
CREATE TABLE consent_audit_event (
  id             bigint GENERATED ALWAYS AS IDENTITY,
  recorded       timestamptz NOT NULL DEFAULT clock_timestamp(),
  xid            xid8 NOT NULL DEFAULT pg_current_xact_id(),
  code           text NOT NULL,
  actor_kind     text NOT NULL,
  actor          text NOT NULL,
  actor_hospital text NOT NULL,
  role           text NOT NULL,
  purpose        text NOT NULL,
  outcome        text NOT NULL,
  reason         text NOT NULL,
  person         uuid,
  target         text NOT NULL,
  detail         text NOT NULL,
  refs           text[] NOT NULL,
  address        text NOT NULL,
  request_id     text NOT NULL,
  PRIMARY KEY (id, recorded)
) PARTITION BY RANGE (recorded);
CREATE TABLE consent_audit_event_rest PARTITION OF consent_audit_event DEFAULT;
CREATE INDEX consent_audit_event_person ON consent_audit_event (person, recorded) WHERE person IS NOT NULL;
CREATE INDEX consent_audit_event_actor ON consent_audit_event (actor_kind, actor, recorded);
CREATE INDEX consent_audit_event_xid ON consent_audit_event (xid, id);
CREATE INDEX consent_audit_event_recorded ON consent_audit_event USING brin (recorded);

CREATE TABLE consent_audit_leaf (
  position bigint PRIMARY KEY,
  event_id bigint NOT NULL UNIQUE,
  hash     bytea NOT NULL
);
CREATE TABLE consent_audit_head (
  size      bigint PRIMARY KEY,
  root      bytea NOT NULL,
  sealed_at text NOT NULL,
  signature bytea NOT NULL,
  key       bytea NOT NULL,
  frontier  bytea[] NOT NULL,
  last_xid  xid8 NOT NULL,
  last_id   bigint NOT NULL
);
CREATE TABLE consent_audit_sealer (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  checked_at timestamptz NOT NULL
);

-- Privileges already refuse this to the web role; the trigger refuses it to the tables' owner too. Only a superuser can
-- get past both, and the seal is there to tell.
CREATE FUNCTION consent_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('is_superuser') = 'on' THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER consent_audit_event_fixed BEFORE UPDATE OR DELETE ON consent_audit_event
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();
CREATE TRIGGER consent_audit_leaf_fixed BEFORE UPDATE OR DELETE ON consent_audit_leaf
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();
CREATE TRIGGER consent_audit_head_fixed BEFORE UPDATE OR DELETE ON consent_audit_head
  FOR EACH ROW EXECUTE FUNCTION consent_audit_refuse();

-- One partition for the month of `day`, unless it is there. Rows that already lie in the rest partition stay there.
CREATE FUNCTION consent_audit_partition(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first date := date_trunc('month', day);
  name text := 'consent_audit_event_' || to_char(first, 'YYYY_MM');
BEGIN
  IF to_regclass(name) IS NULL
     AND NOT EXISTS (SELECT 1 FROM consent_audit_event_rest WHERE recorded >= first AND recorded < first + interval '1 month') THEN
    EXECUTE format('CREATE TABLE %I PARTITION OF consent_audit_event FOR VALUES FROM (%L) TO (%L)',
                   name, first, (first + interval '1 month')::date);
  END IF;
END $$;
SELECT consent_audit_partition(current_date), consent_audit_partition((current_date + interval '1 month')::date);
