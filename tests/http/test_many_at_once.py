"""Many members at once on the same few connections: what one was told never narrows, or widens,
what another finds.
"""

import random
from concurrent.futures import ThreadPoolExecutor

from alliance.models import Hospital
from alliance.roles import Role
from records.models import SourcePatient
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import (
    Api,
    make_bundle,
    make_citizen_number,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.factories.ties import confirm_directive, record_confirmed_treatment

MEMBERS, ROUNDS = 5, 40


def test_everybody_finds_all_of_his_own_and_all_that_is_shared(server: str) -> None:
    card, name = make_citizen_number(), make_unique_name()
    members: list[Hospital] = [alliance.make_hospital(f"many{i}") for i in range(MEMBERS)]
    systems = [Api(server, h.code, credentials=alliance.make_credentials(h)) for h in members]
    for i, api in enumerate(systems):
        about = api.create(make_patient(name, resident=card))
        assert (
            api(
                "POST",
                "",
                make_bundle(
                    *(("POST", "Observation", make_observation(about)) for _ in range(i + 2))
                ),
            ).status
            == 200
        )
    person = SourcePatient.objects.get(hospital=members[0]).person_id
    clerk = alliance.get_staff_principal(alliance.make_staff(members[0], Role.CLERK))
    confirm_directive(
        record_choice(person, sources=source_patients.sources_of_person(person), acting=clerk),
        person,
    )
    record_confirmed_treatment(person, *members)
    own = [i + 2 for i in range(MEMBERS)]
    broken = make_bundle(
        ("POST", "Observation", make_observation("Patient/nobody")),
        ("PUT", "Basic/x", {"resourceType": "Basic", "id": "y", "code": {"text": "x"}}),
    )  # begun, and rolled back
    wrong: list[str] = []

    def ask(client: int) -> None:
        rng, i = random.Random(client), client % MEMBERS
        api = Api(server, members[i].code, token=systems[i].token)
        for _ in range(ROUNDS):
            match rng.randrange(4):
                case 0:
                    got, want = api("GET", "Observation?_summary=count").json["total"], own[i]
                case 1:
                    got, want = (
                        api(
                            "GET", f"Observation?patient={person}&_summary=count", base="alliance"
                        ).json["total"],
                        sum(own),
                    )
                case 2:
                    found = api(
                        "GET", f"Observation?patient={person}&_count=100", base="alliance"
                    ).json["entry"]
                    got, want = len(found), sum(own)
                case _:
                    got, want = api("POST", "", broken).status, 400
            if got != want:
                wrong.append(f"{members[i].code}: {got} instead of {want}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(16)))
    assert not wrong, wrong[:5]
