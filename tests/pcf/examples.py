"""IHE PCF's example Consents and data, put into a hospital's store as a member's system does,
and what the gate decides of each for each requester.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from alliance.auth.principal import Principal
from alliance.models import Staff
from alliance.roles import Role
from consent import facts
from consent.audit.event import EventCode
from consent.decide import decide_access
from consent.models import Directive
from consent.services.directive_records import do_verify_directive
from consent.terms import Refused
from records.fhir.resource_types import DIRECTORY_TYPES, TYPE_NAMES
from records.mpi.index import source_patients
from records.requests.fhir_request import build_fhir_request, request_person_access
from records.store.rows import visible_sql
from tests.factories import alliance
from tests.factories.fhir import Api, make_bundle
from tests.factories.ties import confirm_directive, record_confirmed_treatment

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT.parent / "shared" / "data" / "ihe-pcf"
STAFF, HOSPITAL = "urn:xinglin:staff", "urn:xinglin:hospital"
ACT_CODE, CONFIDENTIALITY = (
    "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
)
Json = dict[str, Any]


class Purpose(StrEnum):
    """What the rows of expected.json ask for."""

    TREAT = "TREAT"
    HPAYMT = "HPAYMT"
    HOPERAT = "HOPERAT"
    HRESCH = "HRESCH"
    CHILD = "CLINTRCH"
    FOO = "http://example.org/policies/purposeOfUse|FooBar"

    @classmethod
    def of(cls, word: str) -> "Purpose":
        """Breaking the glass is no purpose of a request here: it is done first, and then the
        request is for treatment.
        """
        return {"HRESCH-child": cls.CHILD, "FooBar": cls.FOO, "BTG": cls.TREAT}.get(word) or cls(
            word
        )


def example(name: str) -> Json:
    found: Json = json.loads((EXAMPLES / f"{name}.json").read_text())
    return found


def observed(
    name: str,
    *tags: tuple[str, str],
    who: str = "ex-author",
    about: str = "ex-patient",
    encounter: bool = True,
) -> Json:
    """A control beside the examples, which are thin: one author, one encounter, no label but N,
    R and ETHUD.
    """
    made: Json = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
        "subject": {"reference": f"Patient/{about}"},
        "performer": [{"reference": f"Practitioner/{who}"}],
        "effectiveDateTime": "2020-05-06",
    }
    made |= {"encounter": {"reference": "Encounter/ex-encounter"}} if encounter else {}
    return made | (
        {"meta": {"security": [{"system": s, "code": c} for s, c in tags]}} if tags else {}
    )


NORMAL = (CONFIDENTIALITY, "N")
CONTROLS = (
    observed("by-practitioner", NORMAL, who="ex-practitioner"),
    observed("no-encounter", NORMAL, encounter=False),
    observed("psychiatry", (ACT_CODE, "PSY"), (CONFIDENTIALITY, "R")),
    observed("no-label"),
    observed("of-another", NORMAL, about="ex-mother", encounter=False),
)


class Stage:
    """The examples in the store of a hospital; clinicians of another one, which treats the
    patient, and a researcher of a third.
    """

    def __init__(self, server: str) -> None:
        self.holder, self.clinic, self.house = (
            alliance.make_hospital(n) for n in ("holder", "clinic", "house")
        )
        self.api, self.asker = (
            Api(server, h.code, credentials=alliance.make_credentials(h))
            for h in (self.holder, self.clinic)
        )
        self.staff: dict[str, Staff] = {
            "clinician": alliance.make_staff(self.clinic),
            "ex-practitioner": alliance.make_staff(self.clinic),
            "researcher": alliance.make_staff(self.house),
        }
        self.clerk = alliance.get_staff_principal(alliance.make_staff(self.holder, Role.CLERK))
        rest = [
            p.stem
            for p in sorted(EXAMPLES.glob("*.json"))
            if not re.match("Consent|Provenance|expected", p.stem)
        ]
        self.sent = [self.mapped(example(n)) for n in rest]
        sent = [("PUT", f"{r['resourceType']}/{r['id']}", r) for r in (*self.sent, *CONTROLS)]
        reply = self.api("POST", "", make_bundle(*sent))
        assert reply.status == 200, reply.json
        self.person: UUID = source_patients.persons_of_rows(
            [
                s.source_patient_id
                for s in source_patients.find_source_rows(self.holder.pk, ["ex-patient"]).values()
            ]
        ).popitem()[1]
        record_confirmed_treatment(self.person, self.clinic, self.house)

    def mapped(self, resource: Json) -> Json:
        """With the numbers by which the platform knows those whom the examples name: a number
        beside the Practitioner, the code of the researchers' hospital.
        """
        if resource["resourceType"] == "Practitioner" and resource["id"] == "ex-practitioner":
            return resource | {
                "identifier": [{"system": STAFF, "value": str(self.staff["ex-practitioner"].pk)}]
            }
        if resource["resourceType"] == "Consent":
            named = {
                "Practitioner/ex-practitioner": (STAFF, str(self.staff["ex-practitioner"].pk)),
                "Organization/ex-org-researcher": (HOSPITAL, self.house.code),
            }
            nodes = [resource["provision"]]
            while nodes:
                node = nodes.pop()
                nodes += node.get("provision", [])
                for reference in (
                    a["reference"]
                    for a in node.get("actor", [])
                    if a["reference"]["reference"] in named
                ):
                    system, value = named[reference["reference"]]
                    reference["identifier"] = {"system": system, "value": value}
        return resource

    @contextmanager
    def given(self, name: str) -> Iterator[Directive]:
        """An example alone in force: sent by the system, seen by a clerk of the hospital that
        has the paper; in the end no longer what the patient wants.
        """
        consent = self.mapped(example(name))
        try:
            yield self.give(consent)
        finally:
            self.end(consent)

    def give(self, consent: Json) -> Directive:
        reply = self.api("PUT", f"Consent/{consent['id']}", consent)
        assert reply.status in (200, 201), reply.json
        made = Directive.objects.filter(hospital=self.holder, withdrawn_at=None).get()
        do_verify_directive(
            made.pk,
            self.person,
            evidence="cupboard 3",
            sources=source_patients.sources_of_person(self.person),
            acting=self.clerk,
        )
        return made

    def end(self, consent: Json) -> None:
        assert (
            self.api("PUT", f"Consent/{consent['id']}", consent | {"status": "inactive"}).status
            == 200
        )
        for directive in Directive.objects.filter(hospital=self.holder, lifted_at=None).exclude(
            withdrawn_at=None
        ):
            confirm_directive(directive, self.person)

    def principal(self, who: str, purpose: str = "TREAT") -> Principal:
        return replace(alliance.get_staff_principal(self.staff[who]), purpose=Purpose.of(purpose))  # type: ignore[arg-type]

    def seen(self, who: str, purpose: str, at: str) -> set[str] | None:
        """What the gate shows of the store at that moment; None where it refuses."""
        request = request_person_access(
            build_fhir_request(self.principal(who, purpose), "alliance", ""),
            EventCode.RECORD_OPEN,
            "pcf",
            self.person,
        )
        moment = dt.datetime.fromisoformat(at + "T12:00:00+08:00")
        known = replace(
            facts.load_facts(request),
            now=moment,
            emergency_until=moment + dt.timedelta(hours=1) if purpose == "BTG" else None,
        )
        try:
            scope = decide_access(request, known)
        except Refused:
            return None
        test, bound = visible_sql(scope, DIRECTORY_TYPES)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT r.type, r.fhir_id FROM record_resource r WHERE r.hospital = %(store)s AND"
                f" r.patient <> 0 AND {test}",
                {**bound, "store": self.holder.pk},
            )
            return {f"{TYPE_NAMES[t]}/{i}" for t, i in cursor.fetchall()}
