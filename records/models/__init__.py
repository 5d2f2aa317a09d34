from records.models.access_review import AccessRule, EpisodeOutcome
from records.models.bulk import BulkJob
from records.models.identity_decision import Claim, Decision, MatchModel, Opinion, Review
from records.models.mapping import (
    CodeList,
    CodeMap,
    CodeMapping,
    LocalCode,
    MappingPosition,
    SourceBrand,
    StandardCode,
    StandardUse,
)
from records.models.person import MatchKey, NameKey, PatientIdentifier, Person, SourcePatient
from records.models.printed_document import PrintedDocument
from records.models.recognition import (
    RecognitionDecision,
    RecognitionItem,
    RecognitionPrompt,
    RecognitionQualification,
)
from records.models.signing_key import HospitalSigningKey
from records.models.stranger_search import StrangerSearch
from records.models.subscription import FeedPosition, Notification, SubscriptionState
from records.models.work_topic_notice import WorkTopicNotice

__all__ = [
    "AccessRule",
    "BulkJob",
    "Claim",
    "CodeList",
    "CodeMap",
    "CodeMapping",
    "Decision",
    "EpisodeOutcome",
    "FeedPosition",
    "HospitalSigningKey",
    "LocalCode",
    "MappingPosition",
    "MatchKey",
    "MatchModel",
    "NameKey",
    "Notification",
    "Opinion",
    "PatientIdentifier",
    "Person",
    "PrintedDocument",
    "RecognitionDecision",
    "RecognitionItem",
    "RecognitionPrompt",
    "RecognitionQualification",
    "Review",
    "SourceBrand",
    "SourcePatient",
    "StandardCode",
    "StandardUse",
    "StrangerSearch",
    "SubscriptionState",
    "WorkTopicNotice",
]
