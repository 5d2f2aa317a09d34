"""Twin worlds: the same questions before and after a hospital writes what the asker may not see.
Every status, body, count and order is the same; once they may see it, the same questions tell.
"""

import re

from tests.factories.recognition import make_item, qualify
from tests.support.hidden_records import UCUM, write_secrets
from tests.support.world import World, related, w

__all__ = ["w"]
QUESTIONS = [
    "Observation?patient=PERSON",
    "Observation?patient=PERSON&_total=accurate&_count=1",
    "Observation?patient=PERSON&_summary=count",
    "Observation?patient=PERSON&_sort=-date",
    "Observation?patient=PERSON&_sort=date,-value-quantity,_id",
    "Observation?patient=PERSON&code=75622-1",
    "Observation?patient=PERSON&code:not=4548-4",
    "Observation?patient=PERSON&combo-code=75622-1",
    "Observation?patient=PERSON&code-value-quantity=75622-1$gt1",
    f"Observation?patient=PERSON&value-quantity=gt1|{UCUM}|g",
    "Observation?patient=PERSON&component-code-value-quantity=8480-6$gt1",
    "Observation?patient=PERSON&combo-code-value-quantity=8480-6$gt1,75622-1$gt1",
    "Observation?patient=PERSON&_tag=secret",
    "Observation?patient=PERSON&_profile=urn:secret",
    "Observation?patient=PERSON&_source=urn:secret",
    "Observation?patient=PERSON&_security=R",
    "Observation?patient=PERSON&_list=secret",
    "Observation?patient=PERSON&date=ge2026-01-01",
    "Observation?patient=PERSON&_lastUpdated=ge2000",
    "Observation?patient=PERSON&encounter:missing=false",
    "Observation?patient=PERSON&encounter.status=finished",
    "Observation?patient=PERSON&_has:Observation:has-member:status=final",
    "Observation?patient=PERSON&_include=*",
    "Observation?patient=PERSON&_include=Observation:encounter&_include:iterate=Encounter:service-provider",
    "Observation?patient=PERSON&_revinclude=Observation:has-member",
    "Observation?patient=PERSON&_elements=code",
    "Observation?patient=PERSON&_id=SECRET",
    "Observation?patient=PERSON&_content=secret",
    "Observation?patient=PERSON&_content=8480-6&_summary=count",
    "Observation?patient=PERSON&_content=糖化&_total=accurate",
    "Observation?patient=PERSON&_text=secret",
    "Observation?patient=PERSON&_sort=code",
    "Observation?patient=PERSON&_sort=-encounter,_id&_count=1",
    "?_type=Observation,Condition&patient=PERSON&_content=B20",
    "Encounter?patient=PERSON",
    "Encounter?patient=PERSON&_has:Observation:encounter:code=75622-1",
    "Condition?patient=PERSON",
    "Condition?patient=PERSON&clinical-status:missing=true",
    "?_type=Observation,Condition,Encounter&patient=PERSON&_total=accurate",
    "?_type=Observation&patient=PERSON&_tag=secret",
    "Patient/PERSON/Observation",
    "Patient/PERSON/Condition?_summary=count",
    "Patient/PERSON/Observation?component-code=8480-6",
    "Patient/PERSON/$everything",
    "Patient/PERSON/$everything?_type=Condition",
    "Patient/PERSON/$everything?start=2026-01-01&end=2026-12-31&_count=2",
    "Patient/PERSON/$summary",
    "Patient/PERSON",
    "Observation/$lastn?patient=PERSON",
    "Observation/$lastn?patient=PERSON&max=3&code=75622-1",
    "Patient/PERSON/$recognition-check?item=http://loinc.org|75622-1",
    "List?patient=PERSON",
    "Group?member=Patient/x",
    "Location?near=30|114|10|km",
]
CHANGING = re.compile(rb'_cursor=[^"&]+|urn:uuid:[0-9a-f-]{36}|"(?:timestamp|date)":"20[^"]+"')


def answers(w: World, secret: str) -> dict[str, tuple[int, bytes]]:
    out = {}
    for question in QUESTIONS:
        reply = w.ask(
            "GET",
            question.replace("PERSON", str(w.person)).replace("SECRET", secret),
            base="alliance",
        )
        assert reply.status < 500, (question, reply.body)
        out[question] = (reply.status, CHANGING.sub(b"*", reply.body))
    for question in (
        "Observation/SECRET",
        "Observation/SECRET/_history",
        "Observation/SECRET/_history/1",
        "Observation/SECRET/$meta",
        "Observation?_id=SECRET",
        "Observation/$lastn?patient=x",
        "Patient/SECRET/$summary",
        "Observation/SECRET/Observation",
        "_history",
        "Observation/_history",
        "$export",
    ):
        reply = w.ask(
            "GET", question.replace("SECRET", secret), base=w.b.code, Prefer="respond-async"
        )
        assert reply.status < 500, (question, reply.body)
        out["its own base: " + question] = (reply.status, reply.body)
    return out


def test_what_is_hidden_changes_no_answer(w: World) -> None:
    related(w)
    w.permit()
    qualify(w.b, make_item(loincs="75622-1", window=400))
    before = answers(w, "secret")
    assert sum(s == 200 and b'"entry"' in body for s, body in before.values()) > 15, (
        "questions that find something"
    )
    write_secrets(w, "secret")
    after = answers(w, "secret")
    assert {q for q in before if before[q] != after[q]} == set()
    w.permit(sensitive=True)
    told = answers(w, "secret")
    assert sum(told[q] != after[q] for q in told) > 30, (
        "the control: once permitted, the same questions tell"
    )
