"""A patient's way in, as hospitals and the patient make it: the hospital is known to treat them, prints a code, somebody else activates it, a passphrase is set."""

import re
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.models import Hospital
from consent.models import AccessActivation, PatientAccess
from consent.services.accesses import digest, do_give_access
from consent.services.activations import do_activate_access, do_set_passphrase
from records.mpi import sources
from tests.factories.ties import officer, tie

PASSPHRASE = "南山种豆 北窗听雨"


def printed(person: UUID, by: Principal) -> tuple[str, PatientAccess]:
    """A code of a hospital that is known to treat the patient."""
    tie(person, Hospital.objects.get(pk=by.hospital_id))
    code = do_give_access(person, sources=sources.of_person(person), acting=by)
    return code, PatientAccess.objects.get(code=digest(code))


def number_for(access: PatientAccess, by: Principal) -> str:
    return do_activate_access(access.pk, access.person, compared="identity card", sources=sources.of_person(access.person), acting=by)


def opened(person: UUID, by: Principal, activated_by: Principal | None = None) -> tuple[str, str]:
    """(code, passphrase) of a code that is in use; fully, or as far as whoever activates it makes it."""
    code, access = printed(person, by)
    number_for(access, activated_by or officer())
    activation = AccessActivation.objects.filter(access=access).latest("pk")
    do_set_passphrase(activation.pk, access.person, passphrase=PASSPHRASE, sources=sources.of_person(access.person))
    return code, PASSPHRASE


def code_in(page: str) -> str:
    found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", page)
    assert found, page
    return found.group()


def number_in(page: str) -> str:
    found = re.search(r">(\d{4} \d{4})<", page)
    assert found, page
    return found.group(1)
