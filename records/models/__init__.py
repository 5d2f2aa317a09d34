from records.models.bulk import BulkJob
from records.models.link import LinkEvent, Review
from records.models.person import MatchKey, NameKey, PatientIdentifier, Person, SourcePatient
from records.models.subscription import FeedPosition, Notification, SubscriptionState

__all__ = ["BulkJob", "FeedPosition", "LinkEvent", "MatchKey", "NameKey", "Notification", "PatientIdentifier", "Person", "Review", "SourcePatient", "SubscriptionState"]
