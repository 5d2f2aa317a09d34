from alliance.models.client import AccessToken, Client
from alliance.models.form_use import FormUse
from alliance.models.handover import Handover
from alliance.models.hospital import Department, Hospital
from alliance.models.keys import ColumnKey, KeyPrint
from alliance.models.permission import DepartmentUserObjectPermission, HospitalUserObjectPermission
from alliance.models.proposal import Proposal
from alliance.models.release import Release, WriteProbe
from alliance.models.sign_in import GuessCount, KnownPlace
from alliance.models.staff import Staff, User

__all__ = ["AccessToken", "Client", "ColumnKey", "Department", "DepartmentUserObjectPermission", "FormUse", "GuessCount", "Handover", "Hospital",
           "HospitalUserObjectPermission", "KeyPrint", "KnownPlace", "Proposal", "Release", "Staff", "User", "WriteProbe"]
