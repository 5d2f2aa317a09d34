from consent.models.access import PatientAccess
from consent.models.directive import Directive
from consent.models.emergency import Emergency
from consent.models.policy import AlliancePolicy
from consent.models.relationship import Relationship
from consent.models.seal import IncidentSeal

__all__ = ["AlliancePolicy", "Directive", "Emergency", "IncidentSeal", "PatientAccess", "Relationship"]
