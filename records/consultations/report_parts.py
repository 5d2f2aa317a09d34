"""Build the DiagnosticReport of a remote reading: ECG, imaging, pathology (C0006, FHIR R4
diagnosticreport.html). Pure.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from records.consultations.document_parts import DocumentParts

SERVICE_SECTIONS = "http://terminology.hl7.org/CodeSystem/v2-0074"


class ReadingKind(Enum):
    """What is read; LOINC's code of such a report, its display, the section of v2-0074."""

    ECG = ("11524-6", "EKG study", "EC")
    IMAGING = ("18748-4", "Diagnostic imaging study", "RAD")
    PATHOLOGY = ("11526-1", "Pathology study", "SP")

    @property
    def loinc(self) -> str:
        return self.value[0]

    @property
    def display(self) -> str:
        return self.value[1]

    @property
    def section(self) -> str:
        return self.value[2]


def build_reading(
    parts: "DocumentParts", fields: Mapping[str, str], reading: ReadingKind
) -> dict[str, Any]:
    from records.consultations.document_parts import write_moment

    day = fields.get("examined_on", "")
    return {
        "resourceType": "DiagnosticReport",
        "id": "report",
        "basedOn": [parts.reference("request")],
        "status": "final" if parts.context.revision == 1 else "amended",
        "category": [{"coding": [{"system": SERVICE_SECTIONS, "code": reading.section}]}],
        "code": {
            "coding": [
                {
                    "system": "http://loinc.org",
                    "code": reading.loinc,
                    "display": reading.display,
                }
            ],
            "text": fields["examination"],
        },
        "subject": parts.reference("patient"),
        **({"effectiveDateTime": f"{day[:4]}-{day[4:6]}-{day[6:]}"} if day else {}),
        "issued": write_moment(parts.context.written_at),
        "performer": [parts.reference(parts.hospital_part(parts.context.consulted))],
        "resultsInterpreter": [parts.reference(name) for name in parts.expert_roles],
        "result": [parts.reference("field-findings")],
        "conclusion": fields["impression"],
    }
