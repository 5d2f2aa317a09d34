"""TABLE of the chapters of a consultation's record (C0045) and of a remote reading's report, and
the sections that they become. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from records.consultations.document_parts import DocumentParts
from records.consultations.opinion_fields import FIELDS_BY_NAME
from records.fhir.narrative import XHTML


@dataclass(frozen=True, slots=True)
class Chapter:
    """names: of the fields in it; loinc: of the section, "" where the shared document gives a name
    alone.
    """

    zh: str
    en: str
    loinc: str
    names: tuple[str, ...]


RECORDS_SENT = Chapter("随会诊申请发送的资料", "Records sent with the request", "", ())
OPINION_SECTIONS = (
    Chapter("病历摘要", "Summary of the case", "51848-0", ("summary",)),
    Chapter(
        "诊断",
        "Diagnosis",
        "29548-5",
        (
            *("diagnosis_name", "diagnosis_code", "tcm_disease_name", "tcm_disease_code"),
            *("tcm_syndrome_name", "tcm_syndrome_code", "four_examinations"),
        ),
    ),
    Chapter("辅助检查", "Auxiliary examinations", "", ("auxiliary_results",)),
    Chapter("诊疗过程", "Treatment so far", "8648-8", ("course",)),
    Chapter(
        "治疗计划",
        "Treatment plan",
        "18776-5",
        ("course_name", "treatment_principle", "purpose"),
    ),
    Chapter("会诊原因", "Reason for the consultation", "", ("consultation_kind", "reason")),
    RECORDS_SENT,
    Chapter("会诊意见", "Opinion", "", ("opinion", "discussion")),
)
REPORT_SECTIONS = (
    Chapter(
        "诊断",
        "Diagnosis",
        "29548-5",
        ("summary", "diagnosis_name", "diagnosis_code", "reason"),
    ),
    Chapter("检查", "Examination", "", ("examination", "examined_on", "method")),
    RECORDS_SENT,
    Chapter("检查报告", "Report", "", ("findings", "impression", "report_note")),
)


def build_sections(
    chapters: tuple[Chapter, ...], fields: Mapping[str, str], parts: DocumentParts
) -> list[dict[str, Any]]:
    """Of the chapters that something stands in."""
    for name in ("age_years", "age_months"):  # of the patient at the end of the consultation
        if fields.get(name):
            parts.add_element(FIELDS_BY_NAME[name], fields[name])
    sections = []
    for chapter in chapters:
        if chapter is RECORDS_SENT:
            lines = [
                ((sent.title or sent.address), f"SHA-256 {sent.sha256}")
                for sent in parts.context.attachments
            ]
            entries = [
                parts.reference(f"record-{n}") for n in range(1, len(parts.context.attachments) + 1)
            ]
        else:
            written = [FIELDS_BY_NAME[n] for n in chapter.names if fields.get(n)]
            lines = [(f.zh, fields[f.name]) for f in written]
            entries = [parts.add_element(f, fields[f.name]) for f in written]
        if lines:
            coding = {"system": "http://loinc.org", "code": chapter.loinc}
            sections.append(
                {
                    "title": chapter.zh,
                    "code": {
                        **({"coding": [coding]} if chapter.loinc else {}),
                        "text": chapter.zh,
                    },
                    "text": {"status": "generated", "div": write_narrative(lines)},
                    "entry": entries,
                }
            )
    return sections


def write_narrative(lines: list[tuple[str, str]]) -> str:
    body = "".join(
        f"<p><b>{escape(label, quote=False)}</b></p>"
        f"<p>{escape(text, quote=False).replace(chr(10), '<br/>')}</p>"
        for label, text in lines
    )
    return f'<div xmlns="{XHTML}">{body}</div>'
