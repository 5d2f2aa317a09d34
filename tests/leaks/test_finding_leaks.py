"""What one hospital alone knows of a shared patient finds them at no other, and nobody learns by
narrowing a stranger.
"""

from typing import Any

import pytest

from alliance.roles import Role
from records.models import SourcePatient, StrangerSearch
from records.mpi.index.patient_search import find_persons
from tests.factories import alliance
from tests.factories.fhir import make_citizen_number, make_patient, make_unique_name
from tests.support.browser import ENGLISH, signed_in
from tests.support.world import World, w

__all__ = ["w"]
ROLES = (Role.CLINICIAN, Role.CLERK, Role.PRIVACY)


def found(who: Any, typed: str) -> set[str]:
    acting = alliance.get_staff_principal(who)
    return {str(hit.person) for hit in find_persons(typed, acting=acting)}


@pytest.mark.parametrize("role", ROLES)
def test_another_hospitals_phone_and_birth_date_find_nobody_here(w: World, role: Role) -> None:
    at_b = w.at_b.split("/")[1]
    told = w.hold("GET", w.at_b).json
    phone = f"199{make_citizen_number()[-8:].replace('X', '7')}"
    told |= {"telecom": [{"system": "phone", "value": phone}], "birthDate": "1958-03-21"}
    assert w.hold("PUT", f"Patient/{at_b}", told).status == 200
    person = str(SourcePatient.objects.get(hospital=w.b, fhir_id=at_b).person_id)
    here, there = alliance.make_staff(w.a, role), alliance.make_staff(w.b, role)
    for typed in (phone, f"+86 {phone}", "1958-03-21", "1958年3月21日"):
        assert person not in found(here, typed), typed
        assert person in found(there, typed), f"the control: {typed}"
    assert person in found(here, "1958-03-12"), "by what is known here"


def test_a_stranger_cannot_be_asked_about_by_narrowing(w: World) -> None:
    """The name alone finds them, masked; the name with a guess beside it finds nobody, true or
    false.
    """
    name, number = make_unique_name(), make_citizen_number("19580312")
    at_b = w.hold.create(make_patient(name, "1958-03-12", resident=number)).split("/")[1]
    person = str(SourcePatient.objects.get(hospital=w.b, fhir_id=at_b).person_id)
    doctor, own = alliance.make_staff(w.a), alliance.make_staff(w.b)
    for beside in (number[-4:], "1958", "1958-03-12", "1958年3月", "1959", "0000"):
        assert person not in found(doctor, f"{name} {beside}"), beside
        assert person not in found(doctor, f"{name}{beside}"), beside
    assert person in found(own, f"{name} {number[-4:]}"), "the control"
    page = signed_in(doctor).post("/patients/", {"q": name}, follow=True, headers=ENGLISH)
    text = page.content.decode()
    assert person in text
    assert "1958-03" not in text
    assert name not in text.replace(f'value="{name}"', "")


def test_lists_of_the_own_hospital_do_not_use_up_the_strangers(w: World) -> None:
    doctor = alliance.make_staff(w.a)
    for typed in ("赵", "4321", "1958-03-12", "+86 19900001111"):
        found(doctor, typed)
    assert not StrangerSearch.objects.filter(actor=str(doctor.pk)).exists()
