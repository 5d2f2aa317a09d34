"""Results page by page to the very end: each once, true counts, also while one arrives; narrowed
exactly; a page for each test.
"""

import datetime as dt
import re
from collections import Counter
from html import unescape
from itertools import pairwise
from typing import Any

import pytest

from records.models import SourcePatient
from records.operations import shared_record
from tests.factories import alliance
from tests.factories.fhir import Api, make_bundle, make_patient
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser

MANY = 2000
NEXT = re.compile(r'rel="next"\s+href="([^"]+)"')
PLACE = re.compile(r"among results (\d+)–(\d+) of (\d+)|Results (\d+)–(\d+) of (\d+)")
VALUE = re.compile(r'class="value [^"]*"[^>]*>(?:<a [^>]*>)?(\d+\.\d+)')
ROW = re.compile(r'<a href="[^"]*trend/\?test=([^"]+)">([^<]*)</a>')


def make_result(about: str, number: int) -> dict[str, Any]:
    """Each with a value of its own; one in ten is above its range, one in 50 has no date, ten at
    a time share one."""
    at = dt.date(2026, 10, 1) - dt.timedelta(days=number // 10)
    return {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": about},
        "code": {"text": f"项目{number % 7}"},
        **({} if number % 50 == 0 else {"effectiveDateTime": at.isoformat()}),
        "valueQuantity": {"value": float(f"{number}.25"), "unit": "U/L"},
        "referenceRange": [{"high": {"value": 1 if number % 10 == 3 else 99999, "unit": "U/L"}}],
    }


class Ward:
    def __init__(self, server: str, many: int = 0) -> None:
        self.at = alliance.make_hospital("grid")
        self.api = Api(server, self.at.code, credentials=alliance.make_credentials(self.at))
        self.about = self.api.create(make_patient())
        for start in range(0, many, 500):
            made = [make_result(self.about, n) for n in range(start, min(start + 500, many))]
            reply = self.api(
                "POST", "", make_bundle(*[("POST", "Observation", r) for r in made], kind="batch")
            )
            assert reply.status == 200
        fhir_id = self.about.split("/")[1]
        source = SourcePatient.objects.get(hospital=self.at, fhir_id=fhir_id)
        self.path = f"/person/{source.person_id}/results/"
        self.browser: Browser = signed_in(alliance.make_staff(self.at))

    def read(self, path: str) -> str:
        reply = self.browser.get(path, headers=ENGLISH)
        assert reply.status_code == 200
        return re.sub(r"\s+", " ", reply.content.decode())

    def pages(self, query: str = "") -> list[str]:
        found = [self.read(self.path + query)]
        while m := NEXT.search(found[-1]):
            found.append(self.read(unescape(m[1])))
            assert len(found) < 60
        return found


@pytest.fixture(scope="module")
def full(server: str) -> Ward:
    return Ward(server, MANY)


def places(pages: list[str]) -> list[tuple[int, ...]]:
    return [tuple(int(x) for x in PLACE.search(p).groups() if x) for p in pages]  # type: ignore[union-attr]


def test_every_result_stands_on_one_page(full: Ward) -> None:
    pages = full.pages()
    values = [v for p in pages for v in VALUE.findall(p)]
    assert Counter(values) == Counter(f"{n}.25" for n in range(MANY))
    assert places(pages) == [(n + 1, n + 200, MANY) for n in range(0, MANY, 200)]
    assert "These are the oldest." in pages[-1] and "These are the oldest." not in pages[0]


def test_narrowed_pages_are_exact_to_the_end(full: Ward) -> None:
    for query, fits in (
        ("?abnormal=1", lambda n: n % 10 == 3),
        ("?test=目3", lambda n: n % 7 == 3),
        ("?test=%20项 目3&abnormal=1", lambda n: n % 7 == 3 and n % 10 == 3),
        ("?kind=vital", lambda n: False),
        (f"?hospital={full.at.code}&kind=laboratory&test=目5", lambda n: n % 7 == 5),
        ("?hospital=elsewhere", lambda n: False),
    ):
        pages = full.pages(query)
        lists = [
            VALUE.findall(re.sub(r'<section class="card critical.*?</section>', "", p))
            for p in pages
        ]
        assert Counter(v for found in lists for v in found) == Counter(
            f"{n}.25" for n in range(MANY) if fits(n)
        ), query
        found = places(pages)
        assert found[0][0] == 1 and found[-1][1:] == (MANY, MANY)
        assert all(a[1] + 1 == b[0] for a, b in pairwise(found))
        told = [int(m[1]) for p in pages if (m := re.search(r"(\d+) values? fits? among", p))]
        assert sum(told) == sum(map(len, lists))


def test_one_that_arrives_meanwhile_moves_nothing(server: str) -> None:
    ward = Ward(server, 450)
    first = ward.read(ward.path)
    new = make_result(ward.about, 0) | {"effectiveDateTime": "2026-11-01"}
    ward.api.create(new | {"valueQuantity": {"value": 7777.5, "unit": "U/L"}})
    rest = [ward.read(unescape(NEXT.search(first)[1]))]  # type: ignore[index]
    rest.append(ward.read(unescape(NEXT.search(rest[0])[1])))  # type: ignore[index]
    values = [v for p in (first, *rest) for v in VALUE.findall(p)]
    assert Counter(values) == Counter(f"{n}.25" for n in range(450))
    assert places([first, *rest]) == [(1, 200, 450), (202, 401, 451), (402, 451, 451)]
    assert "7777.5" in ward.read(ward.path), "the control"


def test_a_position_that_nobody_wrote_is_the_first_page(full: Ward) -> None:
    first = PLACE.search(full.read(full.path))
    for forged in (
        "x",
        "2026-99-99 00:00:00+00~1",
        "2026-10-01 00:00:00+00~99999999999999999999",
        "2026-10-01 00:00:00+99:99~1",
        "9999-12-31 BC~1",
        "infinity~1",
        "2026-10-01 00:00:00+00~1'; --",
        "%00",
    ):
        found = PLACE.search(full.read(f"{full.path}?after={forged}"))
        assert found and first and found[0] == first[0], forged
    behind = full.read(f"{full.path}?after=-infinity~0")
    assert "There are no older results." in behind and not VALUE.search(behind)


def test_the_page_of_a_test(full: Ward) -> None:
    key = next(k for k, name in ROW.findall(full.read(full.path)) if name == "项目3")
    page = full.read(f"{full.path}trend/?test={unescape(key)}")
    expected = [n for n in range(MANY) if n % 7 == 3]
    cells = re.findall(r'<td><span class="value [^"]*">(\d+)\.25', page)
    assert Counter(map(int, cells)) == Counter(expected), "by its name alone, to the end"
    assert f"Looked through results 1–{MANY} of {MANY}" in page
    assert page.count("<path") > 100 and "older results are in the table only" in page
    for nothing in ("?test=nobody~|x", "?test=http://loinc.org|0-0", "?test=component:x"):
        assert "Nothing here that you can see." in full.read(f"{full.path}trend/{nothing}")
    assert "Nothing here that you can see." in full.read(f"{full.path}trend/")


def test_a_coded_test_is_found_by_its_codes_in_both_units(server: str) -> None:
    ward = Ward(server, 30)
    loinc = [("http://loinc.org", "14682-9"), ("urn:oid:2.16.840.1.113883.6.1", "2160-0")]
    for n, (system, code) in enumerate(loinc):
        ward.api.create(
            make_result(ward.about, 1)
            | {
                "code": {"text": "【全国HR】肌酐", "coding": [{"system": system, "code": code}]},
                "valueQuantity": {"value": (92, 1.1)[n], "unit": ("umol/L", "mg/dL")[n]},
                "effectiveDateTime": f"2026-11-0{2 - n}",
            }
        )
    home = ward.read(ward.path)
    [key] = {k for k, name in ROW.findall(home) if name == "肌酐"}
    assert "recognised nationwide" in home and "Kidney" in home
    page = ward.read(f"{ward.path}trend/?test={unescape(key)}")
    assert "Results 1–2 of 2 of this test" in page
    assert page.count('class="join') == 1 and "≈ 97.24 μmol/L" in page
    assert "【全国HR】肌酐" in page, "the name as it was sent"


def test_pages_take_one_audit_line_each(full: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = shared_record.gate.authorize_access
    monkeypatch.setattr(
        shared_record.gate, "authorize_access", lambda r: (opened.append(r.detail), real(r))[1]
    )
    full.read(f"{full.path}?abnormal=1")
    full.read(f"{full.path}trend/?test=x")
    assert opened == ["results", "results"]
