"""A mapping that two have agreed to adds the standard code to what is there and to what comes,
everywhere it is read, and takes it off again everywhere; what was sent stays as it was.
"""

import json
import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from alliance.models import Hospital
from alliance.roles import Role
from records.mapping.active_mappings import believed
from records.mapping.map_decisions import do_withdraw_mapping
from records.mapping.mapped_mark import MAPPED, UNIT_AS_SENT
from records.mapping.work import run_mapping_work
from records.meaning.result_identity import LOINC
from records.models import CodeMap, LocalCode
from tests.factories import alliance
from tests.factories.fhir import FHIR, Api
from tests.factories.local_codes import (
    add_patients,
    add_results,
    follow,
    get_code,
    local_system,
    make_local_result,
    map_code,
)

SENT_SYSTEM = "code={}|ALT01"


class Store:
    """A hospital whose laboratory sends codes of its own."""

    def __init__(self, server: str, patients: int = 5) -> None:
        self.at: Hospital = alliance.make_hospital("map")
        self.api = Api(server, self.at.code, credentials=alliance.make_credentials(self.at))
        self.patients = add_patients(self.api, patients)

    def found(self, question: str) -> int:
        return int(self.api("GET", f"Observation?{question}&_total=accurate").json["total"])

    def read(self, reference: str) -> dict[str, Any]:
        return self.api("GET", reference).json  # type: ignore[no-any-return]

    def withdraw(self, mapping: Any) -> None:
        clerk = alliance.make_staff(self.at, Role.CLERK)
        do_withdraw_mapping(mapping, reason="wrong", acting=alliance.get_staff_principal(clerk))


@pytest.fixture
def store(server: str) -> Store:
    return Store(server)


def test_an_approved_mapping_reaches_what_is_there_and_is_taken_off_again(store: Store) -> None:
    references = add_results(store.api, store.patients)
    follow(store.at)
    code = get_code(store.at)
    assert (code.records, code.patients, code.waiting) == (5, 5, True)
    before = store.read(references[0])
    assert store.found("code=1742-6") == 0

    mapping = map_code(store.at, code)
    follow(store.at)
    assert store.found("code=1742-6") == 5
    assert store.found(SENT_SYSTEM.format(local_system(store.at.code))) == 5
    after = store.read(references[0])
    sent, added = after["code"]["coding"]
    assert sent == before["code"]["coding"][0], "what was sent stays as it was"
    assert after["code"]["text"] == before["code"]["text"]
    assert (added["system"], added["code"]) == (LOINC, "1742-6")
    assert added["extension"] == [
        {"url": MAPPED, "valueUri": f"urn:xinglin:map:{store.at.code}:laboratory|1"}
    ]
    assert after["meta"]["versionId"] == "2"
    assert store.read(f"{references[0]}/_history/1") == before

    store.withdraw(mapping)
    follow(store.at)
    assert store.found("code=1742-6") == 0
    back = store.read(references[0])
    assert {**back, "meta": None} == {**before, "meta": None}
    assert back["meta"]["versionId"] == "3"
    assert get_code(store.at).waiting


def test_what_comes_later_has_the_standard_code_at_once(store: Store) -> None:
    add_results(store.api, store.patients)
    follow(store.at)
    map_code(store.at, get_code(store.at))
    believed.clear()
    follow(store.at)
    later = add_results(store.api, store.patients[:1])
    follow(store.at)  # a server that did not know of the mapping yet is mended behind
    added = store.read(later[0])["code"]["coding"]
    assert [c["system"] for c in added] == [local_system(store.at.code), LOINC]
    versions = store.read(later[0])["meta"]["versionId"]
    follow(store.at)
    assert store.read(later[0])["meta"]["versionId"] == versions, "once, and not again and again"


def test_a_writer_adds_it_at_once_and_asks_for_the_map_once(store: Store) -> None:
    """The server in this process, which has not asked yet."""
    add_results(store.api, store.patients)
    follow(store.at)
    map_code(store.at, get_code(store.at))
    believed.clear()
    asked: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    def create(resource: dict[str, Any]) -> dict[str, Any]:
        reply = Client().post(
            f"/fhir/{store.at.code}/Observation",
            json.dumps(resource),
            content_type=FHIR,
            headers={"Authorization": f"Bearer {store.api.token}"},
        )
        assert reply.status_code == 201, reply.content
        return json.loads(reply.content)  # type: ignore[no-any-return]

    with connection.execute_wrapper(note):
        shared = {"coding": [{"system": LOINC, "code": "1742-6"}]}
        create(make_local_result(store.patients[0], store.at.code) | {"code": shared})
        assert not any("records_codemapping" in sql for sql in asked), "who sends shared codes"
        made = create(make_local_result(store.patients[0], store.at.code))
        create(make_local_result(store.patients[1], store.at.code))
    assert [c["code"] for c in made["code"]["coding"]] == ["ALT01", "1742-6"]
    assert made["meta"]["versionId"] == "1"
    assert sum("records_codemapping" in sql for sql in asked) == 1


def test_nobody_but_the_platform_says_that_a_code_was_mapped(store: Store) -> None:
    forged = make_local_result(store.patients[0], store.at.code)
    forged["code"]["coding"].append(
        {"extension": [{"url": MAPPED, "valueUri": "urn:x"}], "system": LOINC, "code": "2345-7"}
    )
    honest = make_local_result(store.patients[0], store.at.code)
    honest["code"]["coding"].append({"system": LOINC, "code": "1920-8"})
    assert len(store.read(store.api.create(forged))["code"]["coding"]) == 1
    assert len(store.read(store.api.create(honest))["code"]["coding"]) == 2
    follow(store.at)
    assert get_code(store.at).records == 1, "who sends the shared code too does not wait"


def test_a_record_that_is_read_and_sent_back_says_nothing_twice(store: Store) -> None:
    [reference] = add_results(store.api, store.patients[:1])
    follow(store.at)
    map_code(store.at, get_code(store.at))
    follow(store.at)
    body = store.read(reference)
    assert store.api("PUT", reference, body).status == 200
    follow(store.at)
    again = store.read(reference)
    assert again["code"] == body["code"]


def test_texts_without_a_code_are_one_by_what_they_say(store: Store) -> None:
    for patient, text in zip(store.patients, ["★血红蛋白", "血红蛋白", "血红蛋白 "], strict=False):
        store.api.create(make_local_result(patient, store.at.code) | {"code": {"text": text}})
    follow(store.at)
    [code] = LocalCode.objects.filter(hospital=store.at, system="")
    assert code.records == 3


def test_a_unit_gets_its_code_and_gives_it_back(store: Store) -> None:
    odd = {"value": 3, "unit": "格", "system": local_system(store.at.code, "unit"), "code": "G1"}
    reference = store.api.create(
        make_local_result(store.patients[0], store.at.code) | {"valueQuantity": odd}
    )
    follow(store.at)
    unit = LocalCode.objects.get(hospital=store.at, kind="unit")
    mapping = map_code(store.at, unit, "mg/dL", "http://unitsofmeasure.org")
    follow(store.at)
    quantity = store.read(reference)["valueQuantity"]
    assert (quantity["unit"], quantity["code"]) == ("格", "mg/dL")
    assert [e["url"] for e in quantity["extension"]] == [MAPPED, UNIT_AS_SENT]
    assert quantity["extension"][1]["valueCoding"] == {"system": odd["system"], "code": "G1"}
    store.withdraw(mapping)
    follow(store.at)
    assert store.read(reference)["valueQuantity"] == odd


def test_the_map_is_a_concept_map_of_the_hospitals_own_store(store: Store) -> None:
    add_results(store.api, store.patients)
    follow(store.at)
    mapping = map_code(store.at, get_code(store.at))
    follow(store.at)
    url = f"urn:xinglin:map:{store.at.code}:laboratory"
    [entry] = store.api("GET", f"ConceptMap?url={url}").json["entry"]
    assert entry["resource"]["version"] == "1"
    reply = store.api(
        "GET",
        f"ConceptMap/$translate?url={url}&system={local_system(store.at.code)}&code=ALT01",
    )
    parameters = {p["name"]: p for p in reply.json["parameter"]}
    assert parameters["result"]["valueBoolean"] is True
    assert json.dumps(parameters["match"]).count("1742-6") == 1
    store.withdraw(mapping)
    follow(store.at)
    current = store.api("GET", "ConceptMap/xinglin-map-laboratory").json
    assert current["version"] == "2" and "group" not in current
    first = store.api("GET", "ConceptMap/xinglin-map-laboratory/_history/1").json
    assert first["version"] == "1" and first["group"]
    assert CodeMap.objects.get(hospital=store.at).published == 2


def test_a_deleted_record_waits_no_more(store: Store) -> None:
    references = add_results(store.api, store.patients)
    follow(store.at)
    assert store.api("DELETE", references[0]).status == 204
    follow(store.at)
    assert get_code(store.at).records == 4


def test_a_store_that_fails_holds_up_no_other(
    store: Store, server: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Store(server, patients=1)
    for each in (broken, store):
        add_results(each.api, each.patients)
    log = logging.getLogger("xinglin.jobs")
    log.addHandler(caplog.handler)
    with connection.cursor() as cursor:
        cursor.execute("SELECT rid, body FROM record_resource WHERE hospital = %s", [broken.at.pk])
        kept = cursor.fetchall()
        try:
            cursor.execute(
                "UPDATE record_resource SET body = substr(body, 1, 20) WHERE hospital = %s",
                [broken.at.pk],
            )
            run_mapping_work(hospitals=[broken.at, store.at])
        finally:
            log.removeHandler(caplog.handler)
            for rid, body in kept:
                cursor.execute("UPDATE record_resource SET body = %s WHERE rid = %s", [body, rid])
    assert get_code(store.at).records == 5
    assert f"MAP500 local codes of {broken.at.code} are not followed" in caplog.text
    follow(broken.at)
    assert get_code(broken.at).records == 1, "and goes on where it was"
