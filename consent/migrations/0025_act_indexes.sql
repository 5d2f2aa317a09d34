-- Of a log without lines the whole indexes; of any other one the log's own part, which says what its months are to have and takes no time.
DO $$
DECLARE
  extent text := CASE WHEN EXISTS (SELECT FROM consent_audit_event) THEN 'ONLY' ELSE '' END;
BEGIN
  EXECUTE format('CREATE INDEX consent_audit_event_request ON %s consent_audit_event USING hash (request_id) WHERE request_id <> ''''', extent);
  EXECUTE format('CREATE INDEX consent_audit_event_refused ON %s consent_audit_event (recorded) WHERE outcome <> ''success''', extent);
  EXECUTE format('CREATE INDEX consent_audit_event_emergency ON %s consent_audit_event (recorded) WHERE purpose = ''BTG'' OR code = ''consent:emergency:open''', extent);
END $$;
