"""Store the records of a hospital anew whose mapped codes have changed: a new version of each by
the platform, in the log, told to feeds and subscribers like any other. Nobody sends anything again.
"""

from collections.abc import Sequence
from functools import partial

from alliance.database.locks import brief_lock_timeout, retry_on_lock
from alliance.models import Hospital
from consent import gate
from consent.terms import Scope
from records.fhir.json_codec import parse_json
from records.mapping.active_mappings import load_active_mappings
from records.mapping.apply_mappings import apply_mappings
from records.mapping.platform_writer import (
    note_stored_drafts,
    prepare_next_version,
    request_platform_write,
)
from records.models import LocalCode
from records.mpi.index import source_patients
from records.store import resource_writer
from records.store.maintenance import mapping_rows

BATCH = 200


def rewrite_next_batch(code: LocalCode) -> int:
    """The next records of a code whose mapping was approved or withdrawn; how many were looked at.
    Where it is broken off, it goes on behind the last batch.
    """
    return retry_on_lock(partial(rewrite_batch_of_code, code))


def rewrite_batch_of_code(code: LocalCode) -> int:
    request = request_platform_write(code.hospital, f"mapping/{code.pk}")
    with gate.audited_write(request) as (scope, ledger), brief_lock_timeout():
        locked = LocalCode.objects.select_for_update().get(pk=code.pk)
        if locked.redo_after is None:
            return 0
        rids = mapping_rows.fetch_using_rows(code.pk, locked.redo_after, BATCH)
        rewrite_locked(scope, ledger, code.hospital, rids)
        LocalCode.objects.filter(pk=code.pk).update(redo_after=rids[-1] if rids else None)
    return len(rids)


def rewrite_records(hospital: Hospital, rids: Sequence[int]) -> int:
    """Those of them that are not as the mappings say, in one transaction; how many."""
    return retry_on_lock(partial(rewrite_once, hospital, rids))


def rewrite_once(hospital: Hospital, rids: Sequence[int]) -> int:
    request = request_platform_write(hospital, "mapping")
    with gate.audited_write(request) as (scope, ledger), brief_lock_timeout():
        return rewrite_locked(scope, ledger, hospital, rids)


def rewrite_locked(
    scope: Scope, ledger: gate.WriteLedger, hospital: Hospital, rids: Sequence[int]
) -> int:
    mappings = load_active_mappings(hospital.pk)
    changed = []
    for draft in mapping_rows.fetch_drafts(rids, lock=True):
        resource = parse_json(draft.body)
        apply_mappings(resource, mappings)
        if resource != parse_json(draft.body):
            prepare_next_version(draft, resource)
            changed.append(draft)
    resource_writer.replace_drafts(scope, changed)
    note_stored_drafts(scope, ledger, changed)
    ledger.persons |= set(
        source_patients.persons_of_rows(
            {d.source_patient_id for d in changed if d.source_patient_id}
        ).values()
    )
    return len(changed)
