from consent.models.access import AccessActivation, PatientAccess
from consent.models.confirmation import Confirmation
from consent.models.directive import Directive
from consent.models.emergency import Emergency
from consent.models.group import GroupMember, NumberedPractitioner
from consent.models.incident_seal import IncidentSeal
from consent.models.legal_hold import LegalHold
from consent.models.policy import AlliancePolicy
from consent.models.relationship import Relationship
from consent.models.saved_audit_filter import SavedAuditFilter

__all__ = [
    "AccessActivation",
    "AlliancePolicy",
    "Confirmation",
    "Directive",
    "Emergency",
    "GroupMember",
    "IncidentSeal",
    "LegalHold",
    "NumberedPractitioner",
    "PatientAccess",
    "Relationship",
    "SavedAuditFilter",
]
