"""Lines of the audit log as FHIR R4 AuditEvents, by IHE Basic Audit Log Patterns (BALP)."""
