"""The pages of dead letters: values for the record clerk of the own hospital alone; try all of a
cause again, drop, take along (docs/adr/0069).
"""

import csv
import io
import zipfile

import pytest
from django.db import connection

from alliance.models import Hospital
from alliance.roles import Role
from records.sync.rules import RULES
from records.sync.shown_letter import NAMED, is_plain
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.browser import ENGLISH
from tests.support.sync_batches import Sender, put
from tests.support.sync_pages import (
    STATUS,
    bad,
    cause_of,
    letters_url,
    newest_line,
    page,
    staff_browser,
)


@pytest.fixture
def sender(api: Api) -> Sender:
    return Sender(api)


@pytest.fixture
def at(api: Api) -> Hospital:
    return Hospital.objects.get(code=api.base)


def test_who_sees_what(api: Api, sender: Sender, stranger: Api, at: Hospital) -> None:
    sender.sent(put(make_patient(), "p1"), put(bad(), "o1", at="检验.csv 第18行"))
    far = Hospital.objects.get(code=stranger.base)
    clerk, other = staff_browser(at, Role.CLERK), staff_browser(far, Role.CLERK)
    admin = staff_browser(at, Role.ADMINISTRATOR, wide=True)
    letters = letters_url(at, STATUS)
    assert "检验.csv 第18行" in page(clerk, letters)
    kind, hospital, target, detail = newest_line("records:dead-letter:read")
    assert (kind, hospital, target) == ("staff", at.code, f"{at.code}/dead-letters")
    assert detail.startswith("1 · ")
    assert newest_line("records:dead-letter:read")
    for browser, address, status in (
        (other, f"/sync-board/{at.code}/", 404),
        (other, letters, 404),
        (other, f"/sync-board/{far.code}/", 200),
        (admin, f"/sync-board/{at.code}/", 200),
        (admin, letters, 403),
        (staff_browser(at, Role.CLINICIAN), "/sync-board/", 403),
    ):
        assert "检验.csv" not in page(browser, address, status)
    for part in ("replay/", "drop/", "export/"):
        form = STATUS | {"reason": "test", "sure": "on", "until": str(2**62)}
        assert other.post(letters_url(at, STATUS, part), form).status_code == 404
        assert admin.post(letters_url(at, STATUS, part), form).status_code == 403
    assert [x["state"] for x in sender.letters()] == ["open"], "the control: nothing was done"
    wide_clerk = staff_browser(far, Role.CLERK, wide=True)
    page(wide_clerk, letters, 404)


def test_a_clerk_sees_identities_and_no_results(api: Api, sender: Sender, at: Hospital) -> None:
    patient = make_patient() | {"birthDate": "1980-13-40"}
    sender.sent(
        put(make_patient(), "p1"),
        put(patient, "p2", at="患者.csv 第2行"),
        put(
            bad() | {"status": "final", "valueQuantity": {"value": "HIV阳性"}},
            "o1",
            at="检验.csv 第3行",
        ),
    )
    clerk = staff_browser(at, Role.CLERK)
    told = {x["record"]: x for x in sender.letters()}
    assert told["o1"]["value"] == "HIV阳性", "the sender itself is told"
    births = page(clerk, letters_url(at, cause_of(told["p2"])))
    assert "1980-13-40" in births and "患者.csv 第2行" in births
    results = page(clerk, letters_url(at, cause_of(told["o1"])))
    assert "阳性" not in results and "value not shown" in results
    assert "检验.csv 第3行" in results and "o1" in results


@pytest.mark.parametrize(
    ("type_name", "rule", "place", "plain"),
    [
        ("Patient", "form.date", "Patient.birthDate", True),
        ("Observation", "code.not-in-set", "Observation.status", True),
        ("Observation", "form.dateTime", "Observation.effectiveDateTime", True),
        ("Observation", "reference.form", "Observation.subject.reference", True),
        ("Observation", "json.decimal", "Observation.valueQuantity.value", False),
        ("Observation", "form.code", "Observation.code.coding[0].code", False),
        ("Condition", "form.string", "Condition.code.text", False),
        ("Condition", "form.string", "Condition.note[0].text", False),
        ("Encounter", "form.string", "Encounter.reasonCode[0].text", False),
        ("DiagnosticReport", "form.string", "DiagnosticReport.conclusion", False),
        ("MedicationRequest", "fhir.value", "MedicationRequest.dosageInstruction[0].text", False),
        ("Observation", "form.string", "Observation.contained[0].name[0].text", False),
        ("Observation", "form.string", "", False),
        ("Condition", "form.dateTime", "Condition.onsetDateTime", True),
        ("Condition", "form.string", "Condition.onsetString", False),
        ("Encounter", "form.dateTime", "Encounter.period.start", True),
        ("DocumentReference", "form.string", "DocumentReference.context.event[0].text", False),
        ("MedicationRequest", "reference.form", "MedicationRequest.reasonReference", False),
    ],
)
def test_which_values_are_shown(type_name: str, rule: str, place: str, plain: bool) -> None:
    assert is_plain(type_name, rule, place) is plain


def test_no_mend_repeats_what_a_record_says() -> None:
    """It is shown where the value is not."""
    for rule in RULES.values():
        for text in (rule.mend_zh, rule.mend_en):
            assert not set(NAMED.findall(text)) & {"value", "detail", "detail_zh", "said"}, (
                rule.code
            )


def test_a_cause_is_tried_again_as_a_whole(api: Api, sender: Sender, at: Hospital) -> None:
    sender.sent(put(make_patient(), "p1"), *(put(bad(), f"o{n}") for n in range(3)))
    clerk = staff_browser(at, Role.CLERK)
    assert (
        clerk.post(letters_url(at, STATUS, "replay/"), STATUS, headers=ENGLISH).status_code == 302
    )
    assert {x["state"] for x in sender.letters()} == {"open"}
    assert "Tried again: 3. Stored or settled: 0. Still refused or waiting: 3." in page(
        clerk, letters_url(at, STATUS)
    )
    with connection.cursor() as cursor:  # as if the platform knew this status by now
        cursor.execute(
            "UPDATE record_sync_dead_letter SET state = 'open', rule = 'server.error', field = ''"
            " WHERE hospital = %s",
            [at.pk],
        )
    cause = {"rule": "server.error", "field": "", "state": "open"}
    assert clerk.post(letters_url(at, cause, "replay/"), cause).status_code == 302
    assert {x["rule"] for x in sender.letters("state=open")} == {"code.not-in-set"}
    code = newest_line("records:dead-letter:replay")
    assert code[:2] == ("staff", at.code) and code[3].startswith("3 · ")


def test_waiting_letters_of_a_cause_are_stored_once_they_can_be(
    api: Api, sender: Sender, at: Hospital
) -> None:
    sender.sent(*(put(make_observation("Patient/his-late"), f"w{n}") for n in range(2)))
    api("PUT", "Patient/his-late", make_patient() | {"id": "his-late"})
    [cause, _] = [cause_of(x) for x in sender.letters("state=waiting")]
    clerk = staff_browser(at, Role.CLERK)
    assert "Records that wait" in page(clerk, letters_url(at, cause))
    reply = clerk.post(letters_url(at, cause, "replay/"), cause, headers=ENGLISH)
    assert reply["Location"] == f"/sync-board/{at.code}/", "none of the cause is left"
    assert "Stored or settled: 2." in page(clerk, reply["Location"])
    assert {x["state"] for x in sender.letters()} == {"mended"}


def test_dropping_takes_a_reason_and_leaves_what_came_since(
    api: Api, sender: Sender, at: Hospital
) -> None:
    sender.sent(put(make_patient(), "p1"), put(bad(), "o1"), put(bad(), "o2"))
    clerk = staff_browser(at, Role.CLERK)
    seen = max(x["id"] for x in sender.letters("state=open"))
    assert f'name="until" value="{seen}"' in page(clerk, letters_url(at, STATUS))
    sender.sent(put(bad(), "o3"))
    url, form = letters_url(at, STATUS, "drop/"), STATUS | {"until": str(seen)}
    assert b'class="fault"' in clerk.post(url, form).content
    assert len(sender.letters("state=open")) == 3, "nothing without a reason"
    clerk.post(url, form | {"reason": "误传的旧数据", "sure": "on"})
    assert [x["record"] for x in sender.letters("state=open")] == ["o3"]
    dropped = sender.letters("state=dropped")
    assert {x["reason"] for x in dropped} == {"误传的旧数据"} and len(dropped) == 2


def test_a_file_holds_no_formula(api: Api, sender: Sender, at: Hospital) -> None:
    patient = make_patient() | {"birthDate": "=1+1"}
    sender.sent(put(patient, "p1", at="=cmd|' /C calc'!A0"))
    [letter] = sender.letters()
    cause, clerk = cause_of(letter), staff_browser(at, Role.CLERK)
    made = clerk.post(letters_url(at, cause, "export/"), cause | {"format": "csv"}, headers=ENGLISH)
    assert made["Content-Disposition"].endswith('.csv"')
    [head, row] = csv.reader(io.StringIO(made.content.decode("utf-8-sig")))
    assert head[:2] == ["File and row", "Record number"]
    assert row[0] == "'=cmd|' /C calc'!A0" and row[5] == "'=1+1" and row[1] == "p1"
    book = clerk.post(letters_url(at, cause, "export/"), cause | {"format": "xlsx"})
    sheet = zipfile.ZipFile(io.BytesIO(book.content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet and b"calc" in sheet
    assert (
        clerk.post(letters_url(at, cause, "export/"), cause | {"format": "exe"}).status_code == 404
    )
    assert newest_line("records:dead-letter:read")[1] == at.code


def test_odd_questions_are_not_found(api: Api, at: Hospital) -> None:
    clerk = staff_browser(at, Role.CLERK)
    for cause in (
        STATUS | {"state": "mended"},
        STATUS | {"state": "x"},
        STATUS | {"field": "x" * 201},
        STATUS | {"rule": "a\x00"},
    ):
        page(clerk, letters_url(at, cause), 404)
    assert "None of this cause is left." in page(
        clerk, letters_url(at, STATUS) + "&after=99999999999999999999999"
    )
