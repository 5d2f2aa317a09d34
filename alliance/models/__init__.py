from alliance.models.administrator_client import AdministratorClient, AdministratorToken
from alliance.models.appointment import Appointment
from alliance.models.backup import Backup
from alliance.models.client import AccessToken, Client
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
from alliance.models.hospital import Department, Hospital
from alliance.models.keys import ColumnKey, KeyPrint
from alliance.models.launch import Launch, LaunchPermission
from alliance.models.permission import HospitalUserObjectPermission
from alliance.models.proposal import Proposal
from alliance.models.release import Release, WriteProbe
from alliance.models.sign_in import GuessCount, KnownPlace
from alliance.models.staff import Staff, User
from alliance.models.work_item import WorkDocument, WorkItem, WorkTimer, WorkTransition

__all__ = [
    "AcceptanceMark",
    "AccessToken",
    "AdministratorClient",
    "AdministratorToken",
    "Appointment",
    "Backup",
    "Client",
    "ColumnKey",
    "Department",
    "DiskSample",
    "EnrolmentCode",
    "Epoch",
    "FormUse",
    "GuessCount",
    "Handover",
    "Hospital",
    "HospitalUserObjectPermission",
    "KeyPrint",
    "KnownPlace",
    "Launch",
    "LaunchPermission",
    "OfferedClinic",
    "OfferedDepartment",
    "OfferedSlot",
    "PlaceTaken",
    "Proposal",
    "Release",
    "Staff",
    "User",
    "WorkDocument",
    "WorkItem",
    "WorkTimer",
    "WorkTransition",
    "WriteProbe",
]
