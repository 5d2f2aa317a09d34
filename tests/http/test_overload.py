"""More than can be answered: who has gone away is not served, and everybody else is."""

import json
import socket
from urllib.parse import urlsplit

from django.db import connection

from tests.factories.fhir import Api
from tests.wait_until import wait_until

SENT, EACH = 60, 20  # requests, and searches in each


def looked(api: Api) -> int:
    """How many searches of this hospital's systems stand in the log."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM consent_audit_event WHERE actor_hospital = %s AND code ="
            " 'records:record:search'",
            [api.base],
        )
        return int(cursor.fetchone()[0])


def test_who_went_away_is_not_served(server: str, api: Api) -> None:
    at = urlsplit(server)
    body = json.dumps(
        {
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [
                {"request": {"method": "GET", "url": f"Observation?code=x{i}&_total=accurate"}}
                for i in range(EACH)
            ],
        }
    ).encode()
    assert api("POST", "", body).status == 200 and looked(api) == 2 * EACH, (
        "the control: a page and a total of each"
    )
    head = (
        f"POST /fhir/{api.base}/ HTTP/1.1\r\nHost: {at.netloc}\r\nAuthorization: Bearer"
        f" {api.token}\r\nContent-Type: application/fhir+json\r\nContent-Length:"
        f" {len(body)}\r\n\r\n"
    ).encode()
    links = [socket.create_connection((at.hostname or "", at.port), 10) for _ in range(SENT)]
    for link in links:
        link.sendall(head + body)
    for link in links:
        link.close()
    seen: list[int] = []

    def settled() -> bool:
        seen.append(looked(api))
        return (
            api("GET", "Patient?_count=1").status == 200
            and len(seen) > 2
            and seen[-1] - seen[-2] <= 1
        )

    wait_until(settled, "what was begun is done")
    assert looked(api) < SENT * EACH, "those who were to wait had gone"
