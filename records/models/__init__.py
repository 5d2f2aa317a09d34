from records.models.bulk import BulkJob
from records.models.link import LinkEvent, Review
from records.models.person import NameKey, PatientIdentifier, Person, SourcePatient

__all__ = ["BulkJob", "LinkEvent", "NameKey", "PatientIdentifier", "Person", "Review", "SourcePatient"]
