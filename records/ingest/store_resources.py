"""Store valid resources: their subjects, labels, index values, canonical bytes; then the store, the
patient index and the consent house learn of them, all in the writer's transaction.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone

from consent import gate, provision
from consent.services import consent_ingest, groups, relationships
from consent.terms import Scope
from records.fhir.json_codec import dump_json
from records.fhir.resource_references import find_patient_ids
from records.fhir.resource_types import TYPES
from records.fhir.sensitivity_labels import labels_and_marks
from records.ingest import treatment
from records.ingest.directory_rows import record_directory, remove_from_directory
from records.ingest.incoming_resource import IncomingResource
from records.ingest.referential_integrity import check_targets
from records.ingest.subject_patient import find_subject_patients
from records.ingest.subscription_request import check_subscription_scopes, parse_subscription
from records.ingest.unreadable import naming_unreadable_element
from records.mapping.active_mappings import get_active_mappings
from records.mapping.apply_mappings import apply_mappings, drop_mappings
from records.models import Notification, SubscriptionState
from records.mpi.index import source_patients
from records.mpi.index.pending_registration import ArrivedPatient
from records.mpi.index.registration import do_register_patients
from records.mpi.index.source_patients import SourcePatientRow
from records.mpi.matching.fhir_patient import demographics_from_patient, parse_indexed_patient
from records.search.index_resource import build_index
from records.store import resource_writer
from records.store.codec import join_unstamped_body
from records.store.rows import Draft
from records.store.synced_records import forget_synced_records, mark_synced_records


def store_resources(
    scope: Scope,
    ledger: gate.WriteLedger,
    items: Sequence[IncomingResource],
    *,
    from_worker: bool = False,
    from_sync: bool = False,
) -> list[Draft]:
    """Store them: those without a rid are new, the others replace the row that the caller has
    locked. from_worker: the courier's own change of a Subscription, which asks for nothing anew.
    from_sync: the caller keeps the ledger of sync itself. Raises Unprocessable also for what a
    release cannot read.
    """
    for item in items:
        if drop_mappings(item.resource):
            apply_mappings(item.resource, get_active_mappings(scope.store_hospital_id or 0))
    with naming_unreadable_element(
        [(item.place, item.resource) for item in items],
        lambda resource: check_readable(resource, scope.principal.hospital),
    ):
        drafts = store_and_register(scope, ledger, items, from_worker=from_worker)
    replaced = [(draft.type_name, draft.fhir_id) for draft in drafts if draft.version > 1]
    if replaced and not (from_sync or from_worker):
        hospital_id = resource_writer.require_own_hospital(scope)
        mark_synced_records(hospital_id, replaced, scope.principal.id)
    return drafts


def check_readable(resource: dict[str, Any], hospital: str) -> None:
    """All that filing looks at in a resource; nothing is written."""
    type_name = resource["resourceType"]
    find_patient_ids(resource, TYPES[type_name].subject)
    labels_and_marks(resource)
    build_index({"id": "", **resource})
    dump_json(resource)
    if type_name == "Patient":
        parse_indexed_patient(resource)
        demographics_from_patient(resource, timezone.localdate())
    if type_name == "Subscription":
        parse_subscription(resource)
    if type_name == "Consent" and consent_ingest.is_effective_consent(resource):
        provision.parse_consent(resource, hospital)
    if type_name in treatment.TREATMENT_TYPES:
        treatment.periods_from_resource(resource, hospital)


def store_and_register(
    scope: Scope, ledger: gate.WriteLedger, items: Sequence[IncomingResource], *, from_worker: bool
) -> list[Draft]:
    check_targets(scope, items)
    find_subject_patients(scope, items)
    patient_ids = [
        [item.subject_fhir_id] * bool(item.subject_fhir_id)
        + find_patient_ids(item.resource, TYPES[item.resource["resourceType"]].subject)
        for item in items
    ]
    source_rows = load_source_patients(scope, items, patient_ids)
    source_patient_ids = {item: row.source_patient_id for item, row in source_rows.items()}
    drafts = [
        build_draft(item, ids, source_patient_ids)
        for item, ids in zip(items, patient_ids, strict=True)
    ]
    resource_writer.insert_drafts(scope, [draft for draft in drafts if not draft.resource_id])
    resource_writer.replace_drafts(scope, [draft for draft in drafts if draft.version > 1])
    persons = {row.source_patient_id: row.person_id for row in source_rows.values()}
    arrivals = [
        ArrivedPatient(source_rows[item.fhir_id], item.resource, item.place)
        for item in items
        if item.resource["resourceType"] == "Patient"
    ]
    if not scope.principal.sandbox:  # the index and the consent house never learn of a sandbox
        if arrivals:
            persons |= do_register_patients(scope.store_hospital_id or 0, arrivals)
        homes_by_source = {row.source_patient_id: row.home for row in source_rows.values()}
        record_treatment(scope, items, drafts, homes_by_source)
        record_groups(
            scope, [(draft, item.resource) for item, draft in zip(items, drafts, strict=True)]
        )
        record_consents(scope, items, drafts, persons)
        record_directory(scope.store_hospital_id or 0, items)
    if not from_worker:
        record_subscription_states(scope, items, drafts)
    note_in_audit_line(scope, ledger, drafts, persons)
    return drafts


def store_tombstones(
    scope: Scope,
    ledger: gate.WriteLedger,
    tombstones: Sequence[Draft],
    *,
    from_sync: bool = False,
) -> None:
    """Store tombstones. from_sync: the caller keeps the ledger of sync itself."""
    resource_writer.replace_drafts(scope, tombstones)
    if not from_sync:
        forget_synced_records(
            resource_writer.require_own_hospital(scope),
            [(tombstone.type_name, tombstone.fhir_id) for tombstone in tombstones],
        )
    SubscriptionState.objects.filter(
        rid__in=[
            tombstone.resource_id
            for tombstone in tombstones
            if tombstone.type_name == "Subscription"
        ]
    ).delete()
    if not scope.principal.sandbox:
        remove_from_directory(
            scope.store_hospital_id or 0, [(t.type_name, t.fhir_id) for t in tombstones]
        )
    for tombstone in tombstones:
        if tombstone.type_name == "Consent":
            consent_ingest.do_withdraw_filed_consent(
                tombstone.resource_id,
                found=source_patients.sources_of_person,
                acting=scope.principal,
            )
    record_groups(scope, [(tombstone, None) for tombstone in tombstones])
    note_in_audit_line(
        scope,
        ledger,
        tombstones,
        source_patients.persons_of_rows(
            {tombstone.source_patient_id for tombstone in tombstones if tombstone.source_patient_id}
        ),
    )


def note_in_audit_line(
    scope: Scope, ledger: gate.WriteLedger, drafts: Sequence[Draft], persons: dict[int, UUID]
) -> None:
    """Into the audit line: what was stored, and about whom."""
    ledger.refs += [
        f"{scope.principal.hospital}/{draft.type_name}/{draft.fhir_id}/{draft.version}"
        for draft in drafts
    ]
    ledger.persons |= {
        persons[source_patient_id]
        for draft in drafts
        for source_patient_id in (draft.source_patient_id, *(draft.other_source_patient_ids or ()))
        if source_patient_id
    }


def load_source_patients(
    scope: Scope, items: Sequence[IncomingResource], patient_ids: Sequence[list[str]]
) -> dict[str, SourcePatientRow]:
    """All Patients of this store that the items are or speak of."""
    hospital_id = scope.store_hospital_id or 0
    arriving_ids = {item.fhir_id for item in items if item.resource["resourceType"] == "Patient"}
    new_ids = {
        item.fhir_id
        for item in items
        if item.resource["resourceType"] == "Patient" and not item.resource_id
    }
    source_rows = source_patients.find_source_rows(
        hospital_id, {p for ids in patient_ids for p in ids} | arriving_ids - new_ids
    )
    return source_rows | source_patients.create_source_rows(
        hospital_id, arriving_ids - source_rows.keys()
    )


def build_draft(
    item: IncomingResource, patient_ids: list[str], source_patient_ids: dict[str, int]
) -> Draft:
    resource = item.resource
    type_name = resource["resourceType"]
    if type_name == "Patient":
        source_patient_id, others = (
            source_patient_ids[item.fhir_id],
            [
                source_patient_ids[patient_id]
                for patient_id in patient_ids
                if patient_id != item.fhir_id
            ],
        )
    else:
        mentioned_rows = [source_patient_ids[patient_id] for patient_id in patient_ids]
        subject = TYPES[type_name].subject
        subject_is_local = (
            bool(item.subject_fhir_id)
            or not TYPES[type_name].subject_params
            or (
                subject is not None
                and str((resource.get(subject) or {}).get("reference", "")).startswith("Patient/")
            )
        )
        source_patient_id, others = (
            (mentioned_rows[0], mentioned_rows[1:])
            if mentioned_rows and subject_is_local
            else (0, mentioned_rows)
        )
    meta = {
        k: v
        for k, v in (resource.get("meta") or {}).items()
        if k not in ("versionId", "lastUpdated")
    }
    elements = {k: v for k, v in resource.items() if k not in ("resourceType", "id", "meta")}
    item.resource = body = {"resourceType": type_name, "id": item.fhir_id, "meta": meta} | elements
    labels, marks = labels_and_marks(resource)
    index = build_index(body)
    index.marks = marks
    return Draft(
        type_name=type_name,
        fhir_id=item.fhir_id,
        version=item.version,
        source_patient_id=source_patient_id,
        other_source_patient_ids=others or None,
        labels=labels,
        index=index,
        body=join_unstamped_body(dump_json(meta), dump_json(elements)),
        resource_id=item.resource_id,
    )


def record_subscription_states(
    scope: Scope, items: Sequence[IncomingResource], drafts: Sequence[Draft]
) -> None:
    """A Subscription that was written is tried by the courier before it is active; what it was
    told before stays counted. It keeps the scopes of whoever wrote it, and never tells more. Raises
    Forbidden where these do not cover what it asks.
    """
    for item, draft in zip(items, drafts, strict=True):
        if draft.type_name == "Subscription":
            check_subscription_scopes(scope.principal, parse_subscription(item.resource))
            off = item.resource.get("status") == "off"
            SubscriptionState.objects.update_or_create(
                rid=draft.resource_id,
                defaults={
                    "hospital_id": scope.store_hospital_id,
                    "fhir_id": draft.fhir_id,
                    "client": scope.principal.id,
                    "scopes": str(scope.principal.grant),
                    "tries": 0,
                    "due_at": timezone.now(),
                    "state": (
                        SubscriptionState.State.OFF if off else SubscriptionState.State.REQUESTED
                    ),
                },
            )
            if off:
                Notification.objects.filter(subscription_id=draft.resource_id).delete()


def record_treatment(
    scope: Scope,
    items: Sequence[IncomingResource],
    drafts: Sequence[Draft],
    homes_by_source: dict[int, UUID],
) -> None:
    """Encounters, referrals, family doctors' panels and admission lists make treatment
    relationships.
    """
    periods = [
        (homes_by_source[draft.source_patient_id], draft.source_patient_id, period)
        for item, draft in zip(items, drafts, strict=True)
        if draft.source_patient_id and draft.type_name in treatment.TREATMENT_TYPES
        for period in treatment.periods_from_resource(item.resource, scope.principal.hospital)
    ]
    if periods:
        relationships.record_treatment_periods(periods)


def record_groups(scope: Scope, drafts: Sequence[tuple[Draft, dict[str, Any] | None]]) -> None:
    """Who is in a Group counts from this write on, for decisions that name it."""
    group_resources = {
        f"{draft.type_name}/{draft.fhir_id}": resource
        for draft, resource in drafts
        if draft.type_name in groups.GROUP_TYPES
    }
    if group_resources:
        groups.do_update_group_members(
            scope.store_hospital_id or 0, group_resources, timezone.now()
        )


def record_consents(
    scope: Scope,
    items: Sequence[IncomingResource],
    drafts: Sequence[Draft],
    persons: dict[int, UUID],
) -> None:
    """A Consent of a patient counts from this write on: what it denies at once, what it permits
    when a human has seen the signed paper.
    """
    for item, draft in zip(items, drafts, strict=True):
        if draft.type_name == "Consent":
            consent_ingest.do_withdraw_filed_consent(
                draft.resource_id, found=source_patients.sources_of_person, acting=scope.principal
            )
            if draft.source_patient_id and consent_ingest.is_effective_consent(item.resource):
                sources = source_patients.sources_of_person(
                    persons.get(draft.source_patient_id)
                    or source_patients.persons_of_rows([draft.source_patient_id])[
                        draft.source_patient_id
                    ]
                )
                consent_ingest.do_record_filed_consent(
                    item.resource,
                    draft.resource_id,
                    source=next(s for s in sources if s.id == draft.source_patient_id),
                    sources=sources,
                    acting=scope.principal,
                )
