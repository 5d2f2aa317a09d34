"""Index every resource anew, where a release changed what is kept for searching. Nothing leaves the store, so no Scope is asked."""

from collections.abc import Iterator

from django.db import transaction

from records.fhir.json import parse
from records.fhir.labels import protection
from records.mpi.register import remember
from records.search.index import index_of
from records.store import reindex as store


def reindex() -> Iterator[int]:
    """Yields how many are done, after each committed batch; may be broken off and begun again."""
    last, done = 0, 0
    while True:
        with transaction.atomic():
            found = store.following(last)
            for _, draft in found:
                resource = parse(draft.body)
                draft.index = index_of(resource)
                draft.labels, draft.index.marks = protection(resource)
            if found:
                store.write(found)
        if not found:
            break
        last, done = found[-1][1].rid, done + len(found)
        yield done
    yield from (done + n for n in relabel())
    store.finish()


def relabel() -> Iterator[int]:
    """Old versions by this release's rules for labels."""
    rid, version, done = 0, 0, 0
    while True:
        with transaction.atomic():
            found = store.older(rid, version)
            store.label([(r, v, protection(parse(body))[0]) for r, v, body in found])
        if not found:
            return
        rid, version, done = *found[-1][:2], done + len(found)
        yield done


def learn_patients() -> Iterator[int]:
    """What the patient index compares, of registrations by a release that did not keep it; who is whom is not decided anew. Yields how many."""
    last, done = 0, 0
    while True:
        with transaction.atomic():
            found = store.unmatched(last)
            for source, hospital, body in found:
                remember(hospital, source, parse(body))
        if not found:
            return
        last, done = found[-1][0], done + len(found)
        yield done
