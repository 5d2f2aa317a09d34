"""What a mapping does to what is read: pages, trends, prints, summaries, feeds and labels see the
standard code, and lose it again.
"""

import io
from typing import Any

import pytest
from django.db import connection
from pypdf import PdfReader

from alliance.roles import Role
from records.mapping.import_list import import_code_list
from records.mapping.kinds import ICD10_CLINICAL, MappingKind
from records.mapping.map_decisions import do_withdraw_mapping
from records.mapping.standard_codes import StandardTarget
from records.meaning.result_identity import LOINC
from records.models import LocalCode, SourcePatient
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.local_codes import (
    add_patients,
    follow,
    get_code,
    local_system,
    make_local_result,
    map_code,
)
from tests.support.browser import ENGLISH, signed_in


class Clinic:
    """A patient with one result under a local code and one under LOINC, and their doctor."""

    def __init__(self, server: str) -> None:
        self.at = alliance.make_hospital("effect")
        self.api = Api(server, self.at.code, credentials=alliance.make_credentials(self.at))
        [self.about] = add_patients(self.api, 1)
        self.local = self.api.create(make_local_result(self.about, self.at.code, text="谷丙转氨酶"))
        shared = {"coding": [{"system": LOINC, "code": "1742-6"}], "text": "ALT"}
        self.api.create(
            make_local_result(self.about, self.at.code)
            | {
                "code": shared,
                "effectiveDateTime": "2026-06-07",
                "valueQuantity": {"value": 44, "unit": "U/L"},
            }
        )
        source = SourcePatient.objects.get(hospital=self.at, fhir_id=self.about.split("/")[1])
        self.person = source.person_id
        self.doctor = signed_in(alliance.make_staff(self.at))
        follow(self.at)

    def get(self, path: str) -> Any:
        reply = self.doctor.get(f"/person/{self.person}/{path}", headers=ENGLISH)
        assert reply.status_code == 200, path
        return reply

    def rows(self) -> int:
        """How many tests the page of results has."""
        page = self.get("results/").content.decode()
        return len(set(part.split('"')[0] for part in page.split("trend/?test=")[1:]))

    def map(self) -> Any:
        mapping = map_code(self.at, get_code(self.at))
        follow(self.at)
        return mapping

    def withdraw(self, mapping: Any) -> None:
        clerk = alliance.get_staff_principal(alliance.make_staff(self.at, Role.CLERK))
        do_withdraw_mapping(mapping, reason="wrong", acting=clerk)
        follow(self.at)


@pytest.fixture
def clinic(server: str) -> Clinic:
    return Clinic(server)


def test_results_of_one_test_stand_in_one_row_and_part_again(clinic: Clinic) -> None:
    assert clinic.rows() == 2
    mapping = clinic.map()
    assert clinic.rows() == 1
    clinic.withdraw(mapping)
    assert clinic.rows() == 2


def test_a_print_and_a_summary_have_both_results_and_the_words_as_sent(clinic: Clinic) -> None:
    clinic.map()
    pdf = PdfReader(io.BytesIO(clinic.get("print/results.pdf").content))
    words = "".join(p.extract_text() for p in pdf.pages)
    assert "谷丙转氨酶" in words and "44" in words
    summary = clinic.get("print/ips.json").content.decode()
    assert summary.count('"1742-6"') == 2 and local_system(clinic.at.code) in summary


def test_the_alliances_base_finds_it_by_the_standard_code(clinic: Clinic) -> None:
    question = f"Observation?patient={clinic.person}&code={LOINC}|1742-6"

    def found() -> int:
        return len(clinic.api("GET", question, base="alliance").json.get("entry", []))

    assert found() == 1
    mapping = clinic.map()
    assert found() == 2
    clinic.withdraw(mapping)
    assert found() == 1


def test_a_feed_and_a_history_tell_of_the_new_version(clinic: Clinic) -> None:
    before = clinic.api("GET", "_history?_count=1").json["entry"][0]["resource"]
    since = before["meta"]["lastUpdated"]
    clinic.map()
    told = clinic.api("GET", f"Observation?_lastUpdated=gt{since}").json["entry"]
    assert clinic.local in {f"Observation/{e['resource']['id']}" for e in told}
    history = clinic.api("GET", f"{clinic.local}/_history").json
    assert [e["resource"]["meta"]["versionId"] for e in history["entry"]] == ["2", "1"]


def test_a_mapped_diagnosis_gets_its_sensitivity_label(clinic: Clinic) -> None:
    target = StandardTarget(ICD10_CLINICAL, "B20.000", "人类免疫缺陷病毒病", ())
    import_code_list(
        MappingKind.DIAGNOSIS,
        ICD10_CLINICAL,
        [target],
        title="ICD-10 国临版",
        version="test",
        licence="test",
        acting=alliance.OPERATOR,
    )
    coding = {"system": local_system(clinic.at.code, "diagnosis", "his"), "code": "H9"}
    condition = clinic.api.create(
        {
            "resourceType": "Condition",
            "code": {"coding": [coding], "text": "某病"},
            "subject": {"reference": clinic.about},
        }
    )
    follow(clinic.at)
    code = LocalCode.objects.get(hospital=clinic.at, kind="diagnosis")

    def labels() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT labels FROM record_resource WHERE hospital = %s AND fhir_id = %s",
                [clinic.at.pk, condition.split("/")[1]],
            )
            return int(cursor.fetchone()[0])

    assert labels() == 0
    map_code(clinic.at, code, "B20.000", ICD10_CLINICAL)
    follow(clinic.at)
    assert labels() & 1, "who must not see it by its meaning does not"
