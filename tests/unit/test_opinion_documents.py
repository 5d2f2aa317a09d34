"""The document of an opinion: all data elements of C0045, valid, the same bytes each time, and read
by people without a code (docs/implementation/opinion.md).
"""

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.provenance import Provenance

from records.consultations.item_fields import find_age
from records.consultations.opinion_document import (
    DocumentIncomplete,
    build_opinion,
    build_report,
    digest_request,
    encode_document,
)
from records.consultations.opinion_fields import C0045, OWN_FIELDS, FaultKind
from records.consultations.opinion_provenance import build_provenance
from records.consultations.reading_view import read_document
from records.consultations.report_parts import ReadingKind
from records.consultations.section_table import OPINION_SECTIONS
from records.fhir.validate import validate_resource
from tests.factories.opinions import (
    ANSWERED,
    ASKED,
    AT,
    LEAD,
    PATIENT,
    QUESTION,
    RECORDS,
    make_context,
    make_opinion,
    sign,
)
from tests.support.opinion_contents import digest_document, list_sent_digests, read_fields

READ = {
    "examination": "十二导联心电图",
    "examined_on": "20261201",
    "method": "静息",
    "findings": "窦性心律，V4～V6导联ST段压低0.1 mV。",
    "impression": "心肌缺血改变，请结合临床。",
}
NEWBORN = replace(PATIENT, birth_date="2026-11-19")


def test_c0045_has_its_34_elements() -> None:
    assert len(C0045) == 34 and len({f.inner for f in C0045}) == 34
    assert all(re.fullmatch(r"DE\d\d\.\d\d\.\d{3}\.00", f.element) for f in C0045)
    chapters = [name for c in OPINION_SECTIONS for name in c.names]
    assert len(set(chapters)) == len(chapters)


def test_every_element_is_in_the_document_and_comes_back() -> None:
    found = read_fields(make_opinion())
    wanted = {f.name for f in (*C0045, *OWN_FIELDS)} - {"age_months"}
    assert set(found) == wanted
    assert {n: found[n] for n in ASKED | ANSWERED} == ASKED | ANSWERED
    assert found["age_years"] == "69" and found["ended_at"] == "20261201T163000"
    assert read_fields(make_opinion(patient=NEWBORN))["age_months"] == "0 12/30"


@pytest.mark.parametrize(
    "document",
    [
        make_opinion(),
        make_opinion(attachments=(), question="", experts=(LEAD,), revision=2),
        make_opinion(patient=replace(PATIENT, sex_code="9", birth_date="")),
        *(build_report(READ, make_context(), reading) for reading in ReadingKind),
        build_report(READ | {"diagnosis_name": "胸痛"}, make_context(), ReadingKind.ECG),
    ],
)
def test_it_is_valid(document: dict[str, Any]) -> None:
    assert validate_resource(document) == "Bundle"
    Bundle.model_validate(document)
    references = re.findall(r"urn:uuid:[0-9a-f-]{36}", encode_document(document).decode())
    urls = {e["fullUrl"] for e in document["entry"]}
    own = {document["identifier"]["value"]}
    for target in document["entry"][0]["resource"].get("relatesTo", []):
        own.add(target["targetIdentifier"]["value"])
    assert set(references) <= urls | own, "every reference leads to an entry"
    signed = sign(document)
    Provenance.model_validate(build_provenance(document, signed.jws))
    assert validate_resource(build_provenance(document, signed.jws)) == "Provenance"


def test_the_same_input_gives_the_same_bytes() -> None:
    first = encode_document(make_opinion())
    elsewhere = dt.timezone(dt.timedelta(hours=-5))
    same = make_opinion(ended_at=AT.astimezone(elsewhere))
    assert encode_document(same) == first
    typed = build_opinion(
        ASKED | {n: f" {t} ".replace("\n", "\r\n") for n, t in ANSWERED.items()}, make_context()
    )
    assert encode_document(typed) == first
    other = build_opinion(ASKED | ANSWERED | {"opinion": "观察。"}, make_context())
    assert digest_document(other) != digest_document(make_opinion())
    names = {
        make_opinion(**more)["identifier"]["value"]
        for more in ({}, {"revision": 2}, {"number": "2026-000013"})
    }
    assert len(names) == 3, "each document has a name of its own"


def test_the_request_and_its_records_are_fixed_by_digest() -> None:
    fixed = digest_request(ASKED, QUESTION, RECORDS)
    assert fixed == digest_request(dict(reversed(ASKED.items())), f"{QUESTION} ", RECORDS)
    for other in (
        digest_request(ASKED | {"summary": "胸痛"}, QUESTION, RECORDS),
        digest_request(ASKED, "另一个问题", RECORDS),
        digest_request(ASKED, QUESTION, RECORDS[:1]),
        digest_request(ASKED, QUESTION, (RECORDS[0], replace(RECORDS[1], sha256="33" * 32))),
    ):
        assert other != fixed
    [first, second] = list_sent_digests(make_opinion())
    assert first == "ni:///sha-256;ERERERERERERERERERERERERERERERERERERERERERE" != second


def test_what_lacks_or_is_too_long_is_named() -> None:
    for more, wanted in (
        ({"opinion": " "}, ("opinion", FaultKind.MISSING)),
        ({"opinion": "字" * 2001}, ("opinion", FaultKind.TOO_LONG)),
        ({"opinion": "响\x07铃"}, ("opinion", FaultKind.UNPRINTABLE)),
        ({"invented": "x"}, ("invented", FaultKind.UNKNOWN)),
    ):
        with pytest.raises(DocumentIncomplete) as refused:
            build_opinion(ASKED | ANSWERED | more, make_context())
        assert [(f.name, f.kind) for f in refused.value.faults] == [wanted]
    assert build_opinion(ASKED | ANSWERED | {"opinion": "字" * 2000}, make_context())
    with pytest.raises(DocumentIncomplete) as refused:
        build_report(READ | {"examined_on": "20261301"}, make_context(), ReadingKind.ECG)
    assert [(f.name, f.kind) for f in refused.value.faults] == [
        ("examined_on", FaultKind.MALFORMED)
    ]


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("1957-03-04", "2026-03-03", {"age_years": "68"}),
        ("1957-03-04", "2026-03-04", {"age_years": "69"}),
        ("2025-12-01", "2026-12-01", {"age_years": "1"}),
        ("2025-12-02", "2026-12-01", {"age_months": "11 29/30"}),
        ("2026-08-31", "2026-12-01", {"age_months": "3 1/30"}),
        ("2026-12-01", "2026-12-01", {"age_months": "0 0/30"}),
        ("2026-12-02", "2026-12-01", {}),
        ("1957", "2026-12-01", {}),
        ("", "2026-12-01", {}),
    ],
)
def test_age_is_that_of_the_day(born: str, day: str, age: dict[str, str]) -> None:
    assert find_age(born, dt.datetime.fromisoformat(f"{day}T12:00:00+08:00")) == age


@pytest.mark.parametrize("language", ["zh", "en"])
def test_people_read_all_that_was_signed_and_no_codes(language: str) -> None:
    read = read_document(make_opinion(), language)
    text = "\n".join(f"{line.label} {line.text}" for s in read for line in s.lines)
    for said in (*ANSWERED.values(), QUESTION, *(t for n, t in ASKED.items())):
        assert said in text
    assert "欧阳明月 · 主任医师 · 心血管内科 · 杏林中心医院" in text
    assert "qingshan-f1/Observation/a1 · 2" in text
    labels = [line.label for s in read for line in s.lines]
    assert all(re.search("[一-龥]", label) for label in labels if label) is (language == "zh")
    for code in ("urn:", "DE0", "HDSD", "ni:///", "http", "final", "C0045", "female", "male"):
        assert code not in text
    report = build_report(READ, make_context(), ReadingKind.ECG)
    told = [line.text for s in read_document(report, language) for line in s.lines]
    assert READ["findings"] in told and READ["impression"] in told and "2026-12-01" in told
