"""What row level security costs: the same requests by turns at the site, whose database role is
behind the wall, and at a second one on the same database that connects as the tables' owner, for
whom there is none.
"""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tests.perf.installation import MEMBER, ROOT, Installation, wait
from tests.perf.load import Asked, Request, by_turns, call, tell


@contextmanager
def without(home: Installation) -> Iterator[int]:
    """The port of a site as the bench's own, but for its database role."""
    port = home.port + 1
    url = home.manage(
        "shell",
        "--no-imports",
        "-c",
        "from alliance.database.connection_settings import owner_connection_string;"
        " print(owner_connection_string())",
    ).splitlines()[-1]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "2",
        "--worker-class",
        "gthread",
        "--threads",
        "8",
        "--keep-alive",
        "30",
        "--no-control-socket",
        "--log-level",
        "error",
        "tests.perf.unwalled:application",
    ]
    site = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**home.environment, "XINGLIN_PROCESS": "web", "DATABASE_WEB_URL": url},
    )
    try:
        wait(lambda: call(port, ("GET", "/readyz", None), {})[0] == 200)
        yield port
    finally:
        site.terminate()
        site.wait(30)


def measured(
    home: Installation, patient: str, asker: dict[str, str], person: str, seconds: float
) -> None:
    """asker: another member's headers, to whom a consent opens the person's record."""
    own, everybody = (
        f"/fhir/{MEMBER}/Observation?patient=Patient/{patient}&_sort=-date&_count=50",
        f"/fhir/alliance/Observation?patient={person}&_sort=-date&_count=50",
    )
    page: Request = ("GET", own, None)
    through: Request = ("GET", everybody, None)
    entries = [
        {
            "resource": {
                "resourceType": "Basic",
                "id": f"wall{i}",
                "code": {"text": uuid.uuid4().hex},
            },
            "request": {"method": "PUT", "url": f"Basic/wall{i}"},
        }
        for i in range(100)
    ]
    fresh = [
        {
            "resource": {"resourceType": "Basic", "code": {"text": "wall"}},
            "request": {"method": "POST", "url": "Basic"},
        }
        for _ in range(100)
    ]
    several: list[tuple[str, list[tuple[Request, dict[str, str]]]]] = [
        ("own read", [(("GET", f"/fhir/{MEMBER}/Patient/{patient}", None), home.headers)]),
        ("own page of 50", [(page, home.headers)]),
        (
            "own page by a code",
            [
                (
                    ("GET", f"/fhir/{MEMBER}/Observation?code=7-1&_count=50&_total=none", None),
                    home.headers,
                )
            ],
        ),
        (
            "own exact total by a code",
            [(("GET", f"/fhir/{MEMBER}/Observation?code=7-1&_summary=count", None), home.headers)],
        ),
        (
            "own exact total of all Observations",
            [(("GET", f"/fhir/{MEMBER}/Observation?_summary=count", None), home.headers)],
        ),
        (
            "own update",
            [
                (
                    (
                        "PUT",
                        f"/fhir/{MEMBER}/Basic/wall",
                        json.dumps(
                            {"resourceType": "Basic", "id": "wall", "code": {"text": "wall"}}
                        ).encode(),
                    ),
                    home.headers,
                )
            ],
        ),
        (
            "transaction, 100 creates",
            [
                (
                    (
                        "POST",
                        f"/fhir/{MEMBER}/",
                        json.dumps(
                            {"resourceType": "Bundle", "type": "transaction", "entry": fresh}
                        ).encode(),
                    ),
                    home.headers,
                )
            ],
        ),
        (
            "transaction, 100 updates",
            [
                (
                    (
                        "POST",
                        f"/fhir/{MEMBER}/",
                        json.dumps(
                            {"resourceType": "Bundle", "type": "transaction", "entry": entries}
                        ).encode(),
                    ),
                    home.headers,
                )
            ],
        ),
        ("page of 50 through a consent", [(through, asker)]),
        ("exact total through a consent", [(("GET", everybody + "&_summary=count", None), asker)]),
        ("own page, page through a consent, by turns", [(page, home.headers), (through, asker)]),
    ]
    with without(home) as port:
        for name, requests in several:
            asked: list[Asked] = [(p, r, h) for r, h in requests for p in (home.port, port)]
            found = by_turns(asked, seconds)
            assert not any(m.bad for m in found), name
            for i in range(0, len(found), 2):
                behind, before = found[i], found[i + 1]
                tell(
                    f"the wall: {name}",
                    pairs=len(behind.times),
                    with_p50_ms=behind.at(0.5),
                    with_p95_ms=behind.at(0.95),
                    without_p50_ms=before.at(0.5),
                    without_p95_ms=before.at(0.95),
                    adds_p50_ms=round(behind.at(0.5) - before.at(0.5), 2),
                )
