from consent.models.access import AccessActivation, PatientAccess
from consent.models.audit_report import AuditReport, AuditReportChunk, AuditReportRun
from consent.models.case import (
    Case,
    CaseEntry,
    CaseItem,
    CaseLook,
    CaseUserObjectPermission,
)
from consent.models.confirmation import Confirmation
from consent.models.directive import Directive
from consent.models.emergency import Emergency
from consent.models.group import GroupMember, NumberedPractitioner
from consent.models.hold import Hold
from consent.models.incident_seal import IncidentSeal
from consent.models.policy import AlliancePolicy
from consent.models.relationship import Relationship
from consent.models.saved_audit_filter import SavedAuditFilter

__all__ = [
    "AccessActivation",
    "AlliancePolicy",
    "AuditReport",
    "AuditReportChunk",
    "AuditReportRun",
    "Case",
    "CaseEntry",
    "CaseItem",
    "CaseLook",
    "CaseUserObjectPermission",
    "Confirmation",
    "Directive",
    "Emergency",
    "GroupMember",
    "Hold",
    "IncidentSeal",
    "NumberedPractitioner",
    "PatientAccess",
    "Relationship",
    "SavedAuditFilter",
]
