"""Requests by channel: for each way in which hidden records have leaked elsewhere, a family of
requests with drawn parameters.

The numbers are those of the list of 43 leak channels in docs/implementation/consent.md. PERSON,
HIDDEN and NAMELESS stand for ids, OTHER for a patient of whom nothing is shared; a family may
follow what the first answer gives.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.factories.fhir import Reply

UCUM = "http://unitsofmeasure.org"
TYPES = [
    "Observation",
    "Condition",
    "Encounter",
    "MedicationRequest",
    "DocumentReference",
    "DiagnosticReport",
    "AllergyIntolerance",
    "List",
    "Procedure",
]


@dataclass
class Drawn:
    """One request, and perhaps others that follow from its answer. shared: at the shared base;
    else at the base of the hospital that holds the records.
    """

    path: str
    shared: bool = True
    method: str = "GET"
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    follow: int = 0  # how many next links


Draw = Callable[[random.Random], Drawn]
P = "patient=PERSON"


def pick(*choices: str) -> Callable[[random.Random], str]:
    return lambda rng: rng.choice(choices)


def search(*queries: str, kind: str = "Observation", follow: int = 0) -> Draw:
    """Of one type; {t} a drawn one."""

    def draw(rng: random.Random) -> Drawn:
        extra = rng.choice(
            [
                "",
                "",
                "&_count=1",
                "&_count=2",
                "&_total=accurate",
                "&_sort=-_lastUpdated",
                "&_summary=count",
                "&_elements=status",
                "&_sort=_id",
                "&_count=50",
            ]
        )
        name = rng.choice(TYPES) if kind == "*" else kind
        query = rng.choice(queries)
        if follow and "summary" in extra:
            extra = ""
        return Drawn(f"{name}?{P}&{query}{extra}", follow=follow)

    return draw


def path(
    *paths: str,
    shared: bool = True,
    headers: Callable[[random.Random], dict[str, str]] = lambda rng: {},
) -> Draw:
    return lambda rng: Drawn(rng.choice(paths), shared, headers=headers(rng))


def batch(rng: random.Random) -> Drawn:
    inner = [
        f"Observation?{P}",
        "Observation/HIDDEN",
        f"Condition?{P}&_summary=count",
        f"Observation?{P}&code=75622-1",
        f"Encounter?{P}",
        "Patient/PERSON",
    ]
    urls = rng.sample(inner, 3)
    return Drawn(
        "",
        method="POST",
        body={
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [{"request": {"method": "GET", "url": u}} for u in urls],
        },
    )


def post_search(rng: random.Random) -> Drawn:
    return Drawn(
        f"{rng.choice(TYPES[:4])}/_search?{P}{rng.choice(['', '&_count=1', '&_total=accurate'])}",
        method="POST",
        body=b"",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def match(rng: random.Random) -> Drawn:
    name = rng.choice(["OTHERNAME", "OTHERNAME", "别人"])
    patient = {
        "resourceType": "Patient",
        "name": [{"text": name}],
        "birthDate": rng.choice(["1958-03-12", "1958-03-13"]),
        "gender": "male",
    }
    return Drawn(
        "Patient/$match",
        method="POST",
        body={
            "resourceType": "Parameters",
            "parameter": [
                {"name": "resource", "resource": patient},
                {"name": "count", "valueInteger": rng.randint(1, 5)},
            ],
        },
    )


NARROWED = (
    "&_typeFilter=Observation%3Fsubject:Patient.gender%3Dmale",
    "&_typeFilter=Observation%3Fencounter:Encounter.status%3Dfinished",
    "&_elements=subject",
    "&_typeFilter=Encounter%3F_has:Observation:encounter:status%3Dfinal&_typeFilter=Observation%3Fstatus%3Dfinal",
)


def export(rng: random.Random) -> Drawn:
    """What the files of a finished job hold."""
    return Drawn(
        "Patient/$export?patient=PERSON"
        + rng.choice(
            [
                "",
                "&_type=Observation",
                "&_type=Observation,Condition,List",
                "&_since=2020-01-01T00:00:00Z",
                "&_type=Encounter",
                *NARROWED,
            ]
        ),
        method="EXPORT",
    )


def conditional(rng: random.Random) -> Drawn:
    body = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    return Drawn(
        "Observation",
        False,
        "POST",
        body,
        {
            "If-None-Exist": rng.choice(
                ["_tag=secret", "code=75622-1", "identifier=nothing", "_id=HIDDEN"]
            )
        },
    )


def validators(rng: random.Random) -> dict[str, str]:
    return rng.choice(
        [
            {"If-None-Match": 'W/"1"'},
            {"If-None-Match": 'W/"2"'},
            {"If-Modified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"},
            {},
        ]
    )


CHANNELS: dict[str, Draw] = {
    "1 search match": search(
        "status=final",
        "_id=HIDDEN",
        "date=ge2026",
        "category:missing=true",
        "code=75622-1,4548-4",
        kind="Observation",
    ),
    "1 other types": search(
        "_lastUpdated=ge2000", "_tag=secret,other", "_profile=urn:secret", kind="*"
    ),
    "2 read": path(
        "Observation/HIDDEN",
        "Encounter/hidden-visit",
        "Condition/hidden",
        "List/hidden",
        "DocumentReference/hidden",
        shared=False,
    ),
    "3 vread": path(
        "Observation/HIDDEN/_history/1",
        "Encounter/hidden-visit/_history/1",
        "Condition/hidden/_history/1",
        shared=False,
    ),
    "5 _include": search(
        "_include=Observation:encounter",
        "_include=*",
        "_include=Observation:has-member",
        "_include=Observation:performer",
    ),
    "6 _revinclude": search(
        "_revinclude=Observation:has-member",
        "_revinclude=DiagnosticReport:result",
        "_revinclude=List:item",
    ),
    "6 of encounters": search(
        "_revinclude=Observation:encounter",
        "_revinclude=*",
        "_revinclude=Condition:encounter",
        kind="Encounter",
    ),
    "7 :iterate": search(
        "_include=Observation:encounter&_revinclude:iterate=Observation:encounter",
        "_revinclude=List:item&_include:iterate=List:item",
    ),
    "8 $everything": path(
        "Patient/PERSON/$everything",
        "Patient/PERSON/$everything?_count=2",
        "Patient/PERSON/$everything?_type=Observation",
        "Patient/PERSON/$everything?_type=Condition,Encounter",
        "Patient/PERSON/$everything?start=2026-01-01",
        "Patient/PERSON/$summary",
        "Patient/PERSON/$everything?_since=2020-01-01",
    ),
    "9 $match": match,
    "9 demographics": path(
        "Patient?identifier=urn:other|OTHERNUMBER",
        "Patient?name=OTHERNAME&birthdate=1958-03-12",
        "Patient/OTHER",
        "Patient/$ihe-pix?sourceIdentifier=urn:other|OTHERNUMBER",
    ),
    "10 batch": batch,
    "10 POST _search": post_search,
    "11 contained": search("_content=containedsecret", "_text=secret", "_content=75622-1"),
    "12 List": search("item:missing=false", "title=hidden", "status=current", kind="List"),
    "13 export": export,
    "15 attachments": search(
        "contenttype=text/plain", "type=secret-type", "description=secret", kind="DocumentReference"
    ),
    "17 chained": search(
        "encounter.status=finished",
        "encounter.class=AMB",
        "encounter.type=secret",
        "encounter:Encounter._id=hidden-visit",
        "has-member.code=75622-1",
    ),
    "17 part of the whole": search(
        "encounter:below=Encounter/hidden-visit",
        "encounter:above=hidden-visit",
        "encounter:below=hidden-visit&status=final",
    ),
    "17 into what is contained": search(
        "performer.name=containedsecret",
        "performer:Practitioner.name=contained",
        "performer:Practitioner.name:contains=secret",
    ),
    "18 _has": search(
        "_has:Observation:has-member:code=75622-1",
        "_has:DiagnosticReport:result:status=final",
        "_has:List:item:status=current",
        "_has:Observation:has-member:_has:DiagnosticReport:result:status=final",
    ),
    "18 _has of encounters": search(
        "_has:Observation:encounter:code=75622-1",
        "_has:Condition:encounter:code=B20",
        "_has:Observation:encounter:status=final",
        kind="Encounter",
    ),
    "20 :missing": search(
        "encounter:missing=false",
        "performer:missing=true",
        "component-code:missing=false",
        "value-quantity:missing=false",
        "has-member:missing=false",
    ),
    "21 :not": search("code:not=4548-4", "status:not=preliminary", "combo-code:not=4548-4"),
    "22 _text, _content": search("_content=secret", "_content=糖化", "_text=secret,病"),
    "23 composites": search(
        "code-value-quantity=75622-1$gt1",
        "component-code-value-quantity=8480-6$gt1",
        "combo-code-value-quantity=8480-6$gt1,75622-1$gt1",
    ),
    "24 _tag, _security, _profile": search(
        "_tag=secret", "_security=R", "_profile=urn:secret", "_source=urn:secret", "_security:not=N"
    ),
    "25 _lastUpdated": search("_lastUpdated=ge2020", "_lastUpdated=gt2026-01-01,lt2020", kind="*"),
    "26 _id lists": search("_id=HIDDEN", "_id=HIDDEN,NAMELESS", "_id=hidden,HIDDEN"),
    "27 _list": search("_list=hidden", "_list=hidden&status=final"),
    "28 conditional writes": conditional,
    "29 totals": search("_summary=count", "_total=accurate", "_total=estimate&_count=0", kind="*"),
    "30 page fill": search("_count=1", "_count=2", "_count=3", follow=3),
    "32 _sort": search(
        "_sort=-date",
        "_sort=date,-value-quantity",
        "_sort=code",
        "_sort=-encounter,_id",
        "_sort=-value-quantity",
        "_sort=-code-value-quantity",
        "_sort=component-code-value-quantity",
    ),
    "32 pages in an order": search(
        "_sort=-date&_count=1", "_sort=-value-quantity&_count=1", "_sort=code&_count=1", follow=3
    ),
    "33 _count boundary": search("_count=0", "_count=1", "_count=1000", follow=1),
    "34 _elements, _summary": search(
        "_elements=code", "_summary=true", "_summary=data", "_elements=id,meta"
    ),
    "36 status and body": path(
        "Observation/HIDDEN",
        "Condition/hidden",
        "DiagnosticReport/hidden",
        "List/hidden",
        "Observation/NAMELESS",
        "Observation/HIDDEN/$meta",
        "Condition/hidden/_history",
        "Observation?_id=HIDDEN",
        shared=False,
    ),
    "37 validators": path(
        "Observation/HIDDEN", "Encounter/hidden-visit", shared=False, headers=validators
    ),
    "39 history of the store": path(
        "_history",
        "Observation/_history",
        "Observation/HIDDEN/_history",
        "_history?_since=2020-01-01",
        shared=False,
    ),
    "40 references": search(
        "encounter=hidden-visit",
        "has-member=Observation/HIDDEN",
        "encounter=Encounter/hidden-visit",
        "encounter=Encounter/hidden-visit,Encounter/none",
        "encounter=Encounter/hidden-visit/_history/1",
        "encounter:identifier=urn:visit|7",
    ),
    "42 errors": search(
        "code=",
        "value-quantity=abc",
        "_sort=nonsense",
        "date=ge",
        "nonsense=1",
        "_include=Nonsense:x",
    ),
    "compartments": path(
        "Patient/PERSON/Observation",
        "Patient/PERSON/*?_type=Observation,Condition",
        "Patient/PERSON/Condition?_summary=count",
        "Patient/PERSON/Observation?code=75622-1",
    ),
    "$lastn": path(
        "Observation/$lastn?patient=PERSON",
        "Observation/$lastn?patient=PERSON&max=3",
        "Observation/$lastn?patient=PERSON&code=75622-1",
    ),
}
# Families whose answers never depend on the records: they are refused, or wrong, for everybody.
MUTE = {"28 conditional writes", "39 history of the store", "42 errors"}


def next_link(reply: Reply) -> str:
    """The address below the base of the next page, or ""."""
    try:
        links = json.loads(reply.body).get("link", [])
    except (ValueError, AttributeError):
        return ""
    found = next((x["url"] for x in links if x.get("relation") == "next"), "")
    return found.split("/alliance/")[-1] if found else ""
