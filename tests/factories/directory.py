"""A hospital's part of the directory for tests: a department, a clinic and slots of its own."""

import datetime as dt

from django.utils import timezone

from alliance.models import Hospital, OfferedClinic, OfferedDepartment, OfferedSlot
from tests import draws


def make_department(at: Hospital, name: str = "心血管内科", **more: object) -> OfferedDepartment:
    values: dict[str, object] = {
        "code": f"d-{draws.token_hex(6)}",
        "name_zh": name,
        "name_en": "Cardiology",
        "standard": "03.04",
    }
    return OfferedDepartment.objects.create(hospital=at, **(values | more))


def make_clinic(
    department: OfferedDepartment, doctor: str = "陈医生", **more: object
) -> OfferedClinic:
    values: dict[str, object] = {"code": f"c-{draws.token_hex(6)}", "name": "专家门诊"}
    return OfferedClinic.objects.create(
        hospital=department.hospital, department=department, doctor=doctor, **(values | more)
    )


def make_slot(
    clinic: OfferedClinic, places: int = 1, *, days: float = 1, hours: float = 1
) -> OfferedSlot:
    """So many days from now."""
    starts = (timezone.now() + dt.timedelta(days=days)).replace(second=0, microsecond=0)
    return OfferedSlot.objects.create(
        hospital=clinic.hospital,
        clinic=clinic,
        code=f"s-{draws.token_hex(8)}",
        starts_at=starts,
        ends_at=starts + dt.timedelta(hours=hours),
        places=places,
    )
