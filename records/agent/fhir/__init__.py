"""FHIR R4 as it is: Bundles and NDJSON become items whose ids follow from their record numbers."""
