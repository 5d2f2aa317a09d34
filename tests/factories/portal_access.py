"""A patient's way in, as hospitals and the patient make it: the hospital is known to treat them,
prints a code, somebody else activates it, a passphrase is set.
"""

import re
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.models import Hospital
from consent.models import AccessActivation, PatientAccess
from consent.services.access_codes import do_give_access, hash_access_code
from consent.services.activations import do_activate_access, do_set_passphrase
from records.mpi.index import source_patients
from tests.factories.ties import confirm_tie, make_privacy_officer

PASSPHRASE = "南山种豆 北窗听雨"


def print_access_code(person: UUID, by: Principal) -> tuple[str, PatientAccess]:
    """A code of a hospital that is known to treat the patient."""
    confirm_tie(person, Hospital.objects.get(pk=by.hospital_id))
    code = do_give_access(person, sources=source_patients.sources_of_person(person), acting=by)
    return code, PatientAccess.objects.get(code=hash_access_code(code))


def get_activation_number(access: PatientAccess, by: Principal) -> str:
    return do_activate_access(
        access.pk,
        access.person,
        compared="identity card",
        sources=source_patients.sources_of_person(access.person),
        acting=by,
    )


def open_access(
    person: UUID, by: Principal, activated_by: Principal | None = None
) -> tuple[str, str]:
    """(code, passphrase) of a code that is in use; fully, or as far as whoever activates it
    makes it.
    """
    code, access = print_access_code(person, by)
    get_activation_number(access, activated_by or make_privacy_officer())
    activation = AccessActivation.objects.filter(access=access).latest("pk")
    do_set_passphrase(
        activation.pk,
        access.person,
        passphrase=PASSPHRASE,
        sources=source_patients.sources_of_person(access.person),
    )
    return code, PASSPHRASE


def find_access_code(page: str) -> str:
    found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", page)
    assert found, page
    return found.group()


def find_activation_number(page: str) -> str:
    found = re.search(r">(\d{4} \d{4})<", page)
    assert found, page
    return found.group(1)
