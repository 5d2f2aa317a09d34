"""Non-interference, by channel: the same drawn requests before and after a hospital writes what
the asker may not see. Every status, header, byte, order, count and page link is the same; once they
may see it, a family's requests must tell in three of ten cases, or its silence would prove nothing.

XINGLIN_LEAKS multiplies the number of requests for a longer run, XINGLIN_SEED draws others.
"""

import io
import json
import os
import random
import re
from collections import Counter
from typing import Any

import pytest
from django.core.management import call_command
from pypdf import PdfReader

from records.models import SourcePatient
from records.mpi.index import source_patients
from tests import draws
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import Api, Reply, make_observation, make_patient, make_unique_name
from tests.factories.ties import record_confirmed_treatment
from tests.leaks.grammar import CHANNELS, MUTE, UCUM, Drawn, next_link
from tests.support.browser import signed_in
from tests.support.world import HIV, World, related, w

__all__ = ["w"]
EACH = 24 * int(os.environ.get("XINGLIN_LEAKS", "1"))
CHANGING = re.compile(
    rb'_cursor=[^"&]+|urn:uuid:[0-9a-f-]{36}|"(?:timestamp|date)":"20[^"]+"|"score":0\.\d+'
)
HIDDEN, NAMELESS = "hidden-observation", "00000000-0000-4000-8000-000000000000"
Observed = tuple[int, dict[str, str], bytes]
PAGES = [
    "",
    "problems/",
    "medicines/",
    "results/",
    "encounters/",
    "encounters/?year=2026&kind=outpatient",
    "history/",
    "documents/",
    "growth/",
    "why/",
]
PRINTS = ["print/", "print/summary.pdf", "print/results.pdf", "print/ips.json"]
PAGE_CODE = re.compile(r"(?:[0-9A-Z]{4}-){3}\d+-[0-9A-Z]{5}")
# of what write_hidden writes, and of the files in it
DOCUMENTS = [
    f"{kind}/hidden/{file}"
    for kind in ("DocumentReference", "DiagnosticReport", "Composition")
    for file in ("", "1/", "1/save/")
]
MOVING = re.compile(r'data-left="\d+"|csrf[^>]+>|"X-CSRFToken": "[^"]+"|20\d\d-\d\d-\d\d \d\d:\d\d')


def show_difference(before: str, after: str) -> tuple[str, str]:
    """Both texts around the first place where they differ."""
    pairs = enumerate(zip(before, after, strict=False))
    at = next((i for i, (b, a) in pairs if b != a), min(len(before), len(after)))
    return before[max(0, at - 80) : at + 80], after[max(0, at - 80) : at + 80]


class Stage:
    """What stands for the words of the grammar, and how the asker asks."""

    def __init__(self, w: World) -> None:
        self.w, self.name, self.number = w, make_unique_name(), draws.token_hex(6)
        self.doctor = signed_in(alliance.make_staff(w.a))
        self.words = {
            "PERSON": str(w.person),
            "HIDDEN": HIDDEN,
            "NAMELESS": NAMELESS,
            "OTHERNAME": self.name,
            "OTHERNUMBER": self.number,
            "OTHER": NAMELESS,
        }

    def filled(self, text: str) -> str:
        for word in sorted(self.words, key=len, reverse=True):
            text = text.replace(word, self.words[word])
        return text

    def ask(self, drawn: Drawn) -> list[Observed]:
        body = (
            drawn.body
            if isinstance(drawn.body, bytes) or drawn.body is None
            else json.loads(self.filled(json.dumps(drawn.body)))
        )
        headers = {k: self.filled(v) for k, v in drawn.headers.items()}
        base, where, out = (
            "alliance" if drawn.shared else self.w.b.code,
            self.filled(drawn.path),
            [],
        )
        if drawn.method == "EXPORT":
            return [self.exported(where)]
        for _ in range(drawn.follow + 1):
            reply = self.w.ask(
                drawn.method,
                where,
                body,
                base=base,
                **{k.replace("-", "_"): v for k, v in headers.items()},
            )
            assert reply.status < 500, (drawn, reply.body)
            kept = {k: v for k, v in reply.headers.items() if k not in ("date", "x-request-id")}
            text = CHANGING.sub(b"*", reply.body)
            if b"_cursor=" in reply.body:
                kept.pop(
                    "content-length", None
                )  # of a sealed position, whose length is that of its numbers
            out.append((reply.status, kept, text))
            where = next_link(reply)
            if not where:
                break
        return out

    def exported(self, where: str) -> Observed:
        """A bulk job from its beginning to its last file, without what is random in its
        addresses.
        """

        def at(url: str) -> Reply:
            reply = self.w.ask("GET", url.split("/alliance/")[1], base="alliance")
            assert reply.status == 200, reply.body
            return reply

        kicked = self.w.ask("GET", where, base="alliance", Prefer="respond-async")
        assert kicked.status == 202, kicked.body
        call_command("bulk_work")
        told = at(kicked.headers["content-location"]).json
        files = [
            (o["type"], o["extension"]["store"], o["count"], at(o["url"]).body.decode())
            for o in told["output"]
        ]
        return (
            202,
            {},
            json.dumps([sorted(told), files, told.get("deleted"), told.get("error")]).encode(),
        )

    def pages(self) -> list[tuple[int, str]]:
        """What the doctor's browser gets."""
        replies = [
            self.doctor.get(f"/person/{self.w.person}/{page}", headers={"Accept-Language": "en"})
            for page in (
                *PAGES,
                *(f"document/{self.w.b.code}/{d}" for d in DOCUMENTS),
                f"encounter/{self.w.b.code}/hidden-visit/",
                *PRINTS,
            )
        ]
        return [(r.status_code, MOVING.sub("*", text_of(r))) for r in replies]


def text_of(reply: Any) -> str:
    """What can be read in it, without what is drawn by lot or by the clock."""
    if reply["Content-Type"] == "application/pdf":
        pages = PdfReader(io.BytesIO(reply.content)).pages
        return PAGE_CODE.sub("*", "\f".join(p.extract_text() for p in pages))
    return str(CHANGING.sub(b"*", reply.content).decode())


def write_hidden(stage: Stage) -> None:
    """Records of each kind, sensitive, found by what the grammar asks; and a patient of whom
    nothing is shared.
    """
    w = stage.w
    marked: dict[str, Any] = {
        "meta": {
            "tag": [{"code": "secret"}],
            "profile": ["urn:secret"],
            "source": "urn:secret",
            "security": [{"code": "R"}],
        }
    }
    about, amount = (
        {"subject": {"reference": w.at_b}},
        {"value": 9, "unit": "g", "system": UCUM, "code": "g"},
    )
    visit = {
        "encounter": {
            "reference": "Encounter/hidden-visit",
            "identifier": {"system": "urn:visit", "value": "7"},
        }
    }
    icd = {
        "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}],
        "text": "secret",
    }
    for name, resource in {
        "hidden-visit": {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"code": "AMB"},
            "type": [{"coding": [{"code": "secret"}]}],
            **about,
        },
        HIDDEN: (
            make_observation(w.at_b)
            | {
                "code": HIV,
                **visit,
                "valueQuantity": amount,
                "hasMember": [{"reference": w.plain}],
                "note": [{"text": "secret"}],
                "text": {
                    "status": "generated",
                    "div": '<div xmlns="http://www.w3.org/1999/xhtml">secret 病</div>',
                },
                "contained": [
                    {
                        "resourceType": "Practitioner",
                        "id": "c",
                        "name": [{"text": "containedsecret"}],
                    }
                ],
                "performer": [{"reference": "#c"}],
                "component": [{"code": {"coding": [{"code": "8480-6"}]}, "valueQuantity": amount}],
            }
        ),
        "hidden": {"resourceType": "Condition", "code": icd, **visit, **about},
    }.items():
        assert (
            w.hold(
                "PUT", f"{resource['resourceType']}/{name}", resource | {"id": name} | marked
            ).status
            == 201
        ), resource["resourceType"]
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": icd,
        "result": [{"reference": w.plain}, {"reference": f"Observation/{HIDDEN}"}],
        **about,
    }
    listed = {
        "resourceType": "List",
        "status": "current",
        "mode": "working",
        "title": "hidden",
        "entry": [
            {"item": {"reference": w.plain}},
            {"item": {"reference": f"Observation/{HIDDEN}"}},
        ],
        **about,
    }
    paper = {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"coding": [{"code": "secret-type"}]},
        "description": "secret",
        "content": [{"attachment": {"contentType": "text/plain", "data": "c2VjcmV0"}}],
        **about,
    }
    letter = {
        "resourceType": "Composition",
        "status": "final",
        "type": icd,
        "date": "2026-01-05",
        "author": [{"display": "secret"}],
        "title": "secret",
        **about,
    }
    for resource in (report, listed, paper, letter):
        assert (
            w.hold(
                "PUT", f"{resource['resourceType']}/hidden", resource | {"id": "hidden"} | marked
            ).status
            == 201
        ), resource["resourceType"]
    w.hold.create(
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": icd,
            **about,
        }
        | marked
    )
    w.hold.create(
        {"resourceType": "AllergyIntolerance", "code": icd, "patient": {"reference": w.at_b}}
        | marked
    )
    w.hold.create(
        {"resourceType": "Procedure", "status": "completed", "code": icd, **about} | marked
    )
    other = w.hold.create(
        make_patient(stage.name) | {"identifier": [{"system": "urn:other", "value": stage.number}]}
    )
    w.hold.create(make_observation(other))
    stage.other = SourcePatient.objects.get(hospital=w.b, fhir_id=other.split("/")[1])  # type: ignore[attr-defined]


def open_up(stage: Stage) -> None:
    """The control: all of it may be seen now."""
    w, other = stage.w, stage.other  # type: ignore[attr-defined]
    w.permit(sensitive=True)
    record_confirmed_treatment(other.person_id, w.a)
    record_choice(
        other.person_id,
        recipient_id=w.a.pk,
        sources=source_patients.sources_of_person(other.person_id),
        acting=w.clerk,
    )
    stage.words["OTHER"] = str(other.person_id)


def known_elsewhere(server: str, w: World, stores: int) -> None:
    """The patient is known to so many further hospitals, each with a record of its own."""
    card = w.hold("GET", w.at_b).json["identifier"][0]["value"]
    for i in range(stores):
        at = alliance.make_hospital("more")
        system = Api(server, at.code, credentials=alliance.make_credentials(at))
        there = system.create(
            make_patient(w.hold("GET", w.at_b).json["name"][0]["text"], resident=card)
        )
        system.create(make_observation(there, code="2339-0", date=f"2026-03-0{i + 1}"))
        assert (
            SourcePatient.objects.get(hospital=at, fhir_id=there.split("/")[1]).person_id
            == w.person
        )


@pytest.mark.parametrize(
    ("elsewhere", "each"), [(0, EACH), (5, EACH // 3)]
)  # five are more than are asked for one by one (records/store/rows.py)
def test_what_is_hidden_changes_no_answer_in_any_channel(
    server: str, w: World, elsewhere: int, each: int
) -> None:
    known_elsewhere(server, w, elsewhere)
    related(w)
    w.permit()
    w.hold.create(
        {
            "resourceType": "Encounter",
            "status": "cancelled",
            "class": {"code": "IMP"},
            "subject": {"reference": w.at_b},
        }
    )
    w.hold.create(
        make_observation(w.at_b, code="718-7", date="2026-02-02")
        | {"hasMember": [{"reference": w.plain}]}
    )
    stage, rng = Stage(w), random.Random(int(os.environ.get("XINGLIN_SEED", "43")))
    requests = [(name, draw(rng)) for name, draw in CHANNELS.items() for _ in range(each)]
    before, seen_before = [stage.ask(r) for _, r in requests], stage.pages()
    write_hidden(stage)
    after, seen_after = [stage.ask(r) for _, r in requests], stage.pages()
    leaks = [
        (name, r.path, b, a)
        for (name, r), b, a in zip(requests, before, after, strict=True)
        if b != a
    ]
    assert not leaks, leaks[:3]
    changed = [
        (b[0], a[0], show_difference(str(b[1]), str(a[1])))
        for b, a in zip(seen_before, seen_after, strict=True)
        if b != a
    ]
    assert not changed, changed[:2]
    open_up(stage)
    tells: Counter[str] = Counter()
    for (name, r), a in list(zip(requests, after, strict=True)):
        tells[name] += stage.ask(r) != a
    silent = {name: tells[name] / each for name in CHANNELS if tells[name] < 0.3 * each}
    assert silent.keys() == MUTE, silent
    pages = stage.pages()
    assert pages != seen_after, "the pages tell too"
    assert pages[len(PAGES) + len(DOCUMENTS)][0] == 200, "the encounter opens"
    if not elsewhere:
        told = dict(zip(DOCUMENTS, pages[len(PAGES) :], strict=False))
        assert [status for status, _ in told.values()] == [200] * 3 + [200, 404, 404] * 2, (
            "the documents open, and so does the file that is in one"
        )
    assert 3 * len(requests) >= (2600 if not elsewhere else 850)
