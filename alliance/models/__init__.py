from alliance.models.client import AccessToken, Client
from alliance.models.hospital import Department, Hospital
from alliance.models.permission import DepartmentUserObjectPermission, HospitalUserObjectPermission
from alliance.models.staff import Staff, User

__all__ = ["AccessToken", "Client", "Department", "DepartmentUserObjectPermission", "Hospital", "HospitalUserObjectPermission", "Staff", "User"]
