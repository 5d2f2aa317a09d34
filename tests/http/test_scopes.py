"""Every interaction of the table, with a token that lacks one letter of one type: refused, and the log has a line; with just what it takes: done."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from records.api.interactions import INTERACTIONS
from records.facade.summary import TYPES
from tests.contracts.test_refusals import Log, fresh
from tests.factories import alliance
from tests.factories.fhir import FHIR, Api, bundle, observation, patient

URL = "urn:test:scopes"
ASYNC = {"Prefer": "respond-async"}
PATCH = [{"op": "replace", "path": "/gender", "value": "female"}]
SUMMARY = " ".join(f"system/{t}.rs" for t in ("Patient", *TYPES, "Medication"))
NOTHING: dict[str, Any] = {"resourceType": "Parameters", "parameter": []}
TAG = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"system": "urn:t", "code": "t"}]}}]}


def parameters(**values: str) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": k, ("valueCode" if k == "code" else "valueUri"): v} for k, v in values.items()]}


@dataclass(frozen=True)
class Case:
    """needs: scopes, of system/*.x any type; ends: the statuses with just these."""

    method: str
    shape: str
    needs: str
    path: str
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    ends: tuple[int, ...] = (200, 201, 202, 204)


def both(shape: str, needs: str, path: str, query: str, body: Any) -> list[Case]:
    return [Case("GET", shape, needs, path + query), Case("POST", shape, needs, path, body)]


def kick_off(shape: str, needs: str, path: str) -> list[Case]:
    return [Case(m, shape, needs, path, NOTHING if m == "POST" else None, tuple(ASYNC.items()), (202, 429)) for m in ("GET", "POST")]


def form(text: str) -> tuple[Any, tuple[tuple[str, str], ...]]:
    return text.encode(), (("Content-Type", "application/x-www-form-urlencoded"),)


SETS = "system/ValueSet.r system/CodeSystem.r"
CASES = [
    Case("POST", "B", "system/Patient.c", "", bundle(("POST", "Patient", patient()))),
    Case("POST", "B", "system/Patient.u", "", bundle(("PUT", "Patient/{p}", {**patient(mrn="{mrn}"), "id": "{p}"}))),
    Case("POST", "B", "system/Patient.d", "", bundle(("DELETE", "Patient/{gone}", None))),
    Case("POST", "B", "system/Observation.ds", "", bundle(("DELETE", "Observation?status=amended", None))),
    Case("POST", "B", "system/Patient.cs", "", bundle(("POST", "Patient", {**patient(), "ifNoneExist": "identifier=urn:mrn|{mrn}"}))),
    Case("POST", "B", "system/Observation.c system/Patient.s", "", bundle(("POST", "Observation", observation("Patient?identifier=urn:mrn|{mrn}")))),
    Case("POST", "B", "system/Patient.r", "", bundle(("GET", "Patient/{p}", None))),
    Case("POST", "B", "system/Observation.s", "", bundle(("GET", "Observation?status=final", None))),
    Case("GET", "BH", "system/*.s", "_history"),
    Case("GET", "B", "system/*.s", "?_count=1"),
    Case("GET", "B", "system/Patient.s system/Observation.s", "?_type=Patient,Observation"),
    Case("POST", "BS", "system/*.s", "_search", *form("_count=1")),
    Case("GET", "TIC", "system/Observation.s", "Patient/{p}/Observation"),
    Case("GET", "TIC", "system/*.s", "Patient/{p}/*"),
    Case("POST", "TICS", "system/Observation.s", "Patient/{p}/Observation/_search", *form("status=final")),
    Case("GET", "T", "system/Observation.s", "Observation?status=final"),
    Case("GET", "T", "system/Observation.s system/Patient.s", "Observation?subject:Patient.gender=male"),
    Case("GET", "T", "system/Patient.s system/Observation.s", "Patient?_has:Observation:patient:status=final"),
    Case("GET", "T", "system/Patient.s system/Observation.s system/Encounter.s", "Patient?_has:Observation:patient:encounter.status=finished"),
    Case("GET", "T", "system/Observation.s system/List.s", "Observation?_list=x"),
    Case("GET", "T", "system/Encounter.s system/Location.s", "Encounter?location:below=Location/x"),
    Case("GET", "T", "system/Observation.s system/Encounter.r", "Observation?_include=Observation:encounter"),
    Case("GET", "T", "system/Patient.s system/Observation.r", "Patient?_revinclude=Observation:patient"),
    Case("GET", "T", f"system/Observation.s {SETS}", f"Observation?code:in={URL}:set"),
    Case("POST", "TS", "system/Observation.s", "Observation/_search", *form("status=final")),
    Case("POST", "T", "system/Patient.c", "Patient", patient()),
    Case("POST", "T", "system/Patient.cs", "Patient", patient(), (("If-None-Exist", "identifier=urn:mrn|{mrn}"),)),
    Case("GET", "TH", "system/Patient.s", "Patient/_history"),
    Case("GET", "TI", "system/Patient.r", "Patient/{p}"),
    Case("PUT", "T", "system/Patient.us", "Patient?identifier=urn:mrn|{mrn}", patient(mrn="{mrn}")),
    Case("DELETE", "T", "system/Observation.ds", "Observation?status=amended"),
    Case("PATCH", "T", "system/Patient.rus", "Patient?identifier=urn:mrn|{mrn}", PATCH, (("Content-Type", "application/json-patch+json"),)),
    Case("PATCH", "TI", "system/Patient.ru", "Patient/{p}", PATCH, (("Content-Type", "application/json-patch+json"),)),
    Case("PUT", "TI", "system/Patient.u", "Patient/{p}", {**patient(mrn="{mrn}"), "id": "{p}"}),
    Case("DELETE", "TI", "system/Patient.d", "Patient/{gone}"),
    Case("GET", "TIH", "system/Patient.r", "Patient/{p}/_history"),
    Case("GET", "TIHV", "system/Patient.r", "Patient/{p}/_history/1"),
    *kick_off("B$export", "system/*.rs", "$export"),
    *kick_off("T$export", "system/*.rs", "Patient/$export"),
    *kick_off("TI$export", "system/Group.r system/Patient.rs", "Group/{g}/$export?_type=Patient"),
    Case("GET", "B$export", "system/Patient.rs system/Observation.rs", "$export?_type=Patient,Observation", None, tuple(ASYNC.items()), (202, 429)),
    Case("POST", "B$import", "system/*.cu", "$import", b'{"resourceType":"Basic","code":{"text":"x"}}', (("Content-Type", "application/fhir+ndjson"),), (202, 429)),
    Case("POST", "T$import", "system/Basic.cu", "Basic/$import", b'{"resourceType":"Basic","code":{"text":"x"}}', (("Content-Type", "application/fhir+ndjson"),), (202, 429)),
    Case("GET", "J", "system/Patient.rs", "_bulk/{job}"),
    Case("GET", "JF", "system/Patient.rs", "_bulk/{job}/0", ends=(200, 404)),
    Case("DELETE", "J", "system/Patient.rs", "_bulk/{job}"),
    Case("GET", "T$ihe-pix", "system/Patient.s", "Patient/$ihe-pix?sourceIdentifier=urn:mrn|{mrn}", ends=(200, 404)),
    Case("GET", "TI$everything", "system/Patient.rs", "Patient/{p}/$everything"),
    Case("GET", "TI$everything", "system/Patient.rs system/Observation.rs", "Patient/{p}/$everything?_type=Observation"),
    Case("POST", "TI$everything", "system/Patient.rs", "Patient/{p}/$everything", {"resourceType": "Parameters", "parameter": [{"name": "_count", "valueInteger": 5}]}),
    Case("GET", "TI$summary", SUMMARY, "Patient/{p}/$summary"),
    Case("GET", "B$meta", "system/*.s", "$meta"),
    Case("GET", "T$meta", "system/Patient.s", "Patient/$meta"),
    Case("GET", "TI$meta", "system/Patient.r", "Patient/{p}/$meta"),
    Case("POST", "TI$meta-add", "system/Patient.ru", "Patient/{p}/$meta-add", TAG),
    Case("POST", "TI$meta-delete", "system/Patient.ru", "Patient/{p}/$meta-delete", TAG),
    Case("GET", "T$lastn", "system/Observation.s", "Observation/$lastn?patient=Patient/{p}"),
    Case("GET", "TI$status", "system/Subscription.r", "Subscription/x/$status", ends=(404,)),
    *both("T$expand", SETS, "ValueSet/$expand", f"?url={URL}:set", parameters(url=f"{URL}:set")),
    *both("TI$expand", SETS, "ValueSet/{set}/$expand", "?count=1", {"resourceType": "Parameters", "parameter": [{"name": "count", "valueInteger": 1}]}),
    *both("T$validate-code", SETS, "ValueSet/$validate-code", f"?url={URL}:set&code=a", parameters(url=f"{URL}:set", code="a")),
    *both("TI$validate-code", "system/CodeSystem.r", "CodeSystem/{system}/$validate-code", "?code=a", parameters(code="a")),
    *both("T$lookup", "system/CodeSystem.r", "CodeSystem/$lookup", f"?system={URL}&code=a", parameters(system=URL, code="a")),
    *both("T$subsumes", "system/CodeSystem.r", "CodeSystem/$subsumes", f"?system={URL}&codeA=a&codeB=a", {"resourceType": "Parameters", "parameter": [
        {"name": "system", "valueUri": URL}, {"name": "codeA", "valueCode": "a"}, {"name": "codeB", "valueCode": "a"}]}),
    *both("T$translate", "system/ConceptMap.r", "ConceptMap/$translate", f"?system={URL}&code=a", parameters(system=URL, code="a")),
    *both("TI$translate", "system/ConceptMap.r", "ConceptMap/{map}/$translate", f"?system={URL}&code=a", parameters(system=URL, code="a")),
    Case("POST", "T$match", "system/Patient.s", "Patient/$match", {**patient(), "name": [{"text": "王小明"}]}),
    Case("POST", "T$validate", "system/Patient.c", "Patient/$validate", patient()),
    Case("POST", "TI$validate", "system/Patient.c", "Patient/{p}/$validate", {**patient(), "id": "{p}"}),
    Case("POST", "B$meta", "system/*.s", "$meta", NOTHING),
    Case("POST", "T$meta", "system/Patient.s", "Patient/$meta", NOTHING),
    Case("POST", "TI$meta", "system/Patient.r", "Patient/{p}/$meta", NOTHING),
    Case("POST", "T$lastn", "system/Observation.s", "Observation/$lastn", parameters(patient="Patient/{p}")),
    Case("POST", "T$ihe-pix", "system/Patient.s", "Patient/$ihe-pix", parameters(sourceIdentifier="urn:mrn|{mrn}"), ends=(200, 404)),
    Case("POST", "TI$summary", SUMMARY, "Patient/{p}/$summary", NOTHING),
    Case("POST", "TI$status", "system/Subscription.r", "Subscription/x/$status", NOTHING, ends=(404,)),
]


@dataclass
class Ward:
    ask: Callable[[Case, str], Any]
    client: str


@pytest.fixture(scope="module")
def ward(server: str) -> Ward:
    at = alliance.hospital("scoped")
    who = alliance.credentials(at)
    everything = Api(server, at.code, credentials=who)
    mrn = secrets.token_hex(6)
    p = everything.create(patient(mrn=mrn)).split("/")[1]
    everything.create(observation(f"Patient/{p}"))
    known = {"p": p, "mrn": mrn, "g": everything.create({"resourceType": "Group", "type": "person", "actual": True, "member": [{"entity": {"reference": f"Patient/{p}"}}]}).split("/")[1]}
    concept = {"system": URL, "concept": [{"code": "a"}]}
    known["system"] = everything.create({"resourceType": "CodeSystem", "url": URL, "status": "active", "content": "complete", "concept": [{"code": "a", "display": "A"}]}).split("/")[1]
    known["set"] = everything.create({"resourceType": "ValueSet", "url": f"{URL}:set", "status": "active", "compose": {"include": [concept]}}).split("/")[1]
    known["map"] = everything.create({"resourceType": "ConceptMap", "status": "active", "group": [{"source": URL, "target": "urn:b", "element": [
        {"code": "a", "target": [{"code": "b", "equivalence": "equal"}]}]}]}).split("/")[1]
    tokens: dict[str, str] = {}

    def ask(case: Case, scope: str) -> Any:
        if scope not in tokens:
            tokens[scope] = Api(server, at.code, credentials=who, scope=scope).token
        now = dict(known)
        if "{gone}" in str((case.path, case.body)):
            now["gone"] = everything.create(patient()).split("/")[1]
        if "{job}" in case.path:
            job = everything("GET", "$export?_type=Patient", Prefer="respond-async").headers["content-location"]
            now["job"] = job.rsplit("/", 1)[1]

        def filled(value: Any) -> Any:
            if isinstance(value, str):
                return re.sub(r"\{(\w+)\}", lambda m: now[m[1]], value)
            return {k: filled(v) for k, v in value.items()} if isinstance(value, dict) else [filled(v) for v in value] if isinstance(value, list) else value

        headers = {"Content-Type": FHIR} | {k: filled(v) for k, v in case.headers}
        api = Api(server, at.code, token=tokens[scope])
        reply = api(case.method, filled(case.path), filled(case.body), **{k.replace("-", "_"): v for k, v in headers.items() if case.body is not None or k != "Content-Type"})
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
            rest = [f"system/{t}.{''.join(x for x in own if (j, x) != (i, letter))}" for j, (t, own) in enumerate(parts)]
            kept = " ".join(w for w in rest if not w.endswith("."))
            out.append((name, letter, f"system/*.{'cruds'.replace(letter, '')}" if name == "*" else f"{kept} system/Schedule.cruds"))
    return out


def test_the_table_is_whole() -> None:
    assert {(c.method, c.shape) for c in CASES} == set(INTERACTIONS), "a new interaction says what it takes of a token"


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.method} {c.path[:50]} {c.needs[:40]}")
def test_without_one_letter_it_is_refused(ward: Ward, case: Case) -> None:
    fresh()
    log = Log(ward.client, "127.0.0.1")
    for name, letter, scope in lesser(case.needs):
        before = log()
        reply = ward.ask(case, scope)
        assert reply.status == 403, (scope, reply.status, reply.body)
        issue = reply.json["issue"][0]
        assert issue["code"] == "forbidden" and re.search(rf"system/{re.escape(name)}\.[cruds]*{letter}", issue["diagnostics"]), (scope, issue)
        assert 'error="insufficient_scope"' in reply.headers["www-authenticate"]
        assert log() > before, "it left a line"
    reply = ward.ask(case, case.needs)
    assert reply.status in case.ends, (case.needs, reply.status, reply.body)
