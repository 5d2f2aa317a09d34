"""Synthetic FHIR resources and a real HTTP client."""

import datetime as dt
import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from records.mpi.matching.rules import birth_dates, phone
from records.mpi.matching.rules.compared_name import parse_compared_name
from records.mpi.matching.rules.resident_number import RESIDENT_NUMBER_SYSTEM, check_digit
from tests import draws
from tests.wait_until import wait_until

FHIR = "application/fhir+json"
INVENTED: set[str] = set()  # names and numbers of patients, of which no log may speak
SOUNDS: set[str] = set()  # of the names
PHONES: set[str] = set()
DAYS: set[dt.date] = set()  # of newborns


def make_citizen_number(birth: str = "19580312", sequence: int | None = None) -> str:
    """A valid, invented citizen number of a man (odd sequence) that nobody else has; no region
    begins with 999.
    """
    while True:
        place = 2 * draws.randbelow(500) + 1 if sequence is None else sequence
        first = f"999{100 + draws.randbelow(900)}{birth}{place:03d}"
        if (number := first + check_digit(first)) not in INVENTED:
            INVENTED.add(number)
            return number


def make_phone(prefix: str = "137") -> str:
    """A mobile number that nobody else has and nobody would take for a placeholder."""
    while True:
        number = f"{prefix}{draws.randbelow(10**8):08d}"
        if phone.normalize_phone(number) == number and number not in PHONES:
            PHONES.add(number)
            return number


def make_reached(prefix: str = "137") -> dict[str, Any]:
    """What a Patient says of a phone that is theirs alone."""
    return {"telecom": [{"system": "phone", "value": make_phone(prefix)}]}


def make_unique_name() -> str:
    """A name that nobody shares, not even by its sound: patients of all tests lie in one index,
    most of them born on one day.
    """
    while True:
        name = draws.choice("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨") + "".join(
            chr(0x4E00 + draws.randbelow(8000)) for _ in range(3)
        )
        said = parse_compared_name(name)
        sound = "".join(said.sounds)
        if said.full and not said.child and sound not in SOUNDS:  # not 王某…, nor …之子
            SOUNDS.add(sound)
            INVENTED.add(name)
            return name


def make_birth_date(first: dt.date, days: int = 1) -> dt.date:
    """One of so many days from `first` on that is nobody's way to say "not known" (a first of
    January).
    """
    day = first + dt.timedelta(draws.randbelow(days))
    return day if birth_dates.is_informative_date(day) else day + dt.timedelta(1)


def make_newborn_birth_date(least: int = 20, most: int = 320) -> dt.date:
    """The birth date of a child so many days old, on which nobody else has one: children without
    a name may be any of their day.
    """
    while (born := make_birth_date(dt.date.today() - dt.timedelta(most), most - least + 1)) in DAYS:
        pass
    DAYS.add(born)
    return born


def make_patient(
    name: str = "",
    birth: str = "1958-03-12",
    gender: str = "male",
    resident: str = "",
    mrn: str = "",
) -> dict[str, Any]:
    out: dict[str, Any] = {
        "resourceType": "Patient",
        "name": [{"text": name or make_unique_name()}],
        "gender": gender,
        "birthDate": birth,
        "identifier": [],
    }
    if resident:
        out["identifier"].append({"system": RESIDENT_NUMBER_SYSTEM, "value": resident})
    out["identifier"].append(
        {
            "type": {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}
                ]
            },
            "system": "urn:mrn",
            "value": mrn or draws.token_hex(6),
        }
    )
    return out


def make_observation(
    about: str,
    code: str = "4548-4",
    value: float = 7.1,
    date: str = "2026-01-05T08:00:00+08:00",
    **more: Any,
) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": "糖化血红蛋白"},
        "subject": {"reference": about},
        "effectiveDateTime": date,
        "valueQuantity": {"value": value, "unit": "%"},
        **more,
    }


def make_bundle(
    *entries: tuple[str, str, dict[str, Any] | None], kind: str = "transaction"
) -> dict[str, Any]:
    """(method, url, resource) entries; a resource's "fullUrl" key moves to its entry."""
    rows = []
    for method, url, resource in entries:
        row: dict[str, Any] = {"request": {"method": method, "url": url}}
        if resource is not None:
            row["resource"] = {
                k: v for k, v in resource.items() if k not in ("fullUrl", "ifNoneExist")
            }
            if "fullUrl" in resource:
                row["fullUrl"] = resource["fullUrl"]
            if "ifNoneExist" in resource:
                row["request"]["ifNoneExist"] = resource["ifNoneExist"]
        rows.append(row)
    return {"resourceType": "Bundle", "type": kind, "entry": rows}


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def says(self) -> str:
        return " ".join(
            f"{'/'.join(i.get('expression', []))} {i['diagnostics']}" for i in self.json["issue"]
        )


class Api:
    """A member's system: asks for a token once, then speaks FHIR over real HTTP."""

    def __init__(
        self,
        server: str,
        base: str,
        token: str = "",
        credentials: tuple[str, str] | None = None,
        scope: str = "",
    ) -> None:
        self.at, self.base, self.token = urlsplit(server), base, token
        if credentials:
            form = {
                "grant_type": "client_credentials",
                "client_id": credentials[0],
                "client_secret": credentials[1],
                **({"scope": scope} if scope else {}),
            }
            reply = self.raw(
                "POST",
                "/oauth/token",
                urlencode(form).encode(),
                {"Content-Type": "application/x-www-form-urlencoded"},
            )
            assert reply.status == 200, reply.body
            self.token = reply.json["access_token"]

    def raw(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        connection = http.client.HTTPConnection(self.at.hostname or "", self.at.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Reply(
                response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
            )
        finally:
            connection.close()

    def __call__(
        self, method: str, path: str = "", resource: Any = None, *, base: str = "", **headers: str
    ) -> Reply:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body = None
        if resource is not None:
            body = resource if isinstance(resource, bytes) else json.dumps(resource).encode()
            sent["Content-Type"] = FHIR
        sent |= {k.replace("_", "-"): v for k, v in headers.items()}
        return self.raw(
            method,
            quote(f"/fhir/{base or self.base}/{path}", safe="/?&=%:|,$+*~;@!()'"),
            body,
            sent,
        )

    def feed(self, most: int, query: str = "") -> list[Any]:
        """The change feed's entries, once there are so many: it waits for the oldest transaction
        of the whole database, which may be another's.
        """
        found: list[Any] = []

        def all_there() -> bool:
            found[:] = self("GET", f"_history{query}").json.get("entry", [])
            return len(found) >= most

        wait_until(all_there, f"the feed has {most} entries")
        return found

    def create(self, resource: dict[str, Any]) -> str:
        """The new resource's Type/id."""
        reply = self("POST", resource["resourceType"], resource)
        assert reply.status == 201, reply.body
        return f"{resource['resourceType']}/{reply.json['id']}"
