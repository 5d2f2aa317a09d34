"""A fixed set of what the server answers: each interaction and operation, Bundles of every kind,
errors, exports, what subscribers are told, summaries. Collected over real HTTP.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from alliance.models import Hospital
from records.ingest.subscription_request import CONTENT_EXTENSION, FILTER_EXTENSION, TOPIC
from records.models import SourcePatient
from records.mpi.index import source_patients
from tests.conformance import story
from tests.factories import alliance
from tests.factories.consents import record_choice
from tests.factories.fhir import (
    Api,
    Reply,
    make_bundle,
    make_citizen_number,
    make_observation,
    make_patient,
    make_unique_name,
)
from tests.factories.ties import confirm_tie
from tests.factories.webhook_endpoint import WebhookEndpoint

Json = dict[str, Any]
ASYNC = {"Prefer": "respond-async"}
REPRESENTATION, TOLD = {"Prefer": "return=representation"}, {"Prefer": "return=OperationOutcome"}


@dataclass
class Answers:
    """By name: a resource."""

    found: dict[str, Json] = field(default_factory=dict)

    def keep(self, name: str, reply: Reply, status: int = 200) -> Any:
        assert reply.status == status, (name, reply.status, reply.body[:500])
        self.found[name] = reply.json
        return reply.json


def parameters(**given: Json) -> Json:
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, **value} for name, value in given.items()],
    }


def collect(
    own: Api,
    other: Api,
    hook: WebhookEndpoint,
    rounds: Callable[[], None],
    work: Callable[[], None],
) -> dict[str, Json]:
    """own, other: systems of two members; rounds: lets the courier tell what there is to tell;
    work: lets bulk jobs run.
    """
    out = Answers()
    out.keep("meta-type-empty", own("GET", "Patient/$meta"))
    out.keep("meta-base-empty", own("GET", "$meta"))
    called, card = make_unique_name(), make_citizen_number()
    about = story.write(own, called, card)
    story.write(other, called, card)
    one = interactions(out, own, about)
    searches(out, own, about)
    bundles(out, own, about)
    operations(out, own, about, one)
    terminology(out, own)
    errors(out, own, other, about)
    shared(out, own, other, about)
    definitions(out, own)
    exports(out, own, work)
    notifications(out, own, hook, about, rounds)
    return out.found


def interactions(out: Answers, own: Api, about: str) -> str:
    made = out.keep("create", own("POST", "Observation", make_observation(about)), 201)
    one = f"Observation/{made['id']}"
    out.keep("create-told", own("POST", "Observation", make_observation(about), **TOLD), 201)
    out.keep("read", own("GET", one))
    out.keep("read-elements", own("GET", f"{about}?_elements=name"))
    for level in ("true", "text", "data"):
        out.keep(f"read-summary-{level}", own("GET", f"{about}?_summary={level}"))
    out.keep("update", own("PUT", one, made | {"status": "amended"}))
    out.keep("update-told", own("PUT", one, made | {"status": "corrected"}, **TOLD))
    patch = json.dumps([{"op": "replace", "path": "/status", "value": "final"}]).encode()
    out.keep("patch", own("PATCH", one, patch, **{"Content-Type": "application/json-patch+json"}))
    out.keep("vread", own("GET", f"{one}/_history/1"))
    out.keep(
        "update-as-create",
        own(
            "PUT",
            "Basic/note",
            {
                "resourceType": "Basic",
                "id": "note",
                "code": {"text": "note"},
                "subject": {"reference": about},
            },
        ),
        201,
    )
    assert own("DELETE", "Basic/note").status == 204
    out.keep("history-instance", own("GET", f"{one}/_history"))
    out.keep("history-deleted", own("GET", "Basic/note/_history"))
    out.keep("history-type", own("GET", "Observation/_history?_count=5"))
    out.keep("history-system", own("GET", "_history?_count=20"))
    out.keep("metadata", own("GET", "metadata"))
    out.keep("metadata-shared", own("GET", "metadata", base="alliance"))
    return one


def searches(out: Answers, own: Api, about: str) -> None:
    for name, query in {
        "plain": f"Observation?patient={about}",
        "paged": f"Observation?patient={about}&_count=2",
        "count": "Observation?_summary=count",
        "none": "Observation?code=none",
        "include": f"Observation?patient={about}&_include=*",
        "revinclude": f"Patient?_id={about.split('/')[1]}&_revinclude=Observation:subject",
        "elements": f"Observation?patient={about}&_elements=status",
        "summary-true": f"Condition?patient={about}&_summary=true",
        "summary-text": f"Encounter?patient={about}&_summary=text",
        "system": "?_type=Condition,Encounter",
        "compartment": f"{about}/Condition",
        "compartment-all": f"{about}/*",
    }.items():
        out.keep(f"search-{name}", own("GET", query))
    out.keep("search-lenient", own("GET", "Observation?shoe=44", Prefer="handling=lenient"))
    body = f"patient={about}".encode()
    out.keep(
        "search-post",
        own(
            "POST",
            "Condition/_search",
            body,
            **{"Content-Type": "application/x-www-form-urlencoded"},
        ),
    )


def bundles(out: Answers, own: Api, about: str) -> None:
    new = ("POST", "Observation", make_observation(about))
    rows = [
        new,
        ("PUT", "Basic/b1", {"resourceType": "Basic", "id": "b1", "code": {"text": "b"}}),
        ("GET", about, None),
    ]
    out.keep("transaction", own("POST", "", make_bundle(*rows)))
    out.keep("transaction-representation", own("POST", "", make_bundle(*rows), **REPRESENTATION))
    out.keep("transaction-told", own("POST", "", make_bundle(*rows), **TOLD))
    rows += [
        ("DELETE", "Basic/b1", None),
        ("GET", "Patient/nobody", None),
        ("GET", f"Condition?patient={about}", None),
        ("POST", "Observation", make_observation("Patient/nobody") | {"status": "x"}),
    ]
    out.keep("batch", own("POST", "", make_bundle(*rows, kind="batch")))
    out.keep(
        "transaction-refused",
        own("POST", "", make_bundle(new, ("POST", "Patient", make_patient() | {"gender": "x"}))),
        422,
    )


def operations(out: Answers, own: Api, about: str, one: str) -> None:
    out.keep("everything", own("GET", f"{about}/$everything"))
    out.keep("summary", own("GET", f"{about}/$summary"))
    bare = own.create(make_patient())
    out.keep("summary-empty", own("GET", f"{bare}/$summary"))
    out.keep("lastn", own("GET", f"Observation/$lastn?patient={about}"))
    told = own("GET", about).json
    out.keep(
        "match",
        own(
            "POST",
            "Patient/$match",
            parameters(
                resource={
                    "resource": {
                        k: told[k]
                        for k in ("resourceType", "name", "birthDate", "gender", "identifier")
                    }
                }
            ),
        ),
    )
    out.keep("match-nobody", own("POST", "Patient/$match", make_patient(birth="1901-07-09")))
    out.keep("validate-good", own("POST", "Observation/$validate", make_observation(about)))
    out.keep(
        "validate-bad",
        own("POST", "Observation/$validate", make_observation(about) | {"status": "bogus"}),
    )
    tag = parameters(
        meta={"valueMeta": {"tag": [{"system": "http://example.org/tags", "code": "red"}]}}
    )
    out.keep("meta", own("GET", f"{one}/$meta"))
    out.keep("meta-add", own("POST", f"{one}/$meta-add", tag))
    out.keep("meta-delete", own("POST", f"{one}/$meta-delete", tag))
    out.keep("meta-type", own("GET", "Observation/$meta"))


def terminology(out: Answers, own: Api) -> None:
    system, here = "http://example.org/CodeSystem/blood", "http://example.org/ValueSet/blood"
    base = {"status": "active", "experimental": True, "description": "x"}
    own.create(
        {
            "resourceType": "CodeSystem",
            "url": system,
            "version": "1",
            "name": "Blood",
            "content": "complete",
            "caseSensitive": True,
            **base,
            "concept": [
                {"code": "abo", "display": "ABO", "concept": [{"code": "a", "display": "A"}]}
            ],
            "hierarchyMeaning": "is-a",
        }
    )
    own.create(
        {
            "resourceType": "ValueSet",
            "url": here,
            "name": "Blood",
            "version": "1",
            **base,
            "compose": {"include": [{"system": system}]},
        }
    )
    own.create(
        {
            "resourceType": "ConceptMap",
            "url": "http://example.org/ConceptMap/blood",
            "name": "Blood",
            "version": "1",
            **base,
            "sourceUri": here,
            "targetUri": here,
            "group": [
                {
                    "source": system,
                    "target": system,
                    "element": [{"code": "a", "target": [{"code": "abo", "equivalence": "wider"}]}],
                }
            ],
        }
    )
    for name, path in {
        "expand": f"ValueSet/$expand?url={here}",
        "validate-code": f"ValueSet/$validate-code?url={here}&code=a&system={system}",
        "lookup": f"CodeSystem/$lookup?system={system}&code=a",
        "validate-code-wrong": f"ValueSet/$validate-code?url={here}&code=z&system={system}",
        "subsumes": f"CodeSystem/$subsumes?system={system}&codeA=abo&codeB=a",
        "translate": (
            f"ConceptMap/$translate?url=http://example.org/ConceptMap/blood&system={system}&code=a"
        ),
    }.items():
        out.keep(name, own("GET", path))


def errors(out: Answers, own: Api, other: Api, about: str) -> None:
    out.keep("error-400", own("GET", "Observation?shoe=44"), 400)
    out.keep("error-401", own.raw("GET", f"/fhir/{own.base}/{about}"), 401)
    out.keep("error-403", other("GET", "Patient", base=own.base), 403)
    out.keep("error-404", own("GET", "Patient/nobody"), 404)
    out.keep("error-405", own("DELETE", f"{about}/$everything"), 405)
    out.keep("error-406", own("GET", about, Accept="application/fhir+xml"), 406)
    out.keep("error-410", own("GET", "Basic/note"), 410)
    out.keep("error-412", own("PUT", about, own("GET", about).json, **{"If-Match": 'W/"99"'}), 412)
    out.keep(
        "error-415",
        own("POST", "Patient", b"<Patient/>", **{"Content-Type": "application/fhir+xml"}),
        415,
    )
    out.keep("error-422", own("POST", "Patient", make_patient() | {"gender": "x"}), 422)
    out.keep("error-json", own("POST", "Patient", b"{"), 400)


def shared(out: Answers, own: Api, other: Api, about: str) -> None:
    source = SourcePatient.objects.get(hospital__code=own.base, fhir_id=about.split("/")[1])
    confirm_tie(source.person_id, *Hospital.objects.filter(code__in=(own.base, other.base)))
    record_choice(
        source.person_id,
        sources=source_patients.sources_of_person(source.person_id),
        acting=alliance.get_staff_principal(
            alliance.make_staff(Hospital.objects.get(code=own.base))
        ),
    )
    person = f"Patient/{source.person_id}"
    resident = own("GET", about).json["identifier"][0]
    for name, path in {
        "golden": person,
        "person": f"Person/{source.person_id}",
        "search": f"Observation?patient={source.person_id}",
        "pdqm": f"Patient?identifier={resident['system']}|{resident['value']}",
        "pix": f"Patient/$ihe-pix?sourceIdentifier={resident['system']}|{resident['value']}",
        "summary": f"{person}/$summary",
        "everything": f"{person}/$everything",
        "history": "Patient/_history?_count=3",
    }.items():
        out.keep(f"shared-{name}", own("GET", path, base="alliance"))
    out.keep("shared-error-404", own("GET", "Patient/nobody", base="alliance"), 404)


def definitions(out: Answers, own: Api) -> None:
    """They are for everyone: no token is sent."""
    anyone = Api(f"http://{own.at.netloc}", "definitions")
    out.keep("definitions", anyone("GET", ""))
    out.keep("definitions-metadata", anyone("GET", "metadata"))
    for entry in anyone("GET", "").json["entry"]:
        path = entry["fullUrl"].split("/fhir/definitions/")[1]
        out.keep(f"definition-{path.replace('/', '-')}", anyone("GET", path))
    out.keep(
        "definitions-search",
        anyone("GET", "StructureDefinition?url=urn:xinglin:extension:value-origin"),
    )


def exports(out: Answers, own: Api, work: Callable[[], None]) -> None:
    def ran(kicked: Reply) -> Json:
        assert kicked.status == 202, kicked.body
        link = kicked.headers["content-location"].split(f"/fhir/{own.base}/")[1]
        work()
        return own("GET", link).json  # type: ignore[no-any-return]

    for file in ran(own("GET", "$export?_type=Patient,Condition,Encounter", **ASYNC))["output"]:
        for line in own("GET", file["url"].split(f"/fhir/{own.base}/")[1]).body.splitlines()[:2]:
            resource = json.loads(line)
            out.found[f"export-{resource['resourceType']}-{resource['id'][:8]}"] = resource
    sent = json.dumps(make_patient() | {"id": "imported", "gender": "x"}).encode()
    headers = {"Authorization": f"Bearer {own.token}", "Content-Type": "application/fhir+ndjson"}
    for file in ran(own.raw("POST", f"/fhir/{own.base}/$import", sent, headers))["error"]:
        out.found["import-error"] = json.loads(
            own("GET", file["url"].split(f"/fhir/{own.base}/")[1]).body.splitlines()[0]
        )


def notifications(
    out: Answers, own: Api, hook: WebhookEndpoint, about: str, rounds: Callable[[], None]
) -> None:
    for content in ("empty", "id-only", "full-resource"):
        made = own.create(
            {
                "resourceType": "Subscription",
                "status": "requested",
                "reason": "conformance",
                "criteria": TOPIC,
                "_criteria": {
                    "extension": [{"url": FILTER_EXTENSION, "valueString": f"patient={about}"}]
                },
                "channel": {
                    "type": "rest-hook",
                    "endpoint": hook.url,
                    "payload": "application/fhir+json",
                    "_payload": {"extension": [{"url": CONTENT_EXTENSION, "valueCode": content}]},
                },
            }
        )
        rounds()
        note = own.create(
            {"resourceType": "Basic", "code": {"text": "note"}, "subject": {"reference": about}}
        )
        own("PUT", note, own("GET", note).json | {"created": "2026-01-05"})
        own("DELETE", note)
        rounds()
        out.keep(f"subscription-{content}", own("GET", made))
        out.keep(f"subscription-status-{content}", own("GET", f"{made}/$status"))
        for i, (_, _, _, body) in enumerate(hook.got):
            out.found[f"told-{content}-{i}"] = body
        hook.got.clear()
        own("DELETE", made)
