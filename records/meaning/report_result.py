"""A DiagnosticReport as a line: what was examined, what its conclusion says, when (FHIR R4
diagnosticreport.html). Nothing is guessed: a report whose words stand in a file alone says so.
"""

from typing import Any

from records.meaning.observation_results import Result, identity_kind
from records.meaning.recognition_mark import split_recognition_marks
from records.meaning.result_flags import ResultFlag
from records.meaning.result_identity import identify_result
from records.meaning.result_values import ResultValue, ValueKind
from records.meaning.test_names import name_bare_code
from records.meaning.times import moment_of_element
from records.meaning.value_text import concept_text, drop_nulls


def read_report(report: dict[str, Any], hospital: str) -> Result:
    """hospital: its code. The value is the conclusion in words; ValueKind.NOTHING where the report
    has none, no coded one and no file either.
    """
    report = drop_nulls(report)
    sent_title = concept_text(report.get("code"))
    title, recognised = split_recognition_marks(name_bare_code(report.get("code"), sent_title))
    value = read_conclusion(report)
    return Result(
        title,
        identify_result(report, None, value.unit, identity_kind(value), hospital),
        value,
        moment_of_element(report, "effectiveDateTime", "effectivePeriod", "issued"),
        ResultFlag.NONE,
        status=str(report.get("status") or ""),
        issued=str(report.get("issued") or ""),
        recognised=recognised,
        sent_title=sent_title if sent_title != title else "",
    )


def read_conclusion(report: dict[str, Any]) -> ResultValue:
    """In words: the conclusion, else its codes, else the titles of the files that hold it."""
    said = str(report.get("conclusion") or "").strip()
    coded = "；".join(filter(None, map(concept_text, report.get("conclusionCode") or [])))
    files = [f for f in report.get("presentedForm") or [] if isinstance(f, dict)]
    titles = "、".join(str(f.get("title") or "").strip() or "📄" for f in files)
    text = said or coded or titles
    return ResultValue(ValueKind.TEXT, text) if text else ResultValue(ValueKind.NOTHING)
