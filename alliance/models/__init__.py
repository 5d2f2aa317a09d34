from alliance.models.administrator_client import AdministratorClient, AdministratorToken
from alliance.models.appointment import Appointment
from alliance.models.backup import Backup
from alliance.models.client import AccessToken, Client
from alliance.models.consultation import (
    ConsultationExpert,
    ConsultationMeeting,
    ConsultationRating,
    ConsultationRequest,
    OpinionDraft,
    SignedOpinion,
)
from alliance.models.directory import (
    OfferedClinic,
    OfferedDepartment,
    OfferedSlot,
    PlaceTaken,
)
from alliance.models.disk import DiskSample
from alliance.models.enrolment import AcceptanceMark, EnrolmentCode
from alliance.models.epoch import Epoch
from alliance.models.form_use import FormUse
from alliance.models.handover import Handover
from alliance.models.home_plan import (
    HomeMeasure,
    HomeMedicine,
    HomePlan,
    HomeTask,
    HomeTaskEntry,
)
from alliance.models.hospital import Department, Hospital
from alliance.models.keys import ColumnKey, KeyPrint
from alliance.models.launch import Launch, LaunchPermission
from alliance.models.permission import HospitalUserObjectPermission
from alliance.models.proposal import Proposal
from alliance.models.release import Release, WriteProbe
from alliance.models.sign_in import GuessCount, KnownPlace
from alliance.models.staff import Staff, User
from alliance.models.work_arrival import WorkArrival
from alliance.models.work_debt import WorkDebt
from alliance.models.work_draft import ApprovalRule, WorkDraft, WorkDraftStep
from alliance.models.work_item import (
    WorkDocument,
    WorkItem,
    WorkNumber,
    WorkTimer,
    WorkTransition,
)
from alliance.models.work_message import WorkMessage, WorkMessageSight
from alliance.models.work_setting import (
    CalendarDay,
    DutyOffice,
    WorkDeadline,
    WorkNotice,
    WorkNoticeAddress,
)

__all__ = [
    "AcceptanceMark",
    "AccessToken",
    "AdministratorClient",
    "AdministratorToken",
    "Appointment",
    "ApprovalRule",
    "Backup",
    "CalendarDay",
    "Client",
    "ColumnKey",
    "ConsultationExpert",
    "ConsultationMeeting",
    "ConsultationRating",
    "ConsultationRequest",
    "Department",
    "DiskSample",
    "DutyOffice",
    "EnrolmentCode",
    "Epoch",
    "FormUse",
    "GuessCount",
    "Handover",
    "HomeMeasure",
    "HomeMedicine",
    "HomePlan",
    "HomeTask",
    "HomeTaskEntry",
    "Hospital",
    "HospitalUserObjectPermission",
    "KeyPrint",
    "KnownPlace",
    "Launch",
    "LaunchPermission",
    "OfferedClinic",
    "OfferedDepartment",
    "OfferedSlot",
    "OpinionDraft",
    "PlaceTaken",
    "Proposal",
    "Release",
    "SignedOpinion",
    "Staff",
    "User",
    "WorkArrival",
    "WorkDeadline",
    "WorkDebt",
    "WorkDocument",
    "WorkDraft",
    "WorkDraftStep",
    "WorkItem",
    "WorkMessage",
    "WorkMessageSight",
    "WorkNotice",
    "WorkNoticeAddress",
    "WorkNumber",
    "WorkTimer",
    "WorkTransition",
    "WriteProbe",
]
