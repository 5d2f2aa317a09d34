"""Bundles and NDJSON become items: ids are record numbers, references follow by the rule of the
protocol; one bad resource never stops its neighbours.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.agent.context import open_context
from records.agent.fhir.read_fhir_file import read_fhir_bytes, read_fhir_file
from records.agent.item import Item, derive_fhir_id
from records.agent.refusal import Refusal
from records.agent.sets.column_set import Site
from records.agent.take_files import take_files

from .messages import PID, PV1, header, write

SITE = Site("ehr", "nanqiao")
PATIENT = "urn:uuid:11111111-1111-4111-8111-111111111111"


def read(content: Any) -> tuple[list[Item], list[Refusal]]:
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return read_fhir_bytes(text.encode(), "a.json", SITE)


def bundle(*entries: dict[str, Any], type: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


def entry(resource: dict[str, Any], url: str = "", **more: Any) -> dict[str, Any]:
    return {"resource": resource, **({"fullUrl": url} if url else {}), **more}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"text": "王芳"}], **more}


def observation(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "钾"},
        "subject": {"reference": subject},
        "effectiveDateTime": "2026-05-03T08:15:00+08:00",
        **more,
    }


@pytest.mark.parametrize("type", ["transaction", "batch", "collection", "searchset", "message"])
def test_temporary_addresses_become_derived_ids(type: str) -> None:
    items, refusals = read(
        bundle(entry(observation(PATIENT), "urn:uuid:2"), entry(patient(), PATIENT), type=type)
    )
    assert not refusals
    first, second = items
    record = PATIENT[len("urn:uuid:") :]
    assert (first.type, first.record, first.patient) == ("Patient", record, record)
    assert json.loads(first.body)["id"] == f"ehr-{record}"
    assert (second.record, second.patient, second.day) == ("2", record, "2026-05-03")
    assert json.loads(second.body)["subject"]["reference"] == f"Patient/ehr-{record}"


def test_ids_addresses_and_relative_references_mean_one_record() -> None:
    base = "http://his.example/fhir"
    items, refusals = read(
        bundle(
            entry(patient(id="7"), f"{base}/Patient/7"),
            entry(observation(f"{base}/Patient/7", id="a"), f"{base}/Observation/a"),
            entry(observation("Patient/7/_history/2", id="b")),
            entry(observation("#p", id="c", contained=[patient(id="p")])),
            entry(observation("http://else.example/Patient/7", id="d")),
            type="searchset",
        )
    )
    assert not refusals
    subjects = [json.loads(i.body)["subject"]["reference"] for i in items[1:]]
    assert subjects == ["Patient/ehr-7", "Patient/ehr-7", "#p", "http://else.example/Patient/7"]
    assert [i.patient for i in items] == ["7", "7", "7", "", ""]


def test_long_ids_are_hashed_as_the_protocol_says() -> None:
    id = "x" * 64
    items, _ = read(bundle(entry(patient(id=id)), entry(observation(f"Patient/{id}", id="1"))))
    assert (
        json.loads(items[1].body)["subject"]["reference"] == f"Patient/{derive_fhir_id('ehr', id)}"
    )


def test_conditional_references_become_numbers_and_files_follow() -> None:
    document = {
        "resourceType": "DocumentReference",
        "id": "d",
        "subject": {"reference": "Patient/7"},
        "author": [{"reference": "Practitioner?identifier=urn:npi|9", "display": "李医生"}],
        "content": [{"attachment": {"contentType": "application/pdf", "url": "Binary/3"}}],
    }
    items, refusals = read(document)
    assert not refusals
    found = json.loads(items[0].body)
    assert found["author"] == [
        {
            "display": "李医生",
            "type": "Practitioner",
            "identifier": {"system": "urn:npi", "value": "9"},
        }
    ]
    assert found["content"][0]["attachment"]["url"] == "Binary/ehr-3"


def test_versions_and_digits_as_sent() -> None:
    text = (
        '{"resourceType":"Observation","id":"1","meta":{"versionId":"3","lastUpdated":'
        '"2026-05-03T00:00:00.5Z","tag":[{"code":"x"}]},"valueQuantity":{"value":5.10}}'
    )
    (item,), refusals = read(text)
    assert not refusals
    assert item.version == 1_777_766_400_500_000
    assert b'"value":5.10' in item.body
    assert json.loads(item.body)["meta"] == {"tag": [{"code": "x"}]}, "so that the hash stays"


def test_deletions_and_what_else_a_request_asks() -> None:
    items, refusals = read(
        bundle(
            {"request": {"method": "DELETE", "url": "Observation/7"}},
            {"request": {"method": "DELETE", "url": "Observation?code=x"}},
            {"request": {"method": "GET", "url": "Observation/7"}},
            entry(patient(), request={"method": "PUT", "url": "Patient/8"}),
        )
    )
    assert [(i.type, i.record, i.action) for i in items] == [
        ("Patient", "8", "put"),
        ("Observation", "7", "delete"),
    ]
    assert [(r.rule.code, r.column) for r in refusals] == [
        ("fhir.method", "Bundle.entry[1].request"),
        ("fhir.method", "Bundle.entry[2].request.method"),
    ]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (entry(observation("urn:uuid:nobody", id="1")), "fhir.unresolved"),
        (entry(patient()), "fhir.no-id"),
        (entry({"id": "1"}), "fhir.resource"),
        ({}, "fhir.resource"),
        (entry({"resourceType": "../x", "id": "1"}), "fhir.resource"),
        (entry(patient(id="1\n")), "fhir.id"),
    ],
)
def test_one_bad_resource_does_not_stop_its_neighbours(bad: dict[str, Any], code: str) -> None:
    items, (refusal,) = read(bundle(bad, entry(patient(id="9"))))
    assert [i.record for i in items] == ["9"]
    assert refusal.rule.code == code
    assert "Bundle.entry[0]" in refusal.column
    assert refusal.why("zh")
    assert refusal.mend("en")


def test_ndjson_line_by_line() -> None:
    rows = [
        json.dumps(observation("Patient/7", id="1")),
        '{"resourceType": "Observation", ',
        "",
        "[]",
        json.dumps(patient(id="7")),
    ]
    items, refusals = read("\n".join(rows))
    assert [i.record for i in items] == ["7", "1"]
    assert items[1].at == "a.json 第1行"
    assert [(r.rule.code, r.row) for r in refusals] == [("fhir.json", 2), ("fhir.resource", 4)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "fhir.empty"),
        ('{"resourceType": "Bundle",\n "type": ', "fhir.json"),
        ("<html>", "fhir.json"),
        ('{"resourceType": "Bundle", "type": "subscription-notification"}', "fhir.bundle-type"),
        ('{"resourceType": "Bundle", "type": "collection"}', "fhir.empty"),
        ('{"a":' * 3000 + "1" + "}" * 3000, "fhir.json"),
    ],
)
def test_files_that_are_none(text: str, code: str) -> None:
    items, refusals = read(text)
    assert (items, [r.rule.code for r in refusals]) == ([], [code])


def test_gzip_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps(patient(id="7")).encode()))
    items, refusals = read_fhir_file(path, SITE)
    assert ([i.record for i in items], refusals) == (["7"], [])


KEYS = [
    "resourceType", "type", "entry", "resource", "fullUrl", "request", "method", "url", "id",
    "meta", "subject", "reference", "lastUpdated",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner | st.sampled_from(["Bundle", "collection", "Patient", "Patient/1", "urn:uuid:1"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_no_json_makes_the_reader_fail(content: Any) -> None:
    items, refusals = read(bundle(content) if not isinstance(content, str) else content)
    assert items or refusals


def test_the_drop_folder_takes_messages_and_bundles_beside_tables(tmp_path: Path) -> None:
    messages = write(header(), PID, PV1) + write(header("SIU^S12", "M2"), PID)
    (tmp_path / "a.hl7").write_bytes(messages)
    (tmp_path / "b.json").write_text(json.dumps(bundle(entry(patient(id="7")))))
    table = "患者编号,患者姓名,性别,出生日期\n1,王芳,女,1968-03-07\n"
    (tmp_path / "c.csv").write_text(table, encoding="gb18030")
    home = tmp_path / "home"
    home.mkdir()
    (home / "agent.ini").write_text(
        "[platform]\nurl = http://127.0.0.1:1/\nhospital = nanqiao\nclient_id = x\n"
    )
    context = open_context(home)
    try:
        paths = sorted(p for p in tmp_path.iterdir() if p.is_file())
        taken = take_files(paths, Site("his", "nanqiao"), context.outbox)
        assert taken.added.added == 4
        refused = [(r.file, r.row, r.rule.code) for r in taken.book.refusals]
        assert refused == [("a.hl7", 4, "hl7.kind")]
        assert (taken.counts.rows, taken.counts.refused) == (5, 1)
        again = take_files(paths, Site("his", "nanqiao"), context.outbox)
        assert again.added.added == 0
    finally:
        context.close()
