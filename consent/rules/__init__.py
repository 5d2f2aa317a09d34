"""RULES: the ordered list of all rules, the only registration. Each is a module with CODE, BASIS
and votes().
"""

from consent.rules import (
    alliance_policy,
    emergency,
    incident_seal,
    launched,
    member_active,
    own_hospital,
    own_record,
    patient_consent,
    treatment_relationship,
    vouching,
)

RULES = (
    member_active,
    incident_seal,
    own_hospital,
    own_record,
    vouching,
    launched,
    treatment_relationship,
    patient_consent,
    alliance_policy,
    emergency,
)
