"""The doctor in whose name a hospital's system sends and moves work: named by their user name, of
the system's own hospital, and with their own word for it (docs/adr/0059, 0090).
"""

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.services.launches import (
    find_launch_doctor,
    find_launching_client,
    working_principal,
)
from records.fhir.issues import Issue, Unprocessable


def find_speaking_doctor(system: Principal, username: str) -> Principal:
    """Raises Forbidden, and Unprocessable where nobody is named."""
    if not username:
        raise Unprocessable(
            Issue("required", "Parameter staff: the user name of the doctor who does it.", "staff")
        )
    client = find_launching_client(system.id)
    staff = find_launch_doctor(client, username)
    if staff is None:
        raise Forbidden(
            "doctor", "Nobody of this user name can refer patients at this hospital today."
        )
    return working_principal(staff, client, system=system)
