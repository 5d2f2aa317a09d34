from records.models.bulk import BulkJob
from records.models.link import LinkEvent, Review
from records.models.person import NameKey, PatientIdentifier, Person, SourcePatient
from records.models.subscription import FeedPosition, Notification, SubscriptionState

__all__ = ["BulkJob", "FeedPosition", "LinkEvent", "NameKey", "Notification", "PatientIdentifier", "Person", "Review", "SourcePatient", "SubscriptionState"]
