"""Second factors go only by this function, and only in a transaction that leaves a line in the audit log: the web role has no DELETE on their table."""

from django.db import migrations

SQL = """
SET LOCAL lock_timeout = '5s';
CREATE FUNCTION alliance_forget_factors(account bigint, kinds text[]) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ DELETE FROM public.mfa_authenticator WHERE user_id = account AND type = ANY (kinds) $$;
CREATE FUNCTION alliance_factor_trace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('is_superuser') <> 'on' AND NOT EXISTS (
      SELECT FROM public.consent_audit_event WHERE xid = pg_current_xact_id() AND code LIKE ANY ('{alliance:session:%,alliance:staff:%}')) THEN
    RAISE EXCEPTION 'a second factor goes only in a transaction that says so in the audit log' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER alliance_factor_trace AFTER DELETE ON mfa_authenticator DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION alliance_factor_trace();
"""
UNDO = "DROP TRIGGER alliance_factor_trace ON mfa_authenticator; DROP FUNCTION alliance_factor_trace; DROP FUNCTION alliance_forget_factors"


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0008_vouched_clients"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("consent", "0002_audit"),
    ]
    operations = [migrations.RunSQL(SQL, UNDO)]
