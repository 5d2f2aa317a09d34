"""Index every resource anew, where a release changed what is kept for searching. Nothing leaves
the store, so no Scope is asked.
"""

from collections.abc import Iterator
from functools import partial

from django.db import transaction

from alliance.database.locks import brief_lock_timeout, retry_on_lock
from records.fhir.json_codec import parse_json
from records.fhir.sensitivity_labels import labels_and_marks
from records.mpi.index.registration import store_known_registration
from records.mpi.index.rekey import KEY_VERSION, RekeyedRegistration, do_rekey_registrations
from records.search.index_resource import build_index
from records.store.maintenance import reindex_rows
from records.store.rows import Draft


def reindex_resources() -> Iterator[int]:
    """Yields how many are done, after each committed batch; may be broken off and begun again."""
    last, done = 0, 0
    while True:
        found = retry_on_lock(partial(reindex_batch, last))
        if not found:
            break
        last, done = found[-1][1].resource_id, done + len(found)
        yield done
    yield from (done + n for n in relabel_versions())
    reindex_rows.finish_reindex()


def reindex_batch(last: int) -> list[tuple[int, Draft]]:
    with brief_lock_timeout():
        found = reindex_rows.lock_next_resources(last)
        for _, draft in found:
            resource = parse_json(draft.body)
            draft.index = build_index(resource)
            draft.labels, draft.index.marks = labels_and_marks(resource)
        if found:
            reindex_rows.write_index(found)
    return found


def relabel_versions() -> Iterator[int]:
    """Old versions by this release's rules for labels."""
    rid, version, done = 0, 0, 0
    while True:
        found = retry_on_lock(partial(relabel_batch, rid, version))
        if not found:
            return
        rid, version, done = *found[-1][:2], done + len(found)
        yield done


def relabel_batch(rid: int, version: int) -> list[tuple[int, int, bytes]]:
    with brief_lock_timeout():
        found = reindex_rows.fetch_old_versions(rid, version)
        reindex_rows.add_labels(
            [(r, v, labels_and_marks(parse_json(body))[0]) for r, v, body in found]
        )
    return found


def learn_patient_words() -> Iterator[int]:
    """What the patient index compares, of registrations by a release that did not keep it; who
    is whom is not decided anew. Yields how many.
    """
    last, done = 0, 0
    while True:
        with transaction.atomic():
            found = reindex_rows.fetch_without_words(last)
            for source, hospital, body in found:
                store_known_registration(hospital, source, parse_json(body))
        if not found:
            return
        last, done = found[-1][0], done + len(found)
        yield done


def rekey_patients(every: bool = False) -> Iterator[tuple[int, int]]:
    """The keys under which registrations are found and compared, of those that have older rules'
    keys, or of all. Yields (how many so far, how many of this batch's numbers stay out) after each
    committed batch. What others write meanwhile is passed by and looked at again at the end; what
    is left then, kept_old_keys tells.
    """
    done, again = 0, True
    while again:
        last, again = 0, every
        while found := rekey_batch(last, KEY_VERSION + every):
            last, size, out = found
            done, again = done + size, True
            yield done, out
        every = False


def count_old_keys() -> tuple[int, int]:
    """How many registrations are still found and compared by older rules' keys: (of deleted
    Patients, of others, whom somebody was writing).
    """
    return reindex_rows.count_kept_old_keys(KEY_VERSION)


@transaction.atomic
def rekey_batch(last: int, version: int) -> tuple[int, int, int] | None:
    """(the last row, how many registrations, how many numbers stay out); None after the last
    one.
    """
    found = [
        RekeyedRegistration(*r[:4], parse_json(r[4]))
        for r in reindex_rows.lock_with_old_keys(last, version)
    ]
    return (found[-1].source, len(found), do_rekey_registrations(found)) if found else None
