"""Gather what the signed document of a consultation says beside the experts' texts: whom it is
about, who asked what, who answers, which records went along.
"""

import json
from typing import Any

from alliance.auth.principal import Principal
from alliance.consultations.consultation_effects import list_team
from alliance.models import Hospital, OpinionDraft, Staff, WorkItem
from alliance.workflow.move_item import database_now
from records.consultations.opinion_document import (
    OPINION_TABLE,
    build_opinion,
    build_report,
    digest_request,
)
from records.consultations.opinion_parties import (
    SEX_BY_GENDER,
    Doctor,
    DoctorRole,
    Institution,
    OpinionContext,
    RegisteredPatient,
    SentRecord,
)
from records.consultations.report_parts import ReadingKind
from records.models import SourcePatient
from records.mpi.index.patient_search import displayed_persons

Kind = WorkItem.Kind
KIND_IN_DOCUMENT = {  # as C0045 has it, in the language of the document
    Kind.CONSULTATION: "院外会诊",
    Kind.JOINT_CONSULTATION: "多学科会诊",
    Kind.ECG_READING: "心电远程诊断",
    Kind.IMAGE_READING: "影像远程诊断",
    Kind.SLIDE_READING: "病理远程诊断",
}
READING_BY_KIND = {
    Kind.ECG_READING: ReadingKind.ECG,
    Kind.IMAGE_READING: ReadingKind.IMAGING,
    Kind.SLIDE_READING: ReadingKind.PATHOLOGY,
}


def build_document(item: WorkItem, draft: OpinionDraft, acting: Principal) -> dict[str, Any]:
    """The document Bundle of a draft. Raises DocumentIncomplete."""
    asked: dict[str, str] = json.loads(item.asked.fields)
    written: dict[str, str] = json.loads(draft.fields)
    context = gather_context(item, asked, acting)
    kind = Kind(item.kind)
    if kind in READING_BY_KIND:
        return build_report(asked | written, context, READING_BY_KIND[kind])
    known = {f.name for f in OPINION_TABLE}
    fields = {n: t for n, t in (asked | written).items() if n in known}
    return build_opinion(fields, context)


def gather_context(item: WorkItem, asked: dict[str, str], acting: Principal) -> OpinionContext:
    asker = Staff.objects.select_related("hospital").get(pk=item.sender_staff_id)
    source = SourcePatient.objects.get(pk=item.source_patient)
    # in clear, as the hospital that asks sees them
    face = displayed_persons({item.person}, acting.hospital_id, item.sender_id)[item.person]
    attachments = tuple(
        SentRecord(f"{d.hospital.code}/{d.type_name}/{d.fhir_id}", d.version, d.digest)
        for d in item.documents.select_related("hospital").order_by("pk")
    )
    now = database_now()
    met = item.transitions.filter(verb="end").order_by("-version").first()
    return OpinionContext(
        item.number,
        KIND_IN_DOCUMENT[Kind(item.kind)],
        RegisteredPatient(
            source.fhir_id, face.name, SEX_BY_GENDER.get(face.gender, "9"), face.birth_date
        ),
        Doctor(
            asker.pk,
            asker.name,
            describe_hospital(item.sender),
            asked.get("asking_department", ""),
            asker.title,
            DoctorRole.ASKING,
        ),
        describe_hospital(item.receiver),
        list_doctors(item),
        item.question,
        item.sent_at,
        digest_request(asked, item.question, attachments),
        met.at if met else now,
        now,
        attachments,
    )


def list_doctors(item: WorkItem) -> tuple[Doctor, ...]:
    """The experts, the lead first."""
    return tuple(
        Doctor(
            e.staff_id,
            e.staff.name,
            describe_hospital(item.receiver),
            item.department,
            e.staff.title,
            DoctorRole.LEAD if e.leads else DoctorRole.EXPERT,
        )
        for e in list_team(item)
    )


def describe_hospital(hospital: Hospital) -> Institution:
    return Institution(hospital.code, hospital.name_zh, hospital.credit_code or "")
