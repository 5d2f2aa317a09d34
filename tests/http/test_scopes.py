"""Every interaction that the URLconf serves, with a token that lacks one letter of one type:
refused, and the log has a line; with just what it takes: done.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from records.facade.ips_document import SUMMARY_TYPES
from records.models import SourcePatient
from records.requests.served_routes import list_routes
from tests import draws
from tests.factories import alliance
from tests.factories.fhir import FHIR, Api, make_bundle, make_observation, make_patient
from tests.factories.recognition import make_item, make_prompt
from tests.support.audit_lines import Log, fresh

URL = "urn:test:scopes"
ASYNC = {"Prefer": "respond-async"}
PATCH = [{"op": "replace", "path": "/gender", "value": "female"}]
SUMMARY = " ".join(f"system/{t}.rs" for t in ("Patient", *SUMMARY_TYPES, "Medication"))
NOTHING: dict[str, Any] = {"resourceType": "Parameters", "parameter": []}
TAG = {
    "resourceType": "Parameters",
    "parameter": [{"name": "meta", "valueMeta": {"tag": [{"system": "urn:t", "code": "t"}]}}],
}


def parameters(**values: str) -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": k, ("valueCode" if k == "code" else "valueUri"): v} for k, v in values.items()
        ],
    }


@dataclass(frozen=True)
class Case:
    """needs: scopes, of system/*.x any type; ends: the statuses with just these."""

    method: str
    route: str
    needs: str
    path: str
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    ends: tuple[int, ...] = (200, 201, 202, 204)
    base: str = ""  # "": the hospital's own


def both(route: str, needs: str, path: str, query: str, body: Any) -> list[Case]:
    return [Case("GET", route, needs, path + query), Case("POST", route, needs, path, body)]


def kick_off(route: str, needs: str, path: str) -> list[Case]:
    return [
        Case(
            m,
            route,
            needs,
            path,
            NOTHING if m == "POST" else None,
            tuple(ASYNC.items()),
            (202, 429),
        )
        for m in ("GET", "POST")
    ]


def form(text: str) -> tuple[Any, tuple[tuple[str, str], ...]]:
    return text.encode(), (("Content-Type", "application/x-www-form-urlencoded"),)


SETS = "system/ValueSet.r system/CodeSystem.r"
CASES = [
    Case("POST", "base", "system/Patient.c", "", make_bundle(("POST", "Patient", make_patient()))),
    Case(
        "POST",
        "base",
        "system/Patient.u",
        "",
        make_bundle(("PUT", "Patient/{p}", {**make_patient(mrn="{mrn}"), "id": "{p}"})),
    ),
    Case("POST", "base", "system/Patient.d", "", make_bundle(("DELETE", "Patient/{gone}", None))),
    Case(
        "POST",
        "base",
        "system/Observation.ds",
        "",
        make_bundle(("DELETE", "Observation?status=amended", None)),
    ),
    Case(
        "POST",
        "base",
        "system/Patient.cs",
        "",
        make_bundle(
            ("POST", "Patient", {**make_patient(), "ifNoneExist": "identifier=urn:mrn|{mrn}"})
        ),
    ),
    Case(
        "POST",
        "base",
        "system/Observation.c system/Patient.s",
        "",
        make_bundle(("POST", "Observation", make_observation("Patient?identifier=urn:mrn|{mrn}"))),
    ),
    Case("POST", "base", "system/Patient.r", "", make_bundle(("GET", "Patient/{p}", None))),
    Case(
        "POST",
        "base",
        "system/Observation.s",
        "",
        make_bundle(("GET", "Observation?status=final", None)),
    ),
    Case("GET", "feed", "system/*.s", "_history"),
    Case("GET", "base", "system/*.s", "?_count=1"),
    Case("GET", "base", "system/Patient.s system/Observation.s", "?_type=Patient,Observation"),
    Case("POST", "base-search", "system/*.s", "_search", *form("_count=1")),
    Case("GET", "compartment", "system/Observation.s", "Patient/{p}/Observation"),
    Case("GET", "compartment", "system/*.s", "Patient/{p}/*"),
    Case(
        "POST",
        "compartment-search",
        "system/Observation.s",
        "Patient/{p}/Observation/_search",
        *form("status=final"),
    ),
    Case("GET", "type", "system/Observation.s", "Observation?status=final"),
    Case(
        "GET",
        "type",
        "system/Observation.s system/Patient.s",
        "Observation?subject:Patient.gender=male",
    ),
    Case(
        "GET",
        "type",
        "system/Patient.s system/Observation.s",
        "Patient?_has:Observation:patient:status=final",
    ),
    Case(
        "GET",
        "type",
        "system/Patient.s system/Observation.s system/Encounter.s",
        "Patient?_has:Observation:patient:encounter.status=finished",
    ),
    Case("GET", "type", "system/Observation.s system/List.s", "Observation?_list=x"),
    Case(
        "GET", "type", "system/Encounter.s system/Location.s", "Encounter?location:below=Location/x"
    ),
    Case(
        "GET",
        "type",
        "system/Observation.s system/Encounter.r",
        "Observation?_include=Observation:encounter",
    ),
    Case(
        "GET",
        "type",
        "system/Patient.s system/Observation.r",
        "Patient?_revinclude=Observation:patient",
    ),
    Case("GET", "type", f"system/Observation.s {SETS}", f"Observation?code:in={URL}:set"),
    Case(
        "POST", "type-search", "system/Observation.s", "Observation/_search", *form("status=final")
    ),
    Case("POST", "type", "system/Patient.c", "Patient", make_patient()),
    Case(
        "POST",
        "type",
        "system/Patient.cs",
        "Patient",
        make_patient(),
        (("If-None-Exist", "identifier=urn:mrn|{mrn}"),),
    ),
    Case("GET", "type-history", "system/Patient.s", "Patient/_history"),
    Case("GET", "resource", "system/Patient.r", "Patient/{p}"),
    Case(
        "PUT",
        "type",
        "system/Patient.us",
        "Patient?identifier=urn:mrn|{mrn}",
        make_patient(mrn="{mrn}"),
    ),
    Case("DELETE", "type", "system/Observation.ds", "Observation?status=amended"),
    Case(
        "PATCH",
        "type",
        "system/Patient.rus",
        "Patient?identifier=urn:mrn|{mrn}",
        PATCH,
        (("Content-Type", "application/json-patch+json"),),
    ),
    Case(
        "PATCH",
        "resource",
        "system/Patient.ru",
        "Patient/{p}",
        PATCH,
        (("Content-Type", "application/json-patch+json"),),
    ),
    Case(
        "PUT",
        "resource",
        "system/Patient.u",
        "Patient/{p}",
        {**make_patient(mrn="{mrn}"), "id": "{p}"},
    ),
    Case("DELETE", "resource", "system/Patient.d", "Patient/{gone}"),
    Case("GET", "history", "system/Patient.r", "Patient/{p}/_history"),
    Case("GET", "version", "system/Patient.r", "Patient/{p}/_history/1"),
    *kick_off("export", "system/*.rs", "$export"),
    *kick_off("patient-export", "system/*.rs", "Patient/$export"),
    *kick_off(
        "group-export", "system/Group.r system/Patient.rs", "Group/{g}/$export?_type=Patient"
    ),
    Case(
        "GET",
        "export",
        "system/Patient.rs system/Observation.rs",
        "$export?_type=Patient,Observation",
        None,
        tuple(ASYNC.items()),
        (202, 429),
    ),
    Case(
        "POST",
        "import",
        "system/*.cu",
        "$import",
        b'{"resourceType":"Basic","code":{"text":"x"}}',
        (("Content-Type", "application/fhir+ndjson"),),
        (202, 429),
    ),
    Case(
        "POST",
        "type-import",
        "system/Basic.cu",
        "Basic/$import",
        b'{"resourceType":"Basic","code":{"text":"x"}}',
        (("Content-Type", "application/fhir+ndjson"),),
        (202, 429),
    ),
    Case("GET", "bulk-job", "system/Patient.rs", "_bulk/{job}"),
    Case("GET", "bulk-file", "system/Patient.rs", "_bulk/{job}/0", ends=(200, 404)),
    Case("DELETE", "bulk-job", "system/Patient.rs", "_bulk/{job}"),
    Case("GET", "push", "system/Patient.c", "_async/{push}", ends=(200, 202)),
    Case("DELETE", "push", "system/Patient.c", "_async/{push}", ends=(202,)),
    Case(
        "GET",
        "ihe-pix",
        "system/Patient.s",
        "Patient/$ihe-pix?sourceIdentifier=urn:mrn|{mrn}",
        ends=(200, 404),
    ),
    Case("GET", "everything", "system/Patient.rs", "Patient/{p}/$everything"),
    Case(
        "GET",
        "everything",
        "system/Patient.rs system/Observation.rs",
        "Patient/{p}/$everything?_type=Observation",
    ),
    Case(
        "POST",
        "everything",
        "system/Patient.rs",
        "Patient/{p}/$everything",
        {"resourceType": "Parameters", "parameter": [{"name": "_count", "valueInteger": 5}]},
    ),
    Case("GET", "summary", SUMMARY, "Patient/{p}/$summary"),
    Case("GET", "base-meta", "system/*.s", "$meta"),
    Case("GET", "type-meta", "system/Patient.s", "Patient/$meta"),
    Case("GET", "meta", "system/Patient.r", "Patient/{p}/$meta"),
    Case("POST", "meta-add", "system/Patient.ru", "Patient/{p}/$meta-add", TAG),
    Case("POST", "meta-delete", "system/Patient.ru", "Patient/{p}/$meta-delete", TAG),
    Case("GET", "lastn", "system/Observation.s", "Observation/$lastn?patient=Patient/{p}"),
    Case(
        "GET", "subscription-status", "system/Subscription.r", "Subscription/x/$status", ends=(404,)
    ),
    *both(
        "expand-by-url", SETS, "ValueSet/$expand", f"?url={URL}:set", parameters(url=f"{URL}:set")
    ),
    *both(
        "expand",
        SETS,
        "ValueSet/{set}/$expand",
        "?count=1",
        {"resourceType": "Parameters", "parameter": [{"name": "count", "valueInteger": 1}]},
    ),
    *both(
        "value-set-code-by-url",
        SETS,
        "ValueSet/$validate-code",
        f"?url={URL}:set&code=a",
        parameters(url=f"{URL}:set", code="a"),
    ),
    *both(
        "code-system-code",
        "system/CodeSystem.r",
        "CodeSystem/{system}/$validate-code",
        "?code=a",
        parameters(code="a"),
    ),
    *both(
        "value-set-code",
        SETS,
        "ValueSet/{set}/$validate-code",
        "?code=a",
        parameters(code="a"),
    ),
    *both(
        "code-system-code-by-url",
        "system/CodeSystem.r",
        "CodeSystem/$validate-code",
        f"?url={URL}&code=a",
        parameters(url=URL, code="a"),
    ),
    *both(
        "lookup",
        "system/CodeSystem.r",
        "CodeSystem/$lookup",
        f"?system={URL}&code=a",
        parameters(system=URL, code="a"),
    ),
    *both(
        "subsumes",
        "system/CodeSystem.r",
        "CodeSystem/$subsumes",
        f"?system={URL}&codeA=a&codeB=a",
        {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "system", "valueUri": URL},
                {"name": "codeA", "valueCode": "a"},
                {"name": "codeB", "valueCode": "a"},
            ],
        },
    ),
    *both(
        "translate-by-url",
        "system/ConceptMap.r",
        "ConceptMap/$translate",
        f"?system={URL}&code=a",
        parameters(system=URL, code="a"),
    ),
    *both(
        "translate",
        "system/ConceptMap.r",
        "ConceptMap/{map}/$translate",
        f"?system={URL}&code=a",
        parameters(system=URL, code="a"),
    ),
    Case(
        "POST",
        "match",
        "system/Patient.s",
        "Patient/$match",
        {**make_patient(), "name": [{"text": "王小明"}]},
    ),
    Case("POST", "type-validate", "system/Patient.c", "Patient/$validate", make_patient()),
    Case(
        "POST",
        "validate",
        "system/Patient.c",
        "Patient/{p}/$validate",
        {**make_patient(), "id": "{p}"},
    ),
    Case("POST", "base-meta", "system/*.s", "$meta", NOTHING),
    Case("POST", "type-meta", "system/Patient.s", "Patient/$meta", NOTHING),
    Case("POST", "meta", "system/Patient.r", "Patient/{p}/$meta", NOTHING),
    Case(
        "POST",
        "lastn",
        "system/Observation.s",
        "Observation/$lastn",
        parameters(patient="Patient/{p}"),
    ),
    Case(
        "POST",
        "ihe-pix",
        "system/Patient.s",
        "Patient/$ihe-pix",
        parameters(sourceIdentifier="urn:mrn|{mrn}"),
        ends=(200, 404),
    ),
    Case("POST", "summary", SUMMARY, "Patient/{p}/$summary", NOTHING),
    Case(
        "POST",
        "subscription-status",
        "system/Subscription.r",
        "Subscription/x/$status",
        NOTHING,
        ends=(404,),
    ),
    Case(
        "GET",
        "recognition-check",
        "system/Observation.s",
        "Patient/{person}/$recognition-check?item=http://loinc.org|{loinc}",
        base="alliance",
    ),
    Case(
        "POST",
        "recognition-check",
        "system/Observation.s",
        "Patient/{person}/$recognition-check",
        parameters(item="http://loinc.org|{loinc}"),
        base="alliance",
    ),
    Case(
        "POST",
        "recognition-decision",
        "system/Observation.s",
        "Patient/{person}/$recognition-decision",
        parameters(prompt="{prompt}", decision="adopted", result="x/Observation/y"),
        base="alliance",
        ends=(201, 422),
    ),
    Case(
        "GET",
        "document",
        "system/Composition.r",
        "Composition/999999999/$document",
        base="alliance",
        ends=(404,),
    ),
    Case(
        "POST",
        "send",
        "system/Task.cr system/ServiceRequest.c",
        "Task/$send",
        NOTHING,
        base="alliance",
        ends=(422,),
    ),
    Case(
        "POST",
        "move",
        "system/Task.ru",
        "Task/999999999/$move",
        parameters(verb="accept"),
        (("If-Match", 'W/"1"'),),
        base="alliance",
        ends=(404,),
    ),
]


@dataclass
class Ward:
    ask: Callable[[Case, str], Any]
    client: str


def take_token(server: str, code: str, who: tuple[str, str], scope: str) -> str:
    """So many kinds of tokens at once are more than one system is given: it waits as it is told."""
    for _try in range(20):
        try:
            return Api(server, code, credentials=who, scope=scope).token
        except AssertionError as refused:
            if "slow_down" not in str(refused):
                raise
            time.sleep(1)
    raise AssertionError("it is told to wait for ever")


@pytest.fixture(scope="module")
def ward(server: str) -> Ward:
    at = alliance.make_hospital("scoped")
    who = alliance.make_credentials(at)
    everything = Api(server, at.code, credentials=who)
    mrn = draws.token_hex(6)
    p = everything.create(make_patient(mrn=mrn)).split("/")[1]
    everything.create(make_observation(f"Patient/{p}"))
    known = {
        "p": p,
        "mrn": mrn,
        "g": (
            everything.create(
                {
                    "resourceType": "Group",
                    "type": "person",
                    "actual": True,
                    "member": [{"entity": {"reference": f"Patient/{p}"}}],
                }
            ).split("/")[1]
        ),
    }
    home = SourcePatient.objects.get(hospital=at, fhir_id=p).person_id
    item = make_item()
    known |= {
        "person": str(home),
        "loinc": item.loincs,
        "prompt": str(make_prompt(at, item, home).pk),
    }
    concept = {"system": URL, "concept": [{"code": "a"}]}
    known["system"] = everything.create(
        {
            "resourceType": "CodeSystem",
            "url": URL,
            "status": "active",
            "content": "complete",
            "concept": [{"code": "a", "display": "A"}],
        }
    ).split("/")[1]
    known["set"] = everything.create(
        {
            "resourceType": "ValueSet",
            "url": f"{URL}:set",
            "status": "active",
            "compose": {"include": [concept]},
        }
    ).split("/")[1]
    known["map"] = everything.create(
        {
            "resourceType": "ConceptMap",
            "status": "active",
            "group": [
                {
                    "source": URL,
                    "target": "urn:b",
                    "element": [{"code": "a", "target": [{"code": "b", "equivalence": "equal"}]}],
                }
            ],
        }
    ).split("/")[1]
    tokens: dict[str, str] = {}

    def ask(case: Case, scope: str) -> Any:
        if scope not in tokens:
            tokens[scope] = take_token(server, at.code, who, scope)
        now = dict(known)
        if "{gone}" in str((case.path, case.body)):
            now["gone"] = everything.create(make_patient()).split("/")[1]
        if "{job}" in case.path:
            job = everything("GET", "$export?_type=Patient", Prefer="respond-async").headers[
                "content-location"
            ]
            now["job"] = job.rsplit("/", 1)[1]
        if "{push}" in case.path:
            sent = Api(server, at.code, credentials=who, scope="system/Patient.c")(
                "POST", "Patient", make_patient(), Prefer="respond-async"
            )
            now["push"] = sent.headers["content-location"].rsplit("/", 1)[1]

        def filled(value: Any) -> Any:
            if isinstance(value, str):
                return re.sub(r"\{(\w+)\}", lambda m: now[m[1]], value)
            return (
                {k: filled(v) for k, v in value.items()}
                if isinstance(value, dict)
                else [filled(v) for v in value]
                if isinstance(value, list)
                else value
            )

        headers = {"Content-Type": FHIR} | {k: filled(v) for k, v in case.headers}
        api = Api(server, at.code, token=tokens[scope])
        reply = api(
            case.method,
            filled(case.path),
            filled(case.body),
            base=case.base,
            **{
                k.replace("-", "_"): v
                for k, v in headers.items()
                if case.body is not None or k != "Content-Type"
            },
        )
        if "{job}" in case.path:
            everything("DELETE", f"_bulk/{now['job']}")
        if location := reply.headers.get("content-location", ""):
            everything("DELETE", f"_bulk/{location.rsplit('/', 1)[1]}")
        return reply

    return Ward(ask, who[0])


def lesser(needs: str) -> list[tuple[str, str, str]]:
    """(a type, a letter, what is needed without that letter of that type) for each."""
    parts = [w.removeprefix("system/").split(".") for w in needs.split()]
    out = []
    for i, (name, letters) in enumerate(parts):
        for letter in letters:
            rest = [
                f"system/{t}.{''.join(x for x in own if (j, x) != (i, letter))}"
                for j, (t, own) in enumerate(parts)
            ]
            kept = " ".join(w for w in rest if not w.endswith("."))
            out.append(
                (
                    name,
                    letter,
                    (
                        f"system/*.{'cruds'.replace(letter, '')}"
                        if name == "*"
                        else f"{kept} system/Schedule.cruds"
                    ),
                )
            )
    return out


def test_the_table_is_whole() -> None:
    served = {(m, r.name) for r in list_routes() if r.needs_token for m in r.interactions}
    assert {(c.method, c.route) for c in CASES} == served, (
        "a new interaction says what it takes of a token"
    )


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.method} {c.path[:50]} {c.needs[:40]}")
def test_without_one_letter_it_is_refused(ward: Ward, case: Case) -> None:
    fresh()
    log = Log(ward.client, "127.0.0.1")
    for name, letter, scope in lesser(case.needs):
        before = log()
        reply = ward.ask(case, scope)
        assert reply.status == 403, (scope, reply.status, reply.body)
        issue = reply.json["issue"][0]
        assert issue["code"] == "forbidden" and re.search(
            rf"system/{re.escape(name)}\.[cruds]*{letter}", issue["diagnostics"]
        ), (scope, issue)
        assert 'error="insufficient_scope"' in reply.headers["www-authenticate"]
        assert log() > before, "it left a line"
    reply = ward.ask(case, case.needs)
    assert reply.status in case.ends, (case.needs, reply.status, reply.body)
