"""Whose sync somebody sees: an administrator the members that they administer, a record clerk the
own hospital; and who mends there.
"""

from django.http import Http404

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission


def list_board_hospitals(acting: Principal) -> list[Hospital]:
    if acting.may(Permission.CLIENT_MANAGE):
        return hospitals_with_permission(acting, "administer_hospital")
    return list(Hospital.objects.filter(pk=acting.hospital_id))


def find_board_hospital(code: str, acting: Principal) -> Hospital:
    """Raises Http404 also where it is another one's: nobody learns who is a member of what."""
    for hospital in list_board_hospitals(acting):
        if hospital.code == code:
            return hospital
    raise Http404


def may_mend(acting: Principal, hospital: Hospital) -> bool:
    return acting.may(Permission.SYNC_MEND) and acting.hospital_id == hospital.pk
