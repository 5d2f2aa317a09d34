"""RULES: the ordered list of all rules, the only registration. Each is a module with CODE, BASIS and vote()."""

from consent.rules import emergency, member_active, own_hospital, patient_grant, sensitive, treatment_relationship

RULES = (member_active, own_hospital, treatment_relationship, patient_grant, sensitive, emergency)
