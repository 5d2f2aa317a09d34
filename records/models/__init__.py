from records.models.bulk import BulkJob
from records.models.find import StrangerSearch
from records.models.link import Claim, Decision, MatchModel, Opinion, Review
from records.models.person import MatchKey, NameKey, PatientIdentifier, Person, SourcePatient
from records.models.subscription import FeedPosition, Notification, SubscriptionState

__all__ = [
    "BulkJob", "Claim", "Decision", "FeedPosition", "MatchKey", "MatchModel", "NameKey", "Notification", "Opinion", "PatientIdentifier", "Person", "Review", "SourcePatient",
    "StrangerSearch", "SubscriptionState",
]
