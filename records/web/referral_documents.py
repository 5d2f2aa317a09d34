"""What can go along with a referral: of what its sender sees, the last visit, results and reports
of 30 days, medicines, allergies and imaging. What consent hides from the sender, or would from the
receiver, is not offered; the receiver reads each through the gate.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from alliance.resource_names import RESOURCE_NAMES
from alliance.workflow.send_item import NewDocument
from records.fhir.resource_digest import digest_resource
from records.operations.shared_record import OpenedRecord, SectionWindow, ShownResource
from records.web.resource_display import build_display_line

RESULTS_OF = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Offered:
    """value: as the form sends it; words: as it shows it."""

    value: str
    words: str
    url: str
    document: NewDocument


def referral_windows(now: dt.datetime) -> dict[str, SectionWindow]:
    recent = {"starts": now - RESULTS_OF}
    return {
        "along Encounter": SectionWindow(1, "Encounter"),
        "along Observation": SectionWindow(40, "Observation", **recent),
        "along DiagnosticReport": SectionWindow(20, "DiagnosticReport", **recent),
        "along MedicationRequest": SectionWindow(20, "MedicationRequest"),
        "along AllergyIntolerance": SectionWindow(20, "AllergyIntolerance"),
        "along ImagingStudy": SectionWindow(10, "ImagingStudy"),
    }


def list_offered(opened: OpenedRecord, now: dt.datetime) -> list[Offered]:
    return [o for name in referral_windows(now) for o in offer_rows(opened.rows.get(name, []))]


def offer_rows(rows: list[ShownResource]) -> Iterator[Offered]:
    for shown in rows:
        line = build_display_line(shown)
        kind, fhir_id = shown.resource["resourceType"], shown.resource["id"]
        version = str((shown.resource.get("meta") or {}).get("versionId", ""))
        yield Offered(
            f"{shown.hospital.code}/{kind}/{fhir_id}/{version}",
            " · ".join(
                filter(
                    None,
                    (
                        str(RESOURCE_NAMES.get(kind) or kind),
                        line.title,
                        line.date,
                        shown.hospital.name,
                    ),
                )
            ),
            shown.url,
            NewDocument(shown.hospital.pk, kind, fhir_id, version, digest_resource(shown.resource)),
        )
