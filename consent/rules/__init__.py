"""RULES: the ordered list of all rules, the only registration. Each is a module with CODE, BASIS and votes()."""

from consent.rules import alliance_policy, emergency, incident_seal, member_active, own_hospital, patient_consent, treatment_relationship, vouched

RULES = (member_active, incident_seal, own_hospital, vouched, treatment_relationship, patient_consent, alliance_policy, emergency)
