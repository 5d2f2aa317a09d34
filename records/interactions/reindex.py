"""Index every resource anew, where a release changed what is kept for searching. Nothing leaves the store, so no Scope is asked."""

from collections.abc import Iterator
from functools import partial

from django.db import transaction

from alliance.config.locks import again, waiting_briefly
from records.fhir.json import parse
from records.fhir.labels import protection
from records.mpi.register import remember
from records.mpi.rekey import VERSION, Keyed, do_rekey
from records.search.index import index_of
from records.store import reindex as store
from records.store.rows import Draft


def reindex() -> Iterator[int]:
    """Yields how many are done, after each committed batch; may be broken off and begun again."""
    last, done = 0, 0
    while True:
        found = again(partial(index_batch, last))
        if not found:
            break
        last, done = found[-1][1].rid, done + len(found)
        yield done
    yield from (done + n for n in relabel())
    store.finish()


def index_batch(last: int) -> list[tuple[int, Draft]]:
    with waiting_briefly():
        found = store.following(last)
        for _, draft in found:
            resource = parse(draft.body)
            draft.index = index_of(resource)
            draft.labels, draft.index.marks = protection(resource)
        if found:
            store.write(found)
    return found


def relabel() -> Iterator[int]:
    """Old versions by this release's rules for labels."""
    rid, version, done = 0, 0, 0
    while True:
        found = again(partial(label_batch, rid, version))
        if not found:
            return
        rid, version, done = *found[-1][:2], done + len(found)
        yield done


def label_batch(rid: int, version: int) -> list[tuple[int, int, bytes]]:
    with waiting_briefly():
        found = store.older(rid, version)
        store.label([(r, v, protection(parse(body))[0]) for r, v, body in found])
    return found


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


def rekey_patients(every: bool = False) -> Iterator[tuple[int, int]]:
    """The keys under which registrations are found and compared, of those that have older rules' keys, or of all. Yields (how many so far, how many of
    this batch's numbers stay out) after each committed batch. What others write meanwhile is passed by and looked at again at the end; what is left then,
    kept_old_keys tells."""
    done, again = 0, True
    while again:
        last, again = 0, every
        while found := rekey_batch(last, VERSION + every):
            last, size, out = found
            done, again = done + size, True
            yield done, out
        every = False


def kept_old_keys() -> tuple[int, int]:
    """How many registrations are still found and compared by older rules' keys: (of deleted Patients, of others, whom somebody was writing)."""
    return store.kept_old(VERSION)


@transaction.atomic
def rekey_batch(last: int, version: int) -> tuple[int, int, int] | None:
    """(the last row, how many registrations, how many numbers stay out); None after the last one."""
    found = [Keyed(*r[:4], parse(r[4])) for r in store.outdated(last, version)]
    return (found[-1].source, len(found), do_rekey(found)) if found else None
