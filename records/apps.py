"""WHAT is shared."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

from consent import from_records
from records.sql.registrations import ASKED

if TYPE_CHECKING:
    from consent.audit.export_order import ExportOrder
    from consent.reports.report_forms import OverviewText

from_records.asked = ASKED


def write_package(order: "ExportOrder", path: Path) -> dict[str, Any]:
    """The evidence package, whose fonts and layout are loaded with the first one."""
    from records.evidence.evidence_package import write_evidence_package

    return write_evidence_package(order, path)


def print_overview(text: "OverviewText") -> bytes:
    """Likewise."""
    from records.evidence.overview_print import write_overview_pdf

    return write_overview_pdf(text)


class RecordsConfig(AppConfig):
    name = "records"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from alliance.auth.scopes import HOSTED_TYPES
        from alliance.models import WorkTransition
        from alliance.services.proposals import PROPOSAL_ACTS
        from consent.audit.export_order import PACKAGE_FORMS
        from consent.reports.report_forms import OVERVIEW_PRINTERS
        from consent.services.case_gathering import ITEM_FINDERS
        from records.access_review.case_episode import EPISODE, find_episode_face
        from records.fhir.resource_types import TYPES
        from records.recognition.catalogue_changes import CATALOGUE_ACT, QUALIFICATION_ACT
        from records.work_faces.work_notices import note_transition

        PROPOSAL_ACTS.update({"recognition": CATALOGUE_ACT, "qualification": QUALIFICATION_ACT})
        PACKAGE_FORMS["package"] = write_package
        OVERVIEW_PRINTERS[:] = [print_overview]
        ITEM_FINDERS[EPISODE] = find_episode_face
        post_save.connect(note_transition, sender=WorkTransition)
        HOSTED_TYPES.update(TYPES, ("Person",))  # Person is read at the shared base
