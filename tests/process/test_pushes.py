"""kill -9 of those who do pushes, and of the courier that starts them: what was acknowledged is
done, in order, and once.
"""

import os
import signal
import uuid
from contextlib import suppress

from tests.factories.fhir import Api, make_patient
from tests.process.installation import Installation
from tests.wait_until import wait_until

MANY = 120


def courier_at_work(made: Installation) -> int:
    """The courier, once it has processes that do pushes."""
    found: list[int] = []

    def seen() -> bool:
        found[:] = [
            p
            for p, line in made.parts().items()
            if "manage.py courier" in line and made.children(p)
        ]
        return bool(found)

    wait_until(seen, "the courier has started a process for them")
    return found[0]


def test_acknowledged_pushes_are_done_once_whoever_is_killed(
    made: Installation, credentials: tuple[str, str]
) -> None:
    api = Api(made.url, "donghu", credentials=credentials)
    mark = uuid.uuid4().hex[:12]
    taken = []
    for i in range(MANY):
        reply = api(
            "PUT",
            f"Basic/{mark}",
            {"resourceType": "Basic", "id": mark, "code": {"text": str(i)}},
            Prefer="respond-async",
        )
        assert reply.status == 202, reply.body
        taken.append(reply.headers["content-location"].split("/fhir/donghu/")[1])
        if i in (MANY // 3, 2 * MANY // 3):
            courier = courier_at_work(made)
            for victim in made.children(courier):
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
        if i == MANY // 2:
            os.kill(courier, signal.SIGKILL)
    wait_until(lambda: api("GET", taken[-1]).status == 200, "all are done")
    versions = [api("GET", link).json["entry"][0]["response"]["etag"] for link in taken]
    assert versions == [f'W/"{i + 1}"' for i in range(MANY)], (
        "each once, in the order in which they were sent"
    )
    assert api("GET", f"Basic/{mark}").json["code"]["text"] == str(MANY - 1)
    assert api("POST", "Patient", make_patient()).status == 201
